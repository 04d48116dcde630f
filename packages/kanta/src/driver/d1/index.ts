import type { Dialect } from '../../dialect/index.ts'
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

/** The part of a binding of Cloudflare D1, or of its session (`env.DB.withSession()`), that the driver uses. */
export interface D1Binding {
  prepare(sql: string): D1Statement
  batch(statements: D1Statement[]): Promise<D1Answer[]>
}

/** A statement of D1. */
export interface D1Statement {
  bind(...values: unknown[]): D1Statement
  raw(options: { columnNames: true }): Promise<unknown[]>
  run(): Promise<D1Answer>
  all(): Promise<D1Answer>
}

/** An answer of D1. */
export interface D1Answer {
  readonly results: readonly unknown[]
  readonly meta: { readonly changes?: number; readonly last_row_id?: number }
}

/** The number of concurrent statements of a worker. The platform opens no more connections. */
const MAX_CONCURRENT = 6

/**
 * Returns a driver for Cloudflare D1 by its binding, or by a session of it for read replicas.
 *
 * D1 has no interactive transactions, so `transaction()` throws. An insert of many rows runs as one atomic batch, and
 * so do different statements by `batch()` of `kanta/dal`. A stream reads all rows at once.
 *
 * D1 supports only numbers: a bigint beyond 2^53 is an error, and so is an integer of a row that a number cannot hold.
 * Store such integers as text.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { type D1Binding, d1 } from 'kanta/d1'
 *
 * const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
 *
 * const worker = {
 *   async fetch(_request: Request, env: { DB: D1Binding }): Promise<Response> {
 *     const db = kanta({ driver: d1(env.DB), schema: { city } })
 *     return Response.json(await db.selectFrom(city).selectAll().execute())
 *   },
 * }
 * ```
 *
 * @throws KantaError `invalid_input` for a value that is not a binding.
 */
export function d1(binding: D1Binding): Driver {
  if (typeof binding?.prepare !== 'function' || typeof binding.batch !== 'function') {
    refuse("d1() takes a binding of D1, such as env.DB. Name it under 'd1_databases' in the settings of the worker.")
  }
  return {
    dialect,
    limits: { write: MAX_CONCURRENT, read: 0 },
    sharesStreams: true,
    explainError,
    connect: () => new AsyncSqliteConnection(new D1(binding)),
  }
}

function refuseTransaction(): never {
  throw new KantaError(
    'unsupported',
    'D1 has no interactive transactions. Write many rows in one insert, which is atomic; or run several statements by batch() of kanta/dal.',
  )
}

const dialect: Dialect = {
  ...sqliteDialect,
  transaction: { ...sqliteDialect.transaction, begin: refuseTransaction },
  // D1 allows 100 parameters in a statement.
  maxParameters: 100,
  bulkParameters: 100,
}

class D1 implements AsyncSqliteLibrary {
  readonly inTransaction = false
  readonly #binding: D1Binding

  constructor(binding: D1Binding) {
    this.#binding = binding
  }

  toLibrary(value: SqliteValue, index: number): unknown {
    if (typeof value === 'number' && !Number.isFinite(value))
      refuse(`Parameter ${index + 1} is ${value}, which D1 would store as null. Pass null, or text.`)
    if (typeof value !== 'bigint') return value
    const number = Number(value)
    if (Number.isSafeInteger(number)) return number
    return refuse(
      `Parameter ${index + 1} is the bigint ${value}. D1 takes numbers only, which cannot hold it exactly. Store it as text.`,
    )
  }

  fromLibrary(value: unknown, bigints: boolean): unknown {
    if (typeof value === 'number') {
      const number = refuseRounded(value)
      return bigints && Number.isSafeInteger(number) ? BigInt(number) : number
    }
    return Array.isArray(value) ? Uint8Array.from(value as number[]) : value
  }

  async rows(sql: string, values: readonly unknown[]): Promise<SqliteRows> {
    const [columns = [], ...rows] = (await this.#statement(sql, values).raw({ columnNames: true })) as unknown[][]
    return { columns: columns as string[], rows }
  }

  async run(sql: string, values: readonly unknown[]): Promise<RunResult> {
    return changesOf(await this.#statement(sql, values).run())
  }

  async execute(sql: string, values: readonly unknown[]): Promise<SqliteRows & RunResult> {
    return resultOf(await this.#statement(sql, values).all())
  }

  async batch(
    statements: readonly { readonly sql: string; readonly values: readonly unknown[] }[],
  ): Promise<readonly (SqliteRows & RunResult)[]> {
    const answers = await this.#binding.batch(statements.map(({ sql, values }) => this.#statement(sql, values)))
    return answers.map(resultOf)
  }

  async control(): Promise<void> {
    refuseTransaction()
  }

  /** Runs the statements as one batch, since D1 would split a script at every line end. */
  async script(statements: readonly string[]): Promise<void> {
    if (statements.length > 0) await this.batch(statements.map((sql) => ({ sql, values: [] })))
  }

  close(): void {}

  #statement(sql: string, values: readonly unknown[]): D1Statement {
    const statement = this.#binding.prepare(sql)
    return values.length === 0 ? statement : statement.bind(...values)
  }
}

const changesOf = ({ meta }: D1Answer): RunResult => ({ changes: meta.changes ?? 0, insertId: meta.last_row_id })

function resultOf(answer: D1Answer): SqliteRows & RunResult {
  const [first] = answer.results
  const rows = answer.results.map((row) => Object.values(row as object) as unknown[])
  return { ...changesOf(answer), columns: first === undefined ? [] : Object.keys(first as object), rows }
}

const CONNECTION_LOST = /connection lost|internal error|transient|reset because|caused object to be reset/i

function explainError(cause: unknown): Explanation {
  if (cause instanceof KantaError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  if (/SQLITE_/.test(message)) return explainSqliteError(cause)
  if (/overloaded/i.test(message))
    return { code: 'busy', message: `D1 is overloaded (${message}). Run it again later.` }
  if (CONNECTION_LOST.test(message)) {
    return {
      code: 'connection',
      message: `D1 could not be reached or did not answer (${message}). A write may have happened. Check before you run it again.`,
    }
  }
  return explainSqliteError(cause)
}
