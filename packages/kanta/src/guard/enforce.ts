import { KantaError } from '../error/index.ts'
import { holdsNodes, partsFor } from '../ir/index.ts'
import {
  type Enforced,
  mapChildren,
  mapInScope,
  type Node,
  type NodeOf,
  nodeWith,
  type Policy,
  type Surroundings,
} from '../run/index.ts'
import { guardDelete, guardUpdate } from './change.ts'
import { checkColumns } from './column.ts'
import { semanticsOf } from './database/index.ts'
import { guardInsert } from './insert.ts'
import { guardMerge } from './merge.ts'
import { checkPlaces, ROOT } from './place.ts'
import type { TablePolicy } from './rule.ts'
import { RunValues } from './run-values.ts'
import { guardSelect } from './select.ts'
import { StatementGuard } from './statement-guard.ts'
import { confine, refuse, textRules } from './text.ts'

/**
 * Creates a policy on the rows of tables. Kanta enforces all such policies in one pass, and asks for their rules once
 * for each shape of a statement. Take values that only a run knows from `runValues`.
 *
 * @example
 * ```ts
 * const homely = tablePolicy({
 *   name: 'homely',
 *   rule: (table) =>
 *     table.name === 'city'
 *       ? { sees: (row, _use, runValues) => ({ kind: 'binary', left: row('country'), op: '=', right: runValues.context('home') }) }
 *       : undefined,
 * })
 * const live = db.withPlugins([{ name: 'homely', policies: [homely] }])
 * await live.as({ home: 'FI' }).selectFrom('city').select('name').execute()
 * ```
 */
export function tablePolicy(policy: Omit<TablePolicy, 'enforce' | 'rewrite'>): TablePolicy {
  return { ...policy, enforce }
}

/**
 * Applies the rules of all policies to every table that a statement names. Names of common table expressions are not
 * tables.
 */
export function enforce(
  statement: Node,
  policies: readonly Policy[],
  surroundings: Surroundings,
  given: number,
): Enforced {
  const runValues = new RunValues(surroundings, given)
  // Columns need no check here: the user cannot see what these queries read.
  const guardQueries = (rule: Node): Node => {
    if (!runValues.hasGuardedQueries) return rule
    if (!runValues.appliesPolicies(rule)) return mapChildren(rule, guardQueries)
    const read = guardNode(rule, NO_NAMES, guard, false)
    return WRITES.has(statement.kind) && !semanticsOf(surroundings.dialect).readsWrittenTable
      ? isolateReads(read)
      : read
  }
  const guard = new StatementGuard(policies as readonly TablePolicy[], surroundings, runValues, guardQueries)
  checkPlaces(statement, ROOT, [], guard)
  const confined = confine(statement, textRules(surroundings.dialect, surroundings.trustedFunctions))
  const tree = guardNode(confined, NO_NAMES, guard)
  return { tree, added: runValues.valueCount, prepare: runValues.prepare, notes: runValues.notes }
}

const NO_NAMES: ReadonlySet<string> = new Set()
const WRITES: ReadonlySet<Node['kind']> = new Set(['insert', 'update', 'delete'])

/**
 * Reads each table of a query by a subquery: MySQL and MariaDB can read the written table only that way.
 * https://dev.mysql.com/doc/refman/8.4/en/update.html
 */
function isolateReads(query: Node): Node {
  const read = (source: Node): Node => {
    const table = source.kind === 'alias' ? source.operand : source
    if (table.kind !== 'table') return source
    const name = source.kind === 'alias' ? source.name : table.name
    const items: readonly Node[] = [{ kind: 'star', table: undefined }]
    const operand = nodeWith('select', { items, from: [table] })
    return { kind: 'alias', operand, name, columns: undefined }
  }
  if (query.kind !== 'select') return mapChildren(query, isolateReads)
  const inner = mapChildren(query, isolateReads)
  const joins = inner.joins.map((join) =>
    join.kind === 'joined' && join.source !== undefined ? { ...join, source: read(join.source) } : join,
  )
  return { ...inner, from: inner.from.map(read), joins }
}

function guardNode(part: Node, cteNames: ReadonlySet<string>, guard: StatementGuard, columns = true): Node {
  if (part.kind === 'trusted') return part
  if (part.kind === 'rawStatement') return part.raw?.kind === 'trusted' ? part : refuse('SQL text')
  guard.checkStatement(part)
  if (!holdsNodes(part)) return part
  if (part.kind === 'truncate') refuseTruncate(part, guard)
  const inner = mapInScope(
    part,
    cteNames,
    (child, names) => guardNode(child, names, guard, columns),
    guard.semantics.cteVisibility,
  )
  const names = namesIn(inner, cteNames)
  if (columns) checkColumns(part, names, guard)
  switch (inner.kind) {
    case 'select':
      return guardSelect(inner, names, guard)
    case 'insert':
      return guardInsert(inner, names, guard)
    case 'update':
      return guardUpdate(inner, names, guard)
    case 'delete':
      return guardDelete(inner, names, guard)
    case 'merge':
      return guardMerge(inner, names, guard)
    default:
      refuseSources(inner, names, guard)
      return inner
  }
}

/** Refuses a table with rules in a node that is not a statement, so that unknown nodes fail closed. */
function refuseSources(part: Node, cteNames: ReadonlySet<string>, guard: StatementGuard): void {
  if (WRAPPERS.has(part.kind)) return
  for (const source of [...partsFor(part, 'source'), ...partsFor(part, 'target')])
    if ((guard.sourceTable(source, cteNames)?.rules.length ?? 0) > 0) refuse(`A table in a ${part.kind}`)
}

/** Nodes that a statement looks into for its sources, and SQL text, whose tables are values. */
const WRAPPERS: ReadonlySet<Node['kind']> = new Set(['joined', 'alias', 'operation', 'raw'])

function refuseTruncate({ tables }: NodeOf<'truncate'>, guard: StatementGuard): void {
  for (const table of tables) {
    const found = guard.targetTable(table, 'delete', new Set())
    if (found !== undefined && found.rules.length > 0)
      throw new KantaError(
        'policy',
        `Truncating '${found.reference.name}' would bypass the policies of this database. Use deleteFrom().`,
      )
  }
}

/** Returns the names of common table expressions that the body of a statement can use. */
function namesIn(part: Node, cteNames: ReadonlySet<string>): ReadonlySet<string> {
  if (!('ctes' in part) || part.ctes.length === 0) return cteNames
  return new Set([...cteNames, ...part.ctes.flatMap((cte) => (cte.kind === 'cte' ? [cte.name] : []))])
}
