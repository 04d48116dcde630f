import type { AccessMode, Dialect, IsolationLevel, TransactionSettings } from '../../dialect/index.ts'
import { KantaError, refuse } from '../../error/index.ts'
import type { Driver, RunResult } from '../driver.ts'

/** The part of a Kysely dialect that the driver uses. It does not use the printers of Kysely. */
export interface KyselyDialect {
  createAdapter(): KyselyAdapter
  createDriver(): KyselyDriver
}

/** The capabilities of a dialect. */
export interface KyselyAdapter {
  readonly supportsMultipleConnections?: boolean | undefined
  readonly supportsTransactionalDdl?: boolean | undefined
  readonly supportsReturning?: boolean | undefined
  readonly supportsOutput?: boolean | undefined
}

/** The driver of a dialect. */
export interface KyselyDriver {
  init(): Promise<void>
  acquireConnection(): Promise<KyselyConnection>
  beginTransaction(
    connection: KyselyConnection,
    settings: { readonly isolationLevel?: IsolationLevel; readonly accessMode?: AccessMode },
  ): Promise<void>
  commitTransaction(connection: KyselyConnection): Promise<void>
  rollbackTransaction(connection: KyselyConnection): Promise<void>
  releaseConnection(connection: KyselyConnection): Promise<void>
  destroy(): Promise<void>
}

/** Runs a callback with another connection, while one is busy. */
export type OtherConnection = (use: (connection: never) => Promise<void>) => Promise<void>

/** A connection of a dialect. */
export interface KyselyConnection {
  executeQuery(query: KyselyQuery): Promise<KyselyResult>
  streamQuery?(query: KyselyQuery, chunkSize: number): AsyncIterableIterator<KyselyResult>
  collectSessionInfo?(): Promise<void>
  cancelQuery?(other: OtherConnection): Promise<void>
  killSession?(other: OtherConnection): Promise<void>
}

/** A compiled query of Kysely, of raw SQL. */
export interface KyselyQuery {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly query: {
    readonly kind: 'RawNode'
    readonly sqlFragments: readonly string[]
    readonly parameters: readonly []
  }
  readonly queryId: { readonly queryId: string }
}

/** The result of a query of a dialect. */
export interface KyselyResult {
  readonly rows: unknown[]
  readonly numAffectedRows?: bigint | undefined
  readonly insertId?: bigint | undefined
}

/** A row of a dialect. */
export type Row = Readonly<Record<string, unknown>>

/** Sends a text on a connection unchanged. */
export type Send = (sql: string, parameters: readonly unknown[]) => Promise<KyselyResult>

/** A statement, prepared by the rules of a database. */
export interface PreparedText {
  /** The text to send. */
  readonly sql: string
  /** Is true if the statement begins or ends a transaction. */
  readonly controls: boolean
  /** Converts the values to send, and throws for values that a library would silently change. */
  values(parameters: readonly unknown[]): readonly unknown[]
  /** Reads what must be known before a stream of the statement. */
  describe?(send: Send): Promise<void>
  /** Converts rows to those of the driver contract. */
  read(rows: readonly Row[], bigints: boolean, send: Send): readonly Row[] | Promise<readonly Row[]>
  /** Returns the changes of the statement. A library may report those of an earlier one. */
  written(result: KyselyResult): RunResult
}

/** The rules for values and texts of one database behind a dialect of Kysely. */
export interface ValueRules {
  readonly dialect: Dialect
  readonly explainError: Driver['explainError']
  /** Is true if the dialect sets the access mode. */
  readonly readOnly: boolean
  /** Is true if a stream blocks its connection until it is read. */
  readonly streamsAlone: boolean
  /** Returns the statements of a script. */
  split(sql: string): readonly string[]
  prepare(sql: string): PreparedText
  /** Sets up a new connection, and probes how its library reads and writes. */
  setUp?(send: Send): Promise<void>
  /** Returns a statement to run at the start of a transaction, for dialects that ignore its settings. */
  startStatement?(settings: TransactionSettings): string | undefined
  /** Checks if the transaction has failed, which a library may not report. */
  isDoomed?(send: Send): Promise<boolean>
  /** Reads details that an error lacks, before anything else runs. */
  completeError?(error: unknown, sql: string, send: Send): Promise<void>
}

/** Converts the values of rows by a function of the value, the number and the name of its column. */
export function readRows(
  rows: readonly Row[],
  read: (value: unknown, column: number, name: string) => unknown,
): readonly Row[] {
  return rows.map((row) => {
    const mapped: Record<string, unknown> = {}
    let column = 0
    for (const [name, value] of Object.entries(row)) mapped[name] = read(value, column++, name)
    return mapped
  })
}

/** Rejects a text that a library would change or cut. */
export function checkText(sql: string): void {
  if (sql.includes('\0'))
    refuse('The text of a statement cannot hold the character NUL. Pass such text as a parameter.')
}

/** Converts a 64-bit integer to that of the driver contract. */
export function readInteger(value: unknown, bigints: boolean, name: string): unknown {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return rounded(value, name)
  if (bigints) return BigInt(value as string)
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw new KantaError(
    'query',
    `The column '${name}' holds ${String(value)}, which a number cannot hold exactly. Define it as c.bigint(), or cast it to text.`,
  )
}

/** Throws for a number whose digits are lost already. */
export function rounded(value: number, name: string): never {
  throw new KantaError(
    'query',
    `The column '${name}' holds more digits than the number ${value} that the library of the dialect made of it. Tell the library to give such numbers as text, or cast the column to text in the query.`,
  )
}
