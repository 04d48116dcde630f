import type { Dialect } from '../dialect/index.ts'
import type { ErrorCode, ErrorDetails } from '../error/index.ts'

/** A value at once where the driver has it at once (SQLite), else a promise of it. */
export type MaybePromise<T> = T | Promise<T>

/** What a statement that returns no rows did. */
export interface RunResult {
  readonly changes: number | bigint
  readonly insertId: number | bigint | undefined
}

/** What a statement did, and its rows. */
export interface ExecuteResult extends RunResult {
  readonly rows: unknown[]
}

/** One of several statements that run as one. */
export interface BatchStatement {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly bigints?: boolean | undefined
}

/**
 * One connection to a database. Texts are prepared once and kept, bounded, by the connection.
 * Parameters are positional and already encoded: null, number, bigint, string or Uint8Array.
 * With `bigints` every integer of a row is a bigint; without, an integer that a number cannot hold is an error
 * where the library can tell.
 */
export interface Connection {
  /** Whether rows come as objects, or as arrays in the order of `columns(sql)`. */
  readonly rows: 'object' | 'array'
  /** Whether a transaction is open, where the library can tell at once. */
  readonly inTransaction?: boolean | undefined
  /** All rows of a statement that returns rows. */
  all(sql: string, parameters: readonly unknown[], bigints?: boolean): MaybePromise<unknown[]>
  /** The first row of a query, the others unread. */
  first(sql: string, parameters: readonly unknown[], bigints?: boolean): MaybePromise<unknown>
  /** Runs a statement that returns no rows. */
  run(sql: string, parameters: readonly unknown[]): MaybePromise<RunResult>
  /** Runs text of which it is not known whether it returns rows. */
  execute(sql: string, parameters: readonly unknown[]): MaybePromise<ExecuteResult>
  /**
   * Runs statements as one: all of them, or none. For libraries that have no transactions but this, or for which it
   * is quicker; it is not called inside a transaction.
   */
  batch?(statements: readonly BatchStatement[]): MaybePromise<readonly ExecuteResult[]>
  /** The names of the columns that the text returns, in order. Asked for only with `rows: 'array'`, after it ran. */
  columns(sql: string): readonly string[]
  /** Rows one by one or in chunks of about `chunkSize`, read as they are asked for; `return()` closes the cursor. */
  stream(
    sql: string,
    parameters: readonly unknown[],
    chunkSize: number,
    bigints?: boolean,
  ): IterableIterator<unknown[]> | AsyncIterableIterator<unknown[]>
  /** Runs several statements of text without parameters, such as pragmas or a script. */
  script(sql: string): MaybePromise<void>
  /** Asks the database to give up the statement that runs now, which then fails. */
  cancel?(): MaybePromise<void>
  /** Ends the connection from the database's side, and with it whatever runs. */
  kill?(): MaybePromise<void>
  /** Whether it can still be used, where a server can end it. */
  readonly isOpen?: boolean
  /** Called when nobody needs it any more: one that came from somebody else's pool can go back there meanwhile. */
  rest?(): void
  close(): MaybePromise<void>
}

export type Role = 'write' | 'read'

/** How Kanta reaches a database: what a file of `driver/` makes. */
export interface Driver {
  readonly dialect: Dialect
  /** The most connections of each role. With `read: 0` reads use the writers' connections. */
  readonly limits: { readonly write: number; readonly read: number }
  /** Whether other statements may run on a connection while one of its streams is open. */
  readonly sharesStreams: boolean
  /** Whether a stream may keep one of the connections for itself, since each sees only its own transaction. */
  readonly holdsStreams?: boolean
  connect(role: Role): MaybePromise<Connection>
  /** What an error of the underlying library means. */
  explainError(cause: unknown): { readonly code: ErrorCode; readonly message: string } & ErrorDetails
  /** Called once, after every connection is closed. */
  close?(): MaybePromise<void>
}
