// The state of a query, in types. Three rules keep it cheap; the command in bench/types measures them:
// 1. Methods live in interfaces without type parameters and take `this: T`, so that they are made once in a program
//    and not once for each query. The state lives in the type arguments of a small interface beside them.
// 2. A reference is inferred first and checked afterwards, and only what was given. The union of legal references only
//    stands to the right of `extends`: it is never put in another union, intersected or mapped.
// 3. What depends on the type of one column alone is an alias that does not distribute: evaluated once for each type.
import type { $row, ColumnType, SelectType } from '../schema/index.ts'
import type { ExpressionScope } from './expression-builder.ts'

/** What is known of the database. */
export declare const $info: unique symbol
/** The tables in scope, by alias. */
export declare const $scope: unique symbol
/** The legal references: `'name'` and `'city.name'`. */
export declare const $refs: unique symbol
/** The columns in scope by their unqualified names. */
export declare const $cells: unique symbol
/** The selected items, as a union. */
export declare const $items: unique symbol
/** The expression builder of the scope. */
export declare const $eb: unique symbol
/** What `executeTakeFirst` gives. */
export declare const $first: unique symbol
/** The table that is written. */
export declare const $target: unique symbol

export type AtInfo = typeof $info
export type AtScope = typeof $scope
export type AtRefs = typeof $refs
export type AtCells = typeof $cells
export type AtItems = typeof $items
export type AtBuilder = typeof $eb
export type AtRow = typeof $row
export type AtFirst = typeof $first
export type AtTarget = typeof $target

/** The tables of a database; `names` and `eb` are here so that they are made once for each database. */
export interface Info<DB> {
  db: DB
  names: keyof DB & string
  eb: ExpressionScope<Info<DB>, {}, never, {}>
  /** The aliases that a subquery sees from around it. */
  outer: never
}

/** The same within a subquery. */
export interface InnerInfo<I, S> {
  db: I extends { db: infer DB } ? DB : never
  names: I extends { names: infer N } ? N : never
  eb: I extends { eb: infer E } ? E : never
  outer: keyof S
}

/** `T[K]` where it is known, though not to the compiler, that `T` has the key. */
/** @ts-ignore TS2536 */
export type At<T, K> = T[K]

/** A table in scope; `N` is null where an outer join may leave it out. */
export interface In<R, N> {
  row: R
  n: N
}
export type Scope = Record<string, In<any, any>>

/** A scope of one table. */
export type One<A extends string, R> = { [P in A]: In<R, never> }
/** A scope of one table that an outer join may leave out. */
export type Maybe<A extends string, R> = { [P in A]: In<R, null> }
/** A scope of which an outer join may leave out every table. */
export type AllMaybe<S extends Scope> = { [A in keyof S]: In<S[A]['row'], null> }

/** Columns that may be null because an outer join may leave out their table. */
export type MaybeCells<U> = { [C in keyof U]: ColumnType<SelectType<U[C]> | null> }
/** The columns of joined tables. */
export type JoinedCells<A, B> = {
  [C in keyof A | keyof B]: C extends keyof A
    ? C extends keyof B
      ? ColumnType<SelectType<A[C]> | SelectType<B[C]>>
      : A[C]
    : At<B, C>
}
/** The columns of a subquery, whose names hide those around it. */
export type Shadow<A, B> = { [C in keyof A | keyof B]: C extends keyof B ? B[C] : At<A, C> }

/** The column type of a reference. Unqualified ones are looked up without a condition, so that generic code resolves. */
export type Cell<S extends Scope, U, R> = R extends `${infer A}.${infer C}`
  ? A extends keyof S
    ? S[A]['row'][C]
    : QualifiedCell<S, R>
  : At<U, R>
// 'schema.table.column'
type QualifiedCell<S extends Scope, R> = R extends `${infer A}.${infer B}.${infer C}` ? S[`${A}.${B}`]['row'][C] : never

/** The type of a reference when it is selected: with null, where an outer join may leave out its table. */
export type Selected<S extends Scope, U, R> = R extends `${infer A}.${infer C}`
  ? A extends keyof S
    ? SelectType<S[A]['row'][C]> | S[A]['n']
    : QualifiedSelected<S, R>
  : SelectType<At<U, R>>
type QualifiedSelected<S extends Scope, R> = R extends `${infer A}.${infer B}.${infer C}`
  ? SelectType<S[`${A}.${B}`]['row'][C]> | S[`${A}.${B}`]['n']
  : never

/** Any scope. */
export interface AnyScope {
  [$scope]: any
  [$refs]: any
  [$cells]: any
  [$eb]: any
}
/** What methods need to know of `this`. The `any`s make the compiler's look at the constraint free. */
export interface ScopeState {
  [$scope]: any
  [$refs]: string
  [$cells]: any
  [$eb]: any
}
export interface State extends ScopeState {
  [$info]: { db: any; names: string; eb: any; outer: any }
  [$items]: any
}

/** Anything that returns rows. */
export interface Returns {
  [$row]: any
  [$first]: any
}
