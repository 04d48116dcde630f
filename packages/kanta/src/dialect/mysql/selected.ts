import { eachChild, type Node, type NodeOf } from '../../ir/index.ts'

type Select = NodeOf<'select'>

/**
 * The expressions that a query selects, column by column, where an aggregate of them can take their place in the query
 * itself: it must have no groups, no distinct rows and no aggregates of its own, and no star of unknown columns.
 */
export function selectedValues(query: Select, columns: number): readonly Node[] | undefined {
  const groups = query.groupBy.length + query.having.length + query.setOperations.length + query.distinctOn.length
  if (query.distinct || groups > 0 || query.fetch !== undefined || query.items.some(aggregates)) return undefined
  const values: Node[] = []
  for (const item of query.items) {
    if (item.kind === 'alias') values.push(item.operand)
    else if (item.kind !== 'star') values.push(item)
    else {
      const all = starValues(item, query)
      if (all === undefined) return undefined
      values.push(...all)
    }
  }
  return values.length === columns ? values : undefined
}

/** Returns whether an expression aggregates rows, or numbers them by a window; those of a query inside of it are its own. */
export function aggregates(part: Node): boolean {
  if (part.kind === 'aggregate') return true
  if (part.kind === 'select') return false
  let found = false
  eachChild(part, (child) => {
    found ||= aggregates(child)
  })
  return found
}

/** The sources of a query with the names that they have in it. */
export function sourcesOf(query: Pick<Select, 'from' | 'joins'>): { readonly name: string; readonly source: Node }[] {
  const parts = [...query.from, ...query.joins.map((join) => (join.kind === 'joined' ? join.source : join))]
  return parts.flatMap((part) => {
    if (part?.kind === 'alias') return [{ name: part.name, source: part.operand }]
    return part?.kind === 'table' ? [{ name: part.name, source: part }] : []
  })
}

/**
 * Whether values name columns of the queries around their own query, and none of that: an aggregate of them would be one
 * of the query around, which would become one row without a word.
 */
export function isOfAround(values: readonly Node[], query: Select): boolean {
  const own = new Set(sourcesOf(query).map(({ name }) => name))
  let around = false
  let inside = false
  const look = (part: Node): void => {
    if (part.kind === 'raw') inside = true
    else if (part.kind === 'ref') {
      if (part.table === undefined || own.has(part.table)) inside = true
      else around = true
    }
    eachChild(part, look)
  }
  for (const value of values) look(value)
  return around && !inside
}

function starValues(star: NodeOf<'star'>, query: Select): Node[] | undefined {
  const values: Node[] = []
  const sources = sourcesOf(query)
  if (sources.length < query.from.length + query.joins.length) return undefined
  for (const { name, source } of sources) {
    if (star.table !== undefined && star.table !== name) continue
    const columns = columnsOf(source)
    if (columns === undefined) return undefined
    for (const column of columns) values.push({ kind: 'ref', schema: undefined, table: name, column })
  }
  return values
}

/** The names of the columns of a source: those of a table, or those that a query selects by name, as policies make it. */
function columnsOf(source: Node): readonly string[] | undefined {
  if (source.kind === 'table') {
    const definition = source.definition as { readonly columns: ReadonlyMap<string, unknown> } | undefined
    return definition && [...definition.columns.keys()]
  }
  if (source.kind !== 'select') return undefined
  const names = source.items.map((item) =>
    item.kind === 'alias' ? item.name : item.kind === 'ref' ? item.column : undefined,
  )
  return names.includes(undefined) ? undefined : (names as string[])
}

/** A value to group or to order by: a number alone would say which column of the query is meant. */
export const notAPosition = (part: Node): Node =>
  part.kind === 'slot' || part.kind === 'context' ? { kind: 'call', name: 'coalesce', args: [part] } : part

/** The order of a query where it stands in an aggregate, which does not know the names that the query gives. */
export function aggregated(query: Select): Pick<Select, 'orderBy' | 'limit' | 'offset'> {
  const named = new Map(query.items.flatMap((item) => (item.kind === 'alias' ? [[item.name, item.operand]] : [])))
  const orderBy = query.orderBy.map((order): Node => {
    const operand = order.kind === 'order' ? order.operand : order
    const name = operand.kind === 'ref' && operand.table === undefined ? operand.column : undefined
    const meant = notAPosition((name === undefined ? undefined : named.get(name)) ?? operand)
    return order.kind === 'order' ? { ...order, operand: meant } : meant
  })
  return { orderBy, limit: query.limit, offset: query.offset }
}
