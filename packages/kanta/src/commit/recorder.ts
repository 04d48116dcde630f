import { type Lexis, leadingWords } from '../dialect/index.ts'
import type { Connection, ExecuteResult, MaybePromise, RunResult } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'

/** A statement that a transaction has run, and what came of it. */
export interface Recorded {
  readonly sql: string
  readonly parameters: readonly unknown[]
  /** Is true for a script of several statements. */
  readonly isScript: boolean
  readonly changes: number | bigint
  readonly insertId: number | bigint | undefined
  readonly rows: readonly unknown[]
}

/** The first words of statements that change nothing. */
const READS: ReadonlySet<string> = new Set(['select', 'values', 'table', 'show', 'explain'])
/** Those of statements that only undo or keep a part of the transaction. */
const MARKS: ReadonlySet<string> = new Set(['savepoint', 'release', 'rollback'])
const ENDS: ReadonlySet<string> = new Set(['commit', 'end', 'abort', 'begin', 'start', 'xa'])

/** Those of the statements around a transaction. */
const CONTROLS: ReadonlySet<string> = new Set(['commit', 'rollback', 'pragma', 'xa', 'prepare'])

const NOTHING: RunResult = { changes: 0, insertId: undefined }

/** The options of a recorder. */
export interface RecorderOptions {
  /** Is false where the statements need not be kept, since the transaction can be prepared. */
  readonly keeps: boolean
  readonly queriesMayWrite: boolean
}

/** A connection that notices whether something was written, and keeps the statements that wrote. */
export class Recorder implements Connection {
  readonly #inner: Connection
  readonly #lexis: Lexis
  readonly #options: RecorderOptions
  readonly statements: Recorded[] = []
  #state: 'before' | 'work' | 'after' | 'ended' = 'before'
  #hasWritten = false

  declare readonly cancel?: () => MaybePromise<void>
  declare readonly kill?: () => MaybePromise<void>

  constructor(inner: Connection, lexis: Lexis, options: RecorderOptions) {
    this.#inner = inner
    this.#lexis = lexis
    this.#options = options
    // A method that the library lacks must be missing here, too.
    if (inner.cancel !== undefined) this.cancel = () => inner.cancel!()
    if (inner.kill !== undefined) this.kill = () => inner.kill!()
  }

  /** Notices what runs from now on: the work of the user, not what is around it. */
  start(): void {
    this.#state = 'work'
  }

  stop(): void {
    this.#state = 'after'
  }

  /** Refuses all but the end of the transaction: what came now would not be among the statements that are kept. */
  end(): void {
    this.#state = 'ended'
  }

  get hasWritten(): boolean {
    return this.#hasWritten
  }

  get rows(): 'object' | 'array' {
    return this.#inner.rows
  }

  get inTransaction(): boolean | undefined {
    return this.#inner.inTransaction
  }

  get isOpen(): boolean {
    return this.#inner.isOpen !== false
  }

  all(sql: string, parameters: readonly unknown[], bigints?: boolean): MaybePromise<unknown[]> {
    const record = this.#recording(sql, parameters)
    const rows = this.#inner.all(sql, parameters, bigints)
    return record === undefined ? rows : then(rows, (all) => record(NOTHING, all))
  }

  first(sql: string, parameters: readonly unknown[], bigints?: boolean): MaybePromise<unknown> {
    const record = this.#recording(sql, parameters)
    const row = this.#inner.first(sql, parameters, bigints)
    return record === undefined ? row : then(row, (one) => record(NOTHING, one === undefined ? [] : [one]))
  }

  run(sql: string, parameters: readonly unknown[]): MaybePromise<RunResult> {
    const record = this.#recording(sql, parameters)
    const result = this.#inner.run(sql, parameters)
    return record === undefined ? result : then(result, (done) => record(done, []))
  }

  execute(sql: string, parameters: readonly unknown[], bigints?: boolean): MaybePromise<ExecuteResult> {
    const record = this.#recording(sql, parameters)
    const result = this.#inner.execute(sql, parameters, bigints)
    return record === undefined ? result : then(result, (done) => record(done, done.rows))
  }

  columns(sql: string): readonly string[] {
    return this.#inner.columns(sql)
  }

  stream(
    sql: string,
    parameters: readonly unknown[],
    chunkSize: number,
    bigints?: boolean,
  ): IterableIterator<unknown[]> | AsyncIterableIterator<unknown[]> {
    // How far it is read is not known, so the rows are not compared.
    this.#recording(sql, parameters)?.(NOTHING, [])
    return this.#inner.stream(sql, parameters, chunkSize, bigints)
  }

  script(sql: string): MaybePromise<void> {
    const record = this.#recording(sql, [], true)
    const done = this.#inner.script(sql)
    return record === undefined ? done : then(done, () => record(NOTHING, []))
  }

  rest(): void {
    this.#inner.rest?.()
  }

  close(): MaybePromise<void> {
    return this.#inner.close()
  }

  /** Returns what keeps the result of a statement; `undefined` for one of which nothing is to be kept. */
  #recording(
    sql: string,
    parameters: readonly unknown[],
    isScript = false,
  ): ((result: RunResult, rows: readonly unknown[]) => void) | undefined {
    if (this.#state === 'before' || this.#state === 'after') return undefined
    const [word = '', ...others] = leadingWords(sql, this.#lexis, 4)
    if (this.#state === 'ended') {
      if (CONTROLS.has(word)) return undefined
      throw new KantaError(
        'transaction',
        'The transaction is being committed, so nothing more can run in it. Await all of its work before the callback returns.',
        { sql },
      )
    }
    if (ENDS.has(word) || (word === 'rollback' && !others.includes('to')))
      throw new KantaError(
        'transaction',
        `'${sql.trim().slice(0, 40)}' would end the transaction in one database alone. Return from the callback to commit in all of them, or throw to roll back.`,
        { sql },
      )
    const isQuery = READS.has(word) && !isScript
    if (isQuery && !(this.#options.queriesMayWrite && mayWrite(sql))) return undefined
    this.#hasWritten ||= !MARKS.has(word)
    if (!this.#options.keeps) return undefined
    return ({ changes, insertId }, rows) => {
      // What a query reads may be other rows by then.
      this.statements.push({ sql, parameters, isScript, changes, insertId, rows: isQuery ? [] : rows })
    }
  }
}

/** Tells whether a query may call a function of the database, which may write, or locks rows. */
const mayWrite = (sql: string): boolean => /\(|\bfor\b/i.test(sql)

/** Calls back with a value now or once it is there, and returns the value. */
function then<T>(value: MaybePromise<T>, call: (value: T) => void): MaybePromise<T> {
  if (value instanceof Promise)
    return value.then((ready) => {
      call(ready)
      return ready
    })
  call(value)
  return value
}
