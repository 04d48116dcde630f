import type { Expression } from '../table/index.ts'
import type { Direction } from './order.ts'
import type { $cells, $eb, $refs, $scope, AnyScope, AtCells, AtRefs, AtScope, ScopeState } from './scope.ts'
import type { NoRef, RefArgument, RefItem } from './selection.ts'

/** An edge of a frame. */
export type FrameBound =
  | 'unbounded preceding'
  | 'current row'
  | 'unbounded following'
  | { readonly preceding: number | bigint | Expression<any> }
  | { readonly following: number | bigint | Expression<any> }

/** The rows that a frame excludes. */
export type FrameExclusion = 'current row' | 'group' | 'ties' | 'no others'

/** The methods of a window. */
export interface WindowMethods {
  /** Computes the function within each group of rows that have the same values. */
  partitionBy<T extends ScopeState, C extends RefItem = NoRef>(this: T, columns: RefArgument<T, C>): T
  /** The order of the rows within a partition. */
  orderBy<T extends ScopeState, C extends RefItem = NoRef>(this: T, column: RefArgument<T, C>, direction?: Direction): T
  /**
   * The rows around the current one that are taken, counted as rows.
   *
   * @example
   * ```ts
   * eb.fn.avg('price').over((w) => w.orderBy('day').rows({ preceding: 6 }, 'current row'))
   * ```
   */
  rows<T>(this: T, start: FrameBound, end?: FrameBound): T
  /** The rows that are taken, by how far their value of `orderBy` is from that of the current row. */
  range<T>(this: T, start: FrameBound, end?: FrameBound): T
  /** The rows that are taken, counted as groups of rows that are equal in `orderBy`. */
  groups<T>(this: T, start: FrameBound, end?: FrameBound): T
  /** Leaves rows out of the frame. */
  exclude<T>(this: T, what: FrameExclusion): T
  /** Calls a function with the window and gives back what that gives. */
  $call<T, R>(this: T, change: (window: T) => R): R
}

/** The window of a function: its partitions, order and frame. */
export interface WindowBuilder<E extends AnyScope> extends WindowMethods {
  readonly [$eb]: E
  readonly [$scope]: E[AtScope]
  readonly [$refs]: E[AtRefs]
  readonly [$cells]: E[AtCells]
}
