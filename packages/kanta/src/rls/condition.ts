import { refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'

/** The identity of a row in a condition: the row of the table itself, or a related row. */
export interface RowScope {
  readonly table: string
}

export type Value = number | bigint | string | boolean | Date

/** One side of a comparison. */
export type Part =
  | { readonly kind: 'column'; readonly scope: RowScope; readonly column: string }
  | { readonly kind: 'context'; readonly name: string }
  | { readonly kind: 'value'; readonly value: Value }

export type Items = { readonly kind: 'context'; readonly name: string } | readonly Value[]
export type Operator = '=' | '<>' | '<' | '<=' | '>' | '>='

/** The syntax tree of a condition. */
export type ConditionTree =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'compare'; readonly left: Part; readonly operator: Operator; readonly right: Part }
  | { readonly kind: 'in'; readonly left: Part; readonly items: Items }
  | { readonly kind: 'null'; readonly operand: Part }
  | { readonly kind: 'and' | 'or'; readonly items: readonly ConditionTree[] }
  | { readonly kind: 'not'; readonly operand: ConditionTree }
  | { readonly kind: 'role'; readonly name: string }
  | { readonly kind: 'exists'; readonly scope: RowScope; readonly where: ConditionTree }

/**
 * A condition on a row. Only the functions of this module create one; data that imitates one, such as the body of a
 * request, is refused.
 */
export class RowCondition {
  readonly #tree: ConditionTree

  constructor(tree: ConditionTree) {
    this.#tree = tree
    Object.freeze(this)
  }

  static treeOf(value: unknown): ConditionTree {
    if (typeof value === 'object' && value !== null && #tree in value) return value.#tree
    return refuse(`A policy takes conditions, such as row.owner.eq(context.user), not ${show(value)}.`)
  }
}

type OrderedOperand<T> = T extends string | boolean ? never : T | Term<T>

declare const $items: unique symbol

/** A list in the context. */
export interface TermList<in out T> {
  readonly [$items]: (item: T) => T
}

/** A column of a row, or a value in the context. */
export class Term<in out T> {
  declare protected readonly of: T
  readonly #part: Part

  constructor(part: Part) {
    this.#part = part
  }

  /** Compares as SQL does: with a null on either side, the result is unknown. */
  eq(other: T | Term<T>): RowCondition {
    return this.#compare('=', other)
  }

  ne(other: T | Term<T>): RowCondition {
    return this.#compare('<>', other)
  }

  /** Compares numbers and moments. Texts are excluded, since their order differs between databases. */
  lt(other: OrderedOperand<T>): RowCondition {
    return this.#compare('<', other)
  }

  le(other: OrderedOperand<T>): RowCondition {
    return this.#compare('<=', other)
  }

  gt(other: OrderedOperand<T>): RowCondition {
    return this.#compare('>', other)
  }

  ge(other: OrderedOperand<T>): RowCondition {
    return this.#compare('>=', other)
  }

  /** Checks that the value is in a list. */
  in(list: readonly T[] | TermList<T>): RowCondition {
    if (Array.isArray(list)) {
      const items = (list as readonly unknown[]).map((item) => checkValue(item, 'in()'))
      return new RowCondition({ kind: 'in', left: this.#part, items })
    }
    const part = typeof list === 'object' && list !== null && #part in list ? (list as Term<unknown>).#part : undefined
    if (part?.kind !== 'context')
      return refuse(`in() takes a list of values, or a list in the context, not ${show(list)}.`)
    return new RowCondition({ kind: 'in', left: this.#part, items: part })
  }

  isNull(): RowCondition {
    return new RowCondition({ kind: 'null', operand: this.#part })
  }

  isNotNull(): RowCondition {
    return not(this.isNull())
  }

  #compare(operator: Operator, other: unknown): RowCondition {
    const isTerm = typeof other === 'object' && other !== null && #part in other
    const right: Part = isTerm ? other.#part : { kind: 'value', value: checkValue(other, operator) }
    if (right.kind === 'value' && typeof right.value === 'string' && operator !== '=' && operator !== '<>')
      return refuse(
        `'${operator}' compares numbers and moments, since the order of texts differs between databases. Use eq() or ne() for texts.`,
      )
    return new RowCondition({ kind: 'compare', left: this.#part, operator, right })
  }
}

/** Checks a value that a condition compares with, since one from a request may be anything. */
function checkValue(value: unknown, where: string): Value {
  const isValue =
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    typeof value === 'bigint' ||
    (typeof value === 'number' && Number.isFinite(value)) ||
    (value instanceof Date && !Number.isNaN(value.getTime()))
  if (!isValue)
    return refuse(
      `${where} compares with a number, a text, a boolean or a Date, not ${show(value)}. Use isNull() for null.`,
    )
  return value instanceof Date ? new Date(value) : (value as Value)
}

const joinConditions = (kind: 'and' | 'or', conditions: readonly RowCondition[]): RowCondition =>
  new RowCondition({ kind, items: conditions.map((condition) => RowCondition.treeOf(condition)) })

/**
 * Joins conditions with `and`; true for none.
 *
 * @throws KantaError `invalid_input` for anything but a condition.
 */
export function and(...conditions: readonly RowCondition[]): RowCondition {
  return joinConditions('and', conditions)
}

/**
 * Joins conditions with `or`; false for none.
 *
 * @throws KantaError `invalid_input` for anything but a condition.
 */
export function or(...conditions: readonly RowCondition[]): RowCondition {
  return joinConditions('or', conditions)
}

/**
 * Negates a condition. The negation of an unknown result is unknown.
 *
 * @throws KantaError `invalid_input` for anything but a condition.
 */
export function not(condition: RowCondition): RowCondition {
  return new RowCondition({ kind: 'not', operand: RowCondition.treeOf(condition) })
}
