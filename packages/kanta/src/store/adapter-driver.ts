import type { Dialect } from '../dialect/index.ts'
import { sqliteDialect } from '../dialect/sqlite/index.ts'
import { explainSqliteError } from '../driver/database/sqlite/index.ts'
import type { BatchStatement, Connection, Driver, ExecuteResult, RunResult } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'
import type { SqliteAdapter } from './sqlite-adapter.ts'

/** Returns the driver of a database that an adapter reaches. Its transactions are batches, as those of D1. */
export function adapterDriver(adapter: SqliteAdapter): Driver {
  return {
    dialect,
    limits: { write: 1, read: 0 },
    sharesStreams: true,
    explainError: explainSqliteError,
    connect: () => new AdapterConnection(adapter),
    close: () => adapter.close(),
  }
}

const dialect: Dialect = {
  ...sqliteDialect,
  transaction: {
    ...sqliteDialect.transaction,
    begin: () => {
      throw new KantaError('unsupported', 'An adapter of SQLite has no transactions that stay open.')
    },
  },
}

const NOTHING: RunResult = { changes: 0, insertId: undefined }

class AdapterConnection implements Connection {
  readonly rows = 'object'
  readonly #adapter: SqliteAdapter

  constructor(adapter: SqliteAdapter) {
    this.#adapter = adapter
  }

  all(sql: string, parameters: readonly unknown[]): unknown[] {
    return readRows(this.#adapter, sql, parameters)
  }

  first(sql: string, parameters: readonly unknown[]): unknown {
    return this.all(sql, parameters)[0]
  }

  run(sql: string, parameters: readonly unknown[]): RunResult {
    this.#adapter.exec(sql, ...parameters)
    return NOTHING
  }

  execute(sql: string, parameters: readonly unknown[]): ExecuteResult {
    return { ...NOTHING, rows: runText(this.#adapter, sql, parameters) }
  }

  batch(statements: readonly BatchStatement[]): readonly ExecuteResult[] {
    return this.#adapter.transaction(() => statements.map(({ sql, parameters }) => this.execute(sql, parameters)))
  }

  /** Names no columns, since rows are objects. */
  columns(): readonly string[] {
    return []
  }

  *stream(sql: string, parameters: readonly unknown[], chunkSize: number): Generator<unknown[], undefined, undefined> {
    const rows = this.all(sql, parameters)
    for (let at = 0; at < rows.length; at += chunkSize) yield rows.slice(at, at + chunkSize)
  }

  script(sql: string): void {
    this.#adapter.exec(sql)
  }

  close(): void {}
}

/** Runs a statement of the store. Libraries have different methods for those that return rows. */
export function runText(
  adapter: SqliteAdapter,
  sql: string,
  parameters: readonly unknown[],
): Record<string, unknown>[] {
  if (RETURNS_ROWS.test(sql)) return readRows(adapter, sql, parameters)
  adapter.exec(sql, ...parameters)
  return []
}

const RETURNS_ROWS = /^select |\breturning "seq"$/

/** Reads the rows of a statement to the end, so that it is not open when another one runs. */
function readRows(adapter: SqliteAdapter, sql: string, parameters: readonly unknown[]): Record<string, unknown>[] {
  const rows = adapter.iterate(sql, ...parameters)
  return Array.isArray(rows) ? rows : [...rows]
}
