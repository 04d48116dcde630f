import { type IsolationLevel, type TransactionSettings, type TransactionSql, titleOf } from '../../dialect/index.ts'
import { checkOptions, KantaError, refuse } from '../../error/index.ts'
import { commitRolledBackError } from '../commit.ts'
import { connectionClosed } from '../database/sqlite/index.ts'
import type { Connection, Driver, ExecuteResult, RunResult } from '../driver.ts'
import { checkChunkSize } from '../option.ts'
import { StatementCache } from '../statement-cache.ts'
import { mssqlRules } from './mssql.ts'
import { mysqlRules } from './mysql.ts'
import { postgresRules } from './postgres.ts'
import { sqliteRules } from './sqlite.ts'
import type {
  KyselyAdapter,
  KyselyConnection,
  KyselyDialect,
  KyselyDriver,
  KyselyQuery,
  KyselyResult,
  OtherConnection,
  PreparedText,
  Row,
  Send,
  ValueRules,
} from './value-rules.ts'

export type {
  KyselyAdapter,
  KyselyConnection,
  KyselyDialect,
  KyselyDriver,
  KyselyQuery,
  KyselyResult,
} from './value-rules.ts'

/** The supported databases. */
export type KyselyDatabase = keyof typeof ruleSets

/** Options of `kyselyDialect()`. */
export interface KyselyDialectOptions {
  /** The database of the dialect, if its adapter does not show it. */
  readonly dialect?: KyselyDatabase | undefined
  /**
   * The maximum number of connections to take from the dialect, at most its pool size; by default 10, or 1 for a
   * dialect with one connection.
   */
  readonly connections?: number | undefined
}

const ruleSets = {
  sqlite: sqliteRules,
  postgres: postgresRules,
  mysql: () => mysqlRules('mysql'),
  mariadb: () => mysqlRules('mariadb'),
  mssql: mssqlRules,
}

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
 * Returns a driver for any dialect written for Kysely: Kanta prints the SQL, and the dialect runs it.
 *
 * It supports SQLite, PostgreSQL 16 or later, MySQL, MariaDB and SQL Server, by any library. Name MariaDB in `dialect`,
 * since its dialects look like those of MySQL. SQL Server has not been tested against a server.
 *
 * Transactions begin and end by the methods of the dialect, since some connections lose a `begin` sent as text;
 * savepoints are text. A stream is that of the dialect if it can stream text; otherwise all rows are read at once.
 * Values are decoded by Kanta's rules as far as the library keeps their digits: an integer or decimal that may be
 * rounded is an error, and a timestamp without a defined column stays as the library read it, mostly a Date. A library
 * that would change parameters is an error that names the setting to change. `destroy()` destroys the driver of the
 * dialect and its pool, as in Kysely.
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
 * @throws KantaError `invalid_input` for a value that is not a dialect, or a wrong option. If a library cannot be used,
 * the first query throws `unsupported` or `invalid_input`.
 */
export function kyselyDialect(dialect: KyselyDialect, options: KyselyDialectOptions = {}): Driver {
  if (typeof dialect?.createDriver !== 'function' || typeof dialect.createAdapter !== 'function')
    refuse('kyselyDialect() takes a dialect written for Kysely, such as new SqliteDialect({ database }).')
  checkOptions('kyselyDialect()', options, OPTIONS)
  const adapter = dialect.createAdapter()
  const several = adapter.supportsMultipleConnections !== false
  const name = options.dialect ?? databaseOf(adapter)
  const rules = Object.hasOwn(ruleSets, name)
    ? ruleSets[name]()
    : refuse(`kyselyDialect has no dialect '${name}'. There are ${Object.keys(ruleSets).join(', ')}.`)
  const driver = dialect.createDriver()
  const connections = settleConnections(options.connections, several)
  let ready: Promise<void> | undefined
  const state: DialectState = { rules, driver, texts: new StatementCache(MAX_TEXTS), known: new WeakSet() }
  return {
    dialect: { ...rules.dialect, transaction: transactionByMethods(rules) },
    limits: { write: connections, read: 0 },
    sharesStreams: !rules.streamsAlone,
    holdsStreams: rules.streamsAlone && connections > 1,
    explainError: (cause) => (isAborted(cause) ? commitRolledBackError(cause) : rules.explainError(cause)),
    async connect() {
      ready ??= driver.init()
      try {
        await ready
      } catch (cause) {
        ready = undefined
        throw cause
      }
      return new DialectConnection(state, await take(state))
    },
    async close() {
      if (ready !== undefined) await driver.destroy()
    },
  }
}

/** The state that all connections of a dialect share. */
interface DialectState {
  readonly rules: ValueRules
  readonly driver: KyselyDriver
  /** The recent statements. */
  readonly texts: StatementCache<PreparedText>
  /** The connections that are set up. */
  readonly known: WeakSet<KyselyConnection>
}

/** Takes a connection of the dialect, and sets up a new one. */
async function take({ rules, driver, known }: DialectState): Promise<KyselyConnection> {
  const connection = await driver.acquireConnection()
  if (known.has(connection)) return connection
  try {
    await connection.collectSessionInfo?.()
    await rules.setUp?.((sql, parameters) => connection.executeQuery(queryOf(sql, parameters)))
  } catch (cause) {
    await driver.releaseConnection(connection)
    throw cause
  }
  known.add(connection)
  return connection
}

/** Returns the database of an adapter by its capabilities, which identify the four dialects of Kysely. */
function databaseOf({ supportsOutput, supportsReturning, supportsTransactionalDdl }: KyselyAdapter): KyselyDatabase {
  if (supportsOutput === true) return 'mssql'
  if (supportsReturning !== true) return 'mysql'
  return supportsTransactionalDdl === true ? 'postgres' : 'sqlite'
}

/** Checks for the error of Kysely's dialects for a commit that rolled back. */
const isAborted = (cause: unknown): cause is Error => cause instanceof Error && cause.name === 'AbortedTransactionError'

function settleConnections(given: number | undefined, several: boolean): number {
  const connections = given ?? (several ? CONNECTIONS : 1)
  if (!Number.isInteger(connections) || connections < 1)
    refuse(`The option connections of kyselyDialect is a whole number, 1 or more, not ${String(connections)}.`)
  if (connections > 1 && !several) refuse('The dialect has one connection. Leave the option connections out.')
  return connections
}

/** The settings of transactions by placeholder texts, which never reach the database. */
const BEGIN_SETTINGS: ReadonlyMap<string, TransactionSettings> = new Map(
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

/** Returns the transaction statements for a connection that calls methods for the outermost transaction. */
function transactionByMethods({ dialect, readOnly }: ValueRules): TransactionSql {
  return {
    ...dialect.transaction,
    begin(settings) {
      // For what it refuses.
      dialect.transaction.begin(settings)
      if (settings.access === 'read only' && !readOnly) {
        throw new KantaError(
          'unsupported',
          `Dialects of Kysely for ${titleOf(dialect)} begin no transactions that are for reading only. Leave the access mode out, or use a driver of Kanta.`,
        )
      }
      return [beginText(settings)]
    },
    commit: 'commit',
    rollback: 'rollback',
  }
}

let queries = 0

function queryOf(sql: string, parameters: readonly unknown[]): KyselyQuery {
  const queryId = { queryId: `kanta ${++queries}` }
  return { sql, parameters, query: { kind: 'RawNode', sqlFragments: [sql], parameters: [] }, queryId }
}

/** The maximum number of remembered statements. */
const MAX_TEXTS = 512

/** Matches statements that cannot change the types of columns. */
const KEEPS_COLUMN_TYPES =
  /^[\s(]*(?:select|insert|update|delete|merge|replace|with|values|savepoint|release|rollback|explain|show)\b/i

class DialectConnection implements Connection {
  readonly rows = 'object'
  readonly cancel?: () => Promise<void>
  readonly kill?: () => Promise<void>
  readonly #state: DialectState
  /** The connection of the dialect, or `undefined` while idle, when it is in the pool of the dialect. */
  #taken: Promise<KyselyConnection> | undefined
  readonly #waiting = new Set<(error: Error) => void>()
  #inTransaction = false
  /** Is true if a statement of the transaction failed. */
  #failed = false
  #open = true
  #lost = false

  constructor(state: DialectState, connection: KyselyConnection) {
    this.#state = state
    this.#taken = Promise.resolve(connection)
    if (connection.cancelQuery !== undefined) this.cancel = async () => (await this.#taken)?.cancelQuery?.(this.#other)
    if (connection.killSession !== undefined) this.kill = () => this.#kill()
  }

  get inTransaction(): boolean {
    return this.#inTransaction
  }

  get isOpen(): boolean {
    return this.#open && !this.#lost
  }

  async all(sql: string, parameters: readonly unknown[], bigints = false): Promise<unknown[]> {
    const text = this.#prepare(sql)
    const { rows } = await this.#send(text, parameters)
    return this.#read(text, rows, bigints)
  }

  async first(sql: string, parameters: readonly unknown[], bigints?: boolean): Promise<unknown> {
    const [row] = await this.all(sql, parameters, bigints)
    return row
  }

  async run(sql: string, parameters: readonly unknown[]): Promise<RunResult> {
    const { changes, insertId } = await this.execute(sql, parameters)
    return { changes, insertId }
  }

  async execute(sql: string, parameters: readonly unknown[], bigints = false): Promise<ExecuteResult> {
    const text = this.#prepare(sql)
    if (text.controls && (await this.#control(sql.toLowerCase().trim()))) return NO_RESULT
    const result = await this.#send(text, parameters)
    return { ...text.written(result), rows: await this.#read(text, result.rows, bigints) }
  }

  columns(): readonly string[] {
    return []
  }

  stream(
    sql: string,
    parameters: readonly unknown[],
    chunkSize: number,
    bigints = false,
  ): AsyncIterableIterator<unknown[]> {
    checkChunkSize(chunkSize)
    const text = this.#prepare(sql)
    return this.#chunks(text, text.values(parameters), chunkSize, bigints)
  }

  async script(sql: string): Promise<void> {
    this.#checkOpen()
    for (const statement of this.#state.rules.split(sql)) await this.run(statement, [])
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#leave()
  }

  rest(): void {
    // A lost connection fails at its next use.
    this.#leave().catch(() => {})
  }

  async #leave(): Promise<void> {
    const taken = this.#taken
    this.#taken = undefined
    const connection = await taken
    if (connection === undefined) return
    const { driver, rules } = this.#state
    // By then the library has noticed the loss, and its pool discards the connection.
    if (this.#lost) await rules.isDoomed?.((sql, parameters) => connection.executeQuery(queryOf(sql, parameters)))
    // Do not return a connection with an open transaction to the pool.
    else if (this.#inTransaction) await driver.rollbackTransaction(connection).catch(() => {})
    this.#inTransaction = false
    await driver.releaseConnection(connection)
  }

  #connection(): Promise<KyselyConnection> {
    if (this.#taken === undefined) {
      const taken = take(this.#state)
      this.#taken = taken
      taken.catch(() => {
        if (this.#taken === taken) this.#taken = undefined
      })
    }
    return this.#taken
  }

  readonly #sendText: Send = (sql, parameters) => this.#execute(queryOf(sql, parameters))

  async #execute(query: KyselyQuery): Promise<KyselyResult> {
    return (await this.#connection()).executeQuery(query)
  }

  /** Calls the method for a text that begins or ends a transaction. Returns false for other texts. */
  async #control(sql: string): Promise<boolean> {
    const begin = BEGIN_SETTINGS.get(sql)
    if (begin !== undefined) {
      await this.#begin(begin)
      return true
    }
    if (sql !== 'commit' && sql !== 'rollback') {
      if (!this.#inTransaction) throw unsupportedControlError(sql)
      if (sql.startsWith('rollback')) this.#failed = false
      return false
    }
    const { driver, rules } = this.#state
    const connection = await this.#connection()
    if (sql === 'rollback') await driver.rollbackTransaction(connection)
    else if (this.#failed && (await rules.isDoomed?.(this.#sendText)) === true) {
      await driver.rollbackTransaction(connection)
      this.#inTransaction = false
      throw commitRolledBackError()
    } else await this.#commit(connection)
    this.#inTransaction = false
    return true
  }

  async #commit(connection: KyselyConnection): Promise<void> {
    try {
      await this.#state.driver.commitTransaction(connection)
    } catch (error) {
      this.#inTransaction &&= !isAborted(error)
      throw error
    }
  }

  async #begin(settings: TransactionSettings): Promise<void> {
    const { driver, rules } = this.#state
    const { isolation, access } = settings
    await driver.beginTransaction(await this.#connection(), {
      ...(isolation === undefined ? {} : { isolationLevel: isolation }),
      ...(access === undefined ? {} : { accessMode: access }),
    })
    this.#inTransaction = true
    this.#failed = false
    const more = rules.startStatement?.(settings)
    if (more !== undefined) await this.#sendText(more, [])
  }

  async *#chunks(
    text: PreparedText,
    values: readonly unknown[],
    size: number,
    bigints: boolean,
  ): AsyncGenerator<unknown[], undefined, undefined> {
    this.#checkOpen()
    const query = queryOf(text.sql, values)
    await this.#recordError(text, text.describe?.(this.#sendText))
    const gathered: Row[] = []
    for await (const rows of this.#parts(text, query, size)) {
      for (const row of rows) gathered.push(row as Row)
      while (gathered.length >= size && this.#open) yield this.#read(text, gathered.splice(0, size), bigints)
      if (!this.#open) return
    }
    if (gathered.length > 0 && this.#open) yield this.#read(text, gathered, bigints)
  }

  /** Reads rows by the stream of the dialect, or all at once if its library cannot stream text. */
  async *#parts(text: PreparedText, query: KyselyQuery, size: number): AsyncGenerator<readonly unknown[]> {
    const { rules } = this.#state
    const stream = rules.streamsAlone ? (await this.#connection()).streamQuery?.(query, size) : undefined
    if (stream === undefined) {
      yield (await this.#recordError(text, this.#execute(query))).rows
      return
    }
    try {
      let some = false
      for (;;) {
        const next = await this.#recordError(text, stream.next()).catch((error: unknown) => {
          if (some || !isMissing(error)) throw error
          return undefined
        })
        if (next === undefined) return yield (await this.#recordError(text, this.#execute(query))).rows
        if (next.done === true) return
        some = true
        yield next.value.rows
      }
    } finally {
      await stream.return?.()
    }
  }

  async #send(text: PreparedText, parameters: readonly unknown[]): Promise<KyselyResult> {
    const query = queryOf(text.sql, text.values(parameters))
    const result = await this.#recordError(text, this.#execute(query))
    if (!KEEPS_COLUMN_TYPES.test(text.sql)) this.#state.texts.clear()
    return result
  }

  /** Records the effect of an error on the connection and its transaction. */
  async #recordError<T>(text: PreparedText, answer: T | Promise<T>): Promise<T> {
    try {
      return await this.#unlessKilled(answer)
    } catch (error) {
      const { rules } = this.#state
      this.#failed = true
      if (rules.explainError(error).code === 'connection') this.#lost = true
      else await rules.completeError?.(error, text.sql, this.#sendText)
      throw error
    }
  }

  async #read(text: PreparedText, rows: readonly unknown[], bigints: boolean): Promise<unknown[]> {
    return [...(await text.read(rows as readonly Row[], bigints, this.#sendText))]
  }

  /** Rejects if the connection is killed, since libraries may never settle the pending promise. */
  #unlessKilled<T>(answer: T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      Promise.resolve(answer)
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(reject))
    })
  }

  async #kill(): Promise<void> {
    this.#lost = true
    await (await this.#taken)?.killSession?.(this.#other)
    for (const fail of this.#waiting) fail(new KantaError('connection', 'The connection was ended.'))
  }

  readonly #other: OtherConnection = async (use) => {
    const { driver } = this.#state
    const connection = await driver.acquireConnection()
    try {
      await use(connection as never)
    } finally {
      await driver.releaseConnection(connection)
    }
  }

  #prepare(sql: string): PreparedText {
    this.#checkOpen()
    const { texts, rules } = this.#state
    return texts.get(sql) ?? texts.set(sql, rules.prepare(sql))
  }

  #checkOpen(): void {
    if (!this.#open) throw connectionClosed()
    if (this.#lost)
      throw new KantaError('connection', 'The connection to the server was lost. Run the query again on another.')
  }
}

/** Checks for the error of a dialect without streams. */
const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  !('code' in error) &&
  /stream\w* is not supported|not support\w* stream/i.test(error.message)

const NO_RESULT: ExecuteResult = { rows: [], changes: 0, insertId: undefined }

const unsupportedControlError = (sql: string): KantaError =>
  new KantaError(
    'transaction',
    `The text '${sql}' cannot be run by a dialect of Kysely, on which it may be lost. Use transaction() or startTransaction(), or begin, commit and rollback by themselves.`,
  )
