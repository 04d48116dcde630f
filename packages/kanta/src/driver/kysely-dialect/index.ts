import { type IsolationLevel, type TransactionSettings, type TransactionSql, titleOf } from '../../dialect/index.ts'
import { KantaError, refuse } from '../../error/index.ts'
import { connectionClosed } from '../database/sqlite/index.ts'
import type { Connection, Driver, ExecuteResult, RunResult } from '../driver.ts'
import { checkChunkSize } from '../option.ts'
import { mssqlSpeech } from './mssql.ts'
import { mysqlSpeech } from './mysql.ts'
import { postgresSpeech } from './postgres.ts'
import type {
  Ask,
  KyselyAdapter,
  KyselyConnection,
  KyselyDialect,
  KyselyDriver,
  KyselyQuery,
  KyselyResult,
  OtherConnection,
  Row,
  Speech,
  Spoken,
} from './speech.ts'
import { sqliteSpeech } from './sqlite.ts'

export type {
  KyselyAdapter,
  KyselyConnection,
  KyselyDialect,
  KyselyDriver,
  KyselyQuery,
  KyselyResult,
} from './speech.ts'

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

const speeches = {
  sqlite: sqliteSpeech,
  postgres: postgresSpeech,
  mysql: () => mysqlSpeech('mysql'),
  mariadb: () => mysqlSpeech('mariadb'),
  mssql: mssqlSpeech,
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
 * Any dialect that was written for Kysely: Kanta prints the SQL, and the dialect runs it.
 *
 * The database is SQLite, PostgreSQL 16 or later, MySQL, MariaDB or SQL Server, by whatever library. MariaDB has to be
 * named, since its dialects look like those of MySQL. That of SQL Server has not been run against a server.
 *
 * Transactions begin and end by the methods of the dialect, since some reach their database in a way on which `begin`
 * as text is lost; savepoints are text. A stream is that of the dialect where it has one for text, else all rows are
 * read at once. Values are read by Kanta's rules as far as the library left their digits: an integer or a decimal that
 * may have been rounded is refused, and a moment that no column of a table says the type of is what the library made of
 * it, mostly a Date. A library that would change what it is given is refused with what to set. `destroy()` destroys the
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
 * @throws KantaError `invalid_input` for what is no dialect or a wrong option. That a library cannot be used shows with
 * the first query, as `unsupported` or `invalid_input`.
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
    ? speeches[name]()
    : refuse(`kyselyDialect has no dialect '${name}'. There are ${Object.keys(speeches).join(', ')}.`)
  const driver = dialect.createDriver()
  const connections = settleConnections(options.connections, several)
  let ready: Promise<void> | undefined
  const shared: Shared = { speech, driver, texts: new Map(), known: new WeakSet() }
  return {
    dialect: { ...speech.dialect, transaction: byMethods(speech) },
    limits: { write: connections, read: 0 },
    sharesStreams: !speech.streamsAlone,
    holdsStreams: speech.streamsAlone && connections > 1,
    explainError: (cause) => (isAborted(cause) ? doomed(cause) : speech.explainError(cause)),
    async connect() {
      ready ??= driver.init()
      try {
        await ready
      } catch (cause) {
        ready = undefined
        throw cause
      }
      return new DialectConnection(shared, await take(shared))
    },
    async close() {
      if (ready !== undefined) await driver.destroy()
    },
  }
}

/** What all connections of a dialect have in common. */
interface Shared {
  readonly speech: Speech
  readonly driver: KyselyDriver
  /** The texts that were met of late. */
  readonly texts: Map<string, Spoken>
  /** The connections that are ready for use. */
  readonly known: WeakSet<KyselyConnection>
}

/** Takes a connection of the dialect; one that was not seen before is made ready. */
async function take({ speech, driver, known }: Shared): Promise<KyselyConnection> {
  const connection = await driver.acquireConnection()
  if (known.has(connection)) return connection
  try {
    await connection.collectSessionInfo?.()
    await speech.greet?.((sql, parameters) => connection.executeQuery(queryOf(sql, parameters)))
  } catch (cause) {
    await driver.releaseConnection(connection)
    throw cause
  }
  known.add(connection)
  return connection
}

/** Kysely's own four tell themselves apart by what they can do. */
function databaseOf({ supportsOutput, supportsReturning, supportsTransactionalDdl }: KyselyAdapter): KyselyDatabase {
  if (supportsOutput === true) return 'mssql'
  if (supportsReturning !== true) return 'mysql'
  return supportsTransactionalDdl === true ? 'postgres' : 'sqlite'
}

/** The error of Kysely's dialects for a commit that undid the transaction. */
const isAborted = (cause: unknown): cause is Error => cause instanceof Error && cause.name === 'AbortedTransactionError'

const doomed = (cause?: unknown): KantaError =>
  new KantaError('transaction', 'The transaction had failed before, so that its commit rolled it back.', { cause })

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

/** The most texts that are remembered. */
const MOST_TEXTS = 512

/** After anything else the columns of a text may have other types. */
const KEEPS_TYPES =
  /^[\s(]*(?:select|insert|update|delete|merge|replace|with|values|savepoint|release|rollback|explain|show)\b/i

class DialectConnection implements Connection {
  readonly rows = 'object'
  readonly cancel?: () => Promise<void>
  readonly kill?: () => Promise<void>
  readonly #shared: Shared
  /** None while nobody needs it: the pool of the dialect then watches over it. */
  #taken: Promise<KyselyConnection> | undefined
  readonly #waiting = new Set<(error: Error) => void>()
  #inTransaction = false
  /** Whether a statement of the transaction failed. */
  #failed = false
  #open = true
  #lost = false

  constructor(shared: Shared, connection: KyselyConnection) {
    this.#shared = shared
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
    const text = this.#know(sql)
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

  async execute(sql: string, parameters: readonly unknown[]): Promise<ExecuteResult> {
    const text = this.#know(sql)
    if (text.controls && (await this.#control(sql.toLowerCase().trim()))) return NOTHING
    const result = await this.#send(text, parameters)
    return { ...text.written(result), rows: await this.#read(text, result.rows, false) }
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
    const text = this.#know(sql)
    return this.#chunks(text, text.values(parameters), chunkSize, bigints)
  }

  async script(sql: string): Promise<void> {
    this.#checkOpen()
    for (const statement of this.#shared.speech.split(sql)) await this.run(statement, [])
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#leave()
  }

  rest(): void {
    // One that is lost shows when it is used again.
    this.#leave().catch(() => {})
  }

  async #leave(): Promise<void> {
    const taken = this.#taken
    this.#taken = undefined
    const connection = await taken
    if (connection === undefined) return
    const { driver, speech } = this.#shared
    // Only then has its library seen that it is lost, and its pool takes it for what it is.
    if (this.#lost) await speech.isDoomed?.((sql, parameters) => connection.executeQuery(queryOf(sql, parameters)))
    // Whoever uses it next is not to find a transaction.
    else if (this.#inTransaction) await driver.rollbackTransaction(connection).catch(() => {})
    this.#inTransaction = false
    await driver.releaseConnection(connection)
  }

  #connection(): Promise<KyselyConnection> {
    if (this.#taken === undefined) {
      const taken = take(this.#shared)
      this.#taken = taken
      taken.catch(() => {
        if (this.#taken === taken) this.#taken = undefined
      })
    }
    return this.#taken
  }

  readonly #ask: Ask = (sql, parameters) => this.#execute(queryOf(sql, parameters))

  async #execute(query: KyselyQuery): Promise<KyselyResult> {
    return (await this.#connection()).executeQuery(query)
  }

  /** Calls the method for what begins or ends a transaction, and says whether there is one. */
  async #control(sql: string): Promise<boolean> {
    const begin = BEGINS.get(sql)
    if (begin !== undefined) {
      await this.#begin(begin)
      return true
    }
    if (sql !== 'commit' && sql !== 'rollback') {
      if (!this.#inTransaction) throw noTransaction(sql)
      if (sql.startsWith('rollback')) this.#failed = false
      return false
    }
    const { driver, speech } = this.#shared
    const connection = await this.#connection()
    if (sql === 'rollback') await driver.rollbackTransaction(connection)
    else if (this.#failed && (await speech.isDoomed?.(this.#ask)) === true) {
      await driver.rollbackTransaction(connection)
      this.#inTransaction = false
      throw doomed()
    } else await this.#commit(connection)
    this.#inTransaction = false
    return true
  }

  async #commit(connection: KyselyConnection): Promise<void> {
    try {
      await this.#shared.driver.commitTransaction(connection)
    } catch (error) {
      this.#inTransaction &&= !isAborted(error)
      throw error
    }
  }

  async #begin(settings: TransactionSettings): Promise<void> {
    const { driver, speech } = this.#shared
    const { isolation, access } = settings
    await driver.beginTransaction(await this.#connection(), {
      ...(isolation === undefined ? {} : { isolationLevel: isolation }),
      ...(access === undefined ? {} : { accessMode: access }),
    })
    this.#inTransaction = true
    this.#failed = false
    const more = speech.insist?.(settings)
    if (more !== undefined) await this.#ask(more, [])
  }

  async *#chunks(
    text: Spoken,
    values: readonly unknown[],
    size: number,
    bigints: boolean,
  ): AsyncGenerator<unknown[], undefined, undefined> {
    this.#checkOpen()
    const query = queryOf(text.sql, values)
    await this.#heard(text, text.learn?.(this.#ask))
    const gathered: Row[] = []
    for await (const rows of this.#parts(text, query, size)) {
      for (const row of rows) gathered.push(row as Row)
      while (gathered.length >= size && this.#open) yield this.#read(text, gathered.splice(0, size), bigints)
      if (!this.#open) return
    }
    if (gathered.length > 0 && this.#open) yield this.#read(text, gathered, bigints)
  }

  /** The rows as the dialect streams them; all at once where its library streams no text. */
  async *#parts(text: Spoken, query: KyselyQuery, size: number): AsyncGenerator<readonly unknown[]> {
    const { speech } = this.#shared
    const stream = speech.streamsAlone ? (await this.#connection()).streamQuery?.(query, size) : undefined
    if (stream === undefined) {
      yield (await this.#heard(text, this.#execute(query))).rows
      return
    }
    try {
      let some = false
      for (;;) {
        const next = await this.#heard(text, stream.next()).catch((error: unknown) => {
          if (some || !isMissing(error)) throw error
          return undefined
        })
        if (next === undefined) return yield (await this.#heard(text, this.#execute(query))).rows
        if (next.done === true) return
        some = true
        yield next.value.rows
      }
    } finally {
      await stream.return?.()
    }
  }

  async #send(text: Spoken, parameters: readonly unknown[]): Promise<KyselyResult> {
    const query = queryOf(text.sql, text.values(parameters))
    const result = await this.#heard(text, this.#execute(query))
    if (!KEEPS_TYPES.test(text.sql)) this.#shared.texts.clear()
    return result
  }

  /** Notes what an error means for the connection and its transaction. */
  async #heard<T>(text: Spoken, answer: T | Promise<T>): Promise<T> {
    try {
      return await this.#unlessKilled(answer)
    } catch (error) {
      const { speech } = this.#shared
      this.#failed = true
      if (speech.explainError(error).code === 'connection') this.#lost = true
      else await speech.asked?.(error, text.sql, this.#ask)
      throw error
    }
  }

  async #read(text: Spoken, rows: readonly unknown[], bigints: boolean): Promise<unknown[]> {
    return [...(await text.read(rows as readonly Row[], bigints, this.#ask))]
  }

  /** Libraries may forget whoever waits for a connection that they end. */
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
    const { driver } = this.#shared
    const connection = await driver.acquireConnection()
    try {
      await use(connection as never)
    } finally {
      await driver.releaseConnection(connection)
    }
  }

  #know(sql: string): Spoken {
    this.#checkOpen()
    const { texts, speech } = this.#shared
    const known = texts.get(sql)
    if (known !== undefined) return known
    if (texts.size >= MOST_TEXTS) texts.clear()
    const text = speech.know(sql)
    texts.set(sql, text)
    return text
  }

  #checkOpen(): void {
    if (!this.#open) throw connectionClosed()
    if (this.#lost)
      throw new KantaError('connection', 'The connection to the server was lost. Run the query again on another.')
  }
}

/** What dialects say that have no streams. */
const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  !('code' in error) &&
  /stream\w* is not supported|not support\w* stream/i.test(error.message)

const NOTHING: ExecuteResult = { rows: [], changes: 0, insertId: undefined }

const noTransaction = (sql: string): KantaError =>
  new KantaError(
    'transaction',
    `The text '${sql}' cannot be run by a dialect of Kysely, on which it may be lost. Use transaction() or startTransaction(), or begin, commit and rollback by themselves.`,
  )
