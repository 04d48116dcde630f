import { KantaError } from '../../error/index.ts'
import {
  isBlank,
  onlyStatement,
  type SqliteLibrary,
  type SqliteOptions,
  type SqliteStatement,
  type SqliteValue,
  settle,
  sqliteDriver,
} from '../database/sqlite/index.ts'
import type { Driver } from '../driver.ts'

export type { Pragmas } from '../database/sqlite/index.ts'
export { defaults, type Preset, presets, type SqliteOptions } from '../database/sqlite/index.ts'

/** A database of `bun:sqlite`, as much of it as is needed here. */
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
 * SQLite by way of `bun:sqlite`, which is part of Bun (1.2 or later): nothing to install.
 *
 * Bun binds a whole number as an integer, and any other as a real. An integer of a row that a number cannot hold is
 * rounded by the library: define such a column as a bigint.
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
 * @throws KantaError `invalid_input` for a missing path or a wrong option, `unsupported` outside of Bun. That the file cannot be opened shows with
 * the first query, as `connection`.
 */
export function bunSqlite(options: string | URL | SqliteOptions<BunDatabase>): Driver {
  const settings = settle('bunSqlite', options)
  const { Database } = bunModule()
  return sqliteDriver(settings, true, (readonly) => {
    const database = new Database(settings.path, readonly ? { readonly } : { readwrite: true, create: true })
    return { database, library: new BunSqlite(database) }
  })
}

/** Asked for and not imported, so that another runtime gets to know what is the matter. */
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
    // The library runs the first of several statements and leaves out the others without a word.
    const statement = this.#database.prepare(onlyStatement(sql))
    statement.safeIntegers(bigints)
    return new BunStatement(statement)
  }

  returnsRows(statement: SqliteStatement): boolean {
    return statement.columns().length > 0
  }

  exec(sql: string): void {
    // Nothing is no script for the library.
    if (!isBlank(sql)) this.#database.exec(sql)
  }

  close(): void {
    this.#database.close()
  }
}

/** A statement of Bun in the words of the other two libraries. */
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
