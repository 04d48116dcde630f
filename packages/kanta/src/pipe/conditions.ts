import type {
  AtBuilder,
  AtCells,
  AtRefs,
  AtScope,
  CallbackArm,
  Cell,
  ComparisonOperator,
  Condition,
  NoParameter,
  OperandArm,
  OperandOf,
  ScopeState,
  State,
} from '../face/index.ts'
import type { ColumnLike, Expression } from '../table/index.ts'
import type { PipeStep } from './pipe.ts'
import { step } from './step.ts'

/** Keeps the rows for which a condition is true. Several steps are joined by `and`. */
export function where<
  T extends ScopeState,
  const R extends T[AtRefs] = never,
  C extends T[AtRefs] = never,
  V = Cell<T[AtScope], T[AtCells], R>,
  P extends ComparisonOperator = '=',
  X = NoParameter,
>(
  left: R | OperandArm<R, C, V>,
  operator: P | Expression<any>,
  right: OperandOf<V, P> | CallbackArm<X, T[AtBuilder], V>,
): PipeStep<T, T>
export function where<T extends ScopeState>(condition: Condition | ((eb: T[AtBuilder]) => Condition)): PipeStep<T, T>
export function where(...condition: readonly unknown[]): unknown {
  return step('where', condition)
}

/** Keeps the rows in which two columns compare as given. */
export function whereRef<T extends ScopeState, const A extends T[AtRefs], const B extends T[AtRefs]>(
  left: A | ColumnLike<A>,
  operator: ComparisonOperator | Expression<any>,
  right: B | ColumnLike<B>,
): PipeStep<T, T> {
  return step('whereRef', [left, operator, right]) as never
}

/** Keeps the groups for which a condition is true. */
export function having<
  T extends State,
  const R extends T[AtRefs] = never,
  C extends T[AtRefs] = never,
  V = Cell<T[AtScope], T[AtCells], R>,
  P extends ComparisonOperator = '=',
  X = NoParameter,
>(
  left: R | OperandArm<R, C, V>,
  operator: P | Expression<any>,
  right: OperandOf<V, P> | CallbackArm<X, T[AtBuilder], V>,
): PipeStep<T, T>
export function having<T extends State>(condition: Condition | ((eb: T[AtBuilder]) => Condition)): PipeStep<T, T>
export function having(...condition: readonly unknown[]): unknown {
  return step('having', condition)
}
