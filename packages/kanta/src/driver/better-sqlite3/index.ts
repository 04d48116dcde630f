import Database from 'better-sqlite3'
import { sqliteDialect } from '../../dialect/sqlite/index.ts'
import { KantaError } from '../../error/index.ts'
import {
  defaults,
  explainSqliteError,
  resolveSettings,
  SqliteConnection,
  type SqliteLibrary,
  type SqliteOptions,
  type SqliteStatement,
  sqliteDriver,
} from '../database/sqlite/index.ts'
import type { Driver } from '../driver.ts'

export type { Pragmas } from '../database/sqlite/index.ts'
export { defaults, type Preset, presets, type SqliteOptions } from '../database/sqlite/index.ts'

/** The part of a `better-sqlite3` database that the driver uses. */
export interface BetterSqlite3Database {
  readonly open: boolean
  readonly inTransaction: boolean
  prepare(sql: string): BetterSqlite3Statement
  exec(sql: string): unknown
  backup(path: string): Promise<{ readonly totalPages: number }>
  close(): unknown
}

/** A statement of `better-sqlite3`. */
export interface BetterSqlite3Statement {
  readonly reader: boolean
  safeIntegers(on?: boolean): unknown
}

/**
 * Returns a driver for SQLite by `better-sqlite3`, which must be installed.
 *
 * It takes a path, options, or an open database. Kanta uses an open database as it is: it changes no settings, opens no
 * other connection, and does not close it.
 *
 * The library binds a number as a real and a bigint as an integer, which are equal in a typed column. It rounds
 * integers that a number cannot hold: define such a column as a bigint.
 *
 * @example
 * ```ts
 * import Database from 'better-sqlite3'
 * import { kanta } from 'kanta'
 * import { betterSqlite3 } from 'kanta/better-sqlite3'
 *
 * const db = kanta({ driver: betterSqlite3('cities.db') })
 * const yours = kanta({ driver: betterSqlite3(new Database('cities.db')) })
 * ```
 *
 * @throws KantaError `invalid_input` for a missing path or a wrong option, `closed` for a database that is not open.
 * If the file cannot be opened, the first query throws `connection`.
 */
export function betterSqlite3(
  options: string | URL | SqliteOptions<BetterSqlite3Database> | BetterSqlite3Database,
): Driver {
  if (isDatabase(options)) return borrow(options)
  const settings = resolveSettings('betterSqlite3', options)
  return sqliteDriver(settings, false, (readonly) => {
    const database: BetterSqlite3Database = new Database(settings.path, { readonly, timeout: settings.busyTimeout })
    return { database, library: new BetterSqlite3(database) }
  })
}

function isDatabase(given: unknown): given is BetterSqlite3Database {
  return typeof (given as BetterSqlite3Database | null | undefined)?.prepare === 'function'
}

function borrow(database: BetterSqlite3Database): Driver {
  if (!database.open)
    throw new KantaError('closed', 'The database given to betterSqlite3 is closed. Give an open one, or a path.')
  return {
    dialect: sqliteDialect,
    limits: { write: 1, read: 0 },
    sharesStreams: false,
    explainError: explainSqliteError,
    connect: () => new SqliteConnection(new Borrowed(database), defaults.statementCache),
  }
}

class BetterSqlite3 implements SqliteLibrary {
  /** Faster than arrays here. */
  readonly rows = 'object'
  protected readonly database: BetterSqlite3Database

  constructor(database: BetterSqlite3Database) {
    this.database = database
  }

  get inTransaction(): boolean {
    return this.database.inTransaction
  }

  prepare(sql: string, bigints: boolean): SqliteStatement {
    const statement = this.database.prepare(sql)
    // An open database may have either setting.
    if (statement.reader) statement.safeIntegers(bigints)
    return statement as unknown as SqliteStatement
  }

  returnsRows(statement: SqliteStatement): boolean {
    return (statement as unknown as BetterSqlite3Statement).reader
  }

  exec(sql: string): void {
    this.database.exec(sql)
  }

  async backup(path: string): Promise<number> {
    return (await this.database.backup(path)).totalPages
  }

  close(): void {
    this.database.close()
  }
}

class Borrowed extends BetterSqlite3 {
  override close(): void {}
}
