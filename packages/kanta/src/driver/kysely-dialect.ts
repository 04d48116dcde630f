import type { AccessMode, Dialect, IsolationLevel, TransactionSettings, TransactionSql } from '../dialect/index.ts'
import { sqliteDialect } from '../dialect/sqlite/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import type { Connection, Driver, ExecuteResult, RunResult } from './driver.ts'
import { checkChunkSize } from './option.ts'
import { written } from './sqlite-async.ts'
import { connectionClosed } from './sqlite-connection.ts'
import { explainSqliteError } from './sqlite-error.ts'
import { checkCount, type KnownText, KnownTexts, splitStatements } from './sqlite-text.ts'
import { exactNumber, refuseRounded, toStore } from './sqlite-value.ts'

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

/** A connection of a dialect. */
export interface KyselyConnection {
  executeQuery(query: KyselyQuery): Promise<KyselyResult>
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

/** The databases that a dialect can be for. */
export type KyselyDatabase = keyof typeof speeches

export interface KyselyDialectOptions {
  /** Which database it is for, where that is not to be seen from its adapter. */
  readonly dialect?: KyselyDatabase | undefined
  /**
   * The most connections to take from it, which is not to be more than it has: 10 unless said, and 1 for a dialect
   * that has one.
   */
  readonly connections?: number | undefined
}

/** What Kanta does with the values and texts of a database that a dialect reaches. */
interface Speech {
  readonly dialect: Dialect
  readonly explainError: Driver['explainError']
  /** Whether the access mode is for the dialect to set. */
  readonly readOnly: boolean
  /** The statements of a script. */
  split(sql: string): readonly string[]
  /** What is sent for a text and its parameters; refuses what a library would change without a word. */
  toLibrary(
    text: KnownText,
    parameters: readonly unknown[],
  ): { readonly sql: string; readonly parameters: readonly unknown[] }
  fromLibrary(value: unknown, bigints: boolean): unknown
  /** What a statement did, which a library may also tell of an earlier one. */
  written(text: KnownText, result: KyselyResult): RunResult
}

const sqlite: Speech = {
  dialect: sqliteDialect,
  explainError: explainSqliteError,
  readOnly: false,
  split: splitStatements,
  toLibrary(text, parameters) {
    checkCount(text, parameters)
    return { sql: text.statement, parameters: toStore(parameters) }
  },
  fromLibrary(value, bigints) {
    if (typeof value === 'bigint') return bigints ? value : exactNumber(value)
    if (typeof value === 'number') return refuseRounded(value)
    return value instanceof ArrayBuffer ? new Uint8Array(value) : value
  },
  written(text, { rows, numAffectedRows, insertId }) {
    // Of rows that are returned the libraries tell no number.
    const returned = rows.length > 0 && !/^with/i.test(text.statement) ? rows.length : Number(numAffectedRows ?? 0)
    return written(text, {
      changes: returned,
      // Beyond that a library may have rounded it.
      insertId: rows.length === 0 && Number.isSafeInteger(Number(insertId)) ? Number(insertId) : undefined,
    })
  },
}

const speeches = { sqlite }

const isolationLevels: readonly IsolationLevel[] = [
  'read uncommitted',
  'read committed',
  'repeatable read',
  'serializable',
  'snapshot',
]

const OPTIONS = ['dialect', 'connections']
const CONNECTIONS = 10

/**
 * Any dialect that was written for Kysely: Kanta prints the SQL, and the dialect runs it.
 *
 * The database is SQLite, by whatever library; the dialects of others are refused, for which Kanta has drivers.
 *
 * Transactions begin and end by the methods of the dialect, since some reach their database in a way on which `begin`
 * as text is lost; savepoints are text. A stream reads all rows at once. Values are those that its library takes
 * and gives; an integer that may have been rounded is refused. `destroy()` destroys the
 * dialect's driver, as in Kysely, and with it what was given to that.
 *
 * @example
 * ```ts
 * import Database from 'better-sqlite3'
 * import { kanta } from 'kanta'
 * import { kyselyDialect } from 'kanta/kysely-dialect'
 * import { SqliteDialect } from 'kysely'
 *
 * const dialect = new SqliteDialect({ database: new Database(':memory:') })
 * const db = kanta({ driver: kyselyDialect(dialect) })
 * ```
 *
 * @throws KantaError `invalid_input` for what is no dialect or a wrong option; `unsupported` for a database for which
 * there are no printers here.
 */
export function kyselyDialect(dialect: KyselyDialect, options: KyselyDialectOptions = {}): Driver {
  if (typeof dialect?.createDriver !== 'function' || typeof dialect.createAdapter !== 'function')
    refuse('kyselyDialect() takes a dialect written for Kysely, such as new SqliteDialect({ database }).')
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name)) refuse(`kyselyDialect has no option '${name}'. There are ${OPTIONS.join(', ')}.`)
  }
  const adapter = dialect.createAdapter()
  const several = adapter.supportsMultipleConnections !== false
  const name = options.dialect ?? databaseOf(adapter)
  const speech = Object.hasOwn(speeches, name)
    ? speeches[name]
    : refuse(`kyselyDialect has no dialect '${name}'. ${EXISTING}`)
  const driver = dialect.createDriver()
  let ready: Promise<void> | undefined
  return {
    dialect: { ...speech.dialect, transaction: byMethods(speech) },
    limits: { write: settleConnections(options.connections, several), read: 0 },
    sharesStreams: true,
    explainError: speech.explainError,
    async connect() {
      ready ??= driver.init()
      try {
        await ready
      } catch (cause) {
        ready = undefined
        throw cause
      }
      return new DialectConnection(speech, driver, await driver.acquireConnection())
    },
    async close() {
      if (ready !== undefined) await driver.destroy()
    },
  }
}

const EXISTING = `There are ${Object.keys(speeches).join(', ')}.`

/** Kysely's own four tell themselves apart by what they can do. */
function databaseOf({ supportsOutput, supportsReturning, supportsTransactionalDdl }: KyselyAdapter): KyselyDatabase {
  if (supportsReturning === true && supportsTransactionalDdl !== true && supportsOutput !== true) return 'sqlite'
  const name = supportsReturning ? 'PostgreSQL' : supportsTransactionalDdl ? 'SQL Server' : 'MySQL'
  throw new KantaError(
    'unsupported',
    `The dialect looks like one for ${name}, for which kyselyDialect() has no printers. Use Kanta's own driver, or say with the option dialect which it is. ${EXISTING}`,
  )
}

function settleConnections(given: number | undefined, several: boolean): number {
  const connections = given ?? (several ? CONNECTIONS : 1)
  if (!Number.isInteger(connections) || connections < 1)
    refuse(`The option connections of kyselyDialect is a whole number, 1 or more, not ${String(connections)}.`)
  if (connections > 1 && !several) refuse('The dialect has one connection. Leave the option connections out.')
  return connections
}

/** Every way to begin, by the text that stands for it; these texts never reach the database. */
const BEGINS: ReadonlyMap<string, TransactionSettings> = new Map(
  [undefined, ...isolationLevels].flatMap((isolation) =>
    ([undefined, 'read only', 'read write'] as const).map((access) => [
      beginText({ isolation, access }),
      { isolation, access },
    ]),
  ),
)

function beginText({ isolation, access }: TransactionSettings): string {
  return ['begin', isolation && `isolation level ${isolation}`, access].filter((part) => part !== undefined).join(' ')
}

/** The statements of a database's transactions, for a connection that calls methods in place of the outermost. */
function byMethods({ dialect, readOnly }: Speech): TransactionSql {
  return {
    ...dialect.transaction,
    begin(settings) {
      // For what it refuses.
      dialect.transaction.begin(settings)
      if (settings.access === 'read only' && !readOnly) {
        throw new KantaError(
          'unsupported',
          `Dialects of Kysely for ${dialect.name} begin no transactions that are for reading only. Leave the access mode out, or use a driver of Kanta.`,
        )
      }
      return [beginText(settings)]
    },
    after: () => [],
    commit: 'commit',
    rollback: 'rollback',
  }
}

let queries = 0

function queryOf(sql: string, parameters: readonly unknown[]): KyselyQuery {
  const queryId = { queryId: `kanta ${++queries}` }
  return { sql, parameters, query: { kind: 'RawNode', sqlFragments: [sql], parameters: [] }, queryId }
}

class DialectConnection implements Connection {
  readonly rows = 'object'
  readonly #speech: Speech
  readonly #driver: KyselyDriver
  readonly #connection: KyselyConnection
  readonly #texts = new KnownTexts()
  #inTransaction = false
  #open = true

  constructor(speech: Speech, driver: KyselyDriver, connection: KyselyConnection) {
    this.#speech = speech
    this.#driver = driver
    this.#connection = connection
  }

  get inTransaction(): boolean {
    return this.#inTransaction
  }

  async all(sql: string, parameters: readonly unknown[], bigints = false): Promise<unknown[]> {
    const text = this.#know(sql)
    const { rows } = await this.#send(text, parameters)
    return this.#rows(rows, bigints)
  }

  async first(sql: string, parameters: readonly unknown[], bigints?: boolean): Promise<unknown> {
    const [row] = await this.all(sql, parameters, bigints)
    return row
  }

  async run(sql: string, parameters: readonly unknown[]): Promise<RunResult> {
    const { changes, insertId } = await this.execute(sql, parameters)
    return { changes, insertId }
  }

  async execute(sql: string, parameters: readonly unknown[]): Promise<ExecuteResult> {
    const text = this.#know(sql)
    if (text.controls && (await this.#control(text.statement.toLowerCase()))) return NOTHING
    const result = await this.#send(text, parameters)
    return { ...this.#speech.written(text, result), rows: this.#rows(result.rows, false) }
  }

  columns(sql: string): readonly string[] {
    return this.#know(sql).columns
  }

  stream(
    sql: string,
    parameters: readonly unknown[],
    chunkSize: number,
    bigints = false,
  ): AsyncIterableIterator<unknown[]> {
    checkChunkSize(chunkSize)
    const query = this.#query(this.#know(sql), parameters)
    return this.#chunks(query, chunkSize, bigints)
  }

  async script(sql: string): Promise<void> {
    this.#checkOpen()
    for (const statement of this.#speech.split(sql)) await this.run(statement, [])
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#driver.releaseConnection(this.#connection)
  }

  /** Calls the method for what begins or ends a transaction, and says whether there is one. */
  async #control(sql: string): Promise<boolean> {
    const begin = BEGINS.get(sql)
    if (begin !== undefined) {
      const { isolation, access } = begin
      await this.#driver.beginTransaction(this.#connection, {
        ...(isolation === undefined ? {} : { isolationLevel: isolation }),
        ...(access === undefined ? {} : { accessMode: access }),
      })
      this.#inTransaction = true
      return true
    }
    if (sql !== 'commit' && sql !== 'rollback') {
      if (!this.#inTransaction) throw noTransaction(sql)
      return false
    }
    if (sql === 'commit') await this.#driver.commitTransaction(this.#connection)
    else await this.#driver.rollbackTransaction(this.#connection)
    this.#inTransaction = false
    return true
  }

  /** All at once: the libraries of SQLite stream by the structure of a query of Kysely's, which there is none of. */
  async *#chunks(query: KyselyQuery, size: number, bigints: boolean): AsyncGenerator<unknown[], undefined, undefined> {
    this.#checkOpen()
    const { rows } = await this.#connection.executeQuery(query)
    for (let at = 0; at < rows.length && this.#open; at += size) yield this.#rows(rows.slice(at, at + size), bigints)
  }

  #send(text: KnownText, parameters: readonly unknown[]): Promise<KyselyResult> {
    return this.#connection.executeQuery(this.#query(text, parameters))
  }

  #query(text: KnownText, parameters: readonly unknown[]): KyselyQuery {
    const sent = this.#speech.toLibrary(text, parameters)
    return queryOf(sent.sql, sent.parameters)
  }

  #rows(rows: readonly unknown[], bigints: boolean): unknown[] {
    return rows.map((row) => {
      const mapped: Record<string, unknown> = {}
      for (const [name, value] of Object.entries(row as object)) {
        mapped[name] = this.#speech.fromLibrary(value, bigints)
      }
      return mapped
    })
  }

  #know(sql: string): KnownText {
    this.#checkOpen()
    return this.#texts.find(sql)
  }

  #checkOpen(): void {
    if (!this.#open) throw connectionClosed()
  }
}

const NOTHING: ExecuteResult = { rows: [], changes: 0, insertId: undefined }

const noTransaction = (sql: string): KantaError =>
  new KantaError(
    'transaction',
    `The text '${sql}' cannot be run by a dialect of Kysely, on which it may be lost. Use transaction() or startTransaction(), or begin, commit and rollback by themselves.`,
  )
