import { sqliteDialect } from '../../dialect/sqlite/index.ts'
import { explainSqliteError } from '../database/sqlite/index.ts'
import type { Connection, Driver, RunResult } from '../driver.ts'

/** A statement of a database that is given, whichever library it is of. */
export interface GivenSqliteStatement {
  readonly reader: boolean
  all(parameters: readonly unknown[]): unknown[]
  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint }
  iterate(parameters: readonly unknown[]): IterableIterator<unknown>
}

/** A database that is given: what `better-sqlite3` and what is made like it have in common. */
export interface GivenSqlite {
  prepare(sql: string): GivenSqliteStatement
  close(): unknown
}

/** How many statements are kept ready. */
const KEPT = 200

/** Values pass as the library of the database takes and gives them; nothing of it is known but the two interfaces. */
class GivenConnection implements Connection {
  readonly rows = 'object'
  readonly #database: GivenSqlite
  readonly #statements = new Map<string, GivenSqliteStatement>()

  constructor(database: GivenSqlite) {
    this.#database = database
  }

  all(sql: string, parameters: readonly unknown[]): unknown[] {
    const statement = this.#prepare(sql)
    if (statement.reader) return statement.all(parameters)
    statement.run(parameters)
    return []
  }

  first(sql: string, parameters: readonly unknown[]): unknown {
    return this.all(sql, parameters)[0]
  }

  run(sql: string, parameters: readonly unknown[]): RunResult {
    const { changes, lastInsertRowid } = this.#prepare(sql).run(parameters)
    return { changes, insertId: lastInsertRowid }
  }

  execute(sql: string, parameters: readonly unknown[]): RunResult & { readonly rows: unknown[] } {
    const statement = this.#prepare(sql)
    if (statement.reader) return { rows: statement.all(parameters), changes: 0, insertId: undefined }
    return { rows: [], ...this.run(sql, parameters) }
  }

  columns(): readonly string[] {
    return []
  }

  // A statement of its own: one that is kept could be asked for again while the stream stands in its midst.
  *stream(sql: string, parameters: readonly unknown[], chunkSize: number): Generator<unknown[], undefined> {
    let chunk: unknown[] = []
    for (const row of this.#database.prepare(sql).iterate(parameters)) {
      if (chunk.push(row) < chunkSize) continue
      yield chunk
      chunk = []
    }
    if (chunk.length > 0) yield chunk
    return undefined
  }

  script(sql: string): void {
    this.#database.prepare(sql).run([])
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }

  #prepare(sql: string): GivenSqliteStatement {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const made = this.#database.prepare(sql)
    if (this.#statements.size >= KEPT) this.#statements.clear()
    this.#statements.set(sql, made)
    return made
  }
}

/**
 * SQLite by way of a database that somebody opened, or that `open` gives with the first query. It is closed with the
 * database of Kanta.
 */
export function givenSqlite(open: () => GivenSqlite | Promise<GivenSqlite>): Driver {
  return {
    dialect: sqliteDialect,
    limits: { write: 1, read: 0 },
    sharesStreams: false,
    explainError: explainSqliteError,
    async connect() {
      return new GivenConnection(await open())
    },
  }
}
