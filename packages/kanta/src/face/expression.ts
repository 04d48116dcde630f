import type { $value, Expression, NoText } from '../table/index.ts'
import type { ComparisonOperator, Condition, OperandOf, Truth } from './operator.ts'
import type { $cells, $refs, $scope, AnyCells, AtCells, AtRefs, AtScope, Cell, Cells, Scope } from './scope.ts'
import type { OperandArm } from './selection.ts'

/** Carries the alias of an aliased expression; it exists only in types. */
export declare const $name: unique symbol

/** A value with a name, as `select` takes it. */
export interface Aliased<out T, out A> extends NoText<never> {
  readonly [$value]: T
  readonly [$name]: A
}

/** An expression with a name; one whose type is a row can also stand as a table. */
export interface AliasedExpression<out T, out A> extends Aliased<T, A> {
  readonly [$cells]: Cells<T>
}

/** A query with a name: a table in `from` and joins, a value in `select`. */
export interface AliasedQuery<R, A> extends Aliased<R[keyof R] | null, A> {
  readonly [$cells]: Cells<R>
}

/** A source for `from` and joins that is not a table: a query, a list of values, a table function. */
export interface DerivedTable<out Q, out A, out X = never> extends NoText<X> {
  readonly [$name]: A
  readonly [$cells]: Q
}

/** An expression and what can be done with it. */
export interface ExpressionWrapper<out T> extends Expression<T> {
  /**
   * Names the expression, so that it can be selected.
   *
   * @example
   * ```ts
   * db.selectFrom('city').select((eb) => eb.fn.max('population').as('largest'))
   * ```
   */
  as<A extends string>(alias: A): AliasedExpression<T, A>
  /** Gives the expression another type; nothing changes at run time. */
  $castTo<C>(): ExpressionWrapper<C>
  /** Takes null out of the type; nothing changes at run time. */
  $notNull(): ExpressionWrapper<NonNullable<T>>
}

interface PredicateState {
  [$scope]: any
  [$refs]: string
  [$cells]: any
}

/** The methods of a condition. */
export interface PredicateMethods extends Truth {
  /**
   * Both this and another condition.
   *
   * @example
   * ```ts
   * eb('population', '>', 1_000_000).and('capital', 'is', true)
   * ```
   */
  and<
    T extends PredicateState,
    const R extends T[AtRefs] = never,
    C extends T[AtRefs] = never,
    V = Cell<T[AtScope], T[AtCells], R>,
    P extends ComparisonOperator = '=',
  >(
    this: T,
    left: R | OperandArm<R, C, V>,
    operator: P | Expression<any>,
    right: OperandOf<V, P>,
  ): Predicate<T[AtScope], T[AtRefs], T[AtCells], null>
  and<T extends PredicateState>(this: T, condition: Condition): Predicate<T[AtScope], T[AtRefs], T[AtCells], null>
  /** This or another condition, or both. */
  or<
    T extends PredicateState,
    const R extends T[AtRefs] = never,
    C extends T[AtRefs] = never,
    V = Cell<T[AtScope], T[AtCells], R>,
    P extends ComparisonOperator = '=',
  >(
    this: T,
    left: R | OperandArm<R, C, V>,
    operator: P | Expression<any>,
    right: OperandOf<V, P>,
  ): Predicate<T[AtScope], T[AtRefs], T[AtCells], null>
  or<T extends PredicateState>(this: T, condition: Condition): Predicate<T[AtScope], T[AtRefs], T[AtCells], null>
}

/** A condition, to which others can be added; `N` is null if it may be neither true nor false. */
export interface Predicate<S extends Scope, K, U extends AnyCells, N = null>
  extends PredicateMethods,
    ExpressionWrapper<boolean | N> {
  readonly [$scope]: S
  readonly [$refs]: K
  readonly [$cells]: U
}
