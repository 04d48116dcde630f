import { KantaError } from '../error/index.ts'
import { partsFor } from '../ir/index.ts'
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
import { Late } from './late.ts'
import { guardMerge } from './merge.ts'
import { checkPlaces, ROOT } from './place.ts'
import type { TablePolicy } from './rule.ts'
import { guardSelect } from './select.ts'
import { Site } from './site.ts'
import { confine, refuse, textRules } from './text.ts'

/**
 * A policy on the rows of tables, which is enforced together with all others in one pass. Its rules are asked once for
 * each shape of a statement; what is known only when one runs comes by `late`.
 *
 * @example
 * ```ts
 * const homely = tablePolicy({
 *   name: 'homely',
 *   rule: (table) =>
 *     table.name === 'city'
 *       ? { sees: (row, _use, late) => ({ kind: 'binary', left: row('country'), op: '=', right: late.context('home') }) }
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
 * Applies the rules of all policies to every table that a statement names, wherever it stands. The name of a common
 * table expression is no table.
 */
export function enforce(statement: Node, policies: readonly Policy[], around: Surroundings): Enforced {
  const late = new Late(around)
  // Of the columns that they name the user learns nothing.
  const within = (rule: Node): Node => {
    if (!late.isReader(rule)) return mapChildren(rule, within)
    const read = guard(rule, NO_NAMES, site, false)
    return WRITES.has(statement.kind) && !semanticsOf(around.dialect).readsWrittenTable ? apart(read) : read
  }
  const site = new Site(policies as readonly TablePolicy[], around, late, within)
  checkPlaces(statement, ROOT, [], site)
  const confined = confine(statement, textRules(around.dialect, around.trustedFunctions))
  const tree = guard(confined, NO_NAMES, site)
  return { tree, added: late.added, prepare: late.prepare, notes: late.told }
}

const NO_NAMES: ReadonlySet<string> = new Set()
const WRITES: ReadonlySet<Node['kind']> = new Set(['insert', 'update', 'delete'])

/**
 * A query whose tables are each read by a query of its own: MySQL and MariaDB read a table that they write only so.
 * https://dev.mysql.com/doc/refman/8.4/en/update.html
 */
function apart(query: Node): Node {
  const read = (source: Node): Node => {
    const table = source.kind === 'alias' ? source.operand : source
    if (table.kind !== 'table') return source
    const name = source.kind === 'alias' ? source.name : table.name
    const items: readonly Node[] = [{ kind: 'star', table: undefined }]
    const operand = nodeWith('select', { items, from: [table] })
    return { kind: 'alias', operand, name, columns: undefined }
  }
  if (query.kind !== 'select') return mapChildren(query, apart)
  const inner = mapChildren(query, apart)
  const joins = inner.joins.map((join) =>
    join.kind === 'joined' && join.source !== undefined ? { ...join, source: read(join.source) } : join,
  )
  return { ...inner, from: inner.from.map(read), joins }
}

function guard(part: Node, hidden: ReadonlySet<string>, site: Site, columns = true): Node {
  if (part.kind === 'trusted') return part
  if (part.kind === 'rawStatement') return part.raw?.kind === 'trusted' ? part : refuse('SQL text')
  site.checkStatement(part)
  if (part.kind === 'truncate') refuseTruncate(part, site)
  const inner = mapInScope(
    part,
    hidden,
    (child, names) => guard(child, names, site, columns),
    site.semantics.cteVisibility,
  )
  const names = namesIn(inner, hidden)
  if (columns) checkColumns(part, names, site)
  switch (inner.kind) {
    case 'select':
      return guardSelect(inner, names, site)
    case 'insert':
      return guardInsert(inner, names, site)
    case 'update':
      return guardUpdate(inner, names, site)
    case 'delete':
      return guardDelete(inner, names, site)
    case 'merge':
      return guardMerge(inner, names, site)
    default:
      refuseSources(inner, names, site)
      return inner
  }
}

/** Fails closed for a table that a part of no statement reads or writes, and whose rows are not all there. */
function refuseSources(part: Node, hidden: ReadonlySet<string>, site: Site): void {
  if (CARRIED.has(part.kind)) return
  for (const source of [...partsFor(part, 'source'), ...partsFor(part, 'target')])
    if ((site.source(source, hidden)?.rules.length ?? 0) > 0) refuse(`A table in a ${part.kind}`)
}

/** What stands where a statement looks for its sources, and text, whose tables are rows of these. */
const CARRIED: ReadonlySet<Node['kind']> = new Set(['joined', 'alias', 'operation', 'raw'])

function refuseTruncate({ tables }: NodeOf<'truncate'>, site: Site): void {
  for (const table of tables) {
    const found = site.target(table, 'delete', new Set())
    if (found !== undefined && found.rules.length > 0)
      throw new KantaError(
        'policy',
        `Truncating '${found.reference.name}' would delete rows past the policies of this database. Use deleteFrom().`,
      )
  }
}

/** The names that mean common table expressions in the body of a statement. */
function namesIn(part: Node, hidden: ReadonlySet<string>): ReadonlySet<string> {
  if (!('ctes' in part) || part.ctes.length === 0) return hidden
  return new Set([...hidden, ...part.ctes.flatMap((cte) => (cte.kind === 'cte' ? [cte.name] : []))])
}
