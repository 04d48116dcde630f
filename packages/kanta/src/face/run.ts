import type { $row, Expression } from '../table/index.ts'
import type { AtFirst, AtRow, Returns } from './scope.ts'

/** The result type of a query: its rows, or the summary of a write without `returning`. */
export type InferResult<Q extends Returns> = undefined extends Q[AtFirst] ? Q[AtRow][] : Q[AtRow]

/** Options of a run. */
export interface ExecuteOptions {
  /** Ends the wait for the query; the promise rejects with `cancelled`, whose cause is the reason of the signal. */
  readonly signal?: AbortSignal | undefined
  /**
   * The fate of a running statement when the signal aborts: the server cancels it (the default where the driver can),
   * it runs on and its result is ignored, or its connection is closed.
   */
  readonly onAbort?: OnAbort | undefined
}

/** The fate of a running statement when its signal aborts. */
export type OnAbort = 'ignore' | 'cancel query' | 'kill connection'

/** Makes the error of a query that found no row: a class, or a function that gives an error. */
export type NoRowError = (new () => Error) | (() => Error)

/** Options of `executeTakeFirstOrThrow`. */
export interface ExecuteOrThrowOptions extends ExecuteOptions {
  readonly errorConstructor?: NoRowError | undefined
}

/** Options of `stream`. */
export interface StreamOptions extends ExecuteOptions {
  /** About how many rows are read from the database at a time. */
  readonly chunkSize?: number | undefined
}

/** SQL text and its parameters. */
export interface QueryText<out R = unknown> {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly [$row]?: R
}

/** A query compiled to SQL text and parameters. */
export interface CompiledQuery<out R = unknown> extends QueryText<R> {
  /** The structure from which the text was made. */
  readonly query: object
}

/** A query as a value that JSON can hold; `fromJSON` makes it a query again. */
export interface StoredQuery<out R = unknown> {
  readonly [$row]?: R
}

/** The formats in which databases explain a query. */
export type ExplainFormat = 'text' | 'xml' | 'json' | 'yaml' | 'traditional' | 'tree'

/** Keeps from being awaited what has to be run first. */
export interface NotAwaited {
  /**
   * Makes `await` of a query that is not run an error of types. Call `execute()` or its like.
   *
   * A function that returns a query must not be async.
   */
  then(run: 'Call .execute().'): never
}

// What depends on the row is not here but in the interface of each query, so that `typeof query.execute` has the row.
/** The methods that every query has. */
export interface RunMethods extends NotAwaited {
  /** Returns the database's plan for the query. */
  explain<R = Record<string, unknown>>(format?: ExplainFormat, options?: Expression<any>): Promise<R[]>
  /**
   * Calls a function with the query and gives back what that gives.
   *
   * @example
   * ```ts
   * db.selectFrom('city').selectAll().$call((query) => paginate(query, page))
   * ```
   */
  $call<T, R>(this: T, change: (query: T) => R): R
  /** Adds SQL text of the database's own right after the first word of the statement. */
  modifyFront<T>(this: T, modifier: Expression<any>): T
  /** Adds SQL text of the database's own at the end of the statement. */
  modifyEnd<T>(this: T, modifier: Expression<any>): T
}
