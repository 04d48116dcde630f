import { KantaError } from '../../error/index.ts'
import {
  isBlank,
  onlyStatement,
  resolveSettings,
  type SqliteLibrary,
  type SqliteOptions,
  type SqliteStatement,
  type SqliteValue,
  sqliteDriver,
} from '../database/sqlite/index.ts'
import type { Driver } from '../driver.ts'

export type { Pragmas } from '../database/sqlite/index.ts'
export { defaults, type Preset, presets, type SqliteOptions } from '../database/sqlite/index.ts'

/** The part of a `bun:sqlite` database that the driver uses. */
export interface BunDatabase {
  readonly inTransaction: boolean
  prepare(sql: string): BunDatabaseStatement
  exec(sql: string): unknown
  close(): unknown
}

/** A statement of `bun:sqlite`. */
export interface BunDatabaseStatement {
  readonly columnNames: readonly string[]
  safeIntegers(on: boolean): unknown
  get(...parameters: readonly SqliteValue[]): unknown
  all(...parameters: readonly SqliteValue[]): unknown[]
  run(...parameters: readonly SqliteValue[]): { changes: number | bigint; lastInsertRowid: number | bigint }
  iterate(...parameters: readonly SqliteValue[]): Iterator<unknown>
}

interface BunModule {
  readonly Database: new (
    path: string,
    options: { readonly?: boolean; readwrite?: boolean; create?: boolean },
  ) => BunDatabase
}

/**
 * Returns a driver for SQLite by `bun:sqlite`, which is part of Bun (1.2 or later).
 *
 * Bun binds a whole number as an integer, and any other as a real. It rounds integers that a number cannot hold: define
 * such a column as a bigint.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { bunSqlite } from 'kanta/bun-sqlite'
 * import { sqlite } from 'kanta/sqlite'
 *
 * // A program for Bun alone needs the first of the two only.
 * const driver = process.versions.bun ? bunSqlite('cities.db') : sqlite('cities.db')
 * const db = kanta({ driver })
 * ```
 *
 * @throws KantaError `invalid_input` for a missing path or a wrong option, `unsupported` outside of Bun.
 * If the file cannot be opened, the first query throws `connection`.
 */
export function bunSqlite(options: string | URL | SqliteOptions<BunDatabase>): Driver {
  const settings = resolveSettings('bunSqlite', options)
  const { Database } = bunModule()
  return sqliteDriver(settings, true, (readonly) => {
    const database = new Database(settings.path, readonly ? { readonly } : { readwrite: true, create: true })
    return { database, library: new BunSqlite(database) }
  })
}

/** Loads the module of Bun at run time, so that other runtimes get a readable error. */
function bunModule(): BunModule {
  const module: object | undefined = globalThis.process?.getBuiltinModule?.('bun:sqlite')
  if (module !== undefined) return module as BunModule
  throw new KantaError('unsupported', 'kanta/bun-sqlite needs Bun. Elsewhere use kanta/sqlite or kanta/better-sqlite3.')
}

class BunSqlite implements SqliteLibrary {
  readonly rows = 'object'
  readonly #database: BunDatabase

  constructor(database: BunDatabase) {
    this.#database = database
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction
  }

  prepare(sql: string, bigints: boolean): BunStatement {
    // The library runs only the first of several statements and ignores the others.
    const statement = this.#database.prepare(onlyStatement(sql))
    statement.safeIntegers(bigints)
    return new BunStatement(statement)
  }

  returnsRows(statement: SqliteStatement): boolean {
    return statement.columns().length > 0
  }

  exec(sql: string): void {
    // The library rejects an empty script.
    if (!isBlank(sql)) this.#database.exec(sql)
  }

  close(): void {
    this.#database.close()
  }
}

/** Adapts a statement of Bun to the interface of the other libraries. */
class BunStatement implements SqliteStatement {
  readonly #statement: BunDatabaseStatement

  constructor(statement: BunDatabaseStatement) {
    this.#statement = statement
  }

  get(...parameters: readonly SqliteValue[]): unknown {
    return this.#statement.get(...parameters) ?? undefined
  }

  all(...parameters: readonly SqliteValue[]): unknown[] {
    return this.#statement.all(...parameters)
  }

  run(...parameters: readonly SqliteValue[]): ReturnType<SqliteStatement['run']> {
    return this.#statement.run(...parameters)
  }

  iterate(...parameters: readonly SqliteValue[]): Iterator<unknown> {
    return this.#statement.iterate(...parameters)
  }

  columns(): readonly { readonly name: string }[] {
    return this.#statement.columnNames.map((name) => ({ name }))
  }
}
