import { eachChild, type Node, type NodeOf, nodeWith } from '../ir/index.ts'
import type { TableDefinition } from '../table/index.ts'

type Select = NodeOf<'select'>

/**
 * The query with its page cut first, in a query of its own, where the database would compute what is included for every
 * row before it sorts and cuts them; the query itself where it cannot be cut without another meaning.
 */
export function cutFirst(query: Select, table: TableDefinition, alias: string): Select {
  if (query.limit === undefined || query.orderBy.length === 0 || !isOfOneTable(query)) return query
  const needs = new Needs(table, alias)
  for (const item of query.items) needs.read(item, [])
  if (!needs.hasQuery || !query.orderBy.every((order) => isOwnOrder(order, query))) return query
  for (const order of query.orderBy) needs.read(order, [])
  if (needs.isUnclear) return query
  const { where, limit, offset, orderBy, from } = query
  const page = nodeWith('select', { items: needs.items(), from, where, orderBy, limit, offset })
  const cut: Node = { kind: 'alias', operand: page, name: alias, columns: undefined }
  return { ...query, from: [cut], where: [], limit: undefined, offset: undefined }
}

function isOfOneTable(query: Select): boolean {
  const { from, joins, groupBy, having, windows, setOperations, locks, modifiers, distinctOn } = query
  const others = [joins, groupBy, having, windows, setOperations, locks, modifiers, distinctOn]
  return (
    from.length === 1 &&
    others.every((list) => list.length === 0) &&
    !query.distinct &&
    query.top === undefined &&
    query.fetch === undefined
  )
}

/** Tells whether an order does not name an item of the selection, which the page would not have. */
function isOwnOrder(order: Node, { items }: Select): boolean {
  const operand = order.kind === 'order' ? order.operand : order
  if (operand.kind !== 'ref' || operand.table !== undefined) return operand.kind !== 'literal'
  return !items.some((item) => item.kind === 'alias' && item.name === operand.column)
}

/** What the selection and the order of a query need of its table. */
class Needs {
  readonly #table: TableDefinition
  readonly #alias: string
  readonly #columns = new Set<string>()
  #all = false
  /** Tells whether a query stands within. */
  hasQuery = false
  /** Tells whether something may mean a column of the table and need not. */
  isUnclear = false

  constructor(table: TableDefinition, alias: string) {
    this.#table = table
    this.#alias = alias
  }

  /** Notes the columns of the table in a part, within the queries over `inner`. */
  read(part: Node, inner: readonly (readonly Node[])[]): void {
    switch (part.kind) {
      case 'ref':
        return this.#column(part, inner)
      case 'star':
        if (inner.length === 0) this.#all ||= part.table === undefined || part.table === this.#alias
        return
      case 'select':
        this.hasQuery = true
        return eachChild(part, (child) => this.read(child, [...inner, part.from]))
      case 'raw':
      case 'join':
      case 'trusted':
      case 'identifier':
        this.isUnclear = true
        return
      case 'table':
        // As a value it is a whole row; as a source it has no columns here.
        return
      case 'aggregate':
        this.isUnclear ||= inner.length === 0
    }
    eachChild(part, (child) => this.read(child, inner))
  }

  #column({ schema, table, column }: NodeOf<'ref'>, inner: readonly (readonly Node[])[]): void {
    const isOwn = table === undefined ? this.#table.columns.has(column) : table === this.#alias
    if (table === undefined && inner.length > 0) {
      if (isOwn && !inner.flat().some((source) => hasColumn(source, column))) this.isUnclear = true
    } else if (isOwn && schema === undefined && this.#table.columns.has(column)) this.#columns.add(column)
    else if (inner.length === 0) this.isUnclear = true
  }

  /** The selection of the page. */
  items(): readonly Node[] {
    const key = this.#table.primaryKey[0] ?? this.#table.columns.keys().next().value!
    const names = this.#columns.size > 0 ? [...this.#columns] : [key]
    if (this.#all) return [{ kind: 'star', table: this.#alias }]
    return names.map((column) => ({ kind: 'ref', schema: undefined, table: this.#alias, column }))
  }
}

function hasColumn(source: Node, column: string): boolean {
  const table = source.kind === 'alias' ? source.operand : source
  return table.kind === 'table' && (table.definition as TableDefinition | undefined)?.columns.has(column) === true
}
