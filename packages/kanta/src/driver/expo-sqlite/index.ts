import { sqliteDialect } from '../../dialect/sqlite/index.ts'
import { KantaError, refuse } from '../../error/index.ts'
import {
  AsyncSqliteConnection,
  type AsyncSqliteLibrary,
  type Explanation,
  explainSqliteError,
  refuseRounded,
  type SqliteRows,
  type SqliteValue,
} from '../database/sqlite/index.ts'
import type { Driver, RunResult } from '../driver.ts'

/** The part of a database of `expo-sqlite` that the driver uses. */
export interface ExpoSqliteDatabase {
  prepareAsync(sql: string): Promise<ExpoSqliteStatement>
  execAsync(sql: string): Promise<void>
  isInTransactionAsync(): Promise<boolean>
}

/** A statement of `expo-sqlite`. */
export interface ExpoSqliteStatement {
  executeForRawResultAsync(parameters: ExpoSqliteValue[]): Promise<ExpoSqliteResult>
  getColumnNamesAsync(): Promise<string[]>
  finalizeAsync(): Promise<void>
}

/** The rows of a statement of `expo-sqlite`, as arrays. */
export interface ExpoSqliteResult {
  readonly lastInsertRowId: number
  readonly changes: number
  getAllAsync(): Promise<unknown[]>
}

/** A value that `expo-sqlite` binds. */
export type ExpoSqliteValue = string | number | null | boolean | Uint8Array

/**
 * Returns a driver for SQLite in Expo and React Native by an open database of `expo-sqlite`. Kanta uses the database as
 * it is: it changes no settings, and does not close it. Let nothing else begin a transaction on it.
 *
 * _Not run_ in Expo: it is written by the published interface of `expo-sqlite` 15 and 16, and tested with an object of
 * that interface over `node:sqlite`.
 *
 * The library gives integers as numbers: a bigint beyond 2^53 is an error, and so is an integer of a row that a number
 * cannot hold. Store such integers as text. A stream reads all rows at once.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { type ExpoSqliteDatabase, expoSqlite } from 'kanta/expo-sqlite'
 *
 * const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
 *
 * // The database is that of openDatabaseAsync('cities.db') of expo-sqlite.
 * const open = (database: ExpoSqliteDatabase) => kanta({ driver: expoSqlite(database), schema: { city } })
 * ```
 *
 * @throws KantaError `invalid_input` for a value that is not such a database.
 */
export function expoSqlite(database: ExpoSqliteDatabase): Driver {
  if (typeof database?.prepareAsync !== 'function' || typeof database.execAsync !== 'function')
    refuse('expoSqlite() takes an open database of expo-sqlite: await openDatabaseAsync(name).')
  return {
    dialect: sqliteDialect,
    limits: { write: 1, read: 0 },
    sharesStreams: true,
    explainError,
    connect: () => new AsyncSqliteConnection(new ExpoSqlite(database)),
  }
}

class ExpoSqlite implements AsyncSqliteLibrary {
  readonly #database: ExpoSqliteDatabase
  #inTransaction = false

  constructor(database: ExpoSqliteDatabase) {
    this.#database = database
  }

  get inTransaction(): boolean {
    return this.#inTransaction
  }

  toLibrary(value: SqliteValue, index: number): unknown {
    if (typeof value === 'number' && !Number.isFinite(value))
      refuse(`Parameter ${index + 1} is ${value}, which expo-sqlite may store as null. Pass null, or text.`)
    if (typeof value !== 'bigint') return value
    const number = Number(value)
    if (Number.isSafeInteger(number)) return number
    return refuse(
      `Parameter ${index + 1} is the bigint ${value}. expo-sqlite takes numbers only, which cannot hold it exactly. Store it as text.`,
    )
  }

  fromLibrary(value: unknown, bigints: boolean): unknown {
    if (typeof value !== 'number') return value
    const number = refuseRounded(value)
    return bigints && Number.isSafeInteger(number) ? BigInt(number) : number
  }

  rows(sql: string, values: readonly unknown[]): Promise<SqliteRows> {
    return this.#prepared(sql, (statement) => read(statement, values))
  }

  run(sql: string, values: readonly unknown[]): Promise<RunResult> {
    return this.#prepared(sql, (statement) => write(statement, values))
  }

  execute(sql: string, values: readonly unknown[]): Promise<SqliteRows & RunResult> {
    return this.#prepared(sql, async (statement) => {
      if ((await statement.getColumnNamesAsync()).length === 0)
        return { columns: [], rows: [], ...(await write(statement, values)) }
      // SQLite counts what a statement with rows has changed when the last one is read.
      const [before] = await this.#numbers('select total_changes()')
      const found = await read(statement, values)
      const [after, changes, insertId] = await this.#numbers('select total_changes(), changes(), last_insert_rowid()')
      return { ...found, changes: after === before ? 0 : changes!, insertId: insertId! }
    })
  }

  async batch(
    statements: readonly { readonly sql: string; readonly values: readonly unknown[] }[],
  ): Promise<readonly (SqliteRows & RunResult)[]> {
    await this.control('begin immediate')
    try {
      const results: (SqliteRows & RunResult)[] = []
      for (const { sql, values } of statements) results.push(await this.execute(sql, values))
      await this.control('commit')
      return results
    } catch (error) {
      // SQLite ends the transaction by itself after some errors.
      if (this.#inTransaction) await this.control('rollback')
      throw error
    }
  }

  async control(sql: string): Promise<void> {
    await this.#observed(() => this.#database.execAsync(sql))
    this.#inTransaction = await this.#database.isInTransactionAsync()
  }

  async script(statements: readonly string[]): Promise<void> {
    if (statements.length > 0) await this.#observed(() => this.#database.execAsync(statements.join(';\n')))
  }

  close(): void {}

  async #prepared<T>(sql: string, work: (statement: ExpoSqliteStatement) => Promise<T>): Promise<T> {
    return this.#observed(async () => {
      const statement = await this.#database.prepareAsync(sql)
      try {
        return await work(statement)
      } finally {
        await statement.finalizeAsync()
      }
    })
  }

  /** After an error, asks whether the transaction is still open. */
  async #observed<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      this.#inTransaction = await this.#database.isInTransactionAsync()
      throw error
    }
  }

  async #numbers(sql: string): Promise<readonly number[]> {
    const { rows } = await this.#prepared(sql, (statement) => read(statement, []))
    return rows[0] as number[]
  }
}

async function read(statement: ExpoSqliteStatement, values: readonly unknown[]): Promise<SqliteRows> {
  const result = await statement.executeForRawResultAsync(values as ExpoSqliteValue[])
  const rows = (await result.getAllAsync()) as unknown[][]
  return { columns: await statement.getColumnNamesAsync(), rows }
}

async function write(statement: ExpoSqliteStatement, values: readonly unknown[]): Promise<RunResult> {
  const { changes, lastInsertRowId } = await statement.executeForRawResultAsync(values as ExpoSqliteValue[])
  return { changes, insertId: lastInsertRowId }
}

/** The result code of SQLite and its message, at the end of an error of the library. */
const RESULT = /Error code (\d+): (.*)$/s

function explainError(cause: unknown): Explanation {
  if (cause instanceof KantaError) return cause
  const [, code, message] = RESULT.exec(cause instanceof Error ? cause.message : String(cause)) ?? []
  if (code === undefined) return explainSqliteError(cause)
  return explainSqliteError(Object.assign(new Error(message), { errcode: Number(code) }))
}
