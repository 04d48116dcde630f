import type { Node, NodeOf } from '../../ir/index.ts'
import { mapChildren } from '../../ir/index.ts'
import type { Codec, ColumnDefinition } from '../../table/index.ts'
import { ARITHMETIC, CHOOSING, COMPARISONS, COUNTING, LOOKING, MEANS, ROUNDING, WHOLE, WRITING } from './functions.ts'
import type { OutputType, Scope } from './scope.ts'
import {
  byNameType,
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
  typeOfConstant,
  VALUE,
  type ValueType,
} from './type.ts'

/** The use of a converted value: it is compared, written to a column, the result or an operand of an expression. */
export type Use = 'compared' | 'stored' | 'computed' | 'operand'

export type Call = NodeOf<'call'> | NodeOf<'aggregate'>

/** A query with its columns, as far as they are known. */
export interface Query {
  readonly node: Node
  readonly columns: readonly OutputType[] | undefined
}

/** Is told the columns of a recursive common table expression before its other parts are looked at. */
export type Recursive = (columns: readonly OutputType[] | undefined) => void

/** Follows the decimals through expressions; `DecimalPass` follows them through statements. */
export abstract class ExpressionPass {
  /** The codecs of computed decimals. */
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
  abstract statement(n: Node, parent?: Scope, recursive?: Recursive): Query
  /** Returns a query whose columns have other types. */
  protected abstract convertQuery(query: Query, types: readonly (ValueType | undefined)[]): Node

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
    if (kind === 'value') return coded(value.node, this.codecOf(type))
    if (kind !== 'null' && !(kind === type.kind && (value.type as InexactType).scale === type.scale))
      this.refuseUnknown(`What is computed for ${type.name}, which is kept as ${type.kind.split(' ')[0]},`)
    return value.node
  }

  protected as(value: Typed, type: ValueType, use: Use): Node {
    const node = this.asType(value, type, use)
    return type.kind === 'decimal' ? this.known({ node, type }).node : node
  }

  protected asType(value: Typed, type: ValueType, use: Use): Node {
    if (type.kind === 'decimal') return this.convert(value, type, use)
    return type.kind === 'real' ? this.toReal(value) : value.node
  }

  visit(n: Node, scope: Scope): Typed {
    return this.known(this.#visit(n, scope))
  }

  /** A computed decimal is a node of its own, of which its type is known. */
  protected known(typed: Typed): Typed {
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
        return { node, type: byNameType(columns?.[0]?.type ?? OTHER) }
      }
      case 'ref':
        return { node: n, type: scope.typeOf(n) }
      case 'alias':
      case 'parens': {
        const { node, type } = this.visit(n.operand, scope)
        return {
          node: node === n.operand ? n : { ...n, operand: node },
          type: n.kind === 'parens' ? chosen(type) : type,
        }
      }
      case 'order': {
        const { node, type } = this.visit(n.operand, scope)
        this.refuseInexact(type, 'orderBy()')
        return { node: { ...n, operand: node }, type: OTHER }
      }
      case 'literal':
        return { node: n, type: typeOfConstant(n.value) }
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
        return { node: this.children(n, scope), type: OTHER }
      case 'jsonRows':
        return { node: { ...n, query: this.visit(n.query, scope).node }, type: TEXT }
      default:
        return { node: this.children(n, scope), type: OTHER }
    }
  }

  protected children<N extends Node>(n: N, scope: Scope): N {
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
      if (isBare) only = chosen(type)
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
  protected refuseInexact(type: ValueType, what: string): void {
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
    const type = this.common([left.type, right.type], `'${n.op}'`)
    const columns = [{ name: undefined, type: right.type }]
    const query = this.convertQuery({ node: right.node, columns }, [type])
    return { node: { ...n, left: this.asType(left, type, 'compared'), right: query }, type: INTEGER }
  }

  /** `(a, b) in ((1, 2), (3, 4))`, or beside a query. */
  #rows(n: NodeOf<'binary'>, left: NodeOf<'tuple'>, scope: Scope): Typed {
    const items = left.items.map((item) => this.visit(item, scope))
    if (n.right.kind !== 'tuple') return this.#rowsOfQuery(n, left, items, scope)
    const rows = n.right.items.every((row) => row.kind === 'tuple') ? n.right.items : [n.right]
    const columns = items.map((item, i) => {
      const others = rows.map((row) => this.visit((row as NodeOf<'tuple'>).items[i] ?? NOTHING, scope))
      return this.together([item, ...others], n.op)
    })
    const tuples = rows.map((row, i) => ({ ...row, items: columns.map((column) => column[i + 1]!) }) as Node)
    const right = rows[0] === n.right ? tuples[0]! : { ...n.right, items: tuples }
    return { node: { ...n, left: { ...left, items: columns.map((column) => column[0]!) }, right }, type: INTEGER }
  }

  #rowsOfQuery(n: NodeOf<'binary'>, left: Node, items: readonly Typed[], scope: Scope): Typed {
    const query = n.right.kind === 'parens' ? n.right.operand : n.right
    if (query.kind !== 'select') {
      this.#refuseAny(items, 'A decimal in a row that is compared with what is no query')
      return { node: { ...n, left: { ...left, items: items.map(({ node }) => node) } as Node }, type: INTEGER }
    }
    const found = this.statement(query, scope)
    this.#refuseAny(items.filter(isInexact), `'${n.op}' of a decimal that is not kept as one`)
    const types = items.map(({ type }, i) => {
      const both = [type, found.columns?.[i]?.type ?? OTHER]
      return both.some(({ kind }) => kind === 'decimal') ? this.common(both, `'${n.op}'`) : undefined
    })
    const values = items.map((item, i) => (types[i] ? this.asType(item, types[i], 'compared') : item.node))
    const right = this.convertQuery(found, types)
    return { node: { ...n, left: { ...left, items: values } as Node, right }, type: INTEGER }
  }

  /** Returns values that are compared, in one form. */
  together(parts: readonly Typed[], op: string): readonly Node[] {
    const isNullTest = parts.some(({ type }) => type.kind === 'null')
    const inexact = parts.find(isInexact)
    if (inexact !== undefined && !isNullTest) return this.#inexactly(parts, inexact.type, op)
    if (!parts.some(isDecimal)) return parts.map(({ node }) => node)
    const type = this.common(
      parts.map((part) => part.type),
      `'${op}'`,
    )
    if (parts.length > 2 && type.kind === 'decimal') this.refuseOverflow(parts, type, op)
    return parts.map((part) => this.asType(part, type, 'compared'))
  }

  #inexactly(parts: readonly Typed[], type: InexactType, op: string): readonly Node[] {
    this.refuseInexact(type, `'${op}'`)
    return parts.map(({ node, type: own }) => {
      if (own.kind === 'value') return coded(node, this.codecOf(type))
      if (!NUMERIC.has(own.kind) && own.kind !== 'real decimal')
        this.refuseUnknown(`'${op}' of ${type.name}, which is kept as a floating-point number,`)
      return node
    })
  }

  /** The type that holds what several expressions give, of which one is a decimal. */
  protected common(types: readonly ValueType[], what: string): ValueType {
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
      return { node: { ...n, left: left.node, right: right.node }, type: typeOfNumbers(both) }
    }
    if (both.some(({ type }) => type.kind === 'real'))
      return { node: { ...n, left: this.toReal(left), right: this.toReal(right) }, type: REAL }
    for (const { type } of both)
      if (type.kind === 'text' || type.kind === 'other')
        this.refuseUnknown(`'${n.op}' of a decimal and what is no number or of an unknown type`)
    if (n.op === '*') return this.multiply(left, right)
    if (n.op === '/') return this.divide(left, right)
    const type = this.common([this.ownType(left), this.ownType(right)], `'${n.op}'`) as DecimalType
    const parts = both.map((part) => this.convert(part, type, 'operand'))
    return { node: { ...n, left: parts[0]!, right: parts[1]! }, type }
  }

  /** Refuses to compare values that the database cannot compare exactly in the type of all. */
  protected refuseOverflow(_parts: readonly Typed[], _type: DecimalType, _op: string): void {}

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
      return { node: whole, type: NUMERIC.has(type.kind) ? chosen(type) : OTHER }
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
    const plain = value.node.kind === 'slot' || value.node.kind === 'default'
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
      const types = parts.map((part) => chosen(part.type)).filter(({ kind }) => kind !== 'null')
      const [first = NULL] = types
      return { nodes, type: types.every(({ kind }) => kind === first.kind) ? first : OTHER }
    }
    const type = this.common(
      parts.map((part) => this.ownType(part)),
      what,
    )
    return { nodes: parts.map((part) => this.asType(part, type, 'computed')), type }
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
      if (name === 'max' || name === 'min') this.refuseInexact(type, `${n.name}()`)
      const node = call(own.map((arg, i) => (among.includes(i) ? nodes[among.indexOf(i)]! : arg)))
      return { node, type: args.length === 0 || n.kind === 'aggregate' ? byNameType(type) : type }
    }
    if (name === 'iif' || name === 'if') {
      const { nodes, type } = this.#oneOf(args.slice(1), `${n.name}()`)
      return { node: call([own[0]!, ...nodes]), type: byNameType(type) }
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
    const node = this.children(n, scope)
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

/** The type of arithmetic without decimals. A value beside an integer is taken for one, as PostgreSQL takes it. */
function typeOfNumbers(operands: readonly Typed[]): ValueType {
  const kinds = operands.map(({ type }) => (type.kind === 'constant' ? type.column.kind : type.kind))
  if (kinds.includes('real')) return REAL
  return kinds.includes('integer') && kinds.every((kind) => kind === 'integer' || kind === 'value') ? INTEGER : OTHER
}

/** The type of an expression that gives one of several values or constants. */
const chosen = (type: ValueType): ValueType => (type.kind === 'constant' ? VALUE : type)

/** The parts of an expression that gives a value of the caller or a constant, in which these stand. */
const VALUE_PARTS: Readonly<Record<string, readonly string[]>> = {
  parens: ['operand'],
  unary: ['operand'],
  case: ['whens', 'otherwise'],
  when: ['result'],
  call: ['args'],
  raw: ['parts'],
  trusted: ['operand'],
}

/** Returns such an expression with each value and constant in another form. */
export function eachValue(n: Node, change: (leaf: NodeOf<'slot'> | NodeOf<'literal'>) => Node): Node {
  if (n.kind === 'slot' || n.kind === 'literal') return change(n)
  const parts = VALUE_PARTS[n.kind]
  return parts === undefined
    ? n
    : mapChildren(n, (child, _part, name) => (parts.includes(name) ? eachValue(child, change) : child))
}

/** Returns a value that is encoded by a codec. */
export const coded = (n: Node, codec: Codec): Node =>
  eachValue(n, (leaf) => (leaf.kind === 'slot' && leaf.codec === undefined ? { ...leaf, codec } : leaf))

const NUMERIC: ReadonlySet<string> = new Set(['decimal', 'integer', 'real', 'constant', 'value'])

const NOTHING: Node = { kind: 'literal', value: null }

export const word = (text: string): Node => ({ kind: 'word', text })

/** The name of a type in a cast. */
export function typeText(type: Node): string {
  if (type.kind === 'word') return type.text
  return type.kind === 'raw' && type.parts.length === 0 ? type.strings.join('') : ''
}

const sameNumber = (name: string, first: Typed | undefined): ValueType =>
  (name === 'sum' || name === 'abs') && first?.type.kind === 'integer' ? INTEGER : OTHER
