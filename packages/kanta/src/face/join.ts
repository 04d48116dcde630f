import type { ColumnLike, Expression, TableRef } from '../table/index.ts'
import type { DerivedTable } from './expression.ts'
import type { ExpressionScope } from './expression-builder.ts'
import type { ComparisonOperator, Condition, OperandOf } from './operator.ts'
import type {
  $cells,
  $eb,
  $refs,
  $scope,
  AnyCells,
  AtBuilder,
  AtCells,
  AtRefs,
  AtScope,
  Cell,
  Scope,
  ScopeState,
} from './scope.ts'
import type { CallbackArm, NoParameter, OperandArm } from './selection.ts'

// `from` and joins take the name of a table `B`, perhaps with an alias `A`, or what these list: a table as a value, a
// derived table with the columns `Q`, a callback that gives one. Where a name was given, they are never, so that a
// message lists the names alone.
/** A table as an argument, where no name was given. */
export type TableArm<B, TB, A, Q> = [B] extends [never] ? TableRef<TB, A, B> | DerivedTable<Q, A, B> : never
/** A table, or a callback that gives one, as an argument, where no name was given. */
export type SourceArm<B, TB, A, Q, E> = [B] extends [never]
  ? TableRef<TB, A, B> | DerivedTable<Q, A, B> | ((eb: E) => DerivedTable<Q, A, B>)
  : never

/** The methods of the condition of a join. */
export interface JoinMethods {
  /**
   * A condition of the join. Several are joined by `and`.
   *
   * @example
   * ```ts
   * db.selectFrom('city').leftJoin('country', (join) =>
   *   join.onRef('country.cca2', '=', 'city.country').on('country.area', '>', 100_000))
   * ```
   */
  on<
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
  on<T extends ScopeState>(this: T, condition: Condition | ((eb: T[AtBuilder]) => Condition)): T
  /** A condition of the join: two columns that compare as given. */
  onRef<T extends ScopeState, const A extends T[AtRefs], const B extends T[AtRefs]>(
    this: T,
    left: A | ColumnLike<A>,
    operator: ComparisonOperator | Expression<any>,
    right: B | ColumnLike<B>,
  ): T
  /** Joins every row with every row, as a lateral join often does. */
  onTrue<T>(this: T): T
  /** Calls a function with the join and gives back what that gives. */
  $call<T, R>(this: T, change: (join: T) => R): R
}

/** The condition of a join. */
export interface JoinBuilder<I, S extends Scope, K, U extends AnyCells> extends JoinMethods {
  [$scope]: S
  [$refs]: K
  [$cells]: U
  [$eb]: ExpressionScope<I, S, K, U>
}
