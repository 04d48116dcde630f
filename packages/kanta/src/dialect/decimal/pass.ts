import { eachChild, mapChildren, type Node, type NodeOf } from '../../ir/index.ts'
import type { ColumnDefinition, TableDefinition } from '../../table/index.ts'
import { ExpressionPass, type Query, type Recursive } from './expression.ts'
import { type OutputType, Scope, type SourceColumns } from './scope.ts'
import { byNameType, INTEGER, OTHER, REAL, TEXT, type Typed, type ValueType } from './type.ts'

type Write = NodeOf<'update'> | NodeOf<'delete'> | NodeOf<'merge'>

/** The columns for which the rows of an insert are, where a policy says so. */
interface RowTypes {
  readonly definitions?: readonly (ColumnDefinition | undefined)[] | undefined
}

/**
 * Follows the decimals through a statement and gives every value, constant and column beside one the form in which the
 * database computes with it exactly. What it cannot follow is refused where the result could be wrong. The nodes that it
 * gives are new wherever they hold a decimal, so that they can be told apart by their identity.
 */
export abstract class DecimalPass extends ExpressionPass {
  override statement(n: Node, parent?: Scope, recursive?: Recursive): Query {
    const scope = new Scope(parent)
    switch (n.kind) {
      case 'select':
        return this.#select(n, scope, recursive)
      case 'insert':
        return this.#insert(n, scope)
      case 'update':
        return this.#write(n, n.targets, n.from, scope)
      case 'delete':
        return this.#write(n, n.targets, n.using, scope)
      case 'merge':
        return this.#write(n, n.into === undefined ? [] : [n.into], n.using === undefined ? [] : [n.using], scope)
      case 'explain':
        return { node: { ...n, statement: this.statement(n.statement, parent).node }, columns: undefined }
      case 'createView':
        return { node: n.query === undefined ? n : { ...n, query: this.statement(n.query).node }, columns: undefined }
      case 'rawStatement':
        return { node: this.children(n, scope), columns: undefined }
      default:
        return { node: n, columns: undefined }
    }
  }

  /** Returns an expression over the columns of a table, such as a check. */
  ofTable(n: Node, table: TableDefinition): Typed {
    const scope = new Scope(undefined)
    scope.sources.set(table.name, this.#columnsOf(table))
    return this.visit(n, scope)
  }

  columnOf(table: TableDefinition, name: string): ValueType | undefined {
    const column = table.columns.get(name)
    return column && this.#typeOfColumn(column)
  }

  #select(n: NodeOf<'select'>, scope: Scope, recursive?: Recursive): Query {
    const ctes = this.#ctes(n, scope)
    const from = n.from.map((source) => this.#source(source, scope))
    const joins = this.#joins(n.joins, scope)
    const outputs = this.#items(n.items, scope)
    if (n.distinct) for (const { type } of outputs.columns ?? []) this.refuseInexact(type, 'distinct()')
    for (const { name, type } of outputs.columns ?? [])
      if (name !== undefined) scope.aliases.set(name, byNameType(type))
    recursive?.(outputs.columns)
    const parts = this.#setOperations(n, outputs, scope)
    const rest = { ...n, ...parts, ctes, from, joins }
    const node = mapChildren(rest, (child, _part, name) =>
      SELECTED.has(name) ? child : this.#clause(child, scope, name),
    )
    return { node, columns: parts.columns }
  }

  /** The parts of a set operation give one type in each place. */
  #setOperations(
    n: NodeOf<'select'>,
    first: Items,
    scope: Scope,
  ): { items: readonly Node[]; setOperations: readonly Node[]; columns: readonly OutputType[] | undefined } {
    if (n.setOperations.length === 0) return { items: first.nodes, setOperations: [], columns: first.columns }
    const inner = new Scope(scope.parent)
    for (const [name, source] of scope.ctes) inner.ctes.set(name, source)
    const queries = n.setOperations.map((operation) =>
      this.statement((operation as NodeOf<'setOperation'>).query, inner),
    )
    const all = [first.columns, ...queries.map((query) => query.columns)]
    const types = this.#commonTypes(
      all,
      n.setOperations.every((operation) => isUnionAll(operation)),
    )
    const own = { items: first.nodes, columns: first.columns }
    const items = this.#convertItems(own.items, own.columns, types)
    const setOperations = n.setOperations.map((operation, i): Node => {
      const query = this.convertQuery(queries[i]!, types)
      return { ...(operation as NodeOf<'setOperation'>), query }
    })
    const columns = first.columns?.map((column, i) => ({ ...column, type: types[i] ?? column.type }))
    return { items, setOperations, columns }
  }

  #commonTypes(
    queries: readonly (readonly OutputType[] | undefined)[],
    isAll: boolean,
  ): readonly (ValueType | undefined)[] {
    const length = Math.max(...queries.map((columns) => columns?.length ?? 0))
    return Array.from({ length }, (_, i) => {
      const types = queries.map((columns) => columns?.[i]?.type ?? OTHER)
      if (!isAll) for (const type of types) this.refuseInexact(type, 'A set operation without all')
      return types.some((type) => type.kind === 'decimal') ? this.common(types, 'A set operation') : undefined
    })
  }

  /** Returns the items of a query with each place of a decimal in the type of all its parts. */
  #convertItems(
    items: readonly Node[],
    columns: readonly OutputType[] | undefined,
    types: readonly (ValueType | undefined)[],
  ): readonly Node[] {
    if (types.every((type, i) => type === undefined || sameType(columns?.[i]?.type, type))) return items
    if (columns === undefined || items.length !== columns.length || items.some((item) => item.kind === 'star')) {
      this.refuseUnknown('A star beside columns of other types')
      return items
    }
    return items.map((item, i) => {
      const type = types[i]
      if (type === undefined || sameType(columns[i]!.type, type)) return item
      const operand = item.kind === 'alias' ? item.operand : item
      const node = this.as({ node: operand, type: columns[i]!.type }, type, 'stored')
      const name = item.kind === 'alias' ? item.name : item.kind === 'ref' ? item.column : undefined
      return name === undefined ? node : { kind: 'alias', operand: node, name, columns: undefined }
    })
  }

  protected override convertQuery({ node, columns }: Query, types: readonly (ValueType | undefined)[]): Node {
    if (node.kind === 'parens') return { ...node, operand: this.convertQuery({ node: node.operand, columns }, types) }
    if (node.kind !== 'select' || node.setOperations.length > 0) {
      if (!types.every((type, i) => type === undefined || sameType(columns?.[i]?.type, type)))
        this.refuseUnknown('A query whose columns are of other types')
      return node
    }
    return { ...node, items: this.#convertItems(node.items, columns, types) }
  }

  #ctes({ ctes, recursive }: Pick<NodeOf<'select'>, 'ctes' | 'recursive'>, scope: Scope): readonly Node[] {
    return ctes.map((cte) => {
      if (cte.kind !== 'cte') return cte
      const define = (columns: readonly OutputType[] | undefined): void => {
        const named = columns?.map((column, i) => ({ ...column, name: cte.columns?.[i] ?? column.name }))
        scope.ctes.set(cte.name, named && byName(named))
      }
      const query = this.statement(cte.query, scope, recursive ? define : undefined)
      define(query.columns)
      return { ...cte, query: query.node }
    })
  }

  #joins(joins: readonly Node[], scope: Scope): readonly Node[] {
    const sources = joins.map((join) =>
      join.kind === 'joined' && join.source !== undefined
        ? { ...join, source: this.#source(join.source, scope) }
        : join,
    )
    return sources.map((join) =>
      join.kind === 'joined' ? { ...join, on: join.on.map((on) => this.visit(on, scope).node) } : join,
    )
  }

  #source(n: Node, scope: Scope): Node {
    if (n.kind !== 'alias') return this.#named(n, n.kind === 'table' ? n.name : undefined, scope)
    const operand = this.#named(n.operand, n.name, scope)
    return operand === n.operand ? n : { ...n, operand }
  }

  #named(n: Node, name: string | undefined, scope: Scope): Node {
    const { node, columns } = this.#sourceOf(n, scope)
    scope.sources.set(name ?? `?${scope.sources.size}`, columns)
    return node
  }

  #sourceOf(n: Node, scope: Scope): { readonly node: Node; readonly columns: SourceColumns } {
    switch (n.kind) {
      case 'table': {
        const cte = n.schema === undefined ? scope.cte(n.name) : null
        if (cte !== null) return { node: n, columns: cte }
        return { node: n, columns: n.definition && this.#columnsOf(n.definition as TableDefinition) }
      }
      case 'versioned': {
        const { node, columns } = this.#sourceOf(n.table, scope)
        const at = n.at && this.visit(n.at, scope).node
        return { node: { ...n, table: node, at }, columns }
      }
      case 'parens': {
        const { node, columns } = this.#sourceOf(n.operand, scope)
        return { node: { ...n, operand: node }, columns }
      }
      case 'select':
      case 'insert':
      case 'update':
      case 'delete': {
        const { node, columns } = this.statement(n, scope)
        return { node, columns: columns && byName(columns) }
      }
      case 'values': {
        // Its values are text to a database, whatever they are; but those of an insert are written by its columns.
        const { definitions } = ((n.rows.kind === 'slot' && n.rows.codec) || {}) as RowTypes
        const typeAt = (i: number): ValueType => {
          const column = definitions?.[i]
          return column === undefined ? TEXT : this.#typeOfColumn(column)
        }
        return { node: n, columns: new Map(n.columns.map((name, i) => [name, typeAt(i)])) }
      }
      default:
        return { node: this.visit(n, scope).node, columns: undefined }
    }
  }

  #columnsOf(table: TableDefinition): ReadonlyMap<string, ValueType> {
    return new Map([...table.columns.values()].map((column) => [column.name, this.#typeOfColumn(column)]))
  }

  #typeOfColumn(column: ColumnDefinition): ValueType {
    if (column.type === 'decimal') return this.typeOfDecimal(column)
    if (column.type === 'custom') return OTHER
    if (column.type === 'real') return REAL
    return WHOLE_COLUMNS.has(column.type) ? INTEGER : TEXT
  }

  #items(items: readonly Node[], scope: Scope): Items {
    const columns: OutputType[] = []
    let isKnown = true
    const nodes = items.map((item) => {
      if (item.kind === 'star') {
        const all = starColumns(item, scope)
        if (all === undefined) isKnown = false
        else columns.push(...all)
        return item
      }
      const { node, type } = this.visit(item, scope)
      const name = item.kind === 'alias' ? item.name : item.kind === 'ref' ? item.column : undefined
      columns.push({ name, type })
      return node
    })
    return { nodes, columns: isKnown ? columns : undefined }
  }

  /** A part of a query that holds expressions. */
  #clause(n: Node, scope: Scope, name: string): Node {
    const { node, type } = this.visit(n, scope)
    if (name === 'groupBy' || name === 'orderBy' || name === 'distinctOn') this.refuseInexact(type, `${name}()`)
    return node
  }

  #insert(n: NodeOf<'insert'>, scope: Scope): Query {
    const ctes = this.#ctes(n, scope)
    const into = n.into && this.#source(n.into, scope)
    const target = [...scope.sources.values()].at(-1)
    scope.target = target
    const types = n.columns?.map((name) => target?.get(name)) ?? (target && [...target.values()])
    const tuples = n.tuples.map((tuple) =>
      tuple.kind === 'tuple'
        ? { ...tuple, items: tuple.items.map((item, i) => this.stored(this.visit(item, scope), types?.[i])) }
        : tuple,
    )
    const query = n.query && this.#inserted(this.statement(n.query, scope), types)
    scope.byNameOnly.set('excluded', target)
    const rest = { ...n, ctes, into, tuples, query }
    const node = mapChildren(rest, (child, _part, name) => (INSERTED.has(name) ? child : this.visit(child, scope).node))
    return this.#returned(node, scope)
  }

  #inserted(query: Query, types: readonly (ValueType | undefined)[] | undefined): Node {
    const { node, columns } = query
    if (types === undefined || columns?.every(({ type }, i) => sameType(type, types[i]))) return node
    if (!types.some((type) => type?.kind === 'decimal') && !columns?.some(({ type }) => type.kind === 'decimal'))
      return node
    if (node.kind !== 'select' || columns?.length !== node.items.length || node.setOperations.length > 0) {
      const wanted = types.map((type) => (type?.kind === 'decimal' ? type : undefined))
      return this.convertQuery(query, wanted)
    }
    const items = node.items.map((item, i): Node => {
      if (sameType(columns[i]!.type, types[i])) return item
      const operand = item.kind === 'alias' ? item.operand : item
      const value = this.stored({ node: operand, type: columns[i]!.type }, types[i])
      return item.kind === 'alias' ? { ...item, operand: value } : value
    })
    return { ...node, items }
  }

  #write(n: Write, targets: readonly Node[], others: readonly Node[], scope: Scope): Query {
    const ctes = this.#ctes(n, scope)
    const written = targets.map((target) => this.#source(target, scope))
    scope.target = [...scope.sources.values()][0]
    const read = others.map((other) => (other.kind === 'joined' ? other : this.#source(other, scope)))
    const joins = 'joins' in n ? this.#joins(n.joins, scope) : []
    const place = (child: Node): Node | undefined => {
      const i = targets.indexOf(child)
      if (i >= 0) return written[i]
      const j = others.indexOf(child)
      return j >= 0 ? read[j] : undefined
    }
    const rest = 'joins' in n ? { ...n, ctes, joins } : { ...n, ctes }
    const node = mapChildren(rest as Node, (child, _part, name) =>
      WRITTEN.has(name) ? child : (place(child) ?? this.visit(child, scope).node),
    )
    return this.#returned(node as Write, scope)
  }

  #returned<N extends NodeOf<'insert'> | Write>(n: N, scope: Scope): Query {
    const inner = new Scope(scope)
    for (const name of ['inserted', 'deleted']) inner.sources.set(name, scope.target)
    const returning = this.#items(n.returning, scope)
    const output = this.#items(n.output, inner)
    const columns = n.returning.length > 0 ? returning.columns : output.columns
    return { node: { ...n, returning: returning.nodes, output: output.nodes }, columns }
  }
}

interface Items {
  readonly nodes: readonly Node[]
  readonly columns: readonly OutputType[] | undefined
}

/** The parts of statements that are done before the others. */
const SELECTED: ReadonlySet<string> = new Set(['ctes', 'from', 'joins', 'items', 'setOperations', 'locks'])
const INSERTED: ReadonlySet<string> = new Set(['ctes', 'into', 'rows', 'tuples', 'query', 'returning', 'output'])
const WRITTEN: ReadonlySet<string> = new Set(['ctes', 'joins', 'returning', 'output'])

const WHOLE_COLUMNS: ReadonlySet<string> = new Set(['integer', 'bigint', 'boolean', 'unix', 'unixms'])

const isUnionAll = (operation: Node): boolean => operation.kind === 'setOperation' && operation.operator === 'union all'

function sameType(one: ValueType | undefined, other: ValueType | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  if (one.kind !== other.kind) return false
  return !('scale' in one) || !('scale' in other) || one.scale === other.scale
}

function byName(columns: readonly OutputType[]): ReadonlyMap<string, ValueType> {
  const found = new Map<string, ValueType>()
  for (const { name, type } of columns) if (name !== undefined && !found.has(name)) found.set(name, byNameType(type))
  return found
}

function starColumns({ table }: NodeOf<'star'>, scope: Scope): readonly OutputType[] | undefined {
  const columns: OutputType[] = []
  for (const [name, source] of scope.sources) {
    if (table !== undefined && table !== name) continue
    if (source === undefined) return undefined
    for (const [column, type] of source) columns.push({ name: column, type })
  }
  return columns
}

/** Returns whether a statement has a table with a decimal column. */
export function hasDecimals(n: Node): boolean {
  if (n.kind === 'table') return n.definition !== undefined && definesDecimals(n.definition as TableDefinition)
  let found = false
  eachChild(n, (child) => {
    found ||= hasDecimals(child)
  })
  return found
}

const known = new WeakMap<TableDefinition, boolean>()

export function definesDecimals(table: TableDefinition): boolean {
  let found = known.get(table)
  if (found === undefined) {
    found = [...table.columns.values()].some(({ type }) => type === 'decimal')
    known.set(table, found)
  }
  return found
}
