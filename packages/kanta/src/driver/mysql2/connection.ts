import { leadingWord, type Script } from '../../dialect/index.ts'
import { mysqlDialect } from '../../dialect/mysql/index.ts'
import { KantaError, refuse } from '../../error/index.ts'
import { brokenKey, contexts, statementsOf } from '../database/mysql/index.ts'
import type { Connection, RunResult } from '../driver.ts'
import { checkChunkSize } from '../option.ts'
import { StatementCache } from '../statement-cache.ts'
import { SERVER_TIMEOUT, withTimeout } from '../timeout.ts'
import { Mysql2Stream } from './stream.ts'
import { converterOf, type Field, toSend } from './value.ts'

/** The header that the server returns for a statement without rows. */
export interface Header {
  readonly affectedRows: number | string
  readonly insertId: number | string
  readonly serverStatus?: number
  readonly info: string
}

type Callback<T> = (error: Error | null, value: T, fields?: readonly unknown[]) => void

/** A running command of `mysql2`. */
export interface Mysql2Command {
  on(event: string, listener: (...values: never[]) => void): unknown
  stream(options: { readonly highWaterMark: number }): NodeJS.ReadableStream & { destroy(): unknown }
}

/** A prepared statement of `mysql2`. */
export interface Mysql2Statement {
  readonly parameters: readonly unknown[]
  execute(values: readonly unknown[], callback: Callback<unknown>): unknown
  execute(values: readonly unknown[]): Mysql2Command
}

/** The part of a `mysql2` connection that the driver uses. */
export interface RawConnection {
  prepare(sql: string, callback: Callback<Mysql2Statement>): unknown
  unprepare(sql: string): unknown
  query(sql: string, callback: Callback<unknown>): unknown
  on(event: string, listener: (error?: Error) => void): unknown
  end(callback: (error?: Error) => void): unknown
  destroy(): unknown
}

/** The flags of the server status. */
const IN_TRANSACTION = 1
const NO_BACKSLASH_ESCAPES = 512

/** The error number of statements that cannot be prepared. */
const NOT_PREPARED = 1295

/** A statement that does nothing but return the status of the connection. */
const PROBE = 'do 0'

/** The statements about the session, which cannot be prepared or are not worth it. */
const SESSION = new Set([
  ...[
    'begin',
    'commit',
    'rollback',
    'savepoint',
    'release',
    'start',
    'set',
    'do',
    'use',
    'lock',
    'unlock',
    'flush',
    'kill',
    'show',
    'xa',
    'create',
    'drop',
    'alter',
    'truncate',
  ],
])
const INSERTS = new Set(['insert', 'replace'])
const WRITES = new Set(['insert', 'replace', 'delete', 'update'])

/** The settings of a connection. */
export interface ConnectionSettings {
  readonly id: number
  readonly statementCache: number
  /** The rules for splitting scripts. */
  readonly script: Script
  /** Runs a statement on another connection, to reach this one while it is busy. */
  readonly control: (sql: string) => Promise<void>
}

interface Reply {
  readonly rows: unknown[][]
  readonly fields: readonly Field[] | undefined
  readonly header: Header | undefined
}

/** A connection of MySQL or MariaDB. */
export class Mysql2Connection implements Connection {
  readonly rows = 'array'
  readonly #raw: RawConnection
  readonly #settings: ConnectionSettings
  readonly #statements: StatementCache<Mysql2Statement>
  readonly #fields = new Map<string, readonly Field[]>()
  /** The callbacks to reject when the connection is lost, since the library never calls back after `destroy()`. */
  readonly #waiting = new Set<(error: Error) => void>()
  #stream: Mysql2Stream | undefined
  #status = 0
  #open = true
  /** The reason why the connection is closed. */
  #end: Error = closed()

  constructor(raw: RawConnection, settings: ConnectionSettings) {
    this.#raw = raw
    this.#settings = settings
    this.#statements = new StatementCache(settings.statementCache, (_, sql) => this.#forget(sql))
    const lost = (error?: Error): void => this.#lost(error ?? ended('The server ended the connection.'))
    raw.on('error', lost)
    raw.on('end', lost)
  }

  get isOpen(): boolean {
    return this.#open
  }

  get inTransaction(): boolean {
    return this.#open && (this.#status & IN_TRANSACTION) !== 0
  }

  async all(sql: string, parameters: readonly unknown[], bigints = false): Promise<unknown[]> {
    const { rows, fields } = await this.#execute(sql, parameters)
    return convertAll(rows, fields, bigints)
  }

  async first(sql: string, parameters: readonly unknown[], bigints = false): Promise<unknown> {
    const { rows, fields } = await this.#execute(sql, parameters)
    return rows.length === 0 ? undefined : convertAll(rows.slice(0, 1), fields, bigints)[0]
  }

  async run(sql: string, parameters: readonly unknown[]): Promise<RunResult> {
    const word = this.#wordOf(sql)
    const plain = parameters.length === 0 && SESSION.has(word)
    return resultOf(word, plain ? await this.#query(sql) : await this.#execute(sql, parameters))
  }

  async execute(
    sql: string,
    parameters: readonly unknown[],
    bigints = false,
  ): Promise<RunResult & { readonly rows: unknown[] }> {
    const reply = await this.#execute(sql, parameters)
    return { rows: convertAll(reply.rows, reply.fields, bigints), ...resultOf(this.#wordOf(sql), reply) }
  }

  /** Returns the word with which a statement begins. */
  #wordOf(sql: string): string {
    return leadingWord(sql, this.#settings.script.lexis)
  }

  columns(sql: string): readonly string[] {
    return (this.#fields.get(sql) ?? []).map((field) => field.name)
  }

  stream(sql: string, parameters: readonly unknown[], chunkSize: number, bigints = false): Mysql2Stream {
    checkChunkSize(chunkSize)
    const values = toSend(parameters)
    const stream = new Mysql2Stream({
      chunkSize,
      bigints,
      start: async () => {
        this.#stream = stream
        const statement = await this.#prepare(sql)
        checkCount(statement, values.length)
        return statement.execute(values)
      },
      columns: (fields) => this.#keepFields(sql, fields),
      failed: (error) => this.#failed(error, sql),
      stop: () => this.cancel(),
      ended: () => this.#settle(),
    })
    return stream
  }

  async script(sql: string): Promise<void> {
    const hasEscapes = (this.#status & NO_BACKSLASH_ESCAPES) === 0
    for (const statement of statementsOf(sql, this.#settings.script, hasEscapes)) await this.#query(statement)
  }

  /** Cancels the running statement, and resolves when the server has received that. */
  async cancel(): Promise<void> {
    if (this.#open) await this.#settings.control(`kill query ${this.#settings.id}`)
  }

  /** Ends the connection on both sides, even if it is busy. */
  async kill(): Promise<void> {
    if (!this.#open) return
    this.#lost(ended('The connection was ended.'))
    this.#raw.destroy()
    await this.#settings.control(`kill ${this.#settings.id}`)
  }

  close(): Promise<void> | void {
    if (!this.#open) return
    const busy = this.#stream?.isOpen === true
    this.#stream?.close()
    this.#lost()
    // A regular end would wait for a stream that nobody reads.
    if (busy) this.#raw.destroy()
    else {
      const ended = new Promise<void>((resolve) => this.#raw.end(() => resolve()))
      return withTimeout(SERVER_TIMEOUT, ended, closed).catch(() => void this.#raw.destroy())
    }
  }

  #lost(error: Error = closed()): void {
    if (!this.#open) return
    this.#open = false
    this.#end = error
    this.#statements.clear()
    this.#stream?.lose(error)
    for (const fail of this.#waiting) fail(error)
    this.#waiting.clear()
  }

  /** Returns a promise of the result of a callback of the library. */
  #ask<T, R>(
    sql: string,
    ask: (done: Callback<T>) => unknown,
    read: (value: T, fields: readonly unknown[] | undefined) => R,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      if (!this.#open) return reject(this.#end)
      this.#waiting.add(reject)
      ask((error, value, fields) => {
        if (!this.#waiting.delete(reject)) return
        if (error !== null) {
          this.#failed(error, sql).then(reject, reject)
          return
        }
        try {
          resolve(read(value, fields))
        } catch (wrong) {
          reject(wrong)
        }
      })
    })
  }

  #execute(sql: string, parameters: readonly unknown[]): Promise<Reply> {
    const values = toSend(parameters)
    const known = this.#statements.get(sql)
    return known === undefined ? this.#executeNew(sql, values) : this.#executeKnown(sql, known, values)
  }

  async #executeKnown(sql: string, statement: Mysql2Statement, values: readonly unknown[]): Promise<Reply> {
    checkCount(statement, values.length)
    const run = (done: Callback<unknown>): unknown => statement.execute(values, done)
    return this.#ask(sql, run, (result, fields) => this.#reply(sql, result, fields))
  }

  async #executeNew(sql: string, values: readonly unknown[]): Promise<Reply> {
    try {
      return await this.#executeKnown(sql, await this.#prepare(sql), values)
    } catch (error) {
      if ((error as { errno?: number }).errno !== NOT_PREPARED || values.length > 0) throw error
      return this.#query(sql)
    }
  }

  async #prepare(sql: string): Promise<Mysql2Statement> {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const prepare = (done: Callback<Mysql2Statement>): unknown => this.#raw.prepare(sql, done)
    return this.#ask(sql, prepare, (statement) => this.#statements.set(sql, statement))
  }

  #forget(sql: string): void {
    this.#fields.delete(sql)
    if (this.#open) this.#raw.unprepare(sql)
  }

  #query(sql: string): Promise<Reply> {
    const query = (done: Callback<unknown>): unknown => this.#raw.query(sql, done)
    return this.#ask(sql, query, (result, fields) => this.#reply(sql, result, fields))
  }

  /** Returns the first rows and the last header of a reply, since a procedure may return several results. */
  #reply(sql: string, result: unknown, fields: readonly unknown[] | undefined): Reply {
    const several = Array.isArray(result) && (fields === undefined || fields.some((part) => !isField(part)))
    const results = several ? (result as unknown[]) : [result]
    const headers = results.filter((part) => !Array.isArray(part)) as Header[]
    const header = headers.at(-1)
    if (header?.serverStatus !== undefined) this.#status = header.serverStatus
    const at = results.findIndex((part) => Array.isArray(part))
    if (at < 0) return { rows: [], fields: undefined, header }
    const columns = (several ? fields![at] : fields) as readonly Field[]
    this.#keepFields(sql, columns)
    return { rows: results[at] as unknown[][], fields: columns, header }
  }

  #keepFields(sql: string, fields: readonly Field[]): void {
    // Unprepared statements come here, too, and must not accumulate.
    if (this.#fields.size > 2 * this.#settings.statementCache) this.#fields.clear()
    this.#fields.set(sql, fields)
  }

  /** Reads the state after an error, before other statements use the connection. */
  async #failed(error: Error, sql: string): Promise<Error> {
    if ((error as { fatal?: boolean }).fatal === true) this.#lost(error)
    if (!this.#open) return error
    // Some errors end the transaction, and only a successful reply shows if this one did.
    if (this.inTransaction && sql !== PROBE) await this.#query(PROBE).catch(() => {})
    contexts.set(error, { sql, columns: await this.#columnsOf(brokenKey(error, sql)) })
    return error
  }

  /** Returns the columns of an index, which the error of a duplicate row does not name. */
  async #columnsOf(index: { readonly table: string; readonly key: string } | undefined): Promise<string[] | undefined> {
    if (index === undefined || !this.#open) return undefined
    const [table, key] = [index.table, index.key].map(mysqlDialect.literal)
    const found = await this.#query(
      `select column_name from information_schema.statistics where table_schema = database() and table_name = ${table} and index_name = ${key} order by seq_in_index`,
    ).catch(() => undefined)
    const names = found?.rows.map(([name]) => String(name))
    return names?.length === 0 ? undefined : names
  }

  /** Waits after a cancellation, since a late one must not hit the next statement. */
  async #settle(): Promise<void> {
    this.#stream = undefined
    if (!this.#open) return
    await this.#query(PROBE).catch(() => this.#query(PROBE))
  }
}

const isField = (part: unknown): boolean => typeof part === 'object' && part !== null && 'columnType' in part

function convertAll(rows: unknown[][], fields: readonly Field[] | undefined, bigints: boolean): unknown[] {
  const convert = fields === undefined ? undefined : converterOf(fields, bigints)
  if (convert !== undefined) for (const row of rows) convert(row)
  return rows
}

function checkCount(statement: Mysql2Statement, given: number): void {
  const count = statement.parameters.length
  if (count === given) return
  refuse(`The text takes ${count} parameter${count === 1 ? '' : 's'}, not ${given}. Give one value for each ?.`)
}

/** Returns the result of a statement as other databases count it. */
function resultOf(word: string, { header, rows }: Reply): RunResult {
  // A write returns the rows that it wrote.
  if (header === undefined) return { changes: WRITES.has(word) ? rows.length : 0, insertId: undefined }
  const insertId = idOf(header.insertId)
  const affected = Number(header.affectedRows)
  if (!INSERTS.has(word)) return { changes: affected, insertId }
  // The server counts a row that replaces or updates another as two.
  const records = Number(/^Records: (\d+)/.exec(header.info)?.[1] ?? 1)
  return { changes: Math.min(affected, records), insertId }
}

function idOf(id: number | string): number | bigint | undefined {
  if (Number(id) === 0) return undefined
  return Number.isSafeInteger(Number(id)) ? Number(id) : BigInt(id)
}

const closed = (): KantaError =>
  new KantaError('closed', 'The connection is closed. Run queries before the database is destroyed.')

const ended = (message: string): Error => Object.assign(new Error(message), { fatal: true })
