import type { ColumnLike } from '../table/index.ts'
import type { DerivedTable } from './expression.ts'
import type { JoinBuilder, JoinMethods, SourceArm } from './join.ts'
import type {
  AllMaybe,
  And,
  AnyCells,
  AtBuilder,
  AtCells,
  AtInfo,
  AtItems,
  AtRefs,
  AtScope,
  JoinedCells,
  MaybeCells,
  State,
  TableCells,
} from './scope.ts'
import type { Select } from './select.ts'

type InnerJoined<T extends State, N extends string, Q extends AnyCells, K> = Select<
  T[AtInfo],
  And<T[AtScope], N, Q, never>,
  K,
  JoinedCells<T[AtCells], Q>,
  T[AtItems]
>
type LeftJoined<T extends State, N extends string, Q extends AnyCells, K> = Select<
  T[AtInfo],
  And<T[AtScope], N, Q, null>,
  K,
  JoinedCells<T[AtCells], MaybeCells<Q>>,
  T[AtItems]
>
type RightJoined<T extends State, N extends string, Q extends AnyCells, K> = Select<
  T[AtInfo],
  And<AllMaybe<T[AtScope]>, N, Q, never>,
  K,
  JoinedCells<MaybeCells<T[AtCells]>, Q>,
  T[AtItems]
>
type FullJoined<T extends State, N extends string, Q extends AnyCells, K> = Select<
  T[AtInfo],
  And<AllMaybe<T[AtScope]>, N, Q, null>,
  K,
  JoinedCells<MaybeCells<T[AtCells]>, MaybeCells<Q>>,
  T[AtItems]
>

/** The joins of a select. */
export interface SelectJoinMethods {
  /**
   * Joins a table: by two columns that have to be equal, or by a callback with conditions.
   *
   * @example
   * ```ts
   * db.selectFrom('city').innerJoin('country as c', 'c.cca2', 'city.country').select(['city.name', 'c.name as country'])
   * ```
   */
  innerJoin<
    T extends State,
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
  ): InnerJoined<T, N, Q, K>
  innerJoin<
    T extends State,
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
  ): InnerJoined<T, N, Q, K>
  /** Joins a table, with nulls where it has no row. */
  leftJoin<
    T extends State,
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
  ): LeftJoined<T, N, Q, K>
  leftJoin<
    T extends State,
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
  ): LeftJoined<T, N, Q, K>
  /** Joins a table, with nulls in the tables so far where they have no row. */
  rightJoin<
    T extends State,
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
  ): RightJoined<T, N, Q, K>
  rightJoin<
    T extends State,
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
  ): RightJoined<T, N, Q, K>
  /** Joins a table, with nulls on either side where it has no row. */
  fullJoin<
    T extends State,
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
  ): FullJoined<T, N, Q, K>
  fullJoin<
    T extends State,
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
  ): FullJoined<T, N, Q, K>
  /** Joins every row of a table with every row so far. */
  crossJoin<
    T extends State,
    B extends T[AtInfo]['names'] = never,
    A extends string = never,
    TB extends T[AtInfo]['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
    K = T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
  >(this: T, table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>): InnerJoined<T, N, Q, K>
  /** Joins a query that may use the columns of the tables so far. */
  innerJoinLateral<
    T extends State,
    A extends string,
    Q extends AnyCells,
    K = T[AtRefs] | `${A}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
    J = JoinBuilder<T[AtInfo], And<T[AtScope], A, Q, never>, K, JoinedCells<T[AtCells], Q>>,
  >(
    this: T,
    table: DerivedTable<Q, A> | ((eb: T[AtBuilder]) => DerivedTable<Q, A>),
    on: (join: J) => JoinMethods,
  ): InnerJoined<T, A, Q, K>
  /**
   * Joins a query that may use the columns of the tables so far, with nulls where it has no row.
   *
   * @example
   * ```ts
   * db.selectFrom('country').leftJoinLateral(
   *   (eb) => eb.selectFrom('city').select('city.name').whereRef('city.country', '=', 'country.cca2')
   *     .orderBy('population', 'desc').limit(1).as('largest'),
   *   (join) => join.onTrue())
   * ```
   */
  leftJoinLateral<
    T extends State,
    A extends string,
    Q extends AnyCells,
    K = T[AtRefs] | `${A}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
    J = JoinBuilder<T[AtInfo], And<T[AtScope], A, Q, null>, K, JoinedCells<T[AtCells], MaybeCells<Q>>>,
  >(
    this: T,
    table: DerivedTable<Q, A> | ((eb: T[AtBuilder]) => DerivedTable<Q, A>),
    on: (join: J) => JoinMethods,
  ): LeftJoined<T, A, Q, K>
  /** Joins every row with the rows of a query that may use its columns. */
  crossJoinLateral<
    T extends State,
    A extends string,
    Q extends AnyCells,
    K = T[AtRefs] | `${A}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
  >(this: T, table: DerivedTable<Q, A> | ((eb: T[AtBuilder]) => DerivedTable<Q, A>)): InnerJoined<T, A, Q, K>
  /** `cross apply`: `crossJoinLateral` where that is its name. */
  crossApply<
    T extends State,
    A extends string,
    Q extends AnyCells,
    K = T[AtRefs] | `${A}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
  >(this: T, table: DerivedTable<Q, A> | ((eb: T[AtBuilder]) => DerivedTable<Q, A>)): InnerJoined<T, A, Q, K>
  /** `outer apply`: `leftJoinLateral` on true where that is its name. */
  outerApply<
    T extends State,
    A extends string,
    Q extends AnyCells,
    K = T[AtRefs] | `${A}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
  >(this: T, table: DerivedTable<Q, A> | ((eb: T[AtBuilder]) => DerivedTable<Q, A>)): LeftJoined<T, A, Q, K>
}
