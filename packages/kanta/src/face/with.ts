import type { $row, At } from '../table/index.ts'
import type { $items, AtRow } from './scope.ts'

/** A query that `with` names. */
export interface CommonQuery {
  readonly [$row]: any
}

/** The name of a common table expression, with what the database should do with its rows. */
export interface CommonTable<out N> {
  readonly name: N
  /** Computes the rows once. */
  materialized(): CommonTable<N>
  /** Lets the database fold the query into those that use it. */
  notMaterialized(): CommonTable<N>
}

/** Makes the name of a common table expression: `(cte) => cte('name').materialized()`. */
export type CommonTableBuilder = <N extends string>(name: N) => CommonTable<N>

/** `'name'`, `'name(a, b)'`, or a callback that says more. */
export type CommonTableName<N extends string> = N | ((cte: CommonTableBuilder) => CommonTable<N>)

type Trim<T extends string> = T extends ` ${infer R}` ? Trim<R> : T extends `${infer R} ` ? Trim<R> : T
type Split<T extends string> = T extends `${infer H},${infer R}` ? Trim<H> | Split<R> : Trim<T>

type NameIn<N extends string> = N extends `${infer M}(${string})` ? Trim<M> : N
/**
 * The row under the name `N`. Renamed columns are any of the query's, as their order is not in the types; where all names
 * are the query's own, planning refuses another order.
 */
type RowAs<N extends string, R> = N extends `${string}(${infer L})`
  ? [Split<L>] extends [keyof R]
    ? { [C in Split<L>]: At<R, C> }
    : { [C in Split<L>]: R[keyof R] }
  : R
/** The row of a query; a write that returns nothing has no columns. */
type RowIn<Q extends CommonQuery> = Q extends { readonly [$items]: infer O }
  ? [O] extends [never]
    ? {}
    : Q[AtRow]
  : Q[AtRow]

// No part of it is `DB` itself, which the compiler would infer anew from each method that gives such a database.
type Added<DB, T> = { [K in keyof DB | keyof T]: K extends keyof T ? T[K] : At<DB, K> }
/** The tables of `DB` with the common table expression `N`, which hides a table of that name. */
export type WithTable<DB, N extends string, Q extends CommonQuery> = Added<DB, { [P in NameIn<N>]: RowAs<N, RowIn<Q>> }>
/** The scope of a recursive query, with its own name. */
export type WithItself<DB, N extends string> = Added<
  DB,
  { [P in NameIn<N>]: N extends `${string}(${infer L})` ? Record<Split<L>, any> : any }
>
