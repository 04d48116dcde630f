import type { DatabaseSync } from 'node:sqlite'
import { KantaError, refuse } from '../../error/index.ts'
import {
  isBlank,
  resolveSettings,
  type SqliteLibrary,
  type SqliteOptions,
  type SqliteStatement,
  sqliteDriver,
} from '../database/sqlite/index.ts'
import type { Driver } from '../driver.ts'

export type { Pragmas } from '../database/sqlite/index.ts'
export { defaults, type Preset, presets, type SqliteOptions } from '../database/sqlite/index.ts'

/**
 * Returns a driver for SQLite by `node:sqlite`, which is part of Node (22.16 or later).
 *
 * The library binds a number as a real and a bigint as an integer, which are equal in a typed column. An integer of a
 * row that a number cannot hold exactly is an error that names the alternatives.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({ driver: sqlite('cities.db') })
 * const inMemory = kanta({ driver: sqlite(':memory:') })
 * ```
 *
 * @throws KantaError `invalid_input` for a missing path or a wrong option, `unsupported` on an older Node. That the
 * file cannot be opened shows with the first query, as `connection`.
 */
export function sqlite(options: string | URL | SqliteOptions<DatabaseSync>): Driver {
  const settings = resolveSettings('sqlite', options)
  const { DatabaseSync } = loadLibrary()
  return sqliteDriver(settings, true, (readOnly) => {
    const database = new DatabaseSync(settings.path, { readOnly, allowExtension: settings.extensions.length > 0 })
    return { database, library: new NodeSqlite(database) }
  })
}

function tooOld(): never {
  throw new KantaError(
    'unsupported',
    `kanta/sqlite needs Node 22.16 or later, and this is ${process.version}. Update Node, or use kanta/better-sqlite3.`,
  )
}

/** Returns the library. An older Node, which has none, would not even load a file that imports it. */
function loadLibrary(): typeof import('node:sqlite') {
  return process.getBuiltinModule?.('node:sqlite') ?? tooOld()
}

class NodeSqlite implements SqliteLibrary {
  /** Arrays are a third faster than objects here. */
  readonly rows = 'array'
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction
  }

  prepare(sql: string, bigints: boolean): SqliteStatement {
    const statement = this.#database.prepare(sql)
    if (statement.setReturnArrays === undefined) tooOld()
    // The library prepares only the first statement of a text and ignores the others.
    if (!isBlank(sql.slice(statement.sourceSQL.length))) {
      refuse('The text holds more than one statement. Run them one by one.')
    }
    statement.setReturnArrays(true)
    if (bigints) statement.setReadBigInts(true)
    return statement as unknown as SqliteStatement
  }

  returnsRows(statement: SqliteStatement): boolean {
    return statement.columns().length > 0
  }

  exec(sql: string): void {
    this.#database.exec(sql)
  }

  backup(path: string): Promise<number> {
    // Node has it since 22.16, as the rest of what is used here.
    return loadLibrary().backup(this.#database, path)
  }

  close(): void {
    this.#database.close()
  }
}
