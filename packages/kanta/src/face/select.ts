import type { $row, ColumnLike, Expression, Named, NoText } from '../table/index.ts'
import type { Aliased, AliasedQuery, ExpressionWrapper } from './expression.ts'
import type { ExpressionScope } from './expression-builder.ts'
import type { $only, ComparisonOperator, Condition, OnlyColumn, OperandOf, Subquery } from './operator.ts'
import type { Direction } from './order.ts'
import type { Included, IncludeOptions, RelatedQuery, WholeRelation } from './relation.ts'
import type { All, Cast, Maybe, Narrowed, RowOf } from './row.ts'
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
  AnyCells,
  AnyInfo,
  AtBuilder,
  AtCells,
  AtInfo,
  AtItems,
  AtRefs,
  AtRow,
  AtScope,
  Cell,
  Reselected,
  Returns,
  Scope,
  State,
} from './scope.ts'
import type { SelectJoinMethods } from './select-join.ts'
import type {
  CallbackArm,
  GroupArgument,
  Items,
  NoItem,
  NoParameter,
  NoRef,
  OperandArm,
  OrderArgument,
  RefArgument,
  RefItem,
  SelectArgument,
  SelectItem,
} from './selection.ts'
import type { WhereMethods } from './where.ts'
import type { WindowBuilder } from './window.ts'

/** The methods that combine a select with another one by a set operation. */
/** The names of the columns of a query; it exists only in types. */
declare const $names: unique symbol
// The other query selects these columns and no more, since SQL pairs them by their places.
interface SetOperand<T extends Returns> {
  readonly [$row]: T[AtRow]
  readonly [$names]: keyof T[AtRow]
}
type SetArgument<T extends Returns & State> =
  | SetOperand<T>
  | readonly SetOperand<T>[]
  | ((eb: T[AtInfo]['eb']) => SetOperand<T> | readonly SetOperand<T>[])

/** A number of rows. */
export type Count = number | bigint | Expression<number | bigint>
/** The names of tables in scope, or the tables. */
export type Aliases<A> = A | Named<A> | readonly (A | Named<A>)[]
/** The item of `selectAll()`: all columns of the tables of the query itself, not of a query around it. */
export type StarItem<I, S extends Scope> = I extends { outer: infer O }
  ? [O] extends [never]
    ? All<'*'>
    : All<Exclude<keyof S['tables'], O>>
  : never
/**
 * The items that a callback of `$if` added. It has no constraint, which would be taken for the type that it should
 * give.
 */
export type AddedByIf<O, U> = U extends {
  readonly [$items]: infer X
  readonly [$scope]: infer S extends Scope
  readonly [$cells]: infer C extends AnyCells
}
  ? [Exclude<X, O>] extends [never]
    ? never
    : Maybe<RowOf<S, C, Exclude<X, O>>>
  : never
type TupleOf<R, A> = A extends readonly (keyof R)[] ? { -readonly [I in keyof A]: R[A[I] & keyof R] } : never

/** The methods of a select. */
export interface SelectMethods extends SelectJoinMethods, WhereMethods, RunMethods, NoText<never> {
  /**
   * Selects columns and expressions; several calls add up.
   *
   * @example
   * ```ts
   * db.selectFrom('city').select(['id', 'city.name as title', (eb) => eb.fn.max('population').as('largest')])
   * ```
   */
  select<T extends State, const C extends SelectItem = NoItem>(
    this: T,
    columns: SelectArgument<T, C>,
  ): Select<T[AtInfo], T[AtScope], T[AtRefs], T[AtCells], T[AtItems] | Items<C>>
  /** Selects all columns, or those of some of the tables. */
  selectAll<T extends State>(
    this: T,
  ): Select<T[AtInfo], T[AtScope], T[AtRefs], T[AtCells], T[AtItems] | StarItem<T[AtInfo], T[AtScope]>>
  selectAll<T extends State, A extends keyof T[AtScope]['tables']>(
    this: T,
    tables: Aliases<A>,
  ): Select<T[AtInfo], T[AtScope], T[AtRefs], T[AtCells], T[AtItems] | All<A>>
  /**
   * Selects what a relation gives for each row: a list of rows, or one row, which is null where it may be missing. The
   * callback changes the query that selects these rows: its columns, conditions, order and limit, and relations of
   * their own. Without columns it selects all.
   *
   * @throws KantaError `not_found` where a row is missing that has to be there; `{ optional: true }` makes it null.
   *
   * @example
   * ```ts
   * const countries = await db
   *   .selectFrom('country')
   *   .select('name')
   *   .include('cities', (city) => city.select('name').orderBy('population', 'desc').limit(3))
   *   .execute()
   * ```
   */
  include<
    T extends State,
    N extends keyof T[AtCells]['relations'] & string,
    A extends string = never,
    X = WholeRelation,
    const P = false,
  >(
    this: T,
    relation: N | `${N} as ${A}`,
    query?: ((rows: RelatedQuery<T[AtInfo], T[AtCells]['relations'][N]['target']>) => X) | IncludeOptions<P>,
    options?: IncludeOptions<P>,
  ): Select<
    T[AtInfo],
    T[AtScope],
    T[AtRefs],
    T[AtCells],
    T[AtItems] | Aliased<Included<T[AtInfo], T[AtCells]['relations'][N], X, P>, [A] extends [never] ? N : A>
  >
  /** The number of rows, as a value of the query around it. */
  count<T extends State>(this: T): ExpressionWrapper<number>
  /** Leaves out rows that are equal to another. */
  distinct<T>(this: T): T
  /** Keeps the first row of each group of rows that are equal in some columns. */
  distinctOn<T extends State, C extends RefItem = NoRef>(this: T, columns: RefArgument<T, C>): T
  /**
   * Groups the rows that are equal in some columns or expressions.
   *
   * @example
   * ```ts
   * db.selectFrom('city').select((eb) => ['country', eb.fn.countAll().as('cities')]).groupBy('country')
   * ```
   */
  groupBy<T extends State, C extends RefItem = NoRef>(this: T, columns: GroupArgument<T, C>): T
  /** Keeps the groups for which a condition is true. */
  having<
    T extends State,
    const R extends T[AtRefs] = never,
    C extends T[AtRefs] = never,
    V = Cell<T[AtScope], T[AtCells], R>,
    P extends ComparisonOperator = '=',
    X = NoParameter,
  >(
    this: T,
    left: R | OperandArm<R, C, V>,
    operator: P | Expression<any>,
    right: OperandOf<V, P> | CallbackArm<X, T[AtBuilder], V>,
  ): T
  having<T extends State>(this: T, condition: Condition | ((eb: T[AtBuilder]) => Condition)): T
  /** Keeps the groups in which two columns compare as given. */
  havingRef<T extends State, const A extends T[AtRefs], const B extends T[AtRefs]>(
    this: T,
    left: A | ColumnLike<A>,
    operator: ComparisonOperator | Expression<any>,
    right: B | ColumnLike<B>,
  ): T
  /**
   * Orders the rows by a column, a name of the selection or an expression; several calls order by one after the other.
   *
   * @example
   * ```ts
   * db.selectFrom('city').selectAll().orderBy('country').orderBy('population', (order) => order.desc().nullsLast())
   * ```
   */
  orderBy<T extends State, C extends RefItem = NoRef>(this: T, column: OrderArgument<T, C>, direction?: Direction): T
  /** Defines a window for `over` by name. */
  window<T extends State>(
    this: T,
    name: string,
    window: (w: WindowBuilder<T[AtBuilder]>) => WindowBuilder<T[AtBuilder]>,
  ): T
  /** Takes at most so many rows. */
  limit<T>(this: T, count: Count): T
  /** Skips so many rows. */
  offset<T>(this: T, count: Count): T
  /** Takes at most so many rows, with those equal to the last one when asked for. */
  fetch<T>(this: T, count: Count, modifier?: 'only' | 'with ties'): T
  /** Takes at most so many rows (or per cent of them), as SQL Server says it. */
  top<T>(this: T, count: Count, modifier?: 'percent' | 'with ties' | 'percent with ties'): T
  /** Locks the rows for an update until the end of the transaction. */
  forUpdate<T extends State, A extends keyof T[AtScope]['tables']>(this: T, of?: Aliases<A>): T
  /** Locks the rows against changes until the end of the transaction. */
  forShare<T extends State, A extends keyof T[AtScope]['tables']>(this: T, of?: Aliases<A>): T
  /** Locks the rows against changes of their keys. */
  forKeyShare<T extends State, A extends keyof T[AtScope]['tables']>(this: T, of?: Aliases<A>): T
  /** Locks the rows for an update that leaves their keys alone. */
  forNoKeyUpdate<T extends State, A extends keyof T[AtScope]['tables']>(this: T, of?: Aliases<A>): T
  /** Leaves out rows that others have locked. */
  skipLocked<T>(this: T): T
  /** Fails rather than wait for rows that others have locked. */
  noWait<T>(this: T): T
  /**
   * Adds the rows of another query, each row once.
   *
   * @example
   * ```ts
   * db.selectFrom('city').select('name').union(db.selectFrom('country').select('name'))
   * ```
   */
  union<T extends Returns & State>(this: T, query: SetArgument<T>): T
  /** Adds the rows of another query. */
  unionAll<T extends Returns & State>(this: T, query: SetArgument<T>): T
  /** Keeps the rows that another query returns, too. */
  intersect<T extends Returns & State>(this: T, query: SetArgument<T>): T
  /** Keeps the rows that another query returns, too, as often as both do. */
  intersectAll<T extends Returns & State>(this: T, query: SetArgument<T>): T
  /** Leaves out the rows that another query returns. */
  except<T extends Returns & State>(this: T, query: SetArgument<T>): T
  /** Leaves out the rows that another query returns, as often as it does. */
  exceptAll<T extends Returns & State>(this: T, query: SetArgument<T>): T
  /** Names the query: a table for `selectFrom` and joins, a value for `select`. */
  as<T extends Returns, A extends string>(this: T, alias: A): AliasedQuery<T[AtRow], A>
  clearSelect<T extends State>(this: T): Select<Reselected<T[AtInfo]>, T[AtScope], T[AtRefs], T[AtCells], never>
  clearGroupBy<T>(this: T): T
  clearHaving<T>(this: T): T
  clearOrderBy<T>(this: T): T
  clearLimit<T>(this: T): T
  clearOffset<T>(this: T): T
  /**
   * Changes the query if a condition holds. Columns that are selected within become optional.
   *
   * @example
   * ```ts
   * db.selectFrom('city').select('name').$if(detailed, (query) => query.select('population'))
   * ```
   */
  $if<T extends State, U>(
    this: T,
    condition: boolean,
    change: (query: T) => U,
  ): Select<T[AtInfo], T[AtScope], T[AtRefs], T[AtCells], T[AtItems] | AddedByIf<T[AtItems], U>>
  /** Makes a query of one column an expression of that column's type; without a row it is null. */
  $asScalar<T extends Returns & Subquery<any>>(this: T): ExpressionWrapper<T[typeof $only] | null>
  /** Makes a query an expression of a row of its columns, in the order in which they are named. */
  $asTuple<T extends Returns, const A extends readonly (keyof T[AtRow])[]>(
    this: T,
    ...columns: A
  ): ExpressionWrapper<TupleOf<T[AtRow], A>>
  /** Takes null out of the types of all columns; nothing changes at run time. */
  $notNull<T extends Returns & State>(
    this: T,
  ): Select<
    Reselected<T[AtInfo]>,
    T[AtScope],
    T[AtRefs],
    T[AtCells],
    Cast<{ [C in keyof T[AtRow]]: NonNullable<T[AtRow][C]> }>
  >
}

/**
 * A query that selects: `I` is the database, `S` the tables in scope, `K` the legal references, `U` the columns by
 * unqualified name, `O` the selected items. A query that knows more tables or selects more is assignable to one with
 * fewer, which cannot be proved from the members.
 */
/** @ts-ignore TS2636 */
export interface Select<out I extends AnyInfo, out S extends Scope, in K, out U extends AnyCells, in O>
  extends SelectMethods {
  [$info]: I
  [$scope]: S
  [$refs]: K
  [$cells]: U
  [$items]: O
  [$eb]: ExpressionScope<I, S, K, U>
  readonly [$row]: RowOf<S, U, O | I['given']>
  readonly [$only]: OnlyColumn<RowOf<S, U, O | I['given']>>
  readonly [$names]: keyof RowOf<S, U, O | I['given']>
  [$first]: RowOf<S, U, O | I['given']> | undefined
  /**
   * Runs the query and gives all of its rows.
   *
   * @example
   * ```ts
   * const cities = await db.selectFrom('city').selectAll().execute()
   * ```
   */
  execute(options?: ExecuteOptions): Promise<RowOf<S, U, O | I['given']>[]>
  /** Runs the query and gives its first row, or `undefined` when there is none. */
  executeTakeFirst(options?: ExecuteOptions): Promise<RowOf<S, U, O | I['given']> | undefined>
  /**
   * Runs the query and gives its first row; without one, rejects.
   *
   * @example
   * ```ts
   * const city = await db.selectFrom('city').selectAll().where('id', '=', id).executeTakeFirstOrThrow(CityNotFound)
   * ```
   */
  executeTakeFirstOrThrow(error?: NoRowError | ExecuteOrThrowOptions): Promise<RowOf<S, U, O | I['given']>>
  /**
   * Runs the query and gives its rows as they are read.
   *
   * @example
   * ```ts
   * for await (const city of db.selectFrom('city').selectAll().stream()) console.log(city.name)
   * ```
   */
  stream(options?: number | StreamOptions): AsyncIterableIterator<RowOf<S, U, O | I['given']>>
  /** The SQL of the query and its parameters, without running it. */
  compile(): CompiledQuery<RowOf<S, U, O | I['given']>>
  /** Gives the row another type; nothing changes at run time. */
  $castTo<R>(): Select<Reselected<I>, S, K, U, Cast<R>>
  /**
   * Narrows the types of some columns; nothing changes at run time.
   *
   * @example
   * ```ts
   * db.selectFrom('city').select(['name', 'population']).where('population', 'is not', null)
   *   .$narrowType<{ population: NotNull }>()
   * ```
   */
  $narrowType<T>(): Select<Reselected<I>, S, K, U, Cast<Narrowed<RowOf<S, U, O | I['given']>, T>>>
  /** Names the type of the row, which has to be what it is: a help for the compiler with long queries. */
  $assertType<R extends RowOf<S, U, O | I['given']>>(): RowOf<S, U, O | I['given']> extends R
    ? Select<Reselected<I>, S, K, U, Cast<R>>
    : { readonly error: 'the asserted type is not the type of the row' }
}
