import { type Lexis, leadingWord, Scanner } from '../dialect/index.ts'
import type { BatchStatement, Connection, ExecuteResult, MaybePromise, RunResult } from '../driver/index.ts'
import { refuse } from '../error/index.ts'
import { type DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import { engineOf } from './engine.ts'

/** A statement of a migration. */
export interface MigrationStatement {
  readonly sql: string
  /** The parameters; `undefined` with `kanta({ redact: true })`. */
  readonly parameters: readonly unknown[] | undefined
  /** Is true if the database ran it. A dry run skips statements that it could not undo. */
  readonly ran: boolean
  /** The duration in milliseconds; 0 if it did not run. */
  readonly duration: number
}

/** The statements that a migration has sent. */
export class Statements {
  readonly list: MigrationStatement[] = []
  /** The number of all statements, including those past the limit of `list`. */
  count = 0
  /** The last statement that failed. */
  failed: string | undefined

  add(statement: MigrationStatement): void {
    this.count++
    if (this.list.length < MAX_STATEMENTS) this.list.push(statement)
  }
}

/** The maximum number of statements to keep, so that a migration of many rows does not fill the memory. */
const MAX_STATEMENTS = 10_000

/** The options of watching a connection while a migration uses it. */
export interface WatchOptions {
  readonly statements: Statements
  /** Runs before each statement. It throws to prevent the statement. */
  readonly before?: ((sql: string) => void) | undefined
  /** Runs before each statement that the migration wrote as text, which excludes Kanta's own transaction control. */
  readonly beforeText?: ((sql: string) => void) | undefined
  /** Sends only queries, and returns empty results for other statements. */
  readonly pretend?: boolean | undefined
  readonly redact: boolean
  readonly onStatement?: ((statement: MigrationStatement) => void) | undefined
}

const NO_RESULT: ExecuteResult = { changes: 0, insertId: undefined, rows: [] }

/** The first words of statements that only read. The read-only transaction of a dry run enforces it. */
const READ_WORDS = new Set(['select', 'show', 'values', 'explain', 'describe', 'desc', 'table'])

/** A connection that records its statements. */
export class WatchedConnection implements Connection {
  readonly #inner: Connection
  readonly #lexis: Lexis
  #watching: WatchOptions | undefined

  declare readonly batch?: NonNullable<Connection['batch']>
  declare readonly cancel?: () => MaybePromise<void>
  declare readonly kill?: () => MaybePromise<void>

  constructor(inner: Connection, lexis: Lexis) {
    this.#inner = inner
    this.#lexis = lexis
    // A method that the library lacks must be missing here, too.
    if (inner.batch !== undefined) this.batch = (statements) => this.#batch(statements)
    if (inner.cancel !== undefined) this.cancel = () => inner.cancel!()
    if (inner.kill !== undefined) this.kill = () => inner.kill!()
  }

  get isOpen(): boolean {
    return this.#inner.isOpen !== false
  }

  /** Is true if the connection leads to a server. */
  get isOfServer(): boolean {
    return this.#inner.isOpen !== undefined
  }

  /** Watches until the returned function is called. */
  watch(watching: WatchOptions): () => void {
    this.#watching = watching
    return () => {
      if (this.#watching === watching) this.#watching = undefined
    }
  }

  get rows(): 'object' | 'array' {
    return this.#inner.rows
  }

  get inTransaction(): boolean | undefined {
    return this.#watching?.pretend === true ? undefined : this.#inner.inTransaction
  }

  all(sql: string, parameters: readonly unknown[], bigints?: boolean): MaybePromise<unknown[]> {
    return this.#send(sql, parameters, [], () => this.#inner.all(sql, parameters, bigints))
  }

  first(sql: string, parameters: readonly unknown[], bigints?: boolean): MaybePromise<unknown> {
    return this.#send(sql, parameters, undefined, () => this.#inner.first(sql, parameters, bigints))
  }

  run(sql: string, parameters: readonly unknown[]): MaybePromise<RunResult> {
    return this.#send(sql, parameters, NO_RESULT, () => this.#inner.run(sql, parameters))
  }

  execute(sql: string, parameters: readonly unknown[], bigints?: boolean): MaybePromise<ExecuteResult> {
    this.#watching?.beforeText?.(sql)
    return this.#send(sql, parameters, NO_RESULT, () => this.#inner.execute(sql, parameters, bigints))
  }

  columns(sql: string): readonly string[] {
    return this.#watching?.pretend === true && !this.#isRead(sql) ? [] : this.#inner.columns(sql)
  }

  stream(
    sql: string,
    parameters: readonly unknown[],
    chunkSize: number,
    bigints?: boolean,
  ): IterableIterator<unknown[]> | AsyncIterableIterator<unknown[]> {
    const none: unknown[][] = []
    return this.#send(sql, parameters, none.values(), () =>
      this.#inner.stream(sql, parameters, chunkSize, bigints),
    ) as IterableIterator<unknown[]>
  }

  script(sql: string): MaybePromise<void> {
    this.#watching?.beforeText?.(sql)
    return this.#send(sql, [], undefined, () => this.#inner.script(sql))
  }

  close(): MaybePromise<void> {
    return this.#inner.close()
  }

  /** Runs several statements as one, and records them as one. */
  #batch(statements: readonly BatchStatement[]): MaybePromise<readonly ExecuteResult[]> {
    const [first] = statements
    if (this.#watching === undefined || first === undefined) return this.#inner.batch!(statements)
    const text = statements.map(({ sql }) => sql).join(';\n')
    const none = statements.map(() => NO_RESULT)
    return this.#send(
      text,
      statements.flatMap(({ parameters }) => parameters),
      none,
      () => this.#inner.batch!(statements),
    )
  }

  #isRead(sql: string): boolean {
    return READ_WORDS.has(leadingWord(sql, this.#lexis))
  }

  #send<T>(sql: string, parameters: readonly unknown[], nothing: T, run: () => MaybePromise<T>): MaybePromise<T> {
    const watching = this.#watching
    if (watching === undefined) return run()
    watching.before?.(sql)
    const isSkipped = watching.pretend === true && !this.#isRead(sql)
    const start = performance.now()
    const done = <R>(result: R): R => {
      const duration = isSkipped ? 0 : performance.now() - start
      const statement = { sql, parameters: watching.redact ? undefined : parameters, ran: !isSkipped, duration }
      watching.statements.add(statement)
      watching.onStatement?.(statement)
      return result
    }
    const failed = (error: unknown): never => {
      watching.statements.failed = sql
      throw error
    }
    if (isSkipped) return done(nothing)
    try {
      const result = run()
      return result instanceof Promise ? result.then(done, failed) : done(result)
    } catch (error) {
      return failed(error)
    }
  }
}

/** Returns a check that rejects statements that a migration must not send in a transaction. */
export function refuseInTransaction(db: DatabaseHandle): (sql: string) => void {
  const { foreignKeys } = engineOf(db)
  const { lexis } = dialectOf(db)
  return (sql) => {
    // SQLite ignores it, and a dropped table would take the rows that refer to it along.
    if (foreignKeys?.isSwitch(sql))
      refuse("'pragma foreign_keys' has no effect in a transaction. Set foreignKeys: 'off' in the migration instead.")
    // Its changes so far would be committed without its record.
    if (endsTransaction(sql, lexis))
      refuse(
        `'${sql.trim().slice(0, 40)}' would end the transaction of the migration. Leave it out, or set transaction: false in the migration.`,
      )
  }
}

const ENDS = new Set(['commit', 'end', 'abort', 'rollback'])
const AFTER_END = new Set(['work', 'tran', 'transaction', 'and', 'no', 'chain'])

/** Checks if a statement ends the whole transaction, not only a savepoint. */
function endsTransaction(sql: string, lexis: Lexis): boolean {
  const scanner = new Scanner(sql, lexis)
  if (!scanner.nextCode() || !ENDS.has(scanner.keyword)) return false
  while (scanner.nextCode()) if (!AFTER_END.has(scanner.keyword) && !scanner.is(';')) return false
  return true
}
