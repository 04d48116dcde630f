import {
  type Client,
  type Config,
  createClient,
  type InValue,
  type LibsqlError,
  type ResultSet,
  type Transaction,
  type TransactionMode,
} from '@libsql/client'
import { type Dialect, leadingWords, type TransactionSql, tokens } from '../../dialect/index.ts'
import { sqliteDialect, sqliteLexis } from '../../dialect/sqlite/index.ts'
import { KantaError, refuse } from '../../error/index.ts'
import {
  AsyncSqliteConnection,
  type AsyncSqliteLibrary,
  checkLog,
  driverOf,
  type Explanation,
  exactId,
  exactNumber,
  explainMisuse,
  explainResult,
  explainSqliteError,
  JOURNAL_MODE,
  resolveSettings,
  type SqliteOptions,
  type SqliteRows,
  type SqliteSettings,
  type SqliteValue,
} from '../database/sqlite/index.ts'
import type { Driver, Role, RunResult } from '../driver.ts'

export type { Pragmas } from '../database/sqlite/index.ts'
export { defaults, type Preset, presets, type SqliteOptions } from '../database/sqlite/index.ts'

/** The settings of `@libsql/client` for a URL, except `intMode`. */
export type LibsqlOptions = Omit<Config, 'intMode'>

/** The default `concurrency` of statements and transactions on a server, as in the client. */
const CONCURRENCY = 20

/**
 * Returns a driver for libSQL, such as Turso, by `@libsql/client`, which must be installed.
 *
 * It takes a path or options as `sqlite()` does, for a file that this process opens; `{ url, authToken, … }` as the
 * client does; or a client with `intMode: 'bigint'`, which it does not close. A file has one connection for writes and
 * others for reads. With a URL or a client, each statement outside of transactions runs on any connection or HTTP
 * request, so session settings do not persist. Transactions are interactive ones of the client, and an insert of many
 * rows is one batch.
 *
 * The client reads all rows at once, also for streams. Text with the character NUL and infinite numbers are errors,
 * since the client would cut them or cannot send them.
 *
 * @example
 * ```ts
 * import { createClient } from '@libsql/client'
 * import { kanta } from 'kanta'
 * import { libsql } from 'kanta/libsql'
 *
 * const local = kanta({ driver: libsql('cities.db') })
 * const remote = kanta({ driver: libsql({ url: 'libsql://cities.example.com', authToken: '…' }) })
 * const yours = kanta({ driver: libsql(createClient({ url: ':memory:', intMode: 'bigint' })) })
 * ```
 *
 * @throws KantaError `invalid_input` for a missing path or a wrong option, and, with the first query, for a client of
 * another `intMode`; `unsupported` for the preset `read-only`, since the client opens files for writing.
 */
export function libsql(given: string | URL | SqliteOptions<Client> | LibsqlOptions | Client): Driver {
  if (isClient(given)) return shared(() => given, { owned: false })
  if (isLocated(given)) return shared(() => createClient({ ...given, intMode: 'bigint' }), { owned: true, ...given })
  const settings = resolveSettings<Client>('libsql', given)
  if (settings.extensions.length > 0)
    throw new KantaError('unsupported', "libsql loads no extensions. Leave 'extensions' out, or use kanta/sqlite.")
  if (settings.readOnly) {
    throw new KantaError(
      'unsupported',
      "libsql has no preset 'read-only': its client opens files for writing. Use kanta/sqlite or kanta/better-sqlite3, or transactions with the access mode read only.",
    )
  }
  return local(settings)
}

function isClient(given: unknown): given is Client {
  const client = given as Client | null | undefined
  return typeof client?.executeMultiple === 'function'
}

function isLocated(given: unknown): given is LibsqlOptions {
  return !(given instanceof URL) && typeof (given as LibsqlOptions | null | undefined)?.url === 'string'
}

/** Returns the driver of a file or a database in memory, with one client for each connection. */
function local(settings: SqliteSettings<Client>): Driver {
  // Escape the characters of the path that have a meaning in a URL.
  const path = settings.path.split('/').map(encodeURIComponent).join('/')
  const url = settings.memory ? ':memory:' : `file:${path}`
  const open = async (role: Role) => {
    const database = createClient({ url, intMode: 'bigint', concurrency: 1, timeout: settings.busyTimeout })
    try {
      await database.executeMultiple(settings.setup[role] + (role === 'read' ? QUERY_ONLY : ''))
      const connection = new AsyncSqliteConnection(new Libsql(database, true))
      if (settings.wal) checkLog(await connection.first(JOURNAL_MODE, []))
      return { database, connection }
    } catch (cause) {
      database.close()
      throw cause
    }
  }
  return driverOf(settings, { dialect, sharesStreams: true, explainError, open })
}

/** Returns the driver of a database by one client, which has its own connections. */
function shared(
  open: () => Client,
  { owned, concurrency = CONCURRENCY }: { owned: boolean; concurrency?: number | undefined },
): Driver {
  let client: Client | undefined
  return {
    dialect,
    get limits() {
      client ??= open()
      // Writers to a file would wait for each other, and a database in memory has one connection.
      return { write: client.protocol === 'file' ? 1 : concurrency || CONCURRENCY, read: 0 }
    },
    sharesStreams: true,
    explainError,
    async connect() {
      client ??= open()
      await checkIntegers(client)
      return new AsyncSqliteConnection(new Libsql(client, false))
    },
    close: () => (owned ? client?.close() : undefined),
  }
}

/** Rejects a client that returns integers as numbers, since they may be rounded. */
async function checkIntegers(client: Client): Promise<void> {
  const { rows } = await client.execute('select 1')
  if (typeof rows[0]?.[0] !== 'bigint')
    refuse(
      "The client given to libsql() gives integers as numbers. Make it with createClient({ …, intMode: 'bigint' }).",
    )
}

const QUERY_ONLY = 'pragma query_only = on;'

/** The client has methods for transactions, which `control` calls for these texts. */
const transaction: TransactionSql = {
  ...sqliteDialect.transaction,
  begin: (settings) => {
    const statements = sqliteDialect.transaction.begin(settings)
    return settings.access === 'read only' ? ['begin readonly'] : statements
  },
  after: () => [],
}

const dialect: Dialect = { ...sqliteDialect, transaction }

class Libsql implements AsyncSqliteLibrary {
  readonly #client: Client
  readonly #owned: boolean
  readonly #local: boolean
  #transaction: Transaction | undefined
  #readOnly = false

  constructor(client: Client, owned: boolean) {
    this.#client = client
    this.#owned = owned
    this.#local = client.protocol === 'file'
  }

  get inTransaction(): boolean {
    return this.#transaction?.closed === false
  }

  toLibrary(value: SqliteValue, index: number): unknown {
    if (typeof value === 'number' && !Number.isFinite(value))
      refuse(`Parameter ${index + 1} is ${value}, which @libsql/client cannot send. Pass null, or text.`)
    if (this.#local && typeof value === 'string' && value.includes('\0'))
      refuse(`Parameter ${index + 1} holds the character NUL, at which @libsql/client cuts text. Store it as bytes.`)
    return value
  }

  fromLibrary(value: unknown, bigints: boolean): unknown {
    if (typeof value === 'bigint') return bigints ? value : exactNumber(value)
    return value instanceof ArrayBuffer ? new Uint8Array(value) : value
  }

  async rows(sql: string, values: readonly unknown[]): Promise<SqliteRows> {
    return rowsOf(await this.#execute(sql, values))
  }

  async run(sql: string, values: readonly unknown[]): Promise<RunResult> {
    // Read the count of changes separately for statements with rows.
    if (this.#local && tokens(sql, sqliteLexis).some(({ value }) => value === 'returning'))
      return this.execute(sql, values)
    const result = changesOf(await this.#execute(sql, values))
    if (!this.#local || typeof result.insertId !== 'bigint') return result
    // For local files the client rounds the id.
    return { ...result, insertId: await this.#integer('select last_insert_rowid()') }
  }

  async execute(sql: string, values: readonly unknown[]): Promise<SqliteRows & RunResult> {
    if (!this.#local) return answerOf(await this.#execute(sql, values))
    const before = await this.#integer('select total_changes()')
    const result = await this.#execute(sql, values)
    // For local files the client returns no changes for statements with rows.
    if (result.columns.length === 0) return answerOf(result)
    if ((await this.#integer('select total_changes()')) === before) return { ...answerOf(result), changes: 0 }
    const changes = Number(await this.#integer('select changes()'))
    return { ...answerOf(result), changes, insertId: exactId(await this.#integer('select last_insert_rowid()')) }
  }

  async batch(
    statements: readonly { readonly sql: string; readonly values: readonly unknown[] }[],
  ): Promise<readonly (SqliteRows & RunResult)[]> {
    const texts = statements.map(({ sql, values }) => ({ sql, args: values as InValue[] }))
    return (await this.#client.batch(texts, 'write')).map(answerOf)
  }

  async control(sql: string): Promise<void> {
    const words = leadingWords(sql, sqliteLexis)
    switch (words[0]) {
      case 'begin':
        return this.#begin(words)
      case 'commit':
      case 'end':
        return this.#end((transaction) => transaction.commit())
      case 'rollback':
        if (!words.includes('to')) return this.#end((transaction) => transaction.rollback())
    }
    if (!this.inTransaction) throw noTransaction()
    await this.#execute(sql, [])
  }

  async script(statements: readonly string[]): Promise<void> {
    await this.#target().executeMultiple(statements.join(';\n'))
  }

  close(): void {
    this.#transaction?.close()
    if (this.#owned) this.#client.close()
  }

  async #begin(words: readonly string[]): Promise<void> {
    if (this.inTransaction)
      throw new KantaError('transaction', 'A transaction is open on this connection. Use a savepoint inside of it.')
    const mode = modeOf(words)
    // The client would allow writes to a file in a read-only transaction, so set query_only.
    this.#readOnly = this.#local && mode === 'read'
    this.#target()
    this.#transaction = await this.#client.transaction(this.#readOnly ? 'deferred' : mode)
    if (this.#readOnly) await this.#transaction.executeMultiple(QUERY_ONLY)
  }

  async #end(end: (transaction: Transaction) => Promise<void>): Promise<void> {
    const transaction = this.#transaction
    if (transaction === undefined || transaction.closed) throw noTransaction()
    try {
      if (this.#readOnly) await transaction.executeMultiple('pragma query_only = off')
      await end(transaction)
    } finally {
      this.#readOnly = false
      this.#target()
    }
  }

  #execute(sql: string, values: readonly unknown[]): Promise<ResultSet> {
    return this.#target().execute({ sql, args: values as InValue[] })
  }

  /** Returns the target of statements: the open transaction, or else the client. It first releases an ended one. */
  #target(): Client | Transaction {
    if (this.#transaction?.closed === true) {
      this.#transaction.close()
      this.#transaction = undefined
    }
    return this.#transaction ?? this.#client
  }

  async #integer(sql: string): Promise<bigint> {
    const { rows } = await this.#execute(sql, [])
    return rows[0]![0] as bigint
  }
}

function modeOf(words: readonly string[]): TransactionMode {
  if (words.includes('immediate') || words.includes('exclusive')) return 'write'
  return words.includes('readonly') ? 'read' : 'deferred'
}

const noTransaction = (): KantaError =>
  new KantaError('transaction', 'No transaction is open on this connection. Begin one before.')

const rowsOf = ({ columns, rows }: ResultSet): SqliteRows => ({ columns, rows: rows.map((row) => Array.from(row)) })

const changesOf = ({ rowsAffected, lastInsertRowid }: ResultSet): RunResult => ({
  changes: rowsAffected,
  insertId: lastInsertRowid === undefined ? undefined : exactId(lastInsertRowid),
})

const answerOf = (result: ResultSet): SqliteRows & RunResult => ({ ...rowsOf(result), ...changesOf(result) })

/** The explanations of errors of the client, by code. */
const CLIENT_ERRORS: Readonly<Record<string, Explanation>> = {
  CLIENT_CLOSED: explainMisuse('is not open'),
  TRANSACTION_CLOSED: {
    code: 'transaction',
    message: 'The transaction has ended, perhaps by an error or a timeout. Start it again.',
  },
  TRANSACTION_ACTIVE: {
    code: 'busy',
    message:
      'An open transaction of the client holds its only connection. Commit it, or roll it back, before other work.',
  },
}

const CONNECTION_LOST = /^(?:HRANA_|SERVER_ERROR|UNKNOWN$)/

function explainError(cause: unknown): Explanation {
  if (cause instanceof KantaError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  const code = String((cause as Partial<LibsqlError> | null | undefined)?.code)
  if (/Unable to open connection/.test(message)) return explainResult('CANTOPEN', message)
  if (CONNECTION_LOST.test(code) || (cause instanceof TypeError && /fetch/.test(message))) {
    return {
      code: 'connection',
      message: `The server could not be reached (${message}). Check the URL, the token and the network.`,
    }
  }
  return CLIENT_ERRORS[code] ?? explainSqliteError(cause)
}
