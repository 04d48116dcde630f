import { mapChildren, type Node, type NodeOf, nodeWith } from '../run/index.ts'
import { column } from './expression.ts'
import type { GuardedTable, StatementGuard } from './statement-guard.ts'

/** Joins that may add rows in which the sources before them are null. */
const EXTENDS_LEFT: ReadonlySet<string> = new Set(['right join', 'full join'])
/** Joins whose `on` can filter the joined table. */
const FILTERS_IN_ON: ReadonlySet<string> = new Set(['inner join', 'left join'])

export function guardSelect(select: NodeOf<'select'>, cteNames: ReadonlySet<string>, guard: StatementGuard): Node {
  if (select.from.length === 0 && select.joins.length === 0) return select
  const { from, joins, where } = guardSources(select.from, select.joins, cteNames, guard)
  return removeLostSchemas({ ...select, from, joins, where: [...select.where, ...where] }, select, guard)
}

/** Restricts each source to the rows that policies show, by conditions in `where`, in `on` or in a subquery. */
export function guardSources(
  from: readonly Node[],
  joins: readonly Node[],
  cteNames: ReadonlySet<string>,
  guard: StatementGuard,
): { readonly from: readonly Node[]; readonly joins: readonly Node[]; readonly where: readonly Node[] } {
  const where: Node[] = []
  const extendedAfter = (at: number): boolean =>
    joins.slice(at).some((join) => join.kind === 'joined' && EXTENDS_LEFT.has(join.style))
  /** Filters a source in `where`, or in a subquery if a later join may make its rows null. */
  const filterInWhere = (source: Node, mayBeLeftOut: boolean): Node => {
    const found = guard.sourceTable(source, cteNames)
    if (found === undefined) return source
    const base = replaceSource(found, source, guard)
    if (mayBeLeftOut) return filterInQuery(found, base, guard)
    const sees = guard.rowFilter(found, 'select')
    if (sees !== undefined) where.push(sees)
    return base
  }
  const newFrom = from.map((source) => filterInWhere(source, extendedAfter(0)))
  const newJoins = joins.map((join, i): Node => {
    if (join.kind !== 'joined' || join.source === undefined) return join
    const { source, style } = join
    if (style === 'cross join' || style === 'right join') {
      return { ...join, source: filterInWhere(source, extendedAfter(i + 1)) }
    }
    const found = guard.sourceTable(source, cteNames)
    if (found === undefined) return join
    const base = replaceSource(found, source, guard)
    if (!FILTERS_IN_ON.has(style)) return { ...join, source: filterInQuery(found, base, guard) }
    const sees = guard.rowFilter(found, 'select')
    return { ...join, source: base, on: sees === undefined ? join.on : [...join.on, sees] }
  })
  return { from: newFrom, joins: newJoins, where }
}

/** Removes the schema from references to tables that a subquery replaced, since a subquery has none. */
function removeLostSchemas(made: NodeOf<'select'>, asked: NodeOf<'select'>, guard: StatementGuard): Node {
  const before = sourcesOf(asked)
  if (!before.some((source) => source.kind === 'table' && source.schema !== undefined)) return made
  const lost = sourcesOf(made).flatMap((source, i) => {
    const was = before[i]!
    return was.kind === 'table' && was.schema !== undefined && source !== was ? [was] : []
  })
  if (lost.length === 0) return made
  const rename = (part: Node): Node => {
    const inner = mapChildren(part, rename)
    const isLost =
      inner.kind === 'ref' && lost.some((table) => inner.schema === table.schema && inner.table === table.name)
    return isLost ? { ...inner, schema: undefined } : inner
  }
  const names = new Set(lost.map(({ name }) => guard.physicalName(name)))
  return names.size < lost.length ? made : rename(made)
}

function sourcesOf({ from, joins }: NodeOf<'select'>): readonly Node[] {
  return [...from, ...joins.map((join) => (join.kind === 'joined' ? (join.source ?? join) : join))]
}

/** Returns the source that a rule puts in the place of a table. */
function replaceSource({ table, name, rules }: GuardedTable, source: Node, guard: StatementGuard): Node {
  for (const { rule } of rules) {
    const other = rule.source?.(table, guard.runValues)
    if (other !== undefined) return { kind: 'alias', operand: other, name, columns: undefined }
  }
  return source
}

/** Replaces a table by a subquery of the rows that policies show, under the same name. */
export function filterInQuery(found: GuardedTable, base: Node, guard: StatementGuard): Node {
  const { name } = found
  const sees = guard.rowFilter(found, 'select', (of) => column(name, of))
  if (sees === undefined) return base
  const query = nodeWith('select', { items: [{ kind: 'star', table: undefined }], from: [base], where: [sees] })
  return { kind: 'alias', operand: query, name, columns: undefined }
}
