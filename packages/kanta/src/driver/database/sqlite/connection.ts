import { KantaError, refuse } from '../../../error/index.ts'
import type { Connection, ExecuteResult, RunResult } from '../../driver.ts'
import { checkChunkSize } from '../../option.ts'
import { StatementCache } from '../../statement-cache.ts'
import { checkCount, readText, type TextFacts } from './text.ts'
import { isStorable, type SqliteValue, toStore } from './value.ts'

/** A prepared statement, as all synchronous libraries have it. */
export interface SqliteStatement {
  get(...parameters: readonly SqliteValue[]): unknown
  all(...parameters: readonly SqliteValue[]): unknown[]
  run(...parameters: readonly SqliteValue[]): { changes: number | bigint; lastInsertRowid: number | bigint }
  iterate(...parameters: readonly SqliteValue[]): Iterator<unknown>
  columns(): readonly { readonly name: string }[]
}

/** The interface of a synchronous library of SQLite. */
export interface SqliteLibrary {
  readonly rows: 'object' | 'array'
  readonly inTransaction: boolean
  /** Prepares a statement, and throws for a text of several. */
  prepare(sql: string, bigints: boolean): SqliteStatement
  returnsRows(statement: SqliteStatement): boolean
  exec(sql: string): void
  /** Copies the database to a new file step by step, and returns the number of its pages. */
  backup?(path: string): Promise<number>
  close(): void
}

/** A prepared text, with a second statement for reads with bigints. */
interface Prepared extends TextFacts {
  readonly statement: SqliteStatement
  exact: SqliteStatement | undefined
  /** The statement that ran last for the text. After a change of the schema, others still have the old columns. */
  ran: SqliteStatement
  returnsRows: boolean | undefined
}

const NONE: readonly SqliteValue[] = []

/** A connection to SQLite by a synchronous library. */
export class SqliteConnection implements Connection {
  readonly rows: 'object' | 'array'
  readonly #library: SqliteLibrary
  readonly #streams = new Set<SqliteStream>()
  readonly #statements: StatementCache<Prepared>
  // Cache the state, since reading it costs a tenth of a query, and a transaction reads it before each statement.
  #inTransaction: boolean | undefined
  #open = true

  constructor(library: SqliteLibrary, statementCache: number) {
    this.#library = library
    this.rows = library.rows
    this.#statements = new StatementCache(statementCache)
  }

  get inTransaction(): boolean {
    if (!this.#open) return false
    this.#inTransaction ??= this.#library.inTransaction
    return this.#inTransaction
  }

  first(sql: string, parameters: readonly unknown[], bigints?: boolean): unknown {
    const prepared = this.#statements.get(sql) ?? this.#prepare(sql)
    const statement = bigints === true ? this.#exact(sql, prepared) : prepared.statement
    prepared.ran = statement
    if (parameters.length !== prepared.parameters) checkCount(prepared, parameters)
    try {
      // Written out, since looping over a list and spreading it doubles the cost.
      switch (parameters.length) {
        case 0:
          return statement.get()
        case 1: {
          const a = parameters[0]
          if (isStorable(a)) return statement.get(a)
          break
        }
        case 2: {
          const a = parameters[0]
          const b = parameters[1]
          if (isStorable(a) && isStorable(b)) return statement.get(a, b)
          break
        }
        case 3: {
          const a = parameters[0]
          const b = parameters[1]
          const c = parameters[2]
          if (isStorable(a) && isStorable(b) && isStorable(c)) return statement.get(a, b, c)
        }
      }
      return statement.get(...toStore(parameters))
    } catch (error) {
      throw this.#failed(error)
    }
  }
  all(sql: string, parameters: readonly unknown[], bigints?: boolean): unknown[] {
    const prepared = this.#statements.get(sql) ?? this.#prepare(sql)
    const statement = bigints === true ? this.#exact(sql, prepared) : prepared.statement
    prepared.ran = statement
    if (parameters.length !== prepared.parameters) checkCount(prepared, parameters)
    try {
      switch (parameters.length) {
        case 0:
          return statement.all()
        case 1: {
          const a = parameters[0]
          if (isStorable(a)) return statement.all(a)
          break
        }
        case 2: {
          const a = parameters[0]
          const b = parameters[1]
          if (isStorable(a) && isStorable(b)) return statement.all(a, b)
          break
        }
        case 3: {
          const a = parameters[0]
          const b = parameters[1]
          const c = parameters[2]
          if (isStorable(a) && isStorable(b) && isStorable(c)) return statement.all(a, b, c)
        }
      }
      return statement.all(...toStore(parameters))
    } catch (error) {
      throw this.#failed(error)
    }
  }
  run(sql: string, parameters: readonly unknown[]): RunResult {
    const prepared = this.#statements.get(sql) ?? this.#prepare(sql)
    if (parameters.length !== prepared.parameters) checkCount(prepared, parameters)
    if (prepared.controls) this.#inTransaction = undefined
    try {
      const { changes, lastInsertRowid } = runOn(prepared.statement, parameters)
      if (!prepared.writes) return { changes: 0, insertId: undefined }
      return { changes, insertId: prepared.inserts && changes !== 0 ? this.#exactId(lastInsertRowid) : undefined }
    } catch (error) {
      throw this.#failed(error)
    }
  }

  execute(sql: string, parameters: readonly unknown[], bigints?: boolean): ExecuteResult {
    const prepared = this.#statements.get(sql) ?? this.#prepare(sql)
    if (!this.#returnsRows(prepared)) return { ...this.run(sql, parameters), rows: [] }
    if (!prepared.writes) return { rows: this.all(sql, parameters, bigints), changes: 0, insertId: undefined }
    const before = this.#number('select total_changes()')
    const rows = this.all(sql, parameters, bigints)
    // A query that begins with `with` changes nothing, and SQLite would return the numbers of an earlier statement.
    if (this.#number('select total_changes()') === before) return { rows, changes: 0, insertId: undefined }
    const insertId = prepared.inserts ? this.#exactId(this.#number('select last_insert_rowid()')) : undefined
    return { rows, changes: this.#number('select changes()'), insertId }
  }

  get backup(): Connection['backup'] {
    const library = this.#library
    return library.backup === undefined ? undefined : (path) => library.backup!(path)
  }

  columns(sql: string): readonly string[] {
    const prepared = this.#statements.get(sql) ?? this.#prepare(sql)
    return this.#returnsRows(prepared) ? prepared.ran.columns().map((column) => column.name) : []
  }

  stream(sql: string, parameters: readonly unknown[], chunkSize: number, bigints = false): SqliteStream {
    checkChunkSize(chunkSize)
    const facts = readText(sql)
    checkCount(facts, parameters)
    const values = toStore(parameters)
    // Use a new statement, since a cached one could run again while the stream is open.
    const start = () => {
      const statement = this.#library.prepare(sql, bigints)
      const prepared = this.#statements.get(sql) ?? this.#prepare(sql)
      prepared.ran = statement
      return statement.iterate(...values)
    }
    return new SqliteStream(start, chunkSize, this.#streams, (error) => this.#failed(error))
  }

  script(sql: string): void {
    if (readText(sql).parameters > 0) refuse('A script takes no parameters. Run its statements one by one.')
    this.#inTransaction = undefined
    this.#library.exec(sql)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#statements.clear()
    for (const stream of this.#streams) stream.return()
    this.#library.close()
  }

  /** Handles an error, which can end a transaction. */
  #failed(error: unknown): unknown {
    this.#inTransaction = undefined
    return error
  }

  #prepare(sql: string): Prepared {
    if (!this.#open) throw connectionClosed()
    const facts = readText(sql)
    const statement = this.#library.prepare(sql, false)
    return this.#statements.set(sql, { ...facts, statement, exact: undefined, ran: statement, returnsRows: undefined })
  }

  #returnsRows(prepared: Prepared): boolean {
    prepared.returnsRows ??= this.#library.returnsRows(prepared.statement)
    return prepared.returnsRows
  }

  #exact(sql: string, prepared: Prepared): SqliteStatement {
    prepared.exact ??= this.#library.prepare(sql, true)
    return prepared.exact
  }

  /** Returns the exact id, since libraries round an id that a number cannot hold. */
  #exactId(id: number | bigint): number | bigint {
    return Number.isSafeInteger(id) ? id : this.#integer('select last_insert_rowid()')
  }

  #number(sql: string): number {
    return Number(this.#integer(sql))
  }

  #integer(sql: string): bigint {
    const row = this.first(sql, NONE, true) as bigint[] | Record<string, bigint>
    return Object.values(row)[0]!
  }
}

/** Runs a statement. It is written out for few parameters, which is faster than spreading a list. */
function runOn(statement: SqliteStatement, parameters: readonly unknown[]): ReturnType<SqliteStatement['run']> {
  const v = toStore(parameters)
  switch (v.length) {
    case 0:
      return statement.run()
    case 1:
      return statement.run(v[0]!)
    case 2:
      return statement.run(v[0]!, v[1]!)
    case 3:
      return statement.run(v[0]!, v[1]!, v[2]!)
    case 4:
      return statement.run(v[0]!, v[1]!, v[2]!, v[3]!)
    case 5:
      return statement.run(v[0]!, v[1]!, v[2]!, v[3]!, v[4]!)
    case 6:
      return statement.run(v[0]!, v[1]!, v[2]!, v[3]!, v[4]!, v[5]!)
    default:
      return statement.run(...v)
  }
}

/** Returns the error of a call on a closed connection. */
export const connectionClosed = (): KantaError =>
  new KantaError('closed', 'The connection is closed. Run queries before the database is destroyed.')

/** Reads the rows of a statement in chunks. The cursor opens with the first chunk and closes after the last. */
export class SqliteStream implements IterableIterator<unknown[]> {
  readonly #start: () => Iterator<unknown>
  readonly #chunkSize: number
  readonly #open: Set<SqliteStream>
  readonly #failed: (error: unknown) => unknown
  #rows: Iterator<unknown> | undefined
  #done = false

  constructor(
    start: () => Iterator<unknown>,
    chunkSize: number,
    open: Set<SqliteStream>,
    failed: (error: unknown) => unknown,
  ) {
    this.#start = start
    this.#chunkSize = chunkSize
    this.#open = open
    this.#failed = failed
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<unknown[], undefined> {
    if (this.#done) return { done: true, value: undefined }
    try {
      const chunk = this.#read()
      if (chunk.length < this.#chunkSize) this.return()
      return chunk.length > 0 ? { done: false, value: chunk } : { done: true, value: undefined }
    } catch (error) {
      this.return()
      throw this.#failed(error)
    }
  }

  return(): IteratorReturnResult<undefined> {
    this.#done = true
    this.#open.delete(this)
    this.#rows?.return?.()
    this.#rows = undefined
    return { done: true, value: undefined }
  }

  #read(): unknown[] {
    if (this.#rows === undefined) {
      this.#rows = this.#start()
      this.#open.add(this)
    }
    const chunk: unknown[] = []
    while (chunk.length < this.#chunkSize) {
      const row = this.#rows.next()
      if (row.done === true) break
      chunk.push(row.value)
    }
    return chunk
  }
}
