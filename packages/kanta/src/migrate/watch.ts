import { type Lexis, leadingWord, Scanner } from '../dialect/index.ts'
import type { BatchStatement, Connection, ExecuteResult, MaybePromise, RunResult } from '../driver/index.ts'
import { refuse } from '../error/index.ts'
import { type DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import { engineOf } from './engine.ts'

/** A statement of a migration. */
export interface MigrationStatement {
  readonly sql: string
  /** Left out with `kanta({ redact: true })`. */
  readonly parameters: readonly unknown[] | undefined
  /** Whether the database ran it; a dry run may leave out those that it could not undo. */
  readonly ran: boolean
  /** Milliseconds; 0 when it did not run. */
  readonly duration: number
}

/** What a migration sent so far. */
export class Statements {
  readonly list: MigrationStatement[] = []
  /** How many it sent, also those that are too many to keep. */
  count = 0
  /** The one that failed last. */
  failed: string | undefined

  add(statement: MigrationStatement): void {
    this.count++
    if (this.list.length < MOST_STATEMENTS) this.list.push(statement)
  }
}

/** A migration that moves many rows must not fill the memory with its texts. */
const MOST_STATEMENTS = 10_000

/** How a connection is watched while a migration has it. */
export interface Watching {
  readonly statements: Statements
  /** Called before each statement; throws to keep it from running. */
  readonly before?: ((sql: string) => void) | undefined
  /** The same, before each that is written as text; those around transactions are Kanta's own. */
  readonly beforeText?: ((sql: string) => void) | undefined
  /** Sends nothing but queries, and gives no rows for all else. */
  readonly pretend?: boolean | undefined
  readonly redact: boolean
  readonly onStatement?: ((statement: MigrationStatement) => void) | undefined
}

const NOTHING: ExecuteResult = { changes: 0, insertId: undefined, rows: [] }

/** What only reads, told from its first word; the transaction around a dry run holds it to that. */
const READS = new Set(['select', 'show', 'values', 'explain', 'describe', 'desc', 'table'])

/** A connection that tells which statements go through it. */
export class WatchedConnection implements Connection {
  readonly #inner: Connection
  readonly #lexis: Lexis
  #watching: Watching | undefined

  declare readonly batch?: NonNullable<Connection['batch']>
  declare readonly cancel?: () => MaybePromise<void>
  declare readonly kill?: () => MaybePromise<void>

  constructor(inner: Connection, lexis: Lexis) {
    this.#inner = inner
    this.#lexis = lexis
    // What the library lacks must be missing here, too.
    if (inner.batch !== undefined) this.batch = (statements) => this.#batch(statements)
    if (inner.cancel !== undefined) this.cancel = () => inner.cancel!()
    if (inner.kill !== undefined) this.kill = () => inner.kill!()
  }

  get isOpen(): boolean {
    return this.#inner.isOpen !== false
  }

  /** Whether a server is at its other end. */
  get isOfServer(): boolean {
    return this.#inner.isOpen !== undefined
  }

  /** Watches until the function that it gives is called. */
  watch(watching: Watching): () => void {
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
    return this.#send(sql, parameters, NOTHING, () => this.#inner.run(sql, parameters))
  }

  execute(sql: string, parameters: readonly unknown[]): MaybePromise<ExecuteResult> {
    this.#watching?.beforeText?.(sql)
    return this.#send(sql, parameters, NOTHING, () => this.#inner.execute(sql, parameters))
  }

  columns(sql: string): readonly string[] {
    return this.#watching?.pretend === true && !this.#reads(sql) ? [] : this.#inner.columns(sql)
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

  /** Several statements that run as one, told of as one. */
  #batch(statements: readonly BatchStatement[]): MaybePromise<readonly ExecuteResult[]> {
    const [first] = statements
    if (this.#watching === undefined || first === undefined) return this.#inner.batch!(statements)
    const text = statements.map(({ sql }) => sql).join(';\n')
    const none = statements.map(() => NOTHING)
    return this.#send(
      text,
      statements.flatMap(({ parameters }) => parameters),
      none,
      () => this.#inner.batch!(statements),
    )
  }

  #reads(sql: string): boolean {
    return READS.has(leadingWord(sql, this.#lexis))
  }

  #send<T>(sql: string, parameters: readonly unknown[], nothing: T, run: () => MaybePromise<T>): MaybePromise<T> {
    const watching = this.#watching
    if (watching === undefined) return run()
    watching.before?.(sql)
    const pretended = watching.pretend === true && !this.#reads(sql)
    const start = performance.now()
    const done = <R>(result: R): R => {
      const duration = pretended ? 0 : performance.now() - start
      const statement = { sql, parameters: watching.redact ? undefined : parameters, ran: !pretended, duration }
      watching.statements.add(statement)
      watching.onStatement?.(statement)
      return result
    }
    const failed = (error: unknown): never => {
      watching.statements.failed = sql
      throw error
    }
    if (pretended) return done(nothing)
    try {
      const result = run()
      return result instanceof Promise ? result.then(done, failed) : done(result)
    } catch (error) {
      return failed(error)
    }
  }
}

/** Refuses what a migration must not send while a transaction is around it. */
export function refuseInTransaction(db: DatabaseHandle): (sql: string) => void {
  const { foreignKeys } = engineOf(db)
  const { lexis } = dialectOf(db)
  return (sql) => {
    // SQLite takes no notice of it, and the rows of other tables would go with a dropped one.
    if (foreignKeys?.isSwitch(sql))
      refuse(
        "In a transaction 'pragma foreign_keys' does nothing. Say foreignKeys: 'off' in the migration, which turns them off around it.",
      )
    // What it did so far would stay without its record.
    if (endsTransaction(sql, lexis))
      refuse(
        `'${sql.trim().slice(0, 40)}' would end the transaction of the migration. Leave it out, or say transaction: false in the migration.`,
      )
  }
}

const ENDS = new Set(['commit', 'end', 'abort', 'rollback'])
const AFTER_END = new Set(['work', 'tran', 'transaction', 'and', 'no', 'chain'])

/** Whether a statement ends a whole transaction, and not only what followed a savepoint. */
function endsTransaction(sql: string, lexis: Lexis): boolean {
  const scanner = new Scanner(sql, lexis)
  if (!scanner.nextCode() || !ENDS.has(scanner.keyword)) return false
  while (scanner.nextCode()) if (!AFTER_END.has(scanner.keyword) && !scanner.is(';')) return false
  return true
}
