import type { Dialect } from '../dialect/index.ts'
import type { ErrorCode, ErrorDetails } from '../error/index.ts'

/** A value from a synchronous driver (SQLite), or a promise of it from others. */
export type MaybePromise<T> = T | Promise<T>

/** The result of a statement that returns no rows. */
export interface RunResult {
  readonly changes: number | bigint
  readonly insertId: number | bigint | undefined
}

/** The result of a statement, with its rows. */
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
 * One connection to a database. It keeps a bounded cache of prepared statements.
 * Parameters are positional and already encoded: null, number, bigint, string or Uint8Array.
 * With `bigints` every integer of a row is a bigint; without, an integer that a number cannot hold is an error
 * if the library can detect it.
 */
export interface Connection {
  /** The form of rows: objects, or arrays in the order of `columns(sql)`. */
  readonly rows: 'object' | 'array'
  /** Is true if a transaction is open; `undefined` if the library does not know. */
  readonly inTransaction?: boolean | undefined
  /** Returns all rows of a statement. */
  all(sql: string, parameters: readonly unknown[], bigints?: boolean): MaybePromise<unknown[]>
  /** Returns the first row of a query, and leaves the others unread. */
  first(sql: string, parameters: readonly unknown[], bigints?: boolean): MaybePromise<unknown>
  /** Runs a statement that returns no rows. */
  run(sql: string, parameters: readonly unknown[]): MaybePromise<RunResult>
  /** Runs a statement that may or may not return rows. */
  execute(sql: string, parameters: readonly unknown[], bigints?: boolean): MaybePromise<ExecuteResult>
  /**
   * Runs statements atomically. For libraries without other transactions, or for which this is faster. It is not called
   * inside a transaction.
   */
  batch?(statements: readonly BatchStatement[]): MaybePromise<readonly ExecuteResult[]>
  /** Returns the names of the columns of a statement, in order. Called only with `rows: 'array'`, after it ran. */
  columns(sql: string): readonly string[]
  /** Reads rows one by one or in chunks of about `chunkSize`, on demand; `return()` closes the cursor. */
  stream(
    sql: string,
    parameters: readonly unknown[],
    chunkSize: number,
    bigints?: boolean,
  ): IterableIterator<unknown[]> | AsyncIterableIterator<unknown[]>
  /** Runs several statements of text without parameters, such as pragmas or a script. */
  script(sql: string): MaybePromise<void>
  /** Copies the database to a new file while others use it, and returns the number of its pages. */
  backup?: ((path: string) => Promise<number>) | undefined
  /** Cancels the running statement, which then fails. */
  cancel?(): MaybePromise<void>
  /** Makes the server end the connection, and with it the running statement. */
  kill?(): MaybePromise<void>
  /** Is false if the server has ended the connection. */
  readonly isOpen?: boolean
  /** Runs when the connection becomes idle. One of a foreign pool can return there meanwhile. */
  rest?(): void
  close(): MaybePromise<void>
}

export type Role = 'write' | 'read'

/** The address of a driver's server. */
export interface Address {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly database?: string | undefined
}

/** A machine of a driver that reaches several. */
export interface Machine {
  /** Its place in the list of drivers. */
  readonly number: number
  readonly role: 'primary' | 'replica' | 'peer'
  /** Is true if it answers and takes part in its cluster. */
  readonly isUp: boolean
  /** The milliseconds that a replica is behind its primary, as far as it knows. */
  readonly lag?: number | undefined
}

/** Connects Kanta to a database by one library. */
export interface Driver {
  readonly dialect: Dialect
  /** The address of its server, as far as the options say it, for tools that tell databases apart. */
  readonly address?: Address | undefined
  /** The maximum number of connections of each role. With `read: 0`, reads use the writers' connections. */
  readonly limits: { readonly write: number; readonly read: number }
  /** Is true if other statements may run on a connection while one of its streams is open. */
  readonly sharesStreams: boolean
  /** Is true if a stream may hold a connection of its own, since each sees only its own transaction. */
  readonly holdsStreams?: boolean
  /**
   * Returns true if a pooler may run each transaction of a connection in another session of the server, or if it may do
   * so for all that is known. Then nothing of a session outlives a transaction, such as an advisory lock.
   */
  lacksSessions?(): boolean
  connect(role: Role): MaybePromise<Connection>
  /** Explains an error of the library: returns its code and a readable message. */
  explainError(cause: unknown): { readonly code: ErrorCode; readonly message: string } & ErrorDetails
  /** Asks each machine how it is, if the driver reaches several. It does not throw for a machine that is down. */
  machines?(signal: AbortSignal): Promise<readonly Machine[]>
  /** Runs once, after every connection is closed. */
  close?(): MaybePromise<void>
}
