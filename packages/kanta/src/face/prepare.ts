import type { Expression } from '../table/index.ts'
import type { CompiledQuery, ExecuteOptions, ExecuteOrThrowOptions, NoRowError, StreamOptions } from './run.ts'

/**
 * Gives the places of a prepared query for the values of `P`. A place can stand wherever an expression can; it has no
 * value while the query is built, so it cannot be compared or branched on.
 */
export type Slots<P> = <N extends keyof P & string>(name: N) => Expression<P[N]>

/** A query that was built once and takes its values each time it runs. */
export interface PreparedQuery<P, R> {
  /** Runs the query and gives all of its rows. */
  execute(values: P, options?: ExecuteOptions): Promise<R[]>
  /** Runs the query and gives its first row, or `undefined` when there is none. */
  executeTakeFirst(values: P, options?: ExecuteOptions): Promise<R | undefined>
  /** Runs the query and gives its first row; without one, rejects. */
  executeTakeFirstOrThrow(values: P, error?: NoRowError | ExecuteOrThrowOptions): Promise<R>
  /** Runs the query and gives its rows as they are read. */
  stream(values: P, options?: number | StreamOptions): AsyncIterableIterator<R>
  /** The SQL of the query and its parameters, without running it. */
  compile(values: P): CompiledQuery<R>
}
