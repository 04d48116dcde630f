import { type Dialect, lowerAscii } from '../dialect/index.ts'
import type { Node, NodeOf } from '../run/index.ts'
import { raise } from './raise.ts'

export const word = (text: string): NodeOf<'word'> => ({ kind: 'word', text })
export const literal = (value: string | number | bigint | boolean | null): NodeOf<'literal'> => ({
  kind: 'literal',
  value,
})
export const column = (table: string | undefined, name: string): NodeOf<'ref'> => ({
  kind: 'ref',
  schema: undefined,
  table,
  column: name,
})
export const equal = (left: Node, right: Node): Node => ({ kind: 'binary', left, op: '=', right })
/** Compares an operand with `null`. */
export const isNull = (operand: Node): Node => ({ kind: 'binary', left: operand, op: 'is', right: literal(null) })
export const isNotNull = (operand: Node): Node => ({
  kind: 'binary',
  left: operand,
  op: 'is not',
  right: literal(null),
})

/** Joins conditions with `and`; returns `undefined` for none. */
export function all(conditions: readonly (Node | undefined)[]): Node | undefined {
  const items = conditions.filter((condition) => condition !== undefined)
  return items.length < 2 ? items[0] : { kind: 'and', items }
}

/** Joins conditions with `or`; returns a false condition for none. */
export function any(conditions: readonly Node[]): Node {
  return conditions.length === 1 ? conditions[0]! : conditions.length === 0 ? never : { kind: 'or', items: conditions }
}

/** A condition that is false for every row. */
export const never: Node = { kind: 'binary', left: word('1'), op: '=', right: word('0') }

/** Returns an expression: `then` where the condition holds, `otherwise` where it does not or is unknown. */
export function choose(condition: Node, then: Node, otherwise: Node): Node {
  return { kind: 'case', operand: undefined, whens: [{ kind: 'when', condition, result: then }], otherwise }
}

/** Returns a condition that fails the statement where `condition` does not hold or is unknown. */
export function demand(condition: Node, why: string, dialect: Dialect): Node {
  return equal(choose(condition, word('1'), raise(why, dialect)), word('1'))
}

export const assignment = (name: string, value: Node): Node => ({
  kind: 'assignment',
  column: column(undefined, name),
  value,
})

/** Returns true if two names differ at most in the case of their ASCII letters. */
export const sameName = (one: string, other: string): boolean => lowerAscii(one) === lowerAscii(other)
