import type { Expression, NoText } from './expression.ts'
import type { $alias, $row, $table } from './phantom.ts'

/**
 * A column whose type differs between what is selected, inserted and updated.
 *
 * @example
 * ```ts
 * interface City {
 *   founded: ColumnType<Date, string | undefined, never>
 * }
 * ```
 */
export interface ColumnType<S, I = S, U = S> {
  readonly __select__: S
  readonly __insert__: I
  readonly __update__: U
}

/**
 * A column that the database fills in when an insert leaves it out.
 *
 * @example
 * ```ts
 * interface City {
 *   id: Generated<number>
 * }
 * ```
 */
export type Generated<S> = [S] extends [ColumnType<infer A, infer B, infer C>]
  ? ColumnType<A, B | undefined, C>
  : ColumnType<S, S | undefined, S>

/** A column that only the database may write, such as `generated always as (…)`. */
export type GeneratedAlways<S> = ColumnType<S, never, never>

/** A column that holds JSON: an object when selected, text when written, unless `I` and `U` say otherwise. */
export type JSONColumnType<S extends object | null, I = string, U = string> = ColumnType<S, I, U>

/** A column of the interface form whose selected type is `T`, generated or not: for the constraints of generic helpers. */
export type ColumnOf<T> = T | ColumnType<T, any, any>

/** The type of a column when it is selected. */
export type SelectType<T> = [T] extends [ColumnType<any, any, any>] ? T['__select__'] : T
/** The type of a column when it is inserted. */
export type InsertType<T> = [T] extends [ColumnType<any, any, any>] ? T['__insert__'] : T
/** The type of a column when it is updated. */
export type UpdateType<T> = [T] extends [ColumnType<any, any, any>] ? T['__update__'] : T

// A column may be left out of an insert when its insert type has null or undefined in it, or is never.
type RequiredKey<X, K> = [X] extends [ColumnType<any, any, any>]
  ? RequiredValue<X['__insert__'], K>
  : [X] extends [{}]
    ? K
    : never
type RequiredValue<I, K> = [I] extends [never] ? never : [I] extends [{}] ? K : never
/** The columns that an insert may not leave out. */
export type RequiredKeys<T> = { [K in keyof T]-?: RequiredKey<T[K], K> }[keyof T]
// Not in `Insertable` and `Updateable`: generic helpers pass those of `DB[T]` on, which a condition would not resolve.
type ColumnsIn<T> = [T] extends [Rowed<infer R>] ? R : T
/**
 * The row that a select of all columns returns. `T` is the interface of a table, `Tables['city']` of a schema, or
 * `typeof city` of a `table()`.
 *
 * @example
 * ```ts
 * type Row = Selectable<typeof country>
 * const row: Row = { cca2: 'FI', name: 'Finland', area: 338_455 }
 * ```
 */
export type Selectable<T> = { [K in keyof ColumnsIn<T>]: SelectType<ColumnsIn<T>[K]> }
/** `T[K]` where it is known, though not to the compiler, that `T` has the key. */
/** @ts-ignore TS2536 */
export type At<T, K> = T[K]
/** Says of each column whether an insert may leave it out; its values are never looked at. */
export type Insertion<T> = { [K in keyof T]?: unknown } & { [K in RequiredKeys<T>]: unknown }
/**
 * The row that an insert takes, as plain values. `T` is the interface of a table, `Tables['city']` of a schema, or
 * `InferRow<typeof city>` of a `table()`.
 *
 * @example
 * ```ts
 * const row: Insertable<Tables['city']> = { name: 'Turku', country: 'FI' }
 * ```
 */
export type Insertable<T> = { [K in keyof Insertion<T>]: InsertType<At<T, K>> }
/**
 * The changes that an update takes, as plain values. `T` is that of `Insertable`.
 *
 * @example
 * ```ts
 * const changes: Updateable<Tables['city']> = { population: 200_000 }
 * ```
 */
export type Updateable<T> = { [K in keyof T]?: UpdateType<T[K]> }

/** Anything with a row: a table, a query, an aliased query. */
export interface Rowed<out R = unknown> {
  readonly [$row]: R
}

/** The column types of a `table()`, for `Insertable` and `Updateable`: `Insertable<InferRow<typeof city>>`. */
export type InferRow<T extends Rowed> = T[typeof $row]

/** A table, perhaps under another name `A`, as `selectFrom` and joins take it. */
export interface TableRef<out B, out A, out X = never> extends NoText<X> {
  readonly [$table]: [B, A]
}

/** Anything with a name in a query. */
export interface Named<out N> {
  readonly [$alias]: N
}

/** What `kanta({ schema })` takes: tables by any name, besides whatever else a module exports. */
export type TablesOf<S> = {
  [K in keyof S as S[K] extends TableRef<infer B extends string, never> ? B : never]: S[K] extends Rowed<infer R>
    ? R
    : never
}

/** A value, or an expression that stands for one. */
export type ValueOrExpression<T> = T | Expression<T>
