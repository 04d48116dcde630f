import { type Dialect, leadingWords, splitStatements } from '../../dialect/index.ts'
import type { Connection, ExecuteResult, MaybePromise, RunResult } from '../../driver/index.ts'
import { KantaError } from '../../error/index.ts'
import type { SandboxFacet } from './database.ts'

/** The savepoint of a transaction of the code under test, and that of one of its statements. */
const TRANSACTION = 'kanta_box'
const STATEMENT = 'kanta_box_statement'

/** The way in which a statement controls a transaction. */
type Control = 'begin' | 'commit' | 'rollback' | 'settings'

/** The state that all connections of a sandbox share: the one real connection, inside of a transaction. */
export interface Box {
  readonly inner: Connection
  readonly dialect: Dialect
  readonly facet: SandboxFacet
  /** Statements that run now. */
  running: number
  isEnded: boolean
}

/**
 * A connection of a sandbox. It seems to be outside of a transaction, in which it is: `begin` of the code under test
 * makes a savepoint, `commit` releases it and `rollback` returns to it.
 */
export class BoxConnection implements Connection {
  readonly rows: Connection['rows']
  readonly #box: Box
  #isOpen = false

  constructor(box: Box) {
    this.#box = box
    this.rows = box.inner.rows
  }

  get inTransaction(): boolean {
    return this.#isOpen
  }

  all(sql: string, parameters: readonly unknown[], bigints?: boolean): MaybePromise<unknown[]> {
    return this.#run(sql, () => this.#box.inner.all(sql, parameters, bigints), [])
  }

  first(sql: string, parameters: readonly unknown[], bigints?: boolean): MaybePromise<unknown> {
    return this.#run(sql, () => this.#box.inner.first(sql, parameters, bigints), undefined)
  }

  run(sql: string, parameters: readonly unknown[]): MaybePromise<RunResult> {
    return this.#run(sql, () => this.#box.inner.run(sql, parameters), NOTHING)
  }

  execute(sql: string, parameters: readonly unknown[], bigints?: boolean): MaybePromise<ExecuteResult> {
    return this.#run(sql, () => this.#box.inner.execute(sql, parameters, bigints), NOTHING)
  }

  columns(sql: string): readonly string[] {
    return this.#box.inner.columns(sql)
  }

  stream(
    sql: string,
    parameters: readonly unknown[],
    chunkSize: number,
    bigints?: boolean,
  ): IterableIterator<unknown[]> | AsyncIterableIterator<unknown[]> {
    this.#check(sql)
    return this.#box.inner.stream(sql, parameters, chunkSize, bigints)
  }

  async script(sql: string): Promise<void> {
    for (const statement of splitStatements(sql, this.#box.dialect))
      await this.#run(statement.sql, () => this.#box.inner.script(statement.sql), undefined)
  }

  async cancel(): Promise<void> {
    await this.#box.inner.cancel?.()
  }

  /** Ends the transaction that the code under test has left open. */
  async close(): Promise<void> {
    if (this.#isOpen && !this.#box.isEnded) await this.#control('rollback')
  }

  #run<T>(sql: string, act: () => MaybePromise<T>, nothing: T): MaybePromise<T> {
    const control = this.#check(sql)
    if (control !== undefined) return this.#control(control).then(() => nothing)
    if (this.#box.facet.failureEndsTransaction === true && !this.#isOpen) return this.#runGuarded(act)
    return this.#counted(act, sql)
  }

  /** Refuses what would leave the sandbox, and tells whether a statement controls a transaction. */
  #check(sql: string): Control | undefined {
    const { isEnded, dialect, facet } = this.#box
    if (isEnded)
      throw new KantaError('closed', 'The sandbox has ended. Await all work on it before the end of its block.')
    const words = leadingWords(sql, dialect.lexis, 4)
    const control = controlOf(words)
    if (control === undefined && facet.endsTransaction?.(words) === true)
      throw new KantaError(
        'unsupported',
        `The database ends the transaction with '${words.slice(0, 2).join(' ')}', so a sandbox could not undo it. Run it before sandbox().`,
        { sql },
      )
    return control
  }

  #counted<T>(act: () => MaybePromise<T>, sql: string): MaybePromise<T> {
    const box = this.#box
    box.running++
    try {
      const result = act()
      if (!(result instanceof Promise)) {
        this.#refuseLost(sql)
        return result
      }
      box.running++
      return result
        .then((value) => {
          this.#refuseLost(sql)
          return value
        })
        .finally(() => box.running--)
    } finally {
      box.running--
    }
  }

  #refuseLost(sql: string): void {
    if (this.#box.inner.inTransaction !== false) return
    throw new KantaError(
      'transaction',
      'The statement has ended the transaction of the sandbox, which can undo nothing any more. Start another one.',
      { sql },
    )
  }

  /** Runs a statement in a savepoint, to which the transaction returns if it fails. */
  async #runGuarded<T>(act: () => MaybePromise<T>): Promise<T> {
    const { inner, dialect } = this.#box
    const { savepoint, rollbackTo, release } = dialect.transaction
    const end = release(STATEMENT)
    this.#box.running++
    try {
      await inner.run(savepoint(STATEMENT), [])
      try {
        const result = await act()
        if (end !== undefined) await inner.run(end, [])
        return result
      } catch (error) {
        await inner.run(rollbackTo(STATEMENT), [])
        if (end !== undefined) await inner.run(end, [])
        throw error
      }
    } finally {
      this.#box.running--
    }
  }

  async #control(control: Control): Promise<void> {
    const { inner, dialect } = this.#box
    const { savepoint, rollbackTo, release } = dialect.transaction
    const end = release(TRANSACTION)
    if (control === 'settings') return
    if (control === 'begin') {
      if (this.#isOpen)
        throw new KantaError('transaction', 'A transaction is open already on this connection. Commit it first.')
      await inner.run(savepoint(TRANSACTION), [])
      this.#isOpen = true
      return
    }
    // The database takes both outside of a transaction, too.
    if (!this.#isOpen) return
    this.#isOpen = false
    let failure: { readonly error: unknown } | undefined
    if (control === 'commit') {
      try {
        if (end !== undefined) await inner.run(end, [])
        return
      } catch (error) {
        failure = { error }
      }
    }
    await inner.run(rollbackTo(TRANSACTION), [])
    if (end !== undefined) await inner.run(end, [])
    if (failure !== undefined) throw failure.error
  }
}

const NOTHING: ExecuteResult & RunResult = { rows: [], changes: 0, insertId: undefined }

function controlOf([first, second, third]: readonly string[]): Control | undefined {
  switch (first) {
    case 'begin':
      return second === 'not' ? undefined : 'begin'
    case 'start':
      return second === 'transaction' ? 'begin' : undefined
    case 'commit':
    case 'end':
      return 'commit'
    case 'abort':
      return 'rollback'
    case 'rollback':
      return second === 'to' || third === 'to' ? undefined : 'rollback'
    case 'set':
      return second === 'transaction' || (second === 'session' && third === 'characteristics') ? 'settings' : undefined
  }
  return undefined
}
