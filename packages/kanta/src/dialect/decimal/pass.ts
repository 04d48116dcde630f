import { eachChild, mapChildren, type Node, type NodeOf } from '../../ir/index.ts'
import type { Codec, ColumnDefinition, TableDefinition } from '../../table/index.ts'
import { ARITHMETIC, CHOOSING, COMPARISONS, COUNTING, LOOKING, MEANS, ROUNDING, WHOLE, WRITING } from './functions.ts'
import { type OutputType, Scope, type SourceColumns } from './scope.ts'
import {
  CONSTANT,
  type DecimalType,
  INTEGER,
  type InexactType,
  isDecimal,
  isInexact,
  NULL,
  OTHER,
  REAL,
  TEXT,
  type Typed,
  VALUE,
  type ValueType,
} from './type.ts'

/** What becomes of a converted value: it is compared, written to a column, the result or an operand of an expression. */
export type Use = 'compared' | 'stored' | 'computed' | 'operand'

type Write = NodeOf<'update'> | NodeOf<'delete'> | NodeOf<'merge'>
type Call = NodeOf<'call'> | NodeOf<'aggregate'>

/**
 * Follows the decimals through a statement and gives every value, constant and column beside one the form in which the
 * database computes with it exactly. What it cannot follow is refused where the result could be wrong. The nodes that it
 * gives are new wherever they hold a decimal, so that they can be told apart by their identity.
 */
export abstract class DecimalPass {
  /** How computed decimals are read. */
  readonly codecs: Map<Node, Codec> = new Map()
  #inTrusted = 0

  /** The codec of a computed decimal. */
  abstract codecOf(type: DecimalType | InexactType): Codec
  /** The type of a decimal column. */
  abstract typeOfDecimal(column: ColumnDefinition): ValueType
  /** Returns a value as a decimal of a type. */
  abstract convert(value: Typed, type: DecimalType, use: Use): Node
  abstract toReal(value: Typed): Node
  abstract toText(value: Typed): Node
  abstract multiply(left: Typed, right: Typed): Typed
  abstract divide(left: Typed, right: Typed): Typed
  abstract round(call: Call, operand: Typed<DecimalType>): Typed
  /** Returns the mean of decimals, whose argument is in its final form. */
  abstract mean(call: Call, type: DecimalType): Typed
  abstract cast(operand: Typed, type: Node): Typed
  /** Refuses what cannot be computed right, where decimals are kept in a form of their own. */
  abstract refuseUnknown(what: string): void

  statement(n: Node, parent?: Scope, recursive?: (columns: readonly OutputType[] | undefined) => void): Query {
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
        return { node: this.#children(n, scope), columns: undefined }
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

  /** Returns a value as it is written to a column. */
  stored(value: Typed, type: ValueType | undefined): Node {
    if (type?.kind === 'decimal') return this.convert(value, type, 'stored')
    if (type === undefined) return this.#opened(value)
    if (type.kind === 'text decimal' || type.kind === 'real decimal') return this.#keptAs(value, type)
    if (!isDecimal(value)) return value.node
    if (type.kind === 'integer') return this.cast(value, word('integer')).node
    if (type.kind === 'real') return this.toReal(value)
    return this.toText(value)
  }

  #opened(value: Typed): Node {
    if (isDecimal(value)) this.refuseUnknown('A decimal that is written to a column of which nothing is known')
    return value.node
  }

  #keptAs(value: Typed, type: InexactType): Node {
    const { kind } = value.type
    if (kind === 'value') return this.#withCodec(value.node, this.codecOf(type))
    if (kind !== 'null' && !(kind === type.kind && (value.type as InexactType).scale === type.scale))
      this.refuseUnknown(`What is computed for ${type.name}, which is kept as ${type.kind.split(' ')[0]},`)
    return value.node
  }

  #withCodec(n: Node, codec: Codec): Node {
    return n.kind === 'slot' && n.codec === undefined ? { ...n, codec } : n
  }

  // Queries

  #select(n: NodeOf<'select'>, scope: Scope, recursive?: (columns: readonly OutputType[] | undefined) => void): Query {
    const ctes = this.#ctes(n, scope)
    const from = n.from.map((source) => this.#source(source, scope))
    const joins = this.#joins(n.joins, scope)
    const outputs = this.#items(n.items, scope)
    if (n.distinct) for (const { type } of outputs.columns ?? []) this.#refuseInexact(type, 'distinct()')
    for (const { name, type } of outputs.columns ?? []) if (name !== undefined) scope.aliases.set(name, type)
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
      const query = this.#convertQuery(queries[i]!, types)
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
      if (!isAll) for (const type of types) this.#refuseInexact(type, 'A set operation without all')
      return types.some((type) => type.kind === 'decimal') ? this.#common(types, 'A set operation') : undefined
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
      const node = this.#as({ node: operand, type: columns[i]!.type }, type, 'stored')
      const name = item.kind === 'alias' ? item.name : item.kind === 'ref' ? item.column : undefined
      return name === undefined ? node : { kind: 'alias', operand: node, name, columns: undefined }
    })
  }

  #convertQuery({ node, columns }: Query, types: readonly (ValueType | undefined)[]): Node {
    if (node.kind === 'parens') return { ...node, operand: this.#convertQuery({ node: node.operand, columns }, types) }
    if (node.kind !== 'select' || node.setOperations.length > 0) {
      if (!types.every((type, i) => type === undefined || sameType(columns?.[i]?.type, type)))
        this.refuseUnknown('A query whose columns are of other types')
      return node
    }
    return { ...node, items: this.#convertItems(node.items, columns, types) }
  }

  #as(value: Typed, type: ValueType, use: Use): Node {
    const node = this.#asType(value, type, use)
    return type.kind === 'decimal' ? this.#known({ node, type }).node : node
  }

  #asType(value: Typed, type: ValueType, use: Use): Node {
    if (type.kind === 'decimal') return this.convert(value, type, use)
    return type.kind === 'real' ? this.toReal(value) : value.node
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
      case 'values':
        return { node: n, columns: new Map(n.columns.map((name) => [name, OTHER])) }
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
    if (name === 'groupBy' || name === 'orderBy' || name === 'distinctOn') this.#refuseInexact(type, `${name}()`)
    return node
  }

  // Writes

  #insert(n: NodeOf<'insert'>, scope: Scope): Query {
    const ctes = this.#ctes(n, scope)
    const into = n.into && this.#source(n.into, scope)
    const target = [...scope.sources.values()].at(-1)
    scope.target = target
    const types = n.columns?.map((name) => target?.get(name))
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
      return this.#convertQuery(query, wanted)
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

  // Expressions

  visit(n: Node, scope: Scope): Typed {
    return this.#known(this.#visit(n, scope))
  }

  /** A computed decimal is a node of its own, of which its type is known. */
  #known(typed: Typed): Typed {
    if (!isDecimal(typed) || typed.node.kind === 'ref' || typed.node.kind === 'alias' || typed.node.kind === 'slot')
      return typed
    const node = { ...typed.node }
    this.codecs.set(node, this.codecOf(typed.type))
    return { node, type: typed.type }
  }

  #visit(n: Node, scope: Scope): Typed {
    switch (n.kind) {
      case 'select':
      case 'insert':
      case 'update':
      case 'delete': {
        const { node, columns } = this.statement(n, scope)
        return { node, type: columns?.[0]?.type ?? OTHER }
      }
      case 'ref':
        return { node: n, type: scope.typeOf(n) }
      case 'alias':
      case 'parens': {
        const { node, type } = this.visit(n.operand, scope)
        return { node: node === n.operand ? n : { ...n, operand: node }, type }
      }
      case 'order': {
        const { node, type } = this.visit(n.operand, scope)
        this.#refuseInexact(type, 'orderBy()')
        return { node: { ...n, operand: node }, type: OTHER }
      }
      case 'literal':
        return { node: n, type: n.value === null ? NULL : typeof n.value === 'boolean' ? INTEGER : CONSTANT }
      case 'slot':
        return { node: n, type: VALUE }
      case 'binary':
        return this.#binary(n, scope)
      case 'unary':
        return this.#unary(n, scope)
      case 'between':
        return this.#between(n, scope)
      case 'assignment':
        return this.#assignment(n, scope)
      case 'case':
        return this.#case(n, scope)
      case 'cast':
        return this.#cast(n, scope)
      case 'call':
      case 'aggregate':
        return this.#call(n, scope)
      case 'window':
        return this.#window(n, scope)
      case 'raw':
      case 'join':
      case 'operation':
        return this.#text(n, scope)
      case 'trusted':
        return this.#trusted(n, scope)
      case 'jsonPath':
        return { node: this.#children(n, scope), type: OTHER }
      case 'jsonRows':
        return { node: { ...n, query: this.visit(n.query, scope).node }, type: TEXT }
      default:
        return { node: this.#children(n, scope), type: OTHER }
    }
  }

  #children<N extends Node>(n: N, scope: Scope): N {
    return mapChildren(n, (child) => this.visit(child, scope).node)
  }

  #trusted(n: NodeOf<'trusted'>, scope: Scope): Typed {
    this.#inTrusted++
    const { node, type } = this.visit(n.operand, scope)
    this.#inTrusted--
    return { node: node === n.operand ? n : { ...n, operand: node }, type: n.operand.kind === 'raw' ? type : OTHER }
  }

  /** Nobody knows what text does with a decimal inside of it. */
  #text(n: Node, scope: Scope): Typed {
    let only: ValueType = OTHER
    const isBare = n.kind === 'raw' && n.parts.length === 1 && n.strings.every((text) => text.trim() === '')
    const node = mapChildren(n, (child) => {
      const { node, type } = this.visit(child, scope)
      if (isBare) only = type
      else if (this.#inTrusted === 0 && child.kind !== 'alias') this.#refuseInText(type)
      return node
    })
    return { node, type: only }
  }

  #refuseInText(type: ValueType): void {
    if (type.kind === 'decimal' || type.kind === 'text decimal' || type.kind === 'real decimal')
      this.refuseUnknown('A decimal inside of sql`…`')
  }

  /** Text and floating-point numbers have neither the order nor the equality of decimals. */
  #refuseInexact(type: ValueType, what: string): void {
    if (type.kind === 'text decimal') this.refuseUnknown(`${what} of ${type.name}, which is kept as text,`)
  }

  #refuseAny(parts: readonly Typed[], what: string): void {
    for (const part of parts) if (isDecimal(part) || isInexact(part)) this.refuseUnknown(what)
  }

  #binary(n: NodeOf<'binary'>, scope: Scope): Typed {
    const { op } = n
    if (n.left.kind === 'tuple') return this.#rows(n, n.left, scope)
    const left = this.visit(n.left, scope)
    if (n.right.kind === 'tuple') {
      const [first, ...items] = this.together([left, ...n.right.items.map((item) => this.visit(item, scope))], op)
      return { node: { ...n, left: first!, right: { ...n.right, items } }, type: INTEGER }
    }
    const right = this.visit(n.right, scope)
    if (op === 'in' || op === 'not in') return this.#inQuery(n, left, right)
    if (COMPARISONS.has(op)) {
      const [one, other] = this.together([left, right], op)
      return { node: { ...n, left: one!, right: other! }, type: INTEGER }
    }
    if (ARITHMETIC.has(op)) return this.#arithmetic(n, left, right)
    if (isInexact(left) || isInexact(right)) this.#refuseAny([left, right], `'${op}' of a decimal`)
    const node = { ...n, left: this.toText(left), right: this.toText(right) }
    return { node, type: op === '||' ? TEXT : OTHER }
  }

  /** A list is one value; the rows of a query are converted in it. */
  #inQuery(n: NodeOf<'binary'>, left: Typed, right: Typed): Typed {
    const isQuery = right.node.kind === 'select' || right.node.kind === 'parens'
    if (!isQuery || !(isDecimal(left) || isDecimal(right)) || isInexact(left) || isInexact(right)) {
      const [one, other] = this.together([left, right], n.op)
      return { node: { ...n, left: one!, right: other! }, type: INTEGER }
    }
    const type = this.#common([left.type, right.type], `'${n.op}'`)
    const columns = [{ name: undefined, type: right.type }]
    const query = this.#convertQuery({ node: right.node, columns }, [type])
    return { node: { ...n, left: this.#asType(left, type, 'compared'), right: query }, type: INTEGER }
  }

  /** `(a, b) in ((1, 2), (3, 4))`, or beside a query. */
  #rows(n: NodeOf<'binary'>, left: NodeOf<'tuple'>, scope: Scope): Typed {
    const items = left.items.map((item) => this.visit(item, scope))
    if (n.right.kind !== 'tuple') {
      const right = this.visit(n.right, scope)
      this.#refuseAny(items, 'A decimal in a row that is compared with a query')
      return {
        node: { ...n, left: { ...left, items: items.map(({ node }) => node) }, right: right.node },
        type: INTEGER,
      }
    }
    const rows = n.right.items.every((row) => row.kind === 'tuple') ? n.right.items : [n.right]
    const columns = items.map((item, i) => {
      const others = rows.map((row) => this.visit((row as NodeOf<'tuple'>).items[i] ?? NOTHING, scope))
      return this.together([item, ...others], n.op)
    })
    const tuples = rows.map((row, i) => ({ ...row, items: columns.map((column) => column[i + 1]!) }) as Node)
    const right = rows[0] === n.right ? tuples[0]! : { ...n.right, items: tuples }
    return { node: { ...n, left: { ...left, items: columns.map((column) => column[0]!) }, right }, type: INTEGER }
  }

  /** Returns values that are compared, in one form. */
  together(parts: readonly Typed[], op: string): readonly Node[] {
    const isNullTest = parts.some(({ type }) => type.kind === 'null')
    const inexact = parts.find(isInexact)
    if (inexact !== undefined && !isNullTest) return this.#inexactly(parts, inexact.type, op)
    if (!parts.some(isDecimal)) return parts.map(({ node }) => node)
    const type = this.#common(
      parts.map((part) => part.type),
      `'${op}'`,
    )
    return parts.map((part) => this.#asType(part, type, 'compared'))
  }

  #inexactly(parts: readonly Typed[], type: InexactType, op: string): readonly Node[] {
    this.#refuseInexact(type, `'${op}'`)
    return parts.map(({ node, type: own }) => {
      if (own.kind === 'value') return this.#withCodec(node, this.codecOf(type))
      if (!NUMERIC.has(own.kind) && own.kind !== 'real decimal')
        this.refuseUnknown(`'${op}' of ${type.name}, which is kept as a floating-point number,`)
      return node
    })
  }

  /** The type that holds what several expressions give, of which one is a decimal. */
  #common(types: readonly ValueType[], what: string): ValueType {
    if (types.some((type) => type.kind === 'real')) return REAL
    let scale = 0
    let least = 0
    let whole = 0
    for (const type of types) {
      if (type.kind === 'text' || type.kind === 'other' || type.kind === 'text decimal' || type.kind === 'real decimal')
        this.refuseUnknown(`${what} of a decimal and what is no decimal or of an unknown type`)
      if (type.kind !== 'decimal') continue
      scale = Math.max(scale, type.scale)
      least = Math.max(least, type.least)
      whole = Math.max(whole, (type.precision ?? 38) - type.scale)
    }
    return { kind: 'decimal', scale, least, precision: whole + scale }
  }

  #arithmetic(n: NodeOf<'binary'>, left: Typed, right: Typed): Typed {
    const both = [left, right]
    if (both.some(isInexact)) this.#refuseAny(both, `'${n.op}' of a decimal that is not kept as one`)
    if (!both.some(isDecimal)) {
      const kinds = both.map(({ type }) => type.kind)
      const type = kinds.includes('real') ? REAL : kinds.every((kind) => kind === 'integer') ? INTEGER : OTHER
      return { node: { ...n, left: left.node, right: right.node }, type }
    }
    if (both.some(({ type }) => type.kind === 'real'))
      return { node: { ...n, left: this.toReal(left), right: this.toReal(right) }, type: REAL }
    for (const { type } of both)
      if (type.kind === 'text' || type.kind === 'other')
        this.refuseUnknown(`'${n.op}' of a decimal and what is no number or of an unknown type`)
    if (n.op === '*') return this.multiply(left, right)
    if (n.op === '/') return this.divide(left, right)
    const type = this.#common([this.ownType(left), this.ownType(right)], `'${n.op}'`) as DecimalType
    const parts = both.map((part) => this.convert(part, type, 'operand'))
    return { node: { ...n, left: parts[0]!, right: parts[1]! }, type }
  }

  /** The type that a constant has by its digits, and other expressions by themselves. */
  ownType({ type }: Typed): ValueType {
    return type
  }

  #unary(n: NodeOf<'unary'>, scope: Scope): Typed {
    const { node, type } = this.visit(n.operand, scope)
    const whole = { ...n, operand: node }
    if (n.op === '-' || n.op === '+') {
      if (type.kind === 'text decimal' || type.kind === 'real decimal')
        this.refuseUnknown(`'${n.op}' of a decimal that is not kept as one`)
      return { node: whole, type: NUMERIC.has(type.kind) ? type : OTHER }
    }
    if (n.op === '~') this.#refuseAny([{ node, type }], `'${n.op}' of a decimal`)
    return { node: whole, type: INTEGER }
  }

  #between(n: NodeOf<'between'>, scope: Scope): Typed {
    const parts = [n.operand, n.low, n.high].map((part) => this.visit(part, scope))
    const [operand, low, high] = this.together(parts, 'between') as [Node, Node, Node]
    return { node: { ...n, operand, low, high }, type: INTEGER }
  }

  #assignment(n: NodeOf<'assignment'>, scope: Scope): Typed {
    const { column } = n
    const value = this.visit(n.value, scope)
    if (column.kind !== 'ref') {
      if (isDecimal(value)) this.refuseUnknown('A decimal that is written to a column of which nothing is known')
      return { node: { ...n, value: value.node }, type: OTHER }
    }
    const type = column.table === undefined ? scope.target?.get(column.column) : scope.typeOf(column)
    // Values get the codec of their column later.
    const plain = value.type.kind === 'value' || value.node.kind === 'default'
    return { node: plain ? n : { ...n, value: this.stored(value, type) }, type: OTHER }
  }

  #case(n: NodeOf<'case'>, scope: Scope): Typed {
    const whens = n.whens.map((when) => {
      const { condition, result } = when as NodeOf<'when'>
      return { condition: this.visit(condition, scope), result: this.visit(result, scope) }
    })
    const operand = n.operand && this.visit(n.operand, scope)
    const conditions =
      operand === undefined
        ? [undefined, ...whens.map(({ condition }) => condition.node)]
        : this.together([operand, ...whens.map(({ condition }) => condition)], 'case')
    const results = whens.map(({ result }) => result)
    if (n.otherwise !== undefined) results.push(this.visit(n.otherwise, scope))
    const { nodes, type } = this.#oneOf(results, 'case')
    const node: Node = {
      kind: 'case',
      operand: conditions[0],
      whens: whens.map((_, i): Node => ({ kind: 'when', condition: conditions[i + 1]!, result: nodes[i]! })),
      otherwise: n.otherwise === undefined ? undefined : nodes.at(-1),
    }
    return { node, type }
  }

  /** Expressions of which one is the result. */
  #oneOf(parts: readonly Typed[], what: string): { readonly nodes: readonly Node[]; readonly type: ValueType } {
    const nodes = parts.map(({ node }) => node)
    const inexact = parts.find(isInexact)?.type
    if (inexact !== undefined) return { nodes: parts.map((part) => this.#keptAs(part, inexact)), type: inexact }
    if (!parts.some(isDecimal)) {
      const kinds = new Set(parts.map(({ type }) => type.kind).filter((kind) => kind !== 'null'))
      return { nodes, type: kinds.size === 1 ? parts.find(({ type }) => type.kind !== 'null')!.type : OTHER }
    }
    const type = this.#common(
      parts.map((part) => this.ownType(part)),
      what,
    )
    return { nodes: parts.map((part) => this.#asType(part, type, 'computed')), type }
  }

  #cast(n: NodeOf<'cast'>, scope: Scope): Typed {
    const operand = this.visit(n.operand, scope)
    const type = typeText(n.type)
    if (!isInexact(operand)) return this.cast(operand, n.type)
    if (/char|text|clob/i.test(type)) return { node: this.toText(operand), type: TEXT }
    if (/real|floa|doub/i.test(type)) return { node: { ...n, operand: operand.node }, type: REAL }
    this.refuseUnknown(`A cast to ${type} of ${operand.type.name}`)
    return { node: n, type: OTHER }
  }

  #call(n: Call, scope: Scope): Typed {
    const name = n.name.toLowerCase()
    const args = n.args.map((arg) => this.visit(arg, scope))
    const others = mapChildren(n, (child, _part, place) => (place === 'args' ? child : this.visit(child, scope).node))
    const call = (nodes: readonly Node[]): Call => ({ ...others, args: nodes }) as Call
    const own = args.map(({ node }) => node)
    const [first] = args
    if (CHOOSING.has(name) || LOOKING.has(name)) {
      const among = LOOKING.has(name) ? [0, 2] : own.map((_, i) => i)
      const { nodes, type } = this.#oneOf(
        args.filter((_, i) => among.includes(i)),
        `${n.name}()`,
      )
      if (name === 'max' || name === 'min') this.#refuseInexact(type, `${n.name}()`)
      const node = call(own.map((arg, i) => (among.includes(i) ? nodes[among.indexOf(i)]! : arg)))
      return { node, type: args.length === 0 ? OTHER : type }
    }
    if (name === 'iif' || name === 'if') {
      const { nodes, type } = this.#oneOf(args.slice(1), `${n.name}()`)
      return { node: call([own[0]!, ...nodes]), type }
    }
    if (WRITING.has(name))
      return { node: call(args.map((arg) => this.toText(arg))), type: WHOLE.has(name) ? INTEGER : TEXT }
    const isKnown = COUNTING.has(name)
    if (isKnown || !args.some((arg) => isDecimal(arg) || isInexact(arg)))
      return { node: call(own), type: WHOLE.has(name) ? INTEGER : MEANS.has(name) ? REAL : sameNumber(name, first) }
    if (first !== undefined && isDecimal(first)) {
      if (name === 'sum' || name === 'abs') return { node: call(own), type: { ...first.type, precision: undefined } }
      if (MEANS.has(name)) return this.mean(call(own), first.type)
      if (ROUNDING.has(name)) return this.round(call(own), first)
      if (name === 'sign') return { node: call([this.toReal(first)]), type: INTEGER }
    }
    this.refuseUnknown(`${n.name}() of a decimal`)
    return { node: call(own), type: OTHER }
  }

  /** The bounds of a frame that goes by values are distances of what it orders by. */
  #window(n: NodeOf<'window'>, scope: Scope): Typed {
    const [order] = n.orderBy
    const by = order && this.visit(order.kind === 'order' ? order.operand : order, scope)
    const node = this.#children(n, scope)
    if (node.frame?.kind !== 'frame' || node.frame.unit !== 'range' || by === undefined || !isDecimal(by))
      return { node, type: OTHER }
    const { type } = by
    const frame = mapChildren(node.frame, (bound) =>
      bound.kind === 'bound' && bound.count !== undefined
        ? { ...bound, count: this.convert(this.visit(bound.count, scope), type, 'computed') }
        : bound,
    )
    return { node: { ...node, frame }, type: OTHER }
  }
}

/** A query with its columns, as far as they are known. */
interface Query {
  readonly node: Node
  readonly columns: readonly OutputType[] | undefined
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
const NUMERIC: ReadonlySet<string> = new Set(['decimal', 'integer', 'real', 'constant', 'value'])

const NOTHING: Node = { kind: 'literal', value: null }

const isUnionAll = (operation: Node): boolean => operation.kind === 'setOperation' && operation.operator === 'union all'

export const word = (text: string): Node => ({ kind: 'word', text })

/** The name of a type in a cast. */
export function typeText(type: Node): string {
  if (type.kind === 'word') return type.text
  return type.kind === 'raw' && type.parts.length === 0 ? type.strings.join('') : ''
}

const sameNumber = (name: string, first: Typed | undefined): ValueType =>
  (name === 'sum' || name === 'abs') && first?.type.kind === 'integer' ? INTEGER : OTHER

function sameType(one: ValueType | undefined, other: ValueType | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  if (one.kind !== other.kind) return false
  return !('scale' in one) || !('scale' in other) || one.scale === other.scale
}

function byName(columns: readonly OutputType[]): ReadonlyMap<string, ValueType> {
  const found = new Map<string, ValueType>()
  for (const { name, type } of columns) if (name !== undefined && !found.has(name)) found.set(name, type)
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
