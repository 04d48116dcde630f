import { refuse, show } from '../error/index.ts'
import { type Kind, type Node, node, pin } from '../ir/index.ts'
import { callBack } from './callback.ts'
import { Chain, callWith } from './chain.ts'
import {
  checkName,
  given,
  isOperand,
  markOperand,
  NO_ARGS,
  type Operand,
  parseReference,
  reference,
  valueOf,
} from './operand.ts'
import { checkOperator, isComparison, takesList, takesNull } from './operator.ts'
import { Parameter } from './parameter.ts'

/** An expression: structure and its values. */
export class Expr implements Operand {
  readonly node: Node
  readonly args: readonly unknown[]

  constructor(node: Node, args: readonly unknown[] = NO_ARGS) {
    this.node = node
    this.args = args
  }

  as(alias: unknown): Aliased {
    return aliased(this, alias)
  }

  and(...condition: unknown[]): Expr {
    return both('and', this, condition)
  }

  or(...condition: unknown[]): Expr {
    return both('or', this, condition)
  }

  $castTo(): this {
    return this
  }

  $notNull(): this {
    return this
  }
}
markOperand(Expr.prototype)

/** An expression or query with a name. */
export class Aliased implements Operand {
  readonly node: Node
  readonly args: readonly unknown[]

  constructor(node: Node, args: readonly unknown[]) {
    this.node = node
    this.args = args
  }
}
markOperand(Aliased.prototype)

/** An expression that is made by a chain of calls. */
export class ExprChain<K extends Kind> extends Chain<K> {
  as(alias: unknown): Aliased {
    return aliased(this, alias)
  }

  and(...condition: unknown[]): Expr {
    return both('and', new Expr(this.node, this.args), condition)
  }

  or(...condition: unknown[]): Expr {
    return both('or', new Expr(this.node, this.args), condition)
  }

  $castTo(): this {
    return this
  }

  $notNull(): this {
    return this
  }

  $call<R>(change: (chain: this) => R): R {
    return callWith(this, '$call', change)
  }
}

export function aliased(operand: Operand, alias: unknown): Aliased {
  const args: unknown[] = [...operand.args]
  // An alias of another form, such as sql`t(a, b)`, is trusted text.
  const name = isOperand(alias) ? undefined : checkName(alias, 'an alias')
  if (name !== undefined)
    return new Aliased(node({ kind: 'alias', operand: operand.node, name, columns: undefined }), args)
  const text = given(alias, args)!
  return new Aliased(node({ kind: 'operation', left: operand.node, operator: AS, right: text }), args)
}

const AS = pin({ kind: 'word', text: 'as' })

function both(kind: 'and' | 'or', left: Expr, condition: readonly unknown[]): Expr {
  const args: unknown[] = [...left.args]
  const right = conditionOf(condition, args, kind)
  const items = left.node.kind === kind ? [...left.node.items, right] : [left.node, right]
  return new Expr(node({ kind, items }), args)
}

const COMPARED = pin({ kind: 'arg', role: 'compared' })
const VALUE = pin({ kind: 'arg', role: 'value' })
const LIST = pin({ kind: 'arg', role: 'list' })
const NULL = pin({ kind: 'literal', value: null })

/** A value that SQL text may hold as it is. */
export function literal(value: unknown): Node {
  if (value === null) return NULL
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return node({ kind: 'literal', value })
    case 'number':
      if (Number.isFinite(value)) return node({ kind: 'literal', value })
  }
  return refuse(
    `${show(value)} cannot stand in SQL text. A literal is a string, a finite number, a bigint, a boolean or null.`,
  )
}

/** `lhs op rhs` as a node; values go to `args`. */
export function comparison(lhs: unknown, op: unknown, rhs: unknown, args: unknown[], clause: string): Node {
  const left = reference(lhs, args)
  if (isOperand(op)) {
    const operator = given(op, args)!
    return node({ kind: 'operation', left, operator, right: valueOf(rhs, args, `The right side in ${clause}`) })
  }
  const operator = checkOperator(op)
  return node({ kind: 'binary', left, op: operator, right: rightSide(lhs, left, operator, rhs, args, clause) })
}

function rightSide(lhs: unknown, left: Node, op: string, rhs: unknown, args: unknown[], clause: string): Node {
  if (rhs === undefined) {
    return refuse(
      `${clause}(${show(lhs)}, '${op}', undefined): the value is undefined. Leave the condition out (with $if or an if) or give a value.`,
    )
  }
  if (rhs === null) {
    if (takesNull(op)) return NULL
    if (takesList(op) || isComparison(op)) {
      const instead = op === '=' || op === '==' || op === 'in' ? 'is' : 'is not'
      return refuse(
        `${clause}(${show(lhs)}, '${op}', null) is never true in SQL. Use '${instead}' to compare with null.`,
      )
    }
  }
  if (rhs instanceof Parameter) {
    args.push(rhs)
    return takesList(op) ? LIST : isComparison(op) && !takesNull(op) ? COMPARED : VALUE
  }
  const expression = given(rhs, args)
  if (expression !== undefined) return expression
  if (takesList(op)) return listSide(lhs, left.kind === 'tuple', op, rhs, args, clause)
  if (typeof rhs === 'boolean' && (op === 'is' || op === 'is not')) return literal(rhs)
  if (typeof rhs === 'function') {
    const made = given(callBack(rhs), args)
    return made ?? refuse(`The callback in ${clause}(${show(lhs)}, '${op}', …) gave no expression.`)
  }
  args.push(rhs)
  return isComparison(op) ? COMPARED : VALUE
}

/** A value that is compared, which in a prepared query may not be null either. */
export function comparedValue(value: unknown, args: unknown[], where: string): Node {
  if (!(value instanceof Parameter)) return valueOf(value, args, where)
  args.push(value)
  return COMPARED
}

/** A list of values is one argument; a list that holds expressions is structure. */
function listSide(lhs: unknown, ofTuples: boolean, op: string, rhs: unknown, args: unknown[], clause: string): Node {
  if (typeof rhs === 'function') {
    return (
      given(callBack(rhs), args) ?? refuse(`The callback in ${clause}(${show(lhs)}, '${op}', …) gave no expression.`)
    )
  }
  if (!Array.isArray(rhs))
    return refuse(`${clause}(${show(lhs)}, '${op}', ${show(rhs)}): '${op}' takes an array or a query.`)
  let structured = false
  for (let i = 0; i < rhs.length; i++) {
    const item: unknown = rhs[i]
    if (item === null || item === undefined) {
      return refuse(
        `${clause}(${show(lhs)}, '${op}', […]): item ${i} is ${item}. ${item === null ? `Test for null apart: or('${typeof lhs === 'string' ? lhs : 'column'}', 'is', null).` : 'Give a value.'}`,
      )
    }
    // An array beside one column is one value, such as a JSON list.
    if (isOperand(item) || (ofTuples && Array.isArray(item))) structured = true
  }
  if (!structured) {
    // A copy: the list may change before the query runs.
    args.push(rhs.slice())
    return LIST
  }
  return node({
    kind: 'tuple',
    items: rhs.map((item) =>
      ofTuples && Array.isArray(item) ? tupleOf(item, args) : comparedValue(item, args, 'An item of the list'),
    ),
  })
}

export function tupleOf(items: readonly unknown[], args: unknown[]): Node {
  if (items.length === 0) refuse('A tuple holds one item or more.')
  return node({ kind: 'tuple', items: items.map((item) => valueOf(item, args, 'An item of the tuple')) })
}

/** A comparison of two references. */
export function refComparison(lhs: unknown, op: unknown, rhs: unknown, args: unknown[]): Node {
  const left = reference(lhs, args)
  if (isOperand(op)) return node({ kind: 'operation', left, operator: given(op, args)!, right: reference(rhs, args) })
  return node({ kind: 'binary', left, op: checkOperator(op), right: reference(rhs, args) })
}

/** The condition that a clause was given: three parts, an expression, a boolean column or a callback. */
export function conditionOf(given_: readonly unknown[], args: unknown[], clause: string): Node {
  if (given_.length === 3) return comparison(given_[0], given_[1], given_[2], args, clause)
  if (given_.length !== 1) {
    return refuse(
      `${clause} takes a column, an operator and a value, or one expression; it was given ${given_.length} arguments.`,
    )
  }
  let condition = given_[0]
  if (typeof condition === 'function') condition = callBack(condition)
  if (typeof condition === 'string') return parseReference(condition)
  return (
    given(condition, args) ??
    refuse(
      `${clause}(${show(condition)}): that is not a condition. Give an expression, such as eb('id', '=', 1), or eb.lit(true) for every row.`,
    )
  )
}

/** The nodes of references given as one, as an array, or by a callback. */
export function references(value: unknown, args: unknown[], read: (item: unknown, args: unknown[]) => Node): Node[] {
  if (typeof value === 'function') return references(callBack(value), args, read)
  if (!Array.isArray(value)) return [read(value, args)]
  const nodes: Node[] = []
  // Not by flatMap, which leaves out what a list lacks.
  for (const item of value as readonly unknown[]) {
    if (typeof item === 'function') nodes.push(...references(item, args, read))
    else nodes.push(read(item, args))
  }
  return nodes
}
