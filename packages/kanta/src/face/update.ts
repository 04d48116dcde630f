import type { $row, ColumnLike, ColumnType, Expression } from '../table/index.ts'
import type { ExpressionScope } from './expression-builder.ts'
import type { OutputScope, OutputState, WriteState } from './insert.ts'
import type { JoinBuilder, JoinMethods, SourceArm } from './join.ts'
import type { Subquery } from './operator.ts'
import type { Direction } from './order.ts'
import type { UpdateResult } from './result.ts'
import type { All, Cast, FirstOrResult, Narrowed, RowOf, RowOrResult } from './row.ts'
import type {
  CompiledQuery,
  ExecuteOptions,
  ExecuteOrThrowOptions,
  NoRowError,
  RunMethods,
  StreamOptions,
} from './run.ts'
import type {
  $cells,
  $eb,
  $first,
  $info,
  $items,
  $refs,
  $scope,
  $target,
  AllMaybe,
  And,
  AnyCells,
  AtCells,
  AtInfo,
  AtItems,
  AtRefs,
  AtScope,
  AtTarget,
  JoinedCells,
  MaybeCells,
  Scope,
  TableCells,
} from './scope.ts'
import type { AddedByIf, Aliases, Count } from './select.ts'
import type { Items, NoItem, NoRef, OrderArgument, RefItem, SelectArgument, SelectItem } from './selection.ts'
import type { WhereMethods } from './where.ts'

type UpdateValue<T> = [T] extends [ColumnType<any, any, any>]
  ? T['__update__'] | Expression<T['__update__']> | Subquery<T['__update__']>
  : T | Expression<T> | Subquery<T>
type UpdateCallback<T, E> = [T] extends [ColumnType<any, any, any>]
  ? (eb: E) => Expression<T['__update__']> | Subquery<T['__update__']>
  : (eb: E) => Expression<T> | Subquery<T>
/** The values that `set` takes for a table: plain values, expressions, and callbacks with the expression builder `E`. */
export type UpdateRow<T, E> = { [K in keyof T]?: UpdateValue<T[K]> | UpdateCallback<T[K], E> }

/**
 * Nothing is of this type. It comes first in a union of a row and a callback: to tell apart what such a union holds,
 * the compiler looks at the optional properties of its first type, which would be all columns.
 */
interface Changes {
  readonly [$target]: never
}

/** The methods of an update. */
export interface UpdateMethods extends WhereMethods, RunMethods {
  /**
   * Other tables, whose columns may be used in what is set and in conditions.
   *
   * @example
   * ```ts
   * db.updateTable('city').from('country').set((eb) => ({ area: eb.ref('country.area') }))
   *   .whereRef('country.cca2', '=', 'city.country')
   * ```
   */
  from<
    T extends WriteState,
    B extends T[AtInfo]['names'] = never,
    A extends string = never,
    TB extends T[AtInfo]['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
  >(
    this: T,
    table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>,
  ): Update<
    T[AtInfo],
    And<T[AtScope], N, Q, never>,
    T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
    JoinedCells<T[AtCells], Q>,
    T[AtTarget],
    T[AtItems]
  >
  /** Joins a table: by two columns that have to be equal, or by a callback with conditions. */
  innerJoin<
    T extends WriteState,
    B extends T[AtInfo]['names'] = never,
    A extends string = never,
    TB extends T[AtInfo]['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
    K = T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
    const R1 extends K = any,
    const R2 extends K = any,
  >(
    this: T,
    table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>,
    left: R1 | ColumnLike<R1>,
    right: R2 | ColumnLike<R2>,
  ): Update<T[AtInfo], And<T[AtScope], N, Q, never>, K, JoinedCells<T[AtCells], Q>, T[AtTarget], T[AtItems]>
  innerJoin<
    T extends WriteState,
    B extends T[AtInfo]['names'] = never,
    A extends string = never,
    TB extends T[AtInfo]['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
    K = T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
    J = JoinBuilder<T[AtInfo], And<T[AtScope], N, Q, never>, K, JoinedCells<T[AtCells], Q>>,
  >(
    this: T,
    table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>,
    on: (join: J) => JoinMethods,
  ): Update<T[AtInfo], And<T[AtScope], N, Q, never>, K, JoinedCells<T[AtCells], Q>, T[AtTarget], T[AtItems]>
  /** Joins a table, with nulls where it has no row. */
  leftJoin<
    T extends WriteState,
    B extends T[AtInfo]['names'] = never,
    A extends string = never,
    TB extends T[AtInfo]['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
    K = T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
    const R1 extends K = any,
    const R2 extends K = any,
  >(
    this: T,
    table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>,
    left: R1 | ColumnLike<R1>,
    right: R2 | ColumnLike<R2>,
  ): Update<T[AtInfo], And<T[AtScope], N, Q, null>, K, JoinedCells<T[AtCells], MaybeCells<Q>>, T[AtTarget], T[AtItems]>
  leftJoin<
    T extends WriteState,
    B extends T[AtInfo]['names'] = never,
    A extends string = never,
    TB extends T[AtInfo]['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
    K = T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
    J = JoinBuilder<T[AtInfo], And<T[AtScope], N, Q, null>, K, JoinedCells<T[AtCells], MaybeCells<Q>>>,
  >(
    this: T,
    table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>,
    on: (join: J) => JoinMethods,
  ): Update<T[AtInfo], And<T[AtScope], N, Q, null>, K, JoinedCells<T[AtCells], MaybeCells<Q>>, T[AtTarget], T[AtItems]>
  /** Joins a table, with nulls in the tables so far where they have no row. */
  rightJoin<
    T extends WriteState,
    B extends T[AtInfo]['names'] = never,
    A extends string = never,
    TB extends T[AtInfo]['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
    K = T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
    const R1 extends K = any,
    const R2 extends K = any,
  >(
    this: T,
    table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>,
    left: R1 | ColumnLike<R1>,
    right: R2 | ColumnLike<R2>,
  ): Update<
    T[AtInfo],
    And<AllMaybe<T[AtScope]>, N, Q, never>,
    K,
    JoinedCells<MaybeCells<T[AtCells]>, Q>,
    T[AtTarget],
    T[AtItems]
  >
  rightJoin<
    T extends WriteState,
    B extends T[AtInfo]['names'] = never,
    A extends string = never,
    TB extends T[AtInfo]['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
    K = T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
    J = JoinBuilder<T[AtInfo], And<AllMaybe<T[AtScope]>, N, Q, never>, K, JoinedCells<MaybeCells<T[AtCells]>, Q>>,
  >(
    this: T,
    table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>,
    on: (join: J) => JoinMethods,
  ): Update<
    T[AtInfo],
    And<AllMaybe<T[AtScope]>, N, Q, never>,
    K,
    JoinedCells<MaybeCells<T[AtCells]>, Q>,
    T[AtTarget],
    T[AtItems]
  >
  /** Joins a table, with nulls on either side where it has no row. */
  fullJoin<
    T extends WriteState,
    B extends T[AtInfo]['names'] = never,
    A extends string = never,
    TB extends T[AtInfo]['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
    K = T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
    const R1 extends K = any,
    const R2 extends K = any,
  >(
    this: T,
    table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>,
    left: R1 | ColumnLike<R1>,
    right: R2 | ColumnLike<R2>,
  ): Update<
    T[AtInfo],
    And<AllMaybe<T[AtScope]>, N, Q, null>,
    K,
    JoinedCells<MaybeCells<T[AtCells]>, MaybeCells<Q>>,
    T[AtTarget],
    T[AtItems]
  >
  fullJoin<
    T extends WriteState,
    B extends T[AtInfo]['names'] = never,
    A extends string = never,
    TB extends T[AtInfo]['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
    K = T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
    J = JoinBuilder<
      T[AtInfo],
      And<AllMaybe<T[AtScope]>, N, Q, null>,
      K,
      JoinedCells<MaybeCells<T[AtCells]>, MaybeCells<Q>>
    >,
  >(
    this: T,
    table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>,
    on: (join: J) => JoinMethods,
  ): Update<
    T[AtInfo],
    And<AllMaybe<T[AtScope]>, N, Q, null>,
    K,
    JoinedCells<MaybeCells<T[AtCells]>, MaybeCells<Q>>,
    T[AtTarget],
    T[AtItems]
  >
  /** Joins every row of a table with every row so far. */
  crossJoin<
    T extends WriteState,
    B extends T[AtInfo]['names'] = never,
    A extends string = never,
    TB extends T[AtInfo]['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
    K = T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
  >(
    this: T,
    table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>,
  ): Update<T[AtInfo], And<T[AtScope], N, Q, never>, K, JoinedCells<T[AtCells], Q>, T[AtTarget], T[AtItems]>
  /** Returns columns of the updated rows. */
  returning<T extends WriteState, const C extends SelectItem = NoItem>(
    this: T,
    columns: SelectArgument<T, C>,
  ): Update<T[AtInfo], T[AtScope], T[AtRefs], T[AtCells], T[AtTarget], T[AtItems] | Items<C>>
  /** Returns all columns of the updated rows, or those of some of the tables. */
  returningAll<T extends WriteState>(
    this: T,
  ): Update<T[AtInfo], T[AtScope], T[AtRefs], T[AtCells], T[AtTarget], T[AtItems] | All<'*'>>
  returningAll<T extends WriteState, A extends keyof T[AtScope]['tables']>(
    this: T,
    tables: Aliases<A>,
  ): Update<T[AtInfo], T[AtScope], T[AtRefs], T[AtCells], T[AtTarget], T[AtItems] | All<A>>
  /** Returns nothing again. */
  clearReturning<T extends WriteState>(
    this: T,
  ): Update<T[AtInfo], T[AtScope], T[AtRefs], T[AtCells], T[AtTarget], never>
  /** Returns columns of the rows, as SQL Server says it: `output(['deleted.id'])`. */
  output<T extends WriteState, const C extends SelectItem = NoItem>(
    this: T,
    columns: SelectArgument<OutputState<T, 'inserted' | 'deleted'>, C>,
  ): Update<
    T[AtInfo],
    OutputScope<T, 'inserted' | 'deleted'>,
    T[AtRefs],
    T[AtCells],
    T[AtTarget],
    T[AtItems] | Items<C>
  >
  /** Returns all columns of the rows, as SQL Server says it. */
  outputAll<T extends WriteState, A extends 'inserted' | 'deleted'>(
    this: T,
    table: A,
  ): Update<T[AtInfo], OutputScope<T, 'inserted' | 'deleted'>, T[AtRefs], T[AtCells], T[AtTarget], T[AtItems] | All<A>>
  /** Orders the rows, where the database takes an order here. */
  orderBy<T extends WriteState, C extends RefItem = NoRef>(
    this: T,
    column: OrderArgument<T, C>,
    direction?: Direction,
  ): T
  clearOrderBy<T>(this: T): T
  /** Takes at most so many rows, where the database takes a limit here. */
  limit<T>(this: T, count: Count): T
  clearLimit<T>(this: T): T
  /** Takes at most so many rows (or per cent of them), as SQL Server says it. */
  top<T>(this: T, count: Count, modifier?: 'percent'): T
  /** Changes the query if a condition holds. Columns that are returned within become optional. */
  $if<T extends WriteState, U>(
    this: T,
    condition: boolean,
    change: (query: T) => U,
  ): Update<T[AtInfo], T[AtScope], T[AtRefs], T[AtCells], T[AtTarget], T[AtItems] | AddedByIf<T[AtItems], U>>
}

/** `update …`: `T` is the table that is written, the other parameters are those of `Select`. */
/** @ts-ignore TS2636: true by meaning, as for `Select`. */
export interface Update<out I, out S extends Scope, in K, out U extends AnyCells, out T extends AnyCells, in O>
  extends UpdateMethods {
  [$info]: I
  [$scope]: S
  [$refs]: K
  [$cells]: U
  [$items]: O
  [$target]: T
  [$eb]: ExpressionScope<I, S, K, U>
  readonly [$row]: RowOrResult<S, U, O, UpdateResult>
  [$first]: FirstOrResult<S, U, O, UpdateResult>
  /** Runs the query: gives the rows that it returns, else one result that says what it did. */
  execute(options?: ExecuteOptions): Promise<RowOrResult<S, U, O, UpdateResult>[]>
  /** Runs the query and gives its first row, or what it did. */
  executeTakeFirst(options?: ExecuteOptions): Promise<FirstOrResult<S, U, O, UpdateResult>>
  /** Runs the query and gives its first row, or what it did; rejects when it should return rows and there is none. */
  executeTakeFirstOrThrow(error?: NoRowError | ExecuteOrThrowOptions): Promise<RowOrResult<S, U, O, UpdateResult>>
  /** Runs the query and gives the rows that it returns as they are read. */
  stream(options?: number | StreamOptions): AsyncIterableIterator<RowOrResult<S, U, O, UpdateResult>>
  /** The SQL of the query and its parameters, without running it. */
  compile(): CompiledQuery<RowOrResult<S, U, O, UpdateResult>>
  /** Gives the row another type; nothing changes at run time. */
  $castTo<R>(): Update<I, S, K, U, T, Cast<R>>
  /** Narrows the types of some columns; nothing changes at run time. */
  $narrowType<N>(): Update<I, S, K, U, T, Cast<Narrowed<RowOf<S, U, O>, N>>>
  // These two are generic in the table and not in `this`: a generic call would check each property of a literal twice.
  /**
   * The new values: an object, a callback that gives one, or a column and its value.
   *
   * @example
   * ```ts
   * db.updateTable('city').set({ name: 'Turku' }).set('population', (eb) => eb('population', '+', 1)).where('id', '=', 7)
   * ```
   */
  set(
    changes:
      | Changes
      | UpdateRow<T['row'], ExpressionScope<I, S, K, U>>
      | ((eb: ExpressionScope<I, S, K, U>) => UpdateRow<T['row'], ExpressionScope<I, S, K, U>>),
  ): Update<I, S, K, U, T, O>
  set<C extends keyof T['row'] & string>(
    column: C | ColumnLike<`${keyof S['tables'] & string}.${C}`>,
    value: UpdateValue<T['row'][C]> | ((eb: ExpressionScope<I, S, K, U>) => UpdateValue<T['row'][C]>),
  ): Update<I, S, K, U, T, O>
}
