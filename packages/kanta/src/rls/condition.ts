import { refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'

/** One row that a condition speaks of: that of the table itself, or a related one. */
export interface Scope {
  readonly table: string
}

export type Value = number | bigint | string | boolean | Date

/** One side of a comparison. */
export type Part =
  | { readonly kind: 'column'; readonly scope: Scope; readonly column: string }
  | { readonly kind: 'context'; readonly name: string }
  | { readonly kind: 'value'; readonly value: Value }

export type Items = { readonly kind: 'context'; readonly name: string } | readonly Value[]
export type Operator = '=' | '<>' | '<' | '<=' | '>' | '>='

/** What a condition says. */
export type Tree =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'compare'; readonly left: Part; readonly operator: Operator; readonly right: Part }
  | { readonly kind: 'in'; readonly left: Part; readonly items: Items }
  | { readonly kind: 'null'; readonly operand: Part }
  | { readonly kind: 'and' | 'or'; readonly items: readonly Tree[] }
  | { readonly kind: 'not'; readonly operand: Tree }
  | { readonly kind: 'role'; readonly name: string }
  | { readonly kind: 'exists'; readonly scope: Scope; readonly where: Tree }

/**
 * What must be true of a row. Only the functions of this module make one: data that looks like one, such as the body of
 * a request, is refused.
 */
export class RowCondition {
  readonly #tree: Tree

  constructor(tree: Tree) {
    this.#tree = tree
    Object.freeze(this)
  }

  static treeOf(value: unknown): Tree {
    if (typeof value === 'object' && value !== null && #tree in value) return value.#tree
    return refuse(`A policy is made of conditions, such as row.owner.eq(context.user), not of ${show(value)}.`)
  }
}

type Ordered<T> = T extends string | boolean ? never : T | Term<T>

declare const $items: unique symbol

/** A list of the context. */
export interface TermList<in out T> {
  readonly [$items]: (item: T) => T
}

/** A column of a row, or a value of the context. */
export class Term<in out T> {
  declare protected readonly of: T
  readonly #part: Part

  constructor(part: Part) {
    this.#part = part
  }

  /** As SQL compares: with a null on either side it is not known whether it holds. */
  eq(other: T | Term<T>): RowCondition {
    return this.#compare('=', other)
  }

  ne(other: T | Term<T>): RowCondition {
    return this.#compare('<>', other)
  }

  /** For numbers and moments. The order of texts is another in each database, so they have none here. */
  lt(other: Ordered<T>): RowCondition {
    return this.#compare('<', other)
  }

  le(other: Ordered<T>): RowCondition {
    return this.#compare('<=', other)
  }

  gt(other: Ordered<T>): RowCondition {
    return this.#compare('>', other)
  }

  ge(other: Ordered<T>): RowCondition {
    return this.#compare('>=', other)
  }

  /** Whether it is one of a list. */
  in(list: readonly T[] | TermList<T>): RowCondition {
    if (Array.isArray(list)) {
      const items = (list as readonly unknown[]).map((item) => valueOf(item, 'in()'))
      return new RowCondition({ kind: 'in', left: this.#part, items })
    }
    const part = typeof list === 'object' && list !== null && #part in list ? (list as Term<unknown>).#part : undefined
    if (part?.kind !== 'context')
      return refuse(`in() takes a list of values, or one of the context, not ${show(list)}.`)
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
    const right: Part = isTerm ? other.#part : { kind: 'value', value: valueOf(other, operator) }
    if (right.kind === 'value' && typeof right.value === 'string' && operator !== '=' && operator !== '<>')
      return refuse(`'${operator}' compares numbers and moments; the order of texts differs between databases.`)
    return new RowCondition({ kind: 'compare', left: this.#part, operator, right })
  }
}

/** A value that a condition compares with; that of a request may be anything. */
function valueOf(value: unknown, where: string): Value {
  const isValue =
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    typeof value === 'bigint' ||
    (typeof value === 'number' && Number.isFinite(value)) ||
    (value instanceof Date && !Number.isNaN(value.getTime()))
  if (!isValue)
    return refuse(
      `${where} compares with a number, a text, a boolean or a Date, not ${show(value)}. For null there is isNull().`,
    )
  return value instanceof Date ? new Date(value) : (value as Value)
}

const joined = (kind: 'and' | 'or', conditions: readonly RowCondition[]): RowCondition =>
  new RowCondition({ kind, items: conditions.map((condition) => RowCondition.treeOf(condition)) })

/**
 * All of some conditions; true for none.
 *
 * @throws KantaError `invalid_input` for what is no condition.
 */
export function and(...conditions: readonly RowCondition[]): RowCondition {
  return joined('and', conditions)
}

/**
 * One of some conditions; false for none.
 *
 * @throws KantaError `invalid_input` for what is no condition.
 */
export function or(...conditions: readonly RowCondition[]): RowCondition {
  return joined('or', conditions)
}

/**
 * The contrary of a condition; of one that is not known to hold, that is not known either.
 *
 * @throws KantaError `invalid_input` for what is no condition.
 */
export function not(condition: RowCondition): RowCondition {
  return new RowCondition({ kind: 'not', operand: RowCondition.treeOf(condition) })
}
