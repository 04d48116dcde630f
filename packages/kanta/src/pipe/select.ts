import type {
  Aliases,
  All,
  AtCells,
  AtInfo,
  AtItems,
  AtRefs,
  AtScope,
  Count,
  Direction,
  GroupArgument,
  Items,
  NoItem,
  NoRef,
  OrderArgument,
  RefItem,
  Select,
  SelectArgument,
  SelectItem,
  StarItem,
  State,
} from '../face/index.ts'
import type { PipeStep } from './pipe.ts'
import { step } from './step.ts'

/** Selects columns and expressions; several steps add up. */
export function select<T extends State, const C extends SelectItem = NoItem>(
  columns: SelectArgument<T, C>,
): PipeStep<T, Select<T[AtInfo], T[AtScope], T[AtRefs], T[AtCells], T[AtItems] | Items<C>>> {
  return step('select', [columns]) as never
}

/** Selects all columns, or those of some of the tables. */
export function selectAll<T extends State>(): PipeStep<
  T,
  Select<T[AtInfo], T[AtScope], T[AtRefs], T[AtCells], T[AtItems] | StarItem<T[AtInfo], T[AtScope]>>
>
export function selectAll<T extends State, A extends keyof T[AtScope]['tables']>(
  tables: Aliases<A>,
): PipeStep<T, Select<T[AtInfo], T[AtScope], T[AtRefs], T[AtCells], T[AtItems] | All<A>>>
export function selectAll(...tables: readonly unknown[]): unknown {
  return step('selectAll', tables)
}

/** Groups the rows that are equal in some columns or expressions. */
export function groupBy<T extends State, C extends RefItem = NoRef>(columns: GroupArgument<T, C>): PipeStep<T, T> {
  return step('groupBy', [columns]) as never
}

/** Orders the rows by a column, a name of the selection or an expression; several steps order one after the other. */
export function orderBy<T extends State, C extends RefItem = NoRef>(
  column: OrderArgument<T, C>,
  direction?: Direction,
): PipeStep<T, T> {
  return step('orderBy', direction === undefined ? [column] : [column, direction]) as never
}

/** Leaves out rows that are equal to another. */
export function distinct<T>(): PipeStep<T, T> {
  return step('distinct', []) as never
}

/** Takes at most so many rows. */
export function limit<T>(count: Count): PipeStep<T, T> {
  return step('limit', [count]) as never
}

/** Skips so many rows. */
export function offset<T>(count: Count): PipeStep<T, T> {
  return step('offset', [count]) as never
}
