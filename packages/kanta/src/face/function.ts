import type { ColumnLike, Expression, SelectType } from '../table/index.ts'
import type { DerivedTable, ExpressionWrapper } from './expression.ts'
import type { ArithmeticValue, ComparisonOperator, Condition, OperandOf } from './operator.ts'
import type { Direction } from './order.ts'
import type {
  $cells,
  $eb,
  $refs,
  $scope,
  AnyCells,
  AnyScope,
  AtBuilder,
  AtCells,
  AtRefs,
  AtScope,
  Cell,
  Cells,
  Scope,
  ScopeState,
  Selected,
} from './scope.ts'
import type { NoRef, OperandArm, RefArgument, RefItem } from './selection.ts'
import type { WindowBuilder } from './window.ts'

/** The methods of an aggregate or window function. */
export interface AggregateMethods {
  /** Takes equal values only once. */
  distinct<T>(this: T): T
  /** The order in which an aggregate such as `json_agg` takes its rows. */
  orderBy<T extends ScopeState, C extends RefItem = NoRef>(this: T, column: RefArgument<T, C>, direction?: Direction): T
  clearOrderBy<T>(this: T): T
  /** The order of an aggregate such as `percentile_cont`. */
  withinGroupOrderBy<T extends ScopeState, C extends RefItem = NoRef>(
    this: T,
    column: RefArgument<T, C>,
    direction?: Direction,
  ): T
  /**
   * Takes only the rows for which a condition is true.
   *
   * @example
   * ```ts
   * eb.fn.countAll().filterWhere('population', '>', 1_000_000).as('large')
   * ```
   */
  filterWhere<
    T extends ScopeState,
    const R extends T[AtRefs] = never,
    C extends T[AtRefs] = never,
    V = Cell<T[AtScope], T[AtCells], R>,
    P extends ComparisonOperator = '=',
  >(this: T, left: R | OperandArm<R, C, V>, operator: P | Expression<any>, right: OperandOf<V, P>): T
  filterWhere<T extends ScopeState>(this: T, condition: Condition | ((eb: T[AtBuilder]) => Condition)): T
  /** Takes only the rows in which two columns compare as given. */
  filterWhereRef<T extends ScopeState, const A extends T[AtRefs], const B extends T[AtRefs]>(
    this: T,
    left: A | ColumnLike<A>,
    operator: ComparisonOperator | Expression<any>,
    right: B | ColumnLike<B>,
  ): T
  /**
   * Computes the function over a window: by a callback, by the name of one that `window` defined, or over all rows.
   *
   * @example
   * ```ts
   * eb.fn.agg<number>('row_number').over((w) => w.partitionBy('country').orderBy('population', 'desc'))
   * ```
   */
  over<T extends ScopeState>(
    this: T,
    window?: string | ((w: WindowBuilder<T[AtBuilder]>) => WindowBuilder<T[AtBuilder]>),
  ): T
  /** Calls a function with the aggregate and gives back what that gives. */
  $call<T, R>(this: T, change: (aggregate: T) => R): R
}

/** An aggregate or window function. */
export interface AggregateFunction<E extends AnyScope, T> extends AggregateMethods, ExpressionWrapper<T> {
  readonly [$eb]: E
  readonly [$scope]: E[AtScope]
  readonly [$refs]: E[AtRefs]
  readonly [$cells]: E[AtCells]
  $castTo<C>(): AggregateFunction<E, C>
  $notNull(): AggregateFunction<E, NonNullable<T>>
}

/** The call of a function that makes a table. */
export interface TableFunction<R> {
  /** Names the table; `columns` names its columns. */
  as<A extends string>(alias: A, columns?: readonly (keyof R & string)[]): DerivedTable<Cells<R>, A>
}

/** The row of a table function whose columns have no types given. */
export type UnknownRow = Record<string, unknown>

/** The functions that do not depend on the tables in scope. */
export interface FunctionBase {
  /** The time and date functions of the database, and all others that make a table. */
  table<R = UnknownRow>(name: string, args?: readonly unknown[]): TableFunction<R>
}

type ValueIn<S extends Scope, U extends AnyCells, A> =
  A extends Expression<infer T> ? T : A extends ColumnLike<infer R> ? Selected<S, U, R> : Selected<S, U, A>
type Sum<V> = [V & {}] extends [bigint] ? bigint : [V & {}] extends [string] ? string : number
type Typed<T, V> = [T] extends [never] ? V : NoInfer<T>
// Without a name of its own, so that a hover shows its fields.
type SelectedRow<R> = R extends unknown ? { [C in keyof R]: SelectType<R[C]> } : never
type RowIn<S extends Scope, A> =
  A extends Expression<infer T>
    ? T
    : A extends keyof S['tables']
      ? SelectedRow<S['tables'][A]['row']> | S['tables'][A]['n']
      : never
/** The units of `fn.dateTrunc`. */
export type DateUnit = 'year' | 'quarter' | 'month' | 'week' | 'day' | 'hour' | 'minute' | 'second'
/** The first of the values that is not null. */
type Coalesced<S extends Scope, U extends AnyCells, A extends readonly unknown[]> = A extends readonly [
  infer H,
  ...infer T,
]
  ? null extends ValueIn<S, U, H>
    ? T extends readonly []
      ? ValueIn<S, U, H>
      : NonNullable<ValueIn<S, U, H>> | Coalesced<S, U, T>
    : ValueIn<S, U, H>
  : never

/** The functions of SQL. `KE` is what stands for an argument, made once for each scope. */
export interface Functions<E extends AnyScope, S extends Scope, U extends AnyCells, KE> extends FunctionBase {
  /**
   * Calls any function; strings are columns.
   *
   * @example
   * ```ts
   * eb.fn<string>('upper', ['name']).as('loud')
   * ```
   */
  <T = unknown>(name: string, args?: readonly KE[]): ExpressionWrapper<T>
  /** Calls any aggregate or window function. */
  agg<T = unknown>(name: string, args?: readonly KE[]): AggregateFunction<E, T>
  /** The number of rows in which the expression is not null. */
  count<T = never>(column: KE): AggregateFunction<E, Typed<T, number>>
  /** The number of rows. */
  countAll<T = never>(table?: keyof S['tables'] & string): AggregateFunction<E, Typed<T, number>>
  /** The sum: a string for decimals, a bigint for bigints; null over no rows. */
  sum<T = never, const R extends KE = KE>(column: R): AggregateFunction<E, Typed<T, Sum<ValueIn<S, U, R>> | null>>
  /** The mean; null over no rows. */
  avg<T = never>(column: KE): AggregateFunction<E, Typed<T, number | null>>
  /** The largest value; null over no rows. */
  max<T = never, const R extends KE = KE>(column: R): AggregateFunction<E, Typed<T, ValueIn<S, U, R> | null>>
  /** The smallest value; null over no rows. */
  min<T = never, const R extends KE = KE>(column: R): AggregateFunction<E, Typed<T, ValueIn<S, U, R> | null>>
  /**
   * The number of the row within its partition, from 1.
   *
   * @example
   * ```ts
   * eb.fn.rowNumber().over((w) => w.partitionBy('country').orderBy('population', 'desc'))
   * ```
   */
  rowNumber(): AggregateFunction<E, number>
  /** The rank of the row by the order of the window: equal rows share one, and leave a gap behind them. */
  rank(): AggregateFunction<E, number>
  /** The rank without gaps. */
  denseRank(): AggregateFunction<E, number>
  /** The rank from 0 to 1. */
  percentRank(): AggregateFunction<E, number>
  /** The part of the rows that come before or are equal, up to 1. */
  cumeDist(): AggregateFunction<E, number>
  /** The number of the group, from 1, when the rows are divided into so many of equal size. */
  ntile(groups: number): AggregateFunction<E, number>
  /** The value of the row `offset` rows before (one unless given); null, or `otherwise`, where there is none. */
  lag<const R extends KE, const D = null>(
    column: R,
    offset?: number,
    otherwise?: D | Expression<D>,
  ): AggregateFunction<E, ValueIn<S, U, R> | ArithmeticValue<D>>
  /** The value of the row `offset` rows behind (one unless given); null, or `otherwise`, where there is none. */
  lead<const R extends KE, const D = null>(
    column: R,
    offset?: number,
    otherwise?: D | Expression<D>,
  ): AggregateFunction<E, ValueIn<S, U, R> | ArithmeticValue<D>>
  /** The value of the first row of the frame, which may hold none. */
  firstValue<const R extends KE>(column: R): AggregateFunction<E, ValueIn<S, U, R> | null>
  /** The value of the last row of the frame, which may hold none. */
  lastValue<const R extends KE>(column: R): AggregateFunction<E, ValueIn<S, U, R> | null>
  /** The value of the row with this number in the frame, from 1; null where the frame is shorter. */
  nthValue<const R extends KE>(column: R, n: number): AggregateFunction<E, ValueIn<S, U, R> | null>
  /** The first of the values that is not null. */
  coalesce<const A extends readonly KE[]>(...values: A): ExpressionWrapper<Coalesced<S, U, A>>
  /**
   * A date or a moment (in UTC) cut off to the beginning of a unit; a week begins on Monday.
   *
   * @example
   * ```ts
   * db.selectFrom('city').select((eb) => [eb.fn.dateTrunc('month', 'created_at').as('month'), eb.fn.countAll().as('cities')])
   *   .groupBy('month')
   * ```
   */
  dateTrunc<const R extends KE>(unit: DateUnit, column: R): ExpressionWrapper<ValueIn<S, U, R>>
  /** Any item of an array, as the right side of a comparison. */
  any<const R extends KE>(array: R): ExpressionWrapper<ValueIn<S, U, R> extends readonly (infer T)[] ? T : unknown>
  /** An array of the rows of a table, or of the values of an expression; null over no rows. */
  jsonAgg<const A extends (keyof S['tables'] & string) | Expression<any>>(
    tableOrExpression: A,
  ): AggregateFunction<E, RowIn<S, A>[] | null>
  /** The row of a table as an object, or a value as JSON. */
  toJson<const A extends (keyof S['tables'] & string) | Expression<any>>(
    tableOrExpression: A,
  ): ExpressionWrapper<RowIn<S, A>>
}
