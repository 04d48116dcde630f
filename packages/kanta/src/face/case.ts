import type { ColumnLike, Expression } from '../table/index.ts'
import type { ExpressionWrapper } from './expression.ts'
import type { ComparisonOperator, Condition, OperandOf, ValueOf } from './operator.ts'
import type { AnyScope, AtCells, AtRefs, AtScope, Cell, Selected } from './scope.ts'
import type { OperandArm } from './selection.ts'

/** `case`, waiting for the first condition. `E` is the scope, `T` the type of the results so far. */
export interface CaseBuilder<E extends AnyScope, T> {
  /**
   * The condition of the next result.
   *
   * @example
   * ```ts
   * eb.case().when('population', '>', 1_000_000).then('large').else('small').end()
   * ```
   */
  when<
    const R extends E[AtRefs] = never,
    C extends E[AtRefs] = never,
    V = Cell<E[AtScope], E[AtCells], R>,
    P extends ComparisonOperator = '=',
  >(left: R | OperandArm<R, C, V>, operator: P | Expression<any>, right: OperandOf<V, P>): CaseThen<E, T>
  when(condition: Condition): CaseThen<E, T>
  /** The condition of the next result: two columns that compare as given. */
  whenRef<const A extends E[AtRefs], const B extends E[AtRefs]>(
    left: A | ColumnLike<A>,
    operator: ComparisonOperator | Expression<any>,
    right: B | ColumnLike<B>,
  ): CaseThen<E, T>
}

/** `case … when …`, waiting for the result. */
export interface CaseThen<E extends AnyScope, T> {
  /** The result where the condition is true: a value or an expression. */
  then<const V>(result: V | Expression<V>): CaseWhen<E, T | V>
  /** The result where the condition is true: a column. */
  thenRef<const R extends E[AtRefs]>(column: R | ColumnLike<R>): CaseWhen<E, T | Selected<E[AtScope], E[AtCells], R>>
}

/** `case … when … then …`, which may go on or end. */
export interface CaseWhen<E extends AnyScope, T> extends CaseBuilder<E, T>, CaseEnd<T | null> {
  /** The result where no condition is true. */
  else<const V>(result: V | Expression<V>): CaseEnd<T | V>
  /** The result where no condition is true: a column. */
  elseRef<const R extends E[AtRefs]>(column: R | ColumnLike<R>): CaseEnd<T | Selected<E[AtScope], E[AtCells], R>>
}

/** `case <value>`, waiting for the first value to compare with. `W` is its column type. */
export interface CaseOf<E extends AnyScope, W, T> {
  /** The value that gives the next result. */
  when(value: ValueOf<W>): CaseOfThen<E, W, T>
}

/** `case <value> … when …`, waiting for the result. */
export interface CaseOfThen<E extends AnyScope, W, T> {
  then<const V>(result: V | Expression<V>): CaseOfWhen<E, W, T | V>
  thenRef<const R extends E[AtRefs]>(
    column: R | ColumnLike<R>,
  ): CaseOfWhen<E, W, T | Selected<E[AtScope], E[AtCells], R>>
}

/** `case <value> … when … then …`, which may go on or end. */
export interface CaseOfWhen<E extends AnyScope, W, T> extends CaseOf<E, W, T>, CaseEnd<T | null> {
  else<const V>(result: V | Expression<V>): CaseEnd<T | V>
  elseRef<const R extends E[AtRefs]>(column: R | ColumnLike<R>): CaseEnd<T | Selected<E[AtScope], E[AtCells], R>>
}

/** `case …`, which may end. Without `else` the result is null where no condition is true. */
export interface CaseEnd<T> {
  /** Ends the expression. */
  end(): ExpressionWrapper<T>
  /** Ends the expression with `end case`, as within stored procedures. */
  endCase(): ExpressionWrapper<T>
}
