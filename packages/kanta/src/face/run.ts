import type { $row, Expression } from '../table/index.ts'
import type { AtFirst, AtRow, Returns } from './scope.ts'

/** What running a query gives: its rows, or what an insert, update, delete or merge without returned rows did. */
export type InferResult<Q extends Returns> = undefined extends Q[AtFirst] ? Q[AtRow][] : Q[AtRow]

/** Options of a run. */
export interface ExecuteOptions {
  /** Ends the wait for the query; the promise rejects with `cancelled`, whose cause is the reason of the signal. */
  readonly signal?: AbortSignal | undefined
  /**
   * What becomes of a statement that runs when the signal aborts: the server ends it (the default where the driver can
   * tell it to), it runs on unheard, or its connection is ended.
   */
  readonly onAbort?: OnAbort | undefined
}

/** What becomes of a statement whose signal aborts while it runs. */
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

/** What a query is in SQL. */
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

// What depends on the row is not here but in the interface of each query, so that `typeof query.execute` has the row.
export interface RunMethods {
  /** How the database would run the query. */
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
