import type { $row, ColumnLike, Expression } from '../table/index.ts'
import type { ExpressionScope } from './expression-builder.ts'
import type { InsertRow, OutputScope, OutputState, WriteState } from './insert.ts'
import type { JoinBuilder, JoinMethods, SourceArm } from './join.ts'
import type { ComparisonOperator, Condition, OperandOf } from './operator.ts'
import type { MergeResult } from './result.ts'
import type { All, Cast, FirstOrResult, RowOrResult } from './row.ts'
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
  And,
  AnyCells,
  AnyInfo,
  AtBuilder,
  AtCells,
  AtInfo,
  AtItems,
  AtRefs,
  AtScope,
  AtTarget,
  Cell,
  JoinedCells,
  One,
  Scope,
  TableCells,
} from './scope.ts'
import type { AddedByIf, Aliases, Count } from './select.ts'
import type { Items, NoItem, OperandArm, SelectArgument, SelectItem } from './selection.ts'
import type { Update, UpdateRow } from './update.ts'

/** `merge into <table>`, which waits for what to merge. */
export interface MergeInto<I extends AnyInfo, N extends string, T extends AnyCells> {
  /**
   * Names the source of a merge and the condition that matches its rows with those of the table.
   *
   * @example
   * ```ts
   * const takeArrivals = () =>
   *   db.mergeInto('city').using('arrival', 'arrival.id', 'city.id')
   *     .whenMatched().thenUpdateSet((eb) => ({ name: eb.ref('arrival.name') }))
   *     .whenNotMatched().thenInsertValues((eb) => ({ name: eb.ref('arrival.name'), country: eb.ref('arrival.country') }))
   *     .execute()
   * ```
   */
  using<
    B extends I['names'] = never,
    A extends string = never,
    TB extends I['names'] = never,
    S extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<I, B | TB>,
    K =
      | `${N}.${keyof T['row'] & string}`
      | (keyof T['row'] & string)
      | `${S}.${keyof Q['row'] & string}`
      | (keyof Q['row'] & string),
    const R1 extends K = any,
    const R2 extends K = any,
  >(
    source: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, I['eb']>,
    left: R1 | ColumnLike<R1>,
    right: R2 | ColumnLike<R2>,
  ): Merge<I, And<One<N, T>, S, Q, never>, K, JoinedCells<T, Q>, T, S, Q, never>
  using<
    B extends I['names'] = never,
    A extends string = never,
    TB extends I['names'] = never,
    S extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<I, B | TB>,
    K =
      | `${N}.${keyof T['row'] & string}`
      | (keyof T['row'] & string)
      | `${S}.${keyof Q['row'] & string}`
      | (keyof Q['row'] & string),
    J = JoinBuilder<I, And<One<N, T>, S, Q, never>, K, JoinedCells<T, Q>>,
  >(
    source: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, I['eb']>,
    on: (join: J) => JoinMethods,
  ): Merge<I, And<One<N, T>, S, Q, never>, K, JoinedCells<T, Q>, T, S, Q, never>
}

/** Carries the source of a merge; it exists only in types. */
declare const $source: unique symbol
interface MergeState extends WriteState {
  [$source]: { name: any; cells: any }
}
type SourceOf<T extends MergeState> = T[typeof $source]
type MergedItems<T extends MergeState, O> = Merge<
  T[AtInfo],
  T[AtScope],
  T[AtRefs],
  T[AtCells],
  T[AtTarget],
  SourceOf<T>['name'],
  SourceOf<T>['cells'],
  O
>

/** The methods of a merge that has its source. */
export interface MergeMethods extends RunMethods {
  /** For rows of the table that match. */
  whenMatched<T extends MergeState>(this: T): MatchedAction<T>
  /** For rows of the table that match, if a condition is true. */
  whenMatchedAnd<
    T extends MergeState,
    const R extends T[AtRefs] = never,
    C extends T[AtRefs] = never,
    V = Cell<T[AtScope], T[AtCells], R>,
    P extends ComparisonOperator = '=',
  >(this: T, left: R | OperandArm<R, C, V>, operator: P | Expression<any>, right: OperandOf<V, P>): MatchedAction<T>
  whenMatchedAnd<T extends MergeState>(
    this: T,
    condition: Condition | ((eb: T[AtBuilder]) => Condition),
  ): MatchedAction<T>
  /** For rows of the table that match, if two columns compare as given. */
  whenMatchedAndRef<T extends MergeState, const A extends T[AtRefs], const B extends T[AtRefs]>(
    this: T,
    left: A | ColumnLike<A>,
    operator: ComparisonOperator | Expression<any>,
    right: B | ColumnLike<B>,
  ): MatchedAction<T>
  /** For rows of the source that no row of the table matches. */
  whenNotMatched<T extends MergeState>(this: T): NotMatchedAction<T>
  /** For rows of the source that no row of the table matches, if a condition is true. */
  whenNotMatchedAnd<
    T extends MergeState,
    const R extends T[AtRefs] = never,
    C extends T[AtRefs] = never,
    V = Cell<T[AtScope], T[AtCells], R>,
    P extends ComparisonOperator = '=',
  >(this: T, left: R | OperandArm<R, C, V>, operator: P | Expression<any>, right: OperandOf<V, P>): NotMatchedAction<T>
  whenNotMatchedAnd<T extends MergeState>(
    this: T,
    condition: Condition | ((eb: T[AtBuilder]) => Condition),
  ): NotMatchedAction<T>
  /** For rows of the source that no row of the table matches, if two columns compare as given. */
  whenNotMatchedAndRef<T extends MergeState, const A extends T[AtRefs], const B extends T[AtRefs]>(
    this: T,
    left: A | ColumnLike<A>,
    operator: ComparisonOperator | Expression<any>,
    right: B | ColumnLike<B>,
  ): NotMatchedAction<T>
  /** For rows of the table that no row of the source matches. */
  whenNotMatchedBySource<T extends MergeState>(this: T): MatchedAction<T>
  /** For rows of the table that no row of the source matches, if a condition is true. */
  whenNotMatchedBySourceAnd<
    T extends MergeState,
    const R extends T[AtRefs] = never,
    C extends T[AtRefs] = never,
    V = Cell<T[AtScope], T[AtCells], R>,
    P extends ComparisonOperator = '=',
  >(this: T, left: R | OperandArm<R, C, V>, operator: P | Expression<any>, right: OperandOf<V, P>): MatchedAction<T>
  whenNotMatchedBySourceAnd<T extends MergeState>(
    this: T,
    condition: Condition | ((eb: T[AtBuilder]) => Condition),
  ): MatchedAction<T>
  /** For rows of the table that no row of the source matches, if two columns compare as given. */
  whenNotMatchedBySourceAndRef<T extends MergeState, const A extends T[AtRefs], const B extends T[AtRefs]>(
    this: T,
    left: A | ColumnLike<A>,
    operator: ComparisonOperator | Expression<any>,
    right: B | ColumnLike<B>,
  ): MatchedAction<T>
  /** Returns columns of the rows that were written, and of the source. */
  returning<T extends MergeState, const C extends SelectItem = NoItem>(
    this: T,
    columns: SelectArgument<T, C>,
  ): MergedItems<T, T[AtItems] | Items<C>>
  /** Returns all columns, or those of some of the tables. */
  returningAll<T extends MergeState>(this: T): MergedItems<T, T[AtItems] | All<'*'>>
  returningAll<T extends MergeState, A extends keyof T[AtScope]['tables']>(
    this: T,
    tables: Aliases<A>,
  ): MergedItems<T, T[AtItems] | All<A>>
  /** Returns columns of the rows, as SQL Server says it: `output(['inserted.id', 'deleted.id as old_id'])`. */
  output<T extends MergeState, const C extends SelectItem = NoItem>(
    this: T,
    columns: SelectArgument<OutputState<T, 'inserted' | 'deleted'>, C>,
  ): Merge<
    T[AtInfo],
    OutputScope<T, 'inserted' | 'deleted'>,
    T[AtRefs],
    T[AtCells],
    T[AtTarget],
    SourceOf<T>['name'],
    SourceOf<T>['cells'],
    T[AtItems] | Items<C>
  >
  /** Returns all columns of the rows, as SQL Server says it. */
  outputAll<T extends MergeState, A extends 'inserted' | 'deleted'>(
    this: T,
    table: A,
  ): Merge<
    T[AtInfo],
    OutputScope<T, 'inserted' | 'deleted'>,
    T[AtRefs],
    T[AtCells],
    T[AtTarget],
    SourceOf<T>['name'],
    SourceOf<T>['cells'],
    T[AtItems] | All<A>
  >
  /** Takes at most so many rows (or per cent of them), as SQL Server says it. */
  top<T>(this: T, count: Count, modifier?: 'percent'): T
  /** Changes the query if a condition holds. Columns that are returned within become optional. */
  $if<T extends MergeState, U>(
    this: T,
    condition: boolean,
    change: (query: T) => U,
  ): MergedItems<T, T[AtItems] | AddedByIf<T[AtItems], U>>
}

/** The actions for matched rows of the table. */
export interface MatchedAction<T extends MergeState> {
  thenDelete(): T
  thenDoNothing(): T
  /** Changes the row with the methods of an update. */
  thenUpdate(change: (update: Update<T[AtInfo], T[AtScope], T[AtRefs], T[AtCells], T[AtTarget], never>) => object): T
  /** Changes the row: an object, a callback that gives one, or a column and its value. */
  thenUpdateSet(
    changes:
      | UpdateRow<T[AtTarget]['row'], T[AtBuilder]>
      | ((eb: T[AtBuilder]) => UpdateRow<T[AtTarget]['row'], T[AtBuilder]>),
  ): T
  thenUpdateSet<C extends keyof T[AtTarget]['row'] & string>(
    column: C | ColumnLike<`${string}.${C}`>,
    value:
      | UpdateRow<T[AtTarget]['row'], T[AtBuilder]>[C]
      | ((eb: T[AtBuilder]) => UpdateRow<T[AtTarget]['row'], T[AtBuilder]>[C]),
  ): T
}

/** The actions for rows of the source that match no row of the table. */
export interface NotMatchedAction<T extends MergeState> {
  thenDoNothing(): T
  /** Inserts a row; a callback may use the columns of the source. */
  thenInsertValues(
    row:
      | InsertRow<T[AtTarget]['row'], SourceBuilder<T>>
      | ((eb: SourceBuilder<T>) => InsertRow<T[AtTarget]['row'], SourceBuilder<T>>),
  ): T
}
type SourceBuilder<T extends MergeState> = ExpressionScope<
  T[AtInfo],
  One<SourceOf<T>['name'], SourceOf<T>['cells']>,
  `${SourceOf<T>['name']}.${keyof SourceOf<T>['cells']['row'] & string}` | (keyof SourceOf<T>['cells']['row'] & string),
  SourceOf<T>['cells']
>

/**
 * `merge into … using …`: `T` is the table that is written, `Q` the row of the source, the others are those of
 * `Select`.
 */
export interface Merge<I, S extends Scope, K, U extends AnyCells, T extends AnyCells, N, Q extends AnyCells, O>
  extends MergeMethods {
  [$info]: I
  [$scope]: S
  [$refs]: K
  [$cells]: U
  [$items]: O
  [$target]: T
  [$source]: { name: N; cells: Q }
  [$eb]: ExpressionScope<I, S, K, U>
  readonly [$row]: RowOrResult<S, U, O, MergeResult>
  [$first]: FirstOrResult<S, U, O, MergeResult>
  /** Runs the query: gives the rows that it returns, else one result that says what it did. */
  execute(options?: ExecuteOptions): Promise<RowOrResult<S, U, O, MergeResult>[]>
  /** Runs the query and gives its first row, or what it did. */
  executeTakeFirst(options?: ExecuteOptions): Promise<FirstOrResult<S, U, O, MergeResult>>
  /** Runs the query and gives its first row, or what it did; rejects when it should return rows and there is none. */
  executeTakeFirstOrThrow(error?: NoRowError | ExecuteOrThrowOptions): Promise<RowOrResult<S, U, O, MergeResult>>
  /** Runs the query and gives the rows that it returns as they are read. */
  stream(options?: number | StreamOptions): AsyncIterableIterator<RowOrResult<S, U, O, MergeResult>>
  /** The SQL of the query and its parameters, without running it. */
  compile(): CompiledQuery<RowOrResult<S, U, O, MergeResult>>
  /** Gives the row another type; nothing changes at run time. */
  $castTo<R>(): Merge<I, S, K, U, T, N, Q, Cast<R>>
}
