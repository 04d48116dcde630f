import type { Expression } from '../table/index.ts'
import type { ExpressionWrapper } from './expression.ts'
import type { AtRow, Returns } from './scope.ts'

/** Operators that begin a path into a JSON value; those with `$` write one path, the others one operator for each step. */
export type JsonOperator = '->' | '->$' | JsonTextOperator
/** Those of them that give text. */
export type JsonTextOperator = '->>' | '->>$'

// What is undefined in a document, and every step from null, is null in SQL.
type Step<T, X> = null extends T
  ? Known<X> | null
  : undefined extends T
    ? Known<X> | null
    : undefined extends X
      ? Known<X> | null
      : X
type Known<X> = Exclude<X, undefined>
type Keys<T> = NonNullable<T> extends readonly unknown[] ? never : keyof NonNullable<T> & string
type AtKey<T, X> = Step<T, NonNullable<T>[X & keyof NonNullable<T>]>
type AtIndex<T, X> =
  NonNullable<T> extends readonly (infer E)[]
    ? number extends NonNullable<T>['length']
      ? E | null
      : X extends number
        ? Step<T, NonNullable<T>[X]>
        : E | null
    : never

/** A path into a JSON value of type `T`. */
export interface JsonPath<T> extends ExpressionWrapper<T> {
  /**
   * The value under a key.
   *
   * @example
   * ```ts
   * db.selectFrom('city').select((eb) => eb.ref('profile', '->').key('address').key('street').as('street'))
   * ```
   */
  key<X extends Keys<T>>(key: X): JsonPath<AtKey<T, X>>
  /** The item at an index: from 0, `'last'`, or `'#-1'` from the end. */
  at<const X extends number | 'last' | `#-${number}`>(index: X): JsonPath<AtIndex<T, X>>
}

// PostgreSQL and MariaDB give text for whatever is there, SQLite numbers, and 1 or 0 for true and false.
type TextOf<T> = T extends string | null | undefined ? T : T extends number | boolean ? number | string : string
/** A path that ends in text: that of a value of type `T`. */
export interface JsonTextPath<T> extends ExpressionWrapper<TextOf<T>> {
  /** The value under a key. */
  key<X extends Keys<T>>(key: X): JsonTextPath<AtKey<T, X>>
  /** The item at an index: from 0, `'last'`, or `'#-1'` from the end. */
  at<const X extends number | 'last' | `#-${number}`>(index: X): JsonTextPath<AtIndex<T, X>>
}

/** Makes an array of a query's rows within another query. */
export type JsonArrayFrom = <Q extends Returns>(query: Q) => ExpressionWrapper<Q[AtRow][]>
/** Makes an object of a query's first row within another query; null when there is none. */
export type JsonObjectFrom = <Q extends Returns>(query: Q) => ExpressionWrapper<Q[AtRow] | null>
/** Makes an object of expressions. */
export type JsonBuildObject = <O extends Record<string, Expression<unknown>>>(
  object: O,
) => ExpressionWrapper<{
  [K in keyof O]: O[K] extends Expression<infer V> ? V : never
}>
