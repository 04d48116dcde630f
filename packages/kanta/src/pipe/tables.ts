import type {
  And,
  AnyCells,
  AnyInfo,
  AtCells,
  AtInfo,
  AtItems,
  AtRefs,
  AtScope,
  JoinBuilder,
  JoinedCells,
  JoinMethods,
  ManyArm,
  MaybeCells,
  One,
  QueryCreator,
  Select,
  SelectFromMany,
  SourceArm,
  State,
  TableCells,
} from '../face/index.ts'
import type { ColumnLike } from '../table/index.ts'
import type { PipeStep } from './pipe.ts'
import { step } from './step.ts'

/** Begins a query that selects from a table of a database, a transaction or what `with()` names. */
export function from<
  DB,
  I extends AnyInfo,
  B extends I['names'] = never,
  A extends string = never,
  TB extends I['names'] = never,
  N extends string = [A] extends [never] ? B | TB : A,
  Q extends AnyCells = TableCells<I, B | TB>,
  const M = never,
>(
  db: QueryCreator<DB, I>,
  table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, I['eb']> | ManyArm<I, M>,
): [M] extends [never]
  ? Select<I, One<N, Q>, `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string), Q, never>
  : SelectFromMany<I, M> {
  return step('selectFrom', [table])(db) as never
}

/** Joins a table or a query: by two columns that have to be equal, or by a callback with conditions. */
export function innerJoin<
  T extends State,
  B extends T[AtInfo]['names'] = never,
  A extends string = never,
  TB extends T[AtInfo]['names'] = never,
  N extends string = [A] extends [never] ? B | TB : A,
  Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
  K = T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
  const R1 extends K = any,
  const R2 extends K = any,
>(
  table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>,
  left: R1 | ColumnLike<R1>,
  right: R2 | ColumnLike<R2>,
): PipeStep<T, Select<T[AtInfo], And<T[AtScope], N, Q, never>, K, JoinedCells<T[AtCells], Q>, T[AtItems]>>
export function innerJoin<
  T extends State,
  B extends T[AtInfo]['names'] = never,
  A extends string = never,
  TB extends T[AtInfo]['names'] = never,
  N extends string = [A] extends [never] ? B | TB : A,
  Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
  K = T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
  J = JoinBuilder<T[AtInfo], And<T[AtScope], N, Q, never>, K, JoinedCells<T[AtCells], Q>>,
>(
  table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>,
  on: (join: J) => JoinMethods,
): PipeStep<T, Select<T[AtInfo], And<T[AtScope], N, Q, never>, K, JoinedCells<T[AtCells], Q>, T[AtItems]>>
export function innerJoin(...args: readonly unknown[]): unknown {
  return step('innerJoin', args)
}

/** Joins a table or a query, with nulls where it has no row. */
export function leftJoin<
  T extends State,
  B extends T[AtInfo]['names'] = never,
  A extends string = never,
  TB extends T[AtInfo]['names'] = never,
  N extends string = [A] extends [never] ? B | TB : A,
  Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
  K = T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
  const R1 extends K = any,
  const R2 extends K = any,
>(
  table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>,
  left: R1 | ColumnLike<R1>,
  right: R2 | ColumnLike<R2>,
): PipeStep<T, Select<T[AtInfo], And<T[AtScope], N, Q, null>, K, JoinedCells<T[AtCells], MaybeCells<Q>>, T[AtItems]>>
export function leftJoin<
  T extends State,
  B extends T[AtInfo]['names'] = never,
  A extends string = never,
  TB extends T[AtInfo]['names'] = never,
  N extends string = [A] extends [never] ? B | TB : A,
  Q extends AnyCells = TableCells<T[AtInfo], B | TB>,
  K = T[AtRefs] | `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
  J = JoinBuilder<T[AtInfo], And<T[AtScope], N, Q, null>, K, JoinedCells<T[AtCells], MaybeCells<Q>>>,
>(
  table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, T[AtInfo]['eb']>,
  on: (join: J) => JoinMethods,
): PipeStep<T, Select<T[AtInfo], And<T[AtScope], N, Q, null>, K, JoinedCells<T[AtCells], MaybeCells<Q>>, T[AtItems]>>
export function leftJoin(...args: readonly unknown[]): unknown {
  return step('leftJoin', args)
}
