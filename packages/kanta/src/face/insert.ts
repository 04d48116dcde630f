import type { $row, At, ColumnLike, ColumnType, Expression, Insertion } from '../table/index.ts'
import type { ExpressionScope } from './expression-builder.ts'
import type { ComparisonOperator, Condition, OperandOf, Subquery } from './operator.ts'
import type { InsertResult } from './result.ts'
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
  Cells,
  One,
  Scope,
  State,
} from './scope.ts'
import type { AddedByIf, Count } from './select.ts'
import type { Items, NoItem, OperandArm, SelectArgument, SelectItem } from './selection.ts'
import type { UpdateRow } from './update.ts'

type InsertValue<T> = [T] extends [ColumnType<any, any, any>]
  ? T['__insert__'] | Expression<T['__insert__']> | Subquery<T['__insert__']>
  : T | Expression<T> | Subquery<T>
/**
 * The row type that `values` takes for a table: plain values and expressions. One object type, since a literal is
 * cheaper to check against it than against an intersection.
 */
export type InsertRow<T, E> = { [K in keyof Insertion<T>]: InsertValue<At<T, K>> | InsertCallback<At<T, K>, E> }
type InsertCallback<T, E> = [T] extends [ColumnType<any, any, any>]
  ? (eb: E) => Expression<T['__insert__']> | Subquery<T['__insert__']>
  : (eb: E) => Expression<T> | Subquery<T>

/** A query that may be inserted from. */
interface AnyQuery {
  readonly [$row]: any
}

/** The type state of a write: the written columns and the scope. */
export interface WriteState extends State {
  [$target]: any
}

/**
 * `insert into <table>`, which waits for what to insert: it cannot run before it has rows.
 */
export interface InsertInto<I extends AnyInfo, B extends string, T extends AnyCells> extends ConflictMethods {
  readonly [$target]: T
  /**
   * The row or rows to insert. A column that the database fills in may be left out.
   *
   * @example
   * ```ts
   * await db.insertInto('city').values([{ name: 'Oulu', country: 'FI' }, { name: 'Turku', country: 'FI' }]).execute()
   * ```
   */
  values(
    rows: InsertRow<T['row'], I['eb']> | readonly InsertRow<T['row'], I['eb']>[] | RowCallback<I, T['row']>,
  ): Inserted<I, B, T>
  /** The columns that `expression` gives, in their order. */
  columns(
    columns: readonly ((keyof T['row'] & string) | ColumnLike<`${B}.${keyof T['row'] & string}`>)[],
  ): InsertInto<I, B, T>
  /**
   * Inserts the rows of a query.
   *
   * @example
   * ```ts
   * db.insertInto('old_city').columns(['name']).expression(db.selectFrom('city').select('name'))
   * ```
   */
  expression(query: AnyQuery | ((eb: I['eb']) => AnyQuery)): Inserted<I, B, T>
  /** Inserts one row of defaults. */
  defaultValues(): Inserted<I, B, T>
}
/** Gives the row or rows to insert, with queries and other expressions for values. */
export type RowCallback<I extends AnyInfo, T> = (
  eb: I['eb'],
) => InsertRow<T, I['eb']> | readonly InsertRow<T, I['eb']>[]
type Inserted<I, B extends string, T extends AnyCells> = Insert<
  I,
  One<B, T>,
  `${B}.${keyof T['row'] & string}` | (keyof T['row'] & string),
  T,
  never
>

/** The clauses of an insert that say what conflicts do, in the words of single databases. */
export interface ConflictMethods {
  /** Leaves out rows that conflict with others; `insert ignore` or `insert or ignore`. */
  ignore<T>(this: T): T
  /** `insert or ignore` */
  orIgnore<T>(this: T): T
  /** `insert or abort` */
  orAbort<T>(this: T): T
  /** `insert or fail` */
  orFail<T>(this: T): T
  /** `insert or replace` */
  orReplace<T>(this: T): T
  /** `insert or rollback` */
  orRollback<T>(this: T): T
  /** Takes at most so many rows (or per cent of them), as SQL Server says it. */
  top<T>(this: T, count: Count, modifier?: 'percent'): T
}

/** The methods of an insert that has its rows. */
export interface InsertMethods extends ConflictMethods, RunMethods {
  /**
   * Sets the action for rows that conflict with existing ones.
   *
   * @example
   * ```ts
   * db.insertInto('city').values(newCity)
   *   .onConflict((conflict) => conflict.column('id').doUpdateSet((eb) => ({ name: eb.ref('excluded.name') })))
   * ```
   */
  onConflict<T extends WriteState>(
    this: T,
    build: (conflict: ConflictBuilder<T[AtInfo], T[AtScope], T[AtRefs], T[AtTarget]>) => ConflictEnd<any>,
  ): T
  /** Sets the columns to change in an existing row with the same key (MySQL's clause). */
  onDuplicateKeyUpdate<T extends WriteState>(
    this: T,
    changes:
      | UpdateRow<T[AtTarget]['row'], T[AtBuilder]>
      | ((eb: T[AtBuilder]) => UpdateRow<T[AtTarget]['row'], T[AtBuilder]>),
  ): T
  /** Returns columns of the inserted rows. */
  returning<T extends WriteState, const C extends SelectItem = NoItem>(
    this: T,
    columns: SelectArgument<T, C>,
  ): Insert<T[AtInfo], T[AtScope], T[AtRefs], T[AtTarget], T[AtItems] | Items<C>>
  /** Returns all columns of the inserted rows. */
  returningAll<T extends WriteState>(
    this: T,
  ): Insert<T[AtInfo], T[AtScope], T[AtRefs], T[AtTarget], T[AtItems] | All<'*'>>
  /** Returns nothing again. */
  clearReturning<T extends WriteState>(this: T): Insert<T[AtInfo], T[AtScope], T[AtRefs], T[AtTarget], never>
  /** Returns columns of the rows, as SQL Server says it: `output(['inserted.id'])`. */
  output<T extends WriteState, const C extends SelectItem = NoItem>(
    this: T,
    columns: SelectArgument<OutputState<T, 'inserted'>, C>,
  ): Insert<T[AtInfo], OutputScope<T, 'inserted'>, T[AtRefs], T[AtTarget], T[AtItems] | Items<C>>
  /** Returns all columns of the rows, as SQL Server says it. */
  outputAll<T extends WriteState>(
    this: T,
    table: 'inserted',
  ): Insert<T[AtInfo], OutputScope<T, 'inserted'>, T[AtRefs], T[AtTarget], T[AtItems] | All<'inserted'>>
  /** Changes the query if a condition holds. Columns that are returned within become optional. */
  $if<T extends WriteState, U>(
    this: T,
    condition: boolean,
    change: (query: T) => U,
  ): Insert<T[AtInfo], T[AtScope], T[AtRefs], T[AtTarget], T[AtItems] | AddedByIf<T[AtItems], U>>
}

/** The tables `inserted` and `deleted` of `output`. */
export type OutputScope<T extends WriteState, P extends string> = And<T[AtScope], P, T[AtTarget], never>
/** The type state inside `output`, whose references name `inserted` and `deleted`. */
export interface OutputState<T extends WriteState, P extends string> extends State {
  [$info]: T[AtInfo]
  [$scope]: OutputScope<T, P>
  [$refs]: `${P}.${keyof T[AtTarget]['row'] & string}`
  [$eb]: ExpressionScope<T[AtInfo], OutputScope<T, P>, `${P}.${keyof T[AtTarget]['row'] & string}`, Cells<{}>>
}

/** `insert into … values …`: `T` is the table, the other parameters are those of `Select`. */
/** @ts-ignore TS2636: true by meaning, as for `Select`. */
export interface Insert<out I, out S extends Scope, in K, out T extends AnyCells, in O> extends InsertMethods {
  [$info]: I
  [$scope]: S
  [$refs]: K
  [$cells]: T
  [$items]: O
  [$target]: T
  [$eb]: ExpressionScope<I, S, K, T>
  readonly [$row]: RowOrResult<S, T, O, InsertResult>
  [$first]: FirstOrResult<S, T, O, InsertResult>
  /** Runs the query: gives the rows that it returns, else one result that says what it did. */
  execute(options?: ExecuteOptions): Promise<RowOrResult<S, T, O, InsertResult>[]>
  /** Runs the query and gives its first row, or what it did. */
  executeTakeFirst(options?: ExecuteOptions): Promise<FirstOrResult<S, T, O, InsertResult>>
  /** Runs the query and gives its first row, or what it did; rejects when it should return rows and there is none. */
  executeTakeFirstOrThrow(error?: NoRowError | ExecuteOrThrowOptions): Promise<RowOrResult<S, T, O, InsertResult>>
  /** Runs the query and gives the rows that it returns as they are read. */
  stream(options?: number | StreamOptions): AsyncIterableIterator<RowOrResult<S, T, O, InsertResult>>
  /** The SQL of the query and its parameters, without running it. */
  compile(): CompiledQuery<RowOrResult<S, T, O, InsertResult>>
  /** Gives the row another type; nothing changes at run time. */
  $castTo<R>(): Insert<I, S, K, T, Cast<R>>
  /** Narrows the types of some columns; nothing changes at run time. */
  $narrowType<N>(): Insert<I, S, K, T, Cast<Narrowed<RowOf<S, T, O>, N>>>
}

/** The conditions of `on conflict`. */
export interface ConflictMethodsOf {
  /** The condition of a partial index, or of the update. */
  where<
    T extends State,
    const R extends T[AtRefs] = never,
    C extends T[AtRefs] = never,
    V = Cell<T[AtScope], T[AtCells], R>,
    P extends ComparisonOperator = '=',
  >(this: T, left: R | OperandArm<R, C, V>, operator: P | Expression<any>, right: OperandOf<V, P>): T
  where<T extends State>(this: T, condition: Condition | ((eb: T[AtBuilder]) => Condition)): T
  whereRef<T extends State, const A extends T[AtRefs], const B extends T[AtRefs]>(
    this: T,
    left: A | ColumnLike<A>,
    operator: ComparisonOperator | Expression<any>,
    right: B | ColumnLike<B>,
  ): T
  clearWhere<T>(this: T): T
}

/** `on conflict …`, waiting for what to do. */
export interface ConflictBuilder<I, S extends Scope, K, T extends AnyCells> extends ConflictMethodsOf {
  [$info]: I
  [$scope]: S
  [$refs]: K
  [$cells]: T
  [$items]: never
  [$eb]: ExpressionScope<I, S, K, T>
  /** The unique column in which rows conflict; several calls name several. */
  column(column: (keyof T['row'] & string) | ColumnLike<K>): this
  /** The columns of the unique key in which rows conflict. */
  columns(columns: readonly ((keyof T['row'] & string) | ColumnLike<K>)[]): this
  /** The constraint in which rows conflict, by name. */
  constraint(name: string): this
  /** The expression of the unique index in which rows conflict. */
  expression(expression: Expression<any>): this
  /** Leaves out the row that conflicts. */
  doNothing(): ConflictEnd<I>
  /** Changes the row that is there; `excluded` is the one that was to be inserted. */
  doUpdateSet(
    changes:
      | UpdateRow<T['row'], ConflictScope<I, S, K, T>>
      | ((eb: ConflictScope<I, S, K, T>) => UpdateRow<T['row'], ConflictScope<I, S, K, T>>),
  ): ConflictUpdate<
    I,
    And<S, 'excluded', T, never>,
    K | `excluded.${keyof T['row'] & string}` | (keyof T['row'] & string),
    T
  >
}

/** The scope of `doUpdateSet`, with the row that was to be inserted. */
type ConflictScope<I, S extends Scope, K, T extends AnyCells> = ExpressionScope<
  I,
  And<S, 'excluded', T, never>,
  K | `excluded.${keyof T['row'] & string}` | (keyof T['row'] & string),
  T
>

/** Marks a conflict that has its action; it exists only in types. Its name is the message where the action is missing. */
declare const $callDoNothingOrDoUpdateSet: unique symbol
/** `on conflict …` with what to do. */
export interface ConflictEnd<out I> {
  readonly [$callDoNothingOrDoUpdateSet]: I
}

/** `on conflict … do update set …` */
export interface ConflictUpdate<I, S extends Scope, K, T extends AnyCells> extends ConflictMethodsOf, ConflictEnd<I> {
  [$info]: I
  [$scope]: S
  [$refs]: K
  [$cells]: T
  [$items]: never
  [$eb]: ExpressionScope<I, S, K, T>
}
