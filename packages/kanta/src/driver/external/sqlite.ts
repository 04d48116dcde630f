import { sqliteDialect } from '../../dialect/sqlite/index.ts'
import { explainSqliteError } from '../database/sqlite/index.ts'
import type { Connection, Driver, RunResult } from '../driver.ts'
import { StatementCache } from '../statement-cache.ts'

/** A statement of a SQLite library. */
export interface ExternalSqliteStatement {
  readonly reader: boolean
  all(parameters: readonly unknown[]): unknown[]
  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint }
  iterate(parameters: readonly unknown[]): IterableIterator<unknown>
}

/** An open database of `better-sqlite3`, or of a library with the same interface. */
export interface ExternalSqlite {
  prepare(sql: string): ExternalSqliteStatement
  close(): unknown
}

/** The maximum number of prepared statements to keep. */
const MAX_STATEMENTS = 200

/** A connection that passes values unchanged to and from the library. */
class ExternalConnection implements Connection {
  readonly rows = 'object'
  readonly #database: ExternalSqlite
  readonly #statements = new StatementCache<ExternalSqliteStatement>(MAX_STATEMENTS)

  constructor(database: ExternalSqlite) {
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

  // Use a new statement, since a cached one could run again while the stream is open.
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

  #prepare(sql: string): ExternalSqliteStatement {
    return this.#statements.get(sql) ?? this.#statements.set(sql, this.#database.prepare(sql))
  }
}

/**
 * Returns a driver for SQLite by a database that `open` returns before the first query. It is closed with the database
 * of Kanta.
 */
export function externalSqlite(open: () => ExternalSqlite | Promise<ExternalSqlite>): Driver {
  return {
    dialect: sqliteDialect,
    limits: { write: 1, read: 0 },
    sharesStreams: false,
    explainError: explainSqliteError,
    async connect() {
      return new ExternalConnection(await open())
    },
  }
}
