// Names for the parameters of helper functions. A helper takes the row `O` as a type parameter, or all of the query:
// `<O>(query: SelectQueryBuilder<Tables, 'city', O>) => query.where('population', '>', 1)`.
import type { Rowed } from '../table/index.ts'
import type { Delete } from './delete.ts'
import type { Insert } from './insert.ts'
import type { Cast } from './row.ts'
import type { ExecuteOptions, ExecuteOrThrowOptions, NoRowError, StreamOptions } from './run.ts'
import type { Cells, HelperCells, HelperTables, Info, One, Tables } from './scope.ts'
import type { Select } from './select.ts'
import type { Update } from './update.ts'

/** The references to the tables `TB` of `DB`. */
export type HelperRefs<DB, TB extends keyof DB & string> = string extends TB
  ? any
  : { [A in TB]: `${A}.${keyof DB[A] & string}` | (keyof DB[A] & string) }[TB]
/** The columns of the tables `TB` of `DB`. */
export type HelperRow<DB, TB extends keyof DB> = { [C in ColumnsOf<DB[TB]>]: CellIn<DB[TB], C> }
type ColumnsOf<R> = R extends unknown ? keyof R : never
type CellIn<R, C> = R extends unknown ? (C extends keyof R ? R[C] : never) : never

/**
 * The builder `Q`, from which the compiler infers the row `O`. To infer, it looks at both branches, and `Q` does not hold
 * the row. The condition always holds, and no value is of the second branch, so there is only `Q` to work with.
 */
export type WithRow<Q, O> = [O] extends [unknown]
  ? Q
  : Rowed<O> & { readonly [$impossible]: 0 } & { readonly [$impossible]: 1 }
declare const $impossible: unique symbol

/**
 * A query that selects from the tables `TB`, and perhaps others; its rows are `O`.
 *
 * @example
 * ```ts
 * const known = <O>(query: SelectQueryBuilder<Tables, 'city', O>) => query.where('city.population', 'is not', null)
 * ```
 */
export type SelectQueryBuilder<DB, TB extends keyof DB & string, O = {}> = WithRow<
  Select<Info<DB, Cast<O>>, HelperTables<DB, TB>, HelperRefs<DB, TB>, HelperCells<HelperRow<DB, TB>>, never>,
  O
>
/** A query that inserts into the table `B`. */
export type InsertQueryBuilder<DB, B extends keyof DB & string> = Insert<
  Info<DB>,
  One<B, Cells<DB[B]>>,
  HelperRefs<DB, B>,
  Cells<DB[B]>,
  never
>
/** A query that updates the table `B`. */
export type UpdateQueryBuilder<DB, B extends keyof DB & string> = Update<
  Info<DB>,
  Tables<DB, B>,
  HelperRefs<DB, B>,
  HelperCells<DB[B]>,
  Cells<DB[B]>,
  never
>
/** A query that deletes from the table `B`. */
export type DeleteQueryBuilder<DB, B extends keyof DB & string> = Delete<
  Info<DB>,
  Tables<DB, B>,
  HelperRefs<DB, B>,
  HelperCells<DB[B]>,
  Cells<DB[B]>,
  never
>

/** Any query that returns rows of type `R`. */
export interface Executable<out R> {
  execute(options?: ExecuteOptions): Promise<R[]>
  executeTakeFirst(options?: ExecuteOptions): Promise<R | undefined>
  executeTakeFirstOrThrow(error?: NoRowError | ExecuteOrThrowOptions): Promise<R>
  stream(options?: number | StreamOptions): AsyncIterableIterator<R>
}
