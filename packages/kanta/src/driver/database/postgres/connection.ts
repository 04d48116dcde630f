import { leadingWord } from '../../../dialect/index.ts'
import { postgresLexis } from '../../../dialect/postgres/index.ts'
import { KantaError, refuse } from '../../../error/index.ts'
import type { Connection, RunResult } from '../../driver.ts'
import { checkChunkSize } from '../../option.ts'
import { StatementCache } from '../../statement-cache.ts'
import { refuseRolledBack } from './commit.ts'
import { Execution, type Parsing, Script } from './execution.ts'
import { PgStream } from './stream.ts'
import { toWire, type WireValue } from './value.ts'
import { buffers, type Statement, type Submitted, type TransactionStatus, type Wire } from './wire.ts'

/** The part of a `pg` client that the driver uses. */
export interface PgClient {
  /** Its protocol layer. */
  readonly connection: unknown
  query(it: never): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** The ways to end a connection, which differ for one of a user's pool. */
export interface Ends {
  /** Closes it, or returns it to its pool. */
  close(isOpen: boolean): Promise<void>
  readonly cancel?: () => Promise<void>
  readonly kill?: () => Promise<void>
}

/** The statements to keep prepared. Others are rare, or gain nothing. */
const KEPT_PREPARED = new Set(['select', 'insert', 'update', 'delete', 'merge', 'with', 'values', 'table'])

const WRITES = /^(?:INSERT|UPDATE|DELETE|MERGE|COPY) (?:\d+ )?(\d+)$/

/** Returns the number of rows that a statement wrote. */
const changesOf = (tag: string): number => Number(WRITES.exec(tag)?.[1] ?? 0)

/** The tags of statements that change definitions, or may run some that do. */
const DEFINES = /^(?:ALTER|CREATE|DROP|DO|CALL|DISCARD)\b/m
const ROLLS_BACK = /^ROLLBACK$/m
const TO_SAVEPOINT = /^\s*rollback\s.*\bto\b/is

type Resolve = (value: never) => void
type Picker = (execution: Execution) => unknown

const rowsOf: Picker = (execution) => execution.rows
const firstOf: Picker = (execution) => execution.rows[0]
const resultOf: Picker = ({ tag }): RunResult => ({ changes: changesOf(tag), insertId: undefined })
const allOf: Picker = ({ tag, rows }) => ({ changes: changesOf(tag), insertId: undefined, rows })

/** A connection to PostgreSQL by a client of `pg`. */
export class PgConnection implements Connection {
  readonly rows = 'array'
  readonly cancel?: () => Promise<void>
  readonly kill?: () => Promise<void>
  readonly client: PgClient
  /** Runs when the connection is lost. */
  onLost: (() => void) | undefined
  readonly #wire: Wire
  readonly #ends: Ends
  /** The statements that are kept prepared; `undefined` if none is. */
  readonly #statements: StatementCache<Statement> | undefined
  /** Names of statements to deallocate on the server. */
  #forgotten: string[] = []
  /** The start of the names of prepared statements: no other client behind a pooler has the same. */
  readonly #prefix = `kanta_${crypto.randomUUID().slice(0, 18)}_`
  #names = 0
  #portals = 0
  /** The last statement that was not kept, for its columns. */
  #last: Statement | undefined
  readonly parsing: Parsing = { statement: undefined }
  #status: TransactionStatus = 'I'
  /** Is true if the open transaction changed definitions, which its rollback undoes. */
  #changesDefinitions = false
  /** The failure that waits for the server to be ready again. */
  #failed: (() => void) | undefined
  #open = true
  /** The open stream outside of a transaction. Its rest must be read before anything else can run. */
  #stream: PgStream | undefined

  constructor(client: PgClient, statementCache: number, ends: Ends) {
    this.client = client
    if (ends.cancel !== undefined) this.cancel = ends.cancel
    if (ends.kill !== undefined) this.kill = ends.kill
    this.#wire = client.connection as unknown as Wire
    this.#ends = ends
    if (statementCache > 1)
      this.#statements = new StatementCache(statementCache, ({ parsed, name }) => {
        if (parsed) this.#forgotten.push(name)
      })
    this.#wire.on('parseComplete', () => {
      const { statement } = this.parsing
      if (statement !== undefined) statement.parsed = statement.name !== ''
    })
    this.#wire.on('readyForQuery', ({ status }) => {
      this.#status = status
      this.#settle()
    })
    this.#wire.on('end', () => this.#lost())
    client.on('error', () => this.#lost())
  }

  get inTransaction(): boolean {
    return this.#status !== 'I'
  }

  get isOpen(): boolean {
    return this.#open
  }

  all(sql: string, parameters: readonly unknown[], bigints = false): Promise<unknown[]> {
    return this.#run(sql, parameters, 0, bigints, rowsOf) as Promise<unknown[]>
  }

  first(sql: string, parameters: readonly unknown[], bigints = false): Promise<unknown> {
    return this.#run(sql, parameters, 1, bigints, firstOf)
  }

  run(sql: string, parameters: readonly unknown[]): Promise<RunResult> {
    return this.#run(sql, parameters, 0, false, resultOf) as Promise<RunResult>
  }

  execute(
    sql: string,
    parameters: readonly unknown[],
    bigints = false,
  ): Promise<RunResult & { readonly rows: unknown[] }> {
    return this.#run(sql, parameters, 0, bigints, allOf) as Promise<RunResult & { readonly rows: unknown[] }>
  }

  columns(sql: string): readonly string[] {
    const statement = this.#statements?.get(sql) ?? this.#last
    return statement?.sql === sql ? (statement.columns?.map((column) => column.name) ?? []) : []
  }

  stream(sql: string, parameters: readonly unknown[], chunkSize: number, bigints = false): PgStream {
    checkChunkSize(chunkSize)
    const statement: Statement = { sql: checkText(sql), name: '', parsed: false, columns: undefined }
    const portal = `kanta_${++this.#portals}`
    this.#last = statement
    return new PgStream(this, { statement, values: wireValues(parameters), chunkSize, bigints, portal })
  }

  script(sql: string): Promise<void> {
    return this.#submit<Script, void>(
      (done, failing) => new Script(checkText(sql), done, failing),
      ({ tag, tags }) => {
        this.#noteDefinitions(sql, tags)
        refuseRolledBack(sql, tag)
      },
    )
  }

  /** Runs a step of a stream in its turn. */
  step<T extends Submitted>(
    make: (done: (it: T) => void, failing: (it: T, error: unknown) => void) => T,
    statement?: Statement,
  ): Promise<T> {
    if (statement !== undefined) this.#last = statement
    return this.#submit(make, (it) => it)
  }

  /** Sends a message at once, after the earlier ones. */
  send(it: Submitted): void {
    this.client.query(it as never)
  }

  /** Registers a stream that blocks the connection until it is read to its end. */
  set alone(stream: PgStream | undefined) {
    this.#stream = stream
  }

  async close(): Promise<void> {
    // A connection with an unfinished stream cannot be reused.
    const isFree = this.#open && this.#stream === undefined
    this.#open = false
    this.#stream?.close()
    await this.#ends.close(isFree)
  }

  /** Reopens the connection of a client of the user's pool. */
  reopen(): this {
    this.#open = true
    return this
  }

  #run(sql: string, parameters: readonly unknown[], limit: number, bigints: boolean, pick: Picker): Promise<unknown> {
    if (this.#stream !== undefined)
      return this.#stream.readAhead().then(() => this.#run(sql, parameters, limit, bigints, pick))
    return new Promise((resolve, reject) => {
      if (!this.#open) return reject(closedError())
      this.#start(sql, wireValues(parameters), limit, bigints, pick, resolve as Resolve, reject, false)
    })
  }

  #start(
    sql: string,
    values: readonly WireValue[],
    limit: number,
    bigints: boolean,
    pick: Picker,
    resolve: Resolve,
    reject: (error: unknown) => void,
    again: boolean,
  ): void {
    const statement = this.#statements?.get(sql) ?? this.#prepare(sql)
    const forgotten = this.#forgotten
    if (forgotten.length > 0) this.#forgotten = []
    const execution = new Execution(
      statement,
      values,
      { bigints, limit, forgotten, parsing: this.parsing },
      (done) => {
        if (statement.name === '') this.#noteDefinitions(sql, done.tag)
        if (done.tag === 'ROLLBACK') {
          try {
            refuseRolledBack(sql, done.tag)
          } catch (error) {
            return reject(error)
          }
        }
        resolve(pick(done) as never)
      },
      (_, error) => {
        this.whenReady(error, () => {
          if (!isOutdated(error) || statement.name === '') return reject(error)
          // If one statement is outdated, others are too, and each would fail a transaction.
          this.#statements?.clear()
          if (again || this.#status !== 'I' || !this.#open) return reject(error)
          this.#start(sql, values, limit, bigints, pick, resolve, reject, true)
        })
      },
    )
    this.send(execution)
  }

  async #submit<T extends Submitted, R>(
    make: (done: (it: T) => void, failing: (it: T, error: unknown) => void) => T,
    pick: (it: T) => R,
  ): Promise<R> {
    if (this.#stream !== undefined) await this.#stream.readAhead()
    return new Promise((resolve, reject) => {
      if (!this.#open) return reject(closedError())
      const done = (it: T): void => {
        try {
          resolve(pick(it))
        } catch (error) {
          reject(error)
        }
      }
      this.send(make(done, (_, error) => this.whenReady(error, () => reject(error))))
    })
  }

  /** Waits until the server is ready after an error, so that the next statement can run. */
  whenReady(error: unknown, then: () => void): void {
    // An error of this side, such as a value that it cannot read, arrives when the server is ready.
    if (!this.#open || !isOfServer(error)) return then()
    this.#failed = then
  }

  #settle(): void {
    const failed = this.#failed
    this.#failed = undefined
    failed?.()
  }

  #lost(): void {
    const wasOpen = this.#open
    this.#open = false
    this.#status = 'I'
    this.#settle()
    if (wasOpen) this.onLost?.()
  }

  #prepare(sql: string): Statement {
    const isKept = this.#statements !== undefined && KEPT_PREPARED.has(leadingWord(sql, postgresLexis))
    const name = isKept ? `${this.#prefix}${++this.#names}` : ''
    const statement: Statement = { sql: checkText(sql), name, parsed: false, columns: undefined }
    if (isKept) return this.#statements.set(sql, statement)
    this.#last = statement
    return statement
  }

  /**
   * Forgets all statements that were prepared before a change of definitions, or before it was undone: they are
   * outdated, and the first that fails for it would end its transaction.
   */
  #noteDefinitions(sql: string, tags: string): void {
    const undoes = ROLLS_BACK.test(tags)
    if (DEFINES.test(tags)) this.#changesDefinitions = true
    else if (!undoes || !this.#changesDefinitions) return
    this.#statements?.clear()
    if (undoes && !TO_SAVEPOINT.test(sql)) this.#changesDefinitions = false
  }
}

function wireValues(parameters: readonly unknown[]): readonly WireValue[] {
  const values = new Array<WireValue>(parameters.length)
  let bytes = false
  for (let i = 0; i < parameters.length; i++) {
    const value = toWire(parameters[i], i)
    bytes ||= typeof value === 'object' && value !== null
    values[i] = value
  }
  return bytes ? buffers(values) : values
}

/** Rejects NUL in a text, since the protocol would silently cut the text there. */
function checkText(sql: string): string {
  return sql.includes('\0')
    ? refuse('The text of a statement cannot hold the character NUL. Pass such text as a parameter.')
    : sql
}

/** Checks if the server sent the error. It then also reports when it is ready. */
function isOfServer(error: unknown): boolean {
  const { severity } = (error ?? {}) as { severity?: unknown }
  return typeof severity === 'string'
}

/** Checks if the prepared statement is outdated by a change of tables, or gone. */
function isOutdated(error: unknown): boolean {
  const { code, routine } = error as { code?: unknown; routine?: unknown }
  return code === '26000' || (code === '0A000' && routine === 'RevalidateCachedQuery')
}

const closedError = () => new KantaError('connection', 'The connection to PostgreSQL is closed. Take another.')
