import type { $row, ColumnLike, Expression, Selectable, SelectType } from '../table/index.ts'
import type { HelperRefs, HelperRow } from './builder.ts'
import type { CaseBuilder, CaseOf } from './case.ts'
import type { Aliased, ExpressionWrapper, Predicate } from './expression.ts'
import type { Functions } from './function.ts'
import type { TableArm } from './join.ts'
import type { JsonOperator, JsonPath, JsonTextOperator, JsonTextPath } from './json.ts'
import type {
  ArithmeticOperator,
  ArithmeticResult,
  ArithmeticValue,
  ComparisonOperator,
  Condition,
  JoinNull,
  NullIn,
  NullOf,
  OperandOf,
  RatioNull,
  ResultTable,
  TruthTable,
  UnaryOperator,
  ValueOf,
} from './operator.ts'
import type {
  $cells,
  $eb,
  $refs,
  $scope,
  And,
  AnyCells,
  AnyInfo,
  Cell,
  HelperCells,
  Info,
  InnerCells,
  InnerInfo,
  MaybeTables,
  Scope,
  Selected,
  TableCells,
} from './scope.ts'
import type { Select } from './select.ts'
import type { OperandArm } from './selection.ts'

/** A query, which can stand for a value. */
interface AnyQuery {
  readonly [$row]: any
}

type Unwrapped<T> = T extends Expression<infer V> ? V : T

/** The methods that do not depend on the tables in scope. */
export interface ExpressionBase {
  /** A value as a parameter. */
  val<T>(value: T): ExpressionWrapper<T>
  /** A value as SQL text: for the few places that take no parameter. */
  lit<const T extends number | boolean | null | string | bigint>(value: T): ExpressionWrapper<T>
  /** Negates a number. */
  neg<T>(operand: Expression<T>): ExpressionWrapper<ArithmeticValue<T>>
  /** Values as a row, to compare with `refTuple`. */
  tuple<A extends readonly unknown[]>(...values: A): ExpressionWrapper<{ [I in keyof A]: Unwrapped<A[I]> }>
  /** Applies an operator that stands before its operand. */
  unary<T = unknown>(operator: UnaryOperator, operand: Expression<any> | AnyQuery): ExpressionWrapper<T>
}

/** What arithmetic gives on the left reference `R` of column type `V`, and the right operand `X`. */
interface Computed<S extends Scope, R, V, X> {
  term: ArithmeticResult<SelectType<V>, X> | JoinNull<S, R> | NullIn<X>
  ratio: ArithmeticResult<SelectType<V>, X> | JoinNull<S, R> | RatioNull<X>
  text: string | NullOf<SelectType<V>> | JoinNull<S, R> | NullIn<X>
  json: unknown
}

/** Columns and the values that they have to equal. */
type Filter<S extends Scope, K, U extends AnyCells> = {
  readonly [R in K & string]?: ValueOf<Cell<S, U, R>> | null | readonly ValueOf<Cell<S, U, R>>[]
}

/**
 * Makes expressions over the tables in scope. Its methods can be taken out of it.
 *
 * It is generic in the scope, unlike the methods of queries, since it is called without `this` and takes explicit type
 * arguments. That a builder which knows more tables can be used where fewer are needed is true by meaning, but cannot
 * be proved from the members; the annotations say it, and with them two builders are compared by their arguments.
 */
/** @ts-ignore TS2636 */
export interface ExpressionScope<out I, out S extends Scope, in K, out U extends AnyCells> extends ExpressionBase {
  readonly [$scope]: S
  readonly [$refs]: K
  readonly [$cells]: U
  readonly [$eb]: this
  /**
   * Compares or computes; a string on the left is a column, on the right a value.
   *
   * @example
   * ```ts
   * db.selectFrom('city').selectAll().where((eb) => eb.or([eb('capital', '=', true), eb('population', '>', 1_000_000)]))
   * ```
   */
  <const R extends K = never, C extends K = never, V = Cell<S, U, R>, P extends ComparisonOperator = '='>(
    left: R | OperandArm<R, C, V>,
    operator: P | Expression<any>,
    right: OperandOf<V, P>,
  ): Predicate<S, K, U, TruthTable[P]>
  <
    const R extends K = never,
    C extends K = never,
    V = Cell<S, U, R>,
    P extends ArithmeticOperator = ArithmeticOperator,
    const X extends OperandOf<V, P> = OperandOf<V, P>,
  >(
    left: R | OperandArm<R, C, V>,
    operator: P,
    right: X,
  ): ExpressionWrapper<Computed<S, R | C, V, X>[ResultTable[P]]>
  /** The builder itself, to be taken out of it. */
  readonly eb: this
  /** The functions of SQL. */
  readonly fn: Functions<this, S, U, K | ColumnLike<K> | Expression<any>>
  /** All of the conditions; an object lists columns and what they equal. */
  and(conditions: readonly Condition[]): Predicate<S, K, U>
  and(conditions: Filter<S, K, U>): Predicate<S, K, U>
  /** Any of the conditions; an object lists columns and what they equal. */
  or(conditions: readonly Condition[]): Predicate<S, K, U>
  or(conditions: Filter<S, K, U>): Predicate<S, K, U>
  not(condition: Condition): Predicate<S, K, U>
  /** Is true if the query returns a row. */
  exists(query: Expression<any> | AnyQuery): Predicate<S, K, U, never>
  /** Is true if a value is between two others, or equal to one of them. */
  between<const R extends K = never, C extends K = never, V = Cell<S, U, R>>(
    left: R | OperandArm<R, C, V>,
    low: NoInfer<ValueOf<V>>,
    high: NoInfer<ValueOf<V>>,
  ): Predicate<S, K, U>
  /** The same, whichever of the two is lower. */
  betweenSymmetric<const R extends K = never, C extends K = never, V = Cell<S, U, R>>(
    left: R | OperandArm<R, C, V>,
    low: NoInfer<ValueOf<V>>,
    high: NoInfer<ValueOf<V>>,
  ): Predicate<S, K, U>
  /** An expression in parentheses. */
  parens<T>(expression: Expression<T>): ExpressionWrapper<T>
  parens<const R extends K = never, C extends K = never, V = Cell<S, U, R>, P extends ComparisonOperator = '='>(
    left: R | OperandArm<R, C, V>,
    operator: P | Expression<any>,
    right: OperandOf<V, P>,
  ): Predicate<S, K, U, TruthTable[P]>
  parens<
    const R extends K = never,
    C extends K = never,
    V = Cell<S, U, R>,
    P extends ArithmeticOperator = ArithmeticOperator,
    const X extends OperandOf<V, P> = OperandOf<V, P>,
  >(left: R | OperandArm<R, C, V>, operator: P, right: X): ExpressionWrapper<Computed<S, R | C, V, X>[ResultTable[P]]>
  /** A column as an expression; with an operator, a path into the JSON that it holds. */
  ref<const R extends K>(column: R | ColumnLike<R>): ExpressionWrapper<Selected<S, U, R>>
  ref<const R extends K>(column: R | ColumnLike<R>, operator: JsonTextOperator): JsonTextPath<Selected<S, U, R>>
  ref<const R extends K>(column: R | ColumnLike<R>, operator: JsonOperator): JsonPath<Selected<S, U, R>>
  /** A path into the JSON of a column, for functions that take one. */
  jsonPath<R extends K>(): JsonPath<Selected<S, U, R>>
  /** A table as an expression. */
  table<A extends keyof S['tables'] & string>(
    name: A,
  ): ExpressionWrapper<Selectable<S['tables'][A]['row']> | S['tables'][A]['n']>
  /** Columns as a row, to compare with `tuple`. */
  refTuple<const A extends readonly K[]>(
    ...columns: A
  ): ExpressionWrapper<{ -readonly [I in keyof A]: Selected<S, U, A[I]> }>
  /** An expression or column as another type of SQL. */
  cast<T = unknown>(
    expression: K | ColumnLike<K> | Expression<any>,
    type: string | Expression<any>,
  ): ExpressionWrapper<T>
  /** `case when … then … end`; with a value, `case <value> when …`. */
  case(): CaseBuilder<this, never>
  case<const R extends K = never, C extends K = never, V = Cell<S, U, R>>(
    value: R | OperandArm<R, C, V>,
  ): CaseOf<this, V, never>
  /** Groups by each beginning of the list, down to none: subtotals and a total. */
  rollup(columns: readonly (K | ColumnLike<K> | Expression<any>)[]): Expression<never>
  /** Groups by every choice of the columns. */
  cube(columns: readonly (K | ColumnLike<K> | Expression<any>)[]): Expression<never>
  /**
   * Groups by several lists of columns at once.
   *
   * @example
   * ```ts
   * db.selectFrom('sale').select(['region', 'product']).groupBy((eb) => eb.groupingSets([['region'], ['product'], []]))
   * ```
   */
  groupingSets(sets: readonly (readonly (K | ColumnLike<K> | Expression<any>)[])[]): Expression<never>
  /** A query within the query, which may use the columns around it. */
  selectFrom<
    B extends InfoOf<I>['names'] = never,
    A extends string = never,
    TB extends InfoOf<I>['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<InfoOf<I>, B | TB>,
  >(
    table: B | `${B} as ${A}` | TableArm<B, TB, A, Q>,
  ): Select<
    InnerInfo<InfoOf<I>, S>,
    And<S, N, Q, never>,
    K | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
    InnerCells<U, Q>,
    never
  >
  /**
   * The rows that a relation gives for each row, as a query within the query.
   *
   * @example
   * ```ts
   * db.selectFrom('country').select((eb) => ['name', eb.related('cities').count().as('cities')])
   * ```
   */
  related<
    N extends keyof U['relations'] & string,
    B extends string = U['relations'][N]['target'],
    Q extends AnyCells = TableCells<InfoOf<I>, B>,
  >(
    relation: N,
  ): Select<
    InnerInfo<InfoOf<I>, S>,
    And<S, B, Q, never>,
    K | `${B}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
    InnerCells<U, Q>,
    never
  >
  /** A query within the query that reads no table. */
  selectNoFrom<const C extends Aliased<any, any>>(
    columns: C | readonly C[],
  ): Select<InnerInfo<InfoOf<I>, S>, S, K, U, C>
}
type InfoOf<I> = I extends AnyInfo ? I : never

/**
 * The expression builder over the tables `TB` of `DB`: the parameter type of helper functions.
 *
 * @example
 * ```ts
 * const isLarge = (eb: ExpressionBuilder<Tables, 'city'>) => eb('city.population', '>', 1_000_000)
 * ```
 */
export type ExpressionBuilder<DB, TB extends keyof DB & string> = ExpressionScope<
  Info<DB>,
  MaybeTables<DB, TB>,
  HelperRefs<DB, TB>,
  HelperCells<HelperRow<DB, TB>>
>
