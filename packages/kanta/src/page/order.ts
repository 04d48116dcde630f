import type { Dialect } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import { CLEARED, fold, type Node, type NodeOf, type Shape } from '../ir/index.ts'
import type { SelectBuilder } from '../sql/index.ts'
import type { ColumnDefinition, TableDefinition } from '../table/index.ts'
import { cursorFacets } from './facet.ts'

/** One column of the order, by its name in the result. */
export interface OrderKey {
  readonly column: string
  readonly descending: boolean
  /** Where null stands in the result. */
  readonly nullsFirst: boolean
  /** The placement of null that the query names. */
  readonly nulls: 'first' | 'last' | undefined
  readonly nullable: boolean
  readonly definition: ColumnDefinition | undefined
  /** Tells whether cursors hold the value as the database writes it, since JavaScript has fewer digits. */
  readonly isText: boolean
}

/** A table that the query reads, under its name there. */
interface SourceTable {
  readonly name: string
  readonly definition: TableDefinition
  readonly optional: boolean
}

/** The parts of a select, in the order of its calls. */
function partsOf(query: SelectBuilder): ReadonlyMap<string, readonly Node[]> {
  const steps: Shape[] = []
  for (let at = query.shape as unknown as Shape; at.before !== undefined; at = at.before) steps.unshift(at)
  const parts = new Map<string, Node[]>()
  for (const { part, value } of steps) {
    if (value === CLEARED || typeof value !== 'object' || value === null) {
      parts.set(part, value === true ? [{ kind: 'star', table: undefined }] : [])
      continue
    }
    const nodes = (value as Node).kind === 'list' ? (value as NodeOf<'list'>).items : [value as Node]
    parts.set(part, [...(parts.get(part) ?? []), ...nodes])
  }
  return parts
}

/**
 * Refuses a query whose rows have two columns of one name: the page reads it as a table, in which each has to have its own.
 *
 * @throws KantaError `invalid_input` with the name.
 */
export function checkNames(owner: string, query: SelectBuilder, schema: ReadonlyMap<string, TableDefinition>): void {
  const parts = partsOf(query)
  const hidden = new Set((parts.get('ctes') ?? []).map((cte) => (cte.kind === 'cte' ? cte.name : '')))
  const sources = sourcesOf([...(parts.get('from') ?? []), ...(parts.get('joins') ?? [])], schema, hidden)
  const names = new Set<string>()
  for (const item of parts.get('items') ?? [])
    for (const name of namesOf(item, sources)) {
      if (names.has(name)) refuseName(owner, name)
      names.add(name)
    }
}

function namesOf(item: Node, sources: readonly SourceTable[]): readonly string[] {
  if (item.kind === 'alias') return [item.name]
  if (item.kind === 'ref') return [item.column]
  if (item.kind !== 'star') return []
  const starred = sources.filter(({ name }) => item.table === undefined || item.table === name)
  return starred.flatMap(({ definition }) => [...definition.columns.keys()])
}

/** Refuses the first row in which SQLite named a second column of one name itself, as of tables without a definition. */
export function checkRow(owner: string, row: Readonly<Record<string, unknown>> | undefined): void {
  for (const name in row) {
    if (!name.includes(':')) continue
    const first = /^(.+):\d+$/.exec(name)?.[1]
    if (first !== undefined && first in row) refuseName(owner, first)
  }
}

function refuseName(owner: string, name: string): never {
  return refuse(
    `${owner}: the query has two columns with the name '${name}'. Select one of them under another name: 'table.${name} as other'.`,
  )
}

/**
 * Returns the columns by which a query is ordered, with a unique key as the last: that of the table, or `given`.
 *
 * @throws KantaError `invalid_input` for an order that the result does not hold, and where no key is known.
 */
export function orderOf(
  query: SelectBuilder,
  given: readonly string[] | undefined,
  { dialect, schema }: { readonly dialect: Dialect; readonly schema: ReadonlyMap<string, TableDefinition> },
): readonly OrderKey[] {
  const parts = partsOf(query)
  const part = (name: string): readonly Node[] => parts.get(name) ?? []
  if (part('distinctOn').length > 0) refuse('paginateCursor() takes no distinctOn(): it needs the order for itself.')
  const items = part('items')
  const hidden = new Set(part('ctes').map((cte) => (cte.kind === 'cte' ? cte.name : '')))
  const sources = sourcesOf([...part('from'), ...part('joins')], schema, hidden)
  const isCombined = part('setOperations').length > 0
  const { nullsLast, hasLongNumbers } = cursorFacets.of(dialect)
  const keyOf = (operand: Node, order?: NodeOf<'order'>): OrderKey => {
    const { column, definition, nullable } = outputOf(operand, items, sources)
    const descending = order?.direction === 'desc'
    const nulls = order?.nulls as OrderKey['nulls']
    const nullsFirst = nulls === undefined ? nullsLast === descending : nulls === 'first'
    const isText = definition === undefined ? hasLongNumbers : definition.type === 'timestamp'
    return { column, descending, nulls, nullsFirst, definition, nullable: nullable || isCombined, isText }
  }
  const keys = part('orderBy').map((order) => {
    if (order.kind !== 'order' || order.collate !== undefined)
      return refuse('paginateCursor() orders by columns, without text and collations. Order by a column of the result.')
    return keyOf(order.operand, order)
  })
  const descending = keys.at(-1)?.descending === true
  if (given?.length === 0) refuse("paginateCursor(): 'key' is empty. Name the columns that tell the rows apart.")
  for (const column of given ?? uniqueColumns(parts, items, sources)) {
    if (keys.some((key) => key.column === column)) continue
    const ref: Node = { kind: 'ref', schema: undefined, table: undefined, column }
    keys.push({ ...keyOf(ref), descending, nullsFirst: nullsLast === descending })
  }
  return keys
}

/** The tables that a query reads, but for names that its common table expressions take. */
function sourcesOf(
  nodes: readonly Node[],
  schema: ReadonlyMap<string, TableDefinition>,
  hidden: ReadonlySet<string>,
): readonly SourceTable[] {
  return nodes.flatMap((part): readonly SourceTable[] => {
    // A join with a callback is a chain of calls.
    const node = part.kind === 'built' ? (fold(part.shape).tree as Node) : part
    const optional = node.kind === 'joined' && node.style !== 'inner join' && node.style !== 'cross join'
    const source = node.kind === 'joined' ? node.source : node
    const table = source?.kind === 'alias' ? source.operand : source
    if (table?.kind !== 'table' || (table.schema === undefined && hidden.has(table.name))) return []
    const full = table.schema === undefined ? table.name : `${table.schema}.${table.name}`
    const definition = (table.definition as TableDefinition | undefined) ?? schema.get(full)
    const name = source?.kind === 'alias' ? source.name : table.name
    return definition === undefined ? [] : [{ name, definition, optional }]
  })
}

interface Output {
  readonly column: string
  readonly definition: ColumnDefinition | undefined
  readonly nullable: boolean
}

/** Finds the column of the result that holds what a query is ordered by: by its name there, else by what it selects. */
function outputOf(operand: Node, items: readonly Node[], sources: readonly SourceTable[]): Output {
  const item = items.find((each) => isNamed(each, operand)) ?? items.find((each) => holdsColumn(each, operand))
  if (item?.kind === 'alias') return described(item.name, item.operand, sources)
  if (item !== undefined && operand.kind === 'ref')
    return described(operand.column, item.kind === 'ref' ? item : operand, sources)
  const name = operand.kind === 'ref' ? `'${operand.column}'` : 'an expression'
  return refuse(
    `paginateCursor(): the query is ordered by ${name}, which it does not select. Select it, under a name if it is an expression.`,
  )
}

const isNamed = (item: Node, operand: Node): boolean =>
  item.kind === 'alias' && operand.kind === 'ref' && operand.table === undefined && item.name === operand.column

function holdsColumn(item: Node, operand: Node): boolean {
  const held = item.kind === 'alias' ? item.operand : item
  if (held === operand) return true
  if (operand.kind !== 'ref' || (held.kind !== 'ref' && held.kind !== 'star')) return false
  const isSameTable = held.table === operand.table || held.table === undefined || operand.table === undefined
  return isSameTable && (held.kind === 'star' || held.column === operand.column)
}

function described(column: string, operand: Node, sources: readonly SourceTable[]): Output {
  if (operand.kind !== 'ref') return { column, definition: undefined, nullable: true }
  const found = sources.filter(
    ({ name, definition }) =>
      (operand.table === undefined || operand.table === name) && definition.columns.has(operand.column),
  )
  const [source] = found
  if (source === undefined || found.length > 1) return { column, definition: undefined, nullable: true }
  const definition = source.definition.columns.get(operand.column)!
  const nullable = definition.nullable || sources.some(({ optional }) => optional)
  return { column, definition, nullable }
}

/** The columns that tell the rows of a query apart. */
function uniqueColumns(
  parts: ReadonlyMap<string, readonly Node[]>,
  items: readonly Node[],
  sources: readonly SourceTable[],
): readonly string[] {
  const has = (name: string): boolean => (parts.get(name) ?? []).length > 0
  const grouped = parts.get('groupBy') ?? []
  // Keys and groups are of the tables, though something else in the result has the name of their column.
  const ofTable = (column: string): Node => {
    const table = sources.find(({ definition }) => definition.columns.has(column))?.name
    return { kind: 'ref', schema: undefined, table, column }
  }
  if (has('setOperations') || has('distinct')) {
    const names = items.map((item) =>
      item.kind === 'alias' ? item.name : item.kind === 'ref' ? item.column : undefined,
    )
    const isAll = (parts.get('setOperations') ?? []).some(
      (part) => part.kind === 'setOperation' && /all/.test(part.operator),
    )
    if (!isAll && !names.includes(undefined)) return names as string[]
  } else if (grouped.length > 0) {
    return grouped.map((node) => {
      const isBare = node.kind === 'ref' && node.table === undefined
      return outputOf(isBare ? ofTable(node.column) : node, items, sources).column
    })
  } else if (!has('joins') && (parts.get('from') ?? []).length === 1 && sources.length === 1) {
    const { primaryKey } = sources[0]!.definition
    if (primaryKey.length > 0) return primaryKey.map((column) => outputOf(ofTable(column), items, sources).column)
  }
  return refuse(
    "paginateCursor(): nothing says which columns tell the rows of this query apart. Name them: { key: ['id'] }.",
  )
}
