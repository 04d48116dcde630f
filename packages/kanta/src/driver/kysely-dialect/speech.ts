import type { AccessMode, Dialect, IsolationLevel, TransactionSettings } from '../../dialect/index.ts'
import { KantaError, refuse } from '../../error/index.ts'
import type { Driver, RunResult } from '../driver.ts'

/** A dialect as Kysely has it, as much of it as is needed here: the printers of Kysely are not used. */
export interface KyselyDialect {
  createAdapter(): KyselyAdapter
  createDriver(): KyselyDriver
}

/** What a dialect says of its database. */
export interface KyselyAdapter {
  readonly supportsMultipleConnections?: boolean | undefined
  readonly supportsTransactionalDdl?: boolean | undefined
  readonly supportsReturning?: boolean | undefined
  readonly supportsOutput?: boolean | undefined
}

/** How a dialect reaches its database. */
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

/** A way to another connection, while one is busy. */
export type OtherConnection = (use: (connection: never) => Promise<void>) => Promise<void>

/** A connection of a dialect. */
export interface KyselyConnection {
  executeQuery(query: KyselyQuery): Promise<KyselyResult>
  streamQuery?(query: KyselyQuery, chunkSize: number): AsyncIterableIterator<KyselyResult>
  collectSessionInfo?(): Promise<void>
  cancelQuery?(other: OtherConnection): Promise<void>
  killSession?(other: OtherConnection): Promise<void>
}

/** A text as Kysely compiles it, of which the structure says only that it is text. */
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

/** What a query of a dialect gave. */
export interface KyselyResult {
  readonly rows: unknown[]
  readonly numAffectedRows?: bigint | undefined
  readonly insertId?: bigint | undefined
}

/** A row as dialects give it. */
export type Row = Readonly<Record<string, unknown>>

/** Sends a text on a connection as it is. */
export type Ask = (sql: string, parameters: readonly unknown[]) => Promise<KyselyResult>

/** A text as a database's speech knows it. */
export interface Spoken {
  /** What is sent. */
  readonly sql: string
  /** Whether it begins or ends a transaction. */
  readonly controls: boolean
  /** The values to send; refuses what a library would change without a word. */
  values(parameters: readonly unknown[]): readonly unknown[]
  /** Asks for what has to be known before a stream of it can be read. */
  learn?(ask: Ask): Promise<void>
  /** Rows by the contract of a driver. */
  read(rows: readonly Row[], bigints: boolean, ask: Ask): readonly Row[] | Promise<readonly Row[]>
  /** What it did, which a library may also tell of an earlier one. */
  written(result: KyselyResult): RunResult
}

/** What Kanta does with the values and texts of a database that a dialect reaches. */
export interface Speech {
  readonly dialect: Dialect
  readonly explainError: Driver['explainError']
  /** Whether the access mode is for the dialect to set. */
  readonly readOnly: boolean
  /** Whether a stream is all that its connection can do until it is read. */
  readonly streamsAlone: boolean
  /** The statements of a script. */
  split(sql: string): readonly string[]
  know(sql: string): Spoken
  /** Sets a new connection up, and learns how its library reads and writes. */
  greet?(ask: Ask): Promise<void>
  /** Said after a transaction began, for dialects that ignore what was asked for. */
  insist?(settings: TransactionSettings): string | undefined
  /** Whether nothing can be run before a rollback, or at all, which a library may not tell. */
  isDoomed?(ask: Ask): Promise<boolean>
  /** Learns what an error does not say, before anything else runs. */
  asked?(error: unknown, sql: string, ask: Ask): Promise<void>
}

/** Rows whose values go through a function, by the number and the name of their column. */
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

/** Refuses a text that a library would change, or cut off. */
export function checkText(sql: string): void {
  if (sql.includes('\0'))
    refuse('The text of a statement cannot hold the character NUL. Pass such text as a parameter.')
}

/** An integer of 64 bits as the contract of a driver has it. */
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

/** For digits that are lost already. */
export function rounded(value: number, name: string): never {
  throw new KantaError(
    'query',
    `The column '${name}' holds more digits than the number ${value} that the library of the dialect made of it. Tell the library to give such numbers as text, or cast the column to text in the query.`,
  )
}
