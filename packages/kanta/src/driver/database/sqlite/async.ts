import { refuse } from '../../../error/index.ts'
import type { BatchStatement, Connection, ExecuteResult, RunResult } from '../../driver.ts'
import { checkChunkSize } from '../../option.ts'
import { connectionClosed } from './connection.ts'
import { checkCount, type KnownText, KnownTexts, readText, splitStatements, type TextFacts } from './text.ts'
import { type SqliteValue, toStore } from './value.ts'

/** Rows as arrays, and the names of their columns. */
export interface SqliteRows {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

/** The interface of an asynchronous library that returns whole results. */
export interface AsyncSqliteLibrary {
  /** Is true if a transaction is open. */
  readonly inTransaction: boolean
  /** Converts a value for the library, and throws for values that it would silently change. `index` is its position. */
  toLibrary(value: SqliteValue, index: number): unknown
  /** Converts a value of the library for the connection. */
  fromLibrary(value: unknown, bigints: boolean): unknown
  rows(sql: string, values: readonly unknown[]): Promise<SqliteRows>
  run(sql: string, values: readonly unknown[]): Promise<RunResult>
  execute(sql: string, values: readonly unknown[]): Promise<SqliteRows & RunResult>
  /** Runs the statements atomically. */
  batch(
    statements: readonly { readonly sql: string; readonly values: readonly unknown[] }[],
  ): Promise<readonly (SqliteRows & RunResult)[]>
  /** Runs a text that begins or ends a transaction or a savepoint. */
  control(sql: string): Promise<void>
  /** Runs statements without parameters, none of which controls a transaction. */
  script(statements: readonly string[]): Promise<void>
  close(): void | Promise<void>
}

/** A connection to SQLite by an asynchronous library that returns whole results. */
export class AsyncSqliteConnection implements Connection {
  readonly rows = 'array'
  readonly #library: AsyncSqliteLibrary
  readonly #texts = new KnownTexts()
  #open = true

  constructor(library: AsyncSqliteLibrary) {
    this.#library = library
  }

  get inTransaction(): boolean {
    return this.#open && this.#library.inTransaction
  }

  async all(sql: string, parameters: readonly unknown[], bigints = false): Promise<unknown[]> {
    return this.#read(this.#know(sql), this.#values(sql, parameters), bigints)
  }

  async first(sql: string, parameters: readonly unknown[], bigints?: boolean): Promise<unknown> {
    const [row] = await this.all(sql, parameters, bigints)
    return row
  }

  async run(sql: string, parameters: readonly unknown[]): Promise<RunResult> {
    const known = this.#know(sql)
    const values = this.#values(sql, parameters)
    if (!known.controls) return written(known, await this.#library.run(known.statement, values))
    await this.#library.control(known.statement)
    return NOTHING
  }

  async execute(sql: string, parameters: readonly unknown[], bigints = false): Promise<ExecuteResult> {
    const known = this.#know(sql)
    if (known.controls) return { ...(await this.run(sql, parameters)), rows: [] }
    return this.#answer(known, await this.#library.execute(known.statement, this.#values(sql, parameters)), bigints)
  }

  async batch(statements: readonly BatchStatement[]): Promise<readonly ExecuteResult[]> {
    const ready = statements.map(({ sql, parameters }) => ({
      sql: this.#know(sql).statement,
      values: this.#values(sql, parameters),
    }))
    const answers = await this.#library.batch(ready)
    return statements.map(({ sql, bigints = false }, i) => this.#answer(this.#know(sql), answers[i]!, bigints))
  }

  columns(sql: string): readonly string[] {
    return this.#know(sql).columns
  }

  stream(
    sql: string,
    parameters: readonly unknown[],
    chunkSize: number,
    bigints = false,
  ): AsyncIterableIterator<unknown[]> {
    checkChunkSize(chunkSize)
    return this.#chunks(this.#know(sql), this.#values(sql, parameters), chunkSize, bigints)
  }

  async script(sql: string): Promise<void> {
    if (readText(sql).parameters > 0) refuse('A script takes no parameters. Run its statements one by one.')
    this.#checkOpen()
    const statements = splitStatements(sql)
    if (!statements.some((statement) => readText(statement).controls)) return this.#library.script(statements)
    for (const statement of statements) await this.run(statement, [])
  }

  close(): void | Promise<void> {
    if (!this.#open) return
    this.#open = false
    return this.#library.close()
  }

  async *#chunks(
    known: KnownText,
    values: readonly unknown[],
    chunkSize: number,
    bigints: boolean,
  ): AsyncGenerator<unknown[], undefined, undefined> {
    this.#checkOpen()
    const rows = await this.#read(known, values, bigints)
    for (let at = 0; at < rows.length && this.#open; at += chunkSize) {
      // Keep the columns for each chunk, since other statements may have run in between.
      this.#texts.keep(known)
      yield rows.slice(at, at + chunkSize)
    }
  }

  async #read(known: KnownText, values: readonly unknown[], bigints: boolean): Promise<unknown[]> {
    const { columns, rows } = await this.#library.rows(known.statement, values)
    known.columns = columns
    return this.#rows(rows, bigints)
  }

  #answer(known: KnownText, answer: SqliteRows & RunResult, bigints: boolean): ExecuteResult {
    // D1 names no columns where there are no rows; another answer of the same text in a batch may have rows.
    if (answer.columns.length > 0) known.columns = answer.columns
    return { ...written(known, answer), rows: this.#rows(answer.rows, bigints) }
  }

  #rows(rows: SqliteRows['rows'], bigints: boolean): unknown[][] {
    return rows.map((row) => row.map((value) => this.#library.fromLibrary(value, bigints)))
  }

  #values(sql: string, parameters: readonly unknown[]): readonly unknown[] {
    checkCount(this.#know(sql), parameters)
    return toStore(parameters).map((value, index) => this.#library.toLibrary(value, index))
  }

  #know(sql: string): KnownText {
    this.#checkOpen()
    return this.#texts.find(sql)
  }

  #checkOpen(): void {
    if (!this.#open) throw connectionClosed()
  }
}

const NOTHING: RunResult = { changes: 0, insertId: undefined }

/**
 * Returns the changes of a statement. SQLite would return those of an earlier one for a statement that writes nothing.
 */
export function written(facts: TextFacts, { changes, insertId }: RunResult): RunResult {
  if (!facts.writes) return NOTHING
  return { changes, insertId: facts.inserts && Number(changes) !== 0 ? insertId : undefined }
}
