import type { ColumnLike, Expression } from '../table/index.ts'
import type { ComparisonOperator, Condition, OperandOf } from './operator.ts'
import type { AtBuilder, AtCells, AtRefs, AtScope, Cell, ScopeState } from './scope.ts'
import type { CallbackArm, NoParameter, OperandArm } from './selection.ts'

/** The methods that give conditions. */
export interface WhereMethods {
  /**
   * Keeps the rows for which a condition is true. Several calls are joined by `and`.
   *
   * @example
   * ```ts
   * db.selectFrom('city').selectAll().where('population', '>', 1_000_000).where('country', 'in', ['FI', 'SE'])
   * ```
   */
  where<
    T extends ScopeState,
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
  where<T extends ScopeState>(this: T, condition: Condition | ((eb: T[AtBuilder]) => Condition)): T
  /**
   * Keeps the rows in which two columns compare as given.
   *
   * @example
   * ```ts
   * db.selectFrom('city').selectAll().whereRef('updated_at', '>', 'created_at')
   * ```
   */
  whereRef<T extends ScopeState, const A extends T[AtRefs], const B extends T[AtRefs]>(
    this: T,
    left: A | ColumnLike<A>,
    operator: ComparisonOperator | Expression<any>,
    right: B | ColumnLike<B>,
  ): T
  /** Forgets the conditions given so far. */
  clearWhere<T>(this: T): T
}
