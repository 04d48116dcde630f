import type { TransactionSettings, TransactionSql } from '../dialect/index.ts'
import { type Driver, within } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'
import { callAll } from './completion-callbacks.ts'
import { failure, suppress } from './failure.ts'
import type { HeldSession } from './held.ts'
import { Savepoints } from './savepoint.ts'
import { Use } from './use.ts'

/** What runs after a transaction; it may use the database, whose connection is given back by then. */
export type AfterCallback = () => unknown

type State = 'open' | 'ending' | 'committed' | 'rolled back' | 'of unknown outcome'

/**
 * A transaction in its own hands: what `startTransaction()` gives, and what `transaction()` runs its callback in.
 * Inside another transaction it is a savepoint of that.
 *
 * @example
 * ```ts
 * await using transaction = await beginTransaction(session, driver)
 * await insertCity(transaction.session)
 * transaction.afterCommit(() => console.log('kept'))
 * await transaction.commit() // without it, the end of the block rolls back
 * ```
 */
export class Transaction {
  readonly session: HeldSession
  readonly settings: TransactionSettings
  /** What tells it from others, for those who may not have it: it leads to the connection. */
  readonly identity: object = Object.freeze({})
  /** The transaction of which this is a savepoint. */
  readonly outer: Transaction | undefined
  readonly #driver: Driver
  readonly #sql: TransactionSql
  readonly #savepoints = new Savepoints()
  #afterCommit: AfterCallback[] = []
  #afterRollback: AfterCallback[] = []
  #onLasting: AfterCallback[] = []
  #state: State = 'open'
  /** Whether the database has heard of it. */
  #sent = false
  #begun = false
  #lost = false
  #seized = false

  constructor(session: HeldSession, driver: Driver, settings: TransactionSettings) {
    this.session = session
    this.settings = settings
    this.outer = session.transaction
    this.#driver = driver
    this.#sql = driver.dialect.transaction
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Whether it was committed; inside another transaction, whether it became part of that. */
  get isCommitted(): boolean {
    return this.#state === 'committed'
  }

  get isRolledBack(): boolean {
    return this.#state === 'rolled back'
  }

  /**
   * Calls `callback` once the outermost transaction is committed, after those that were registered before it.
   * One that fails cannot undo the commit: it surfaces as the error `after_commit`, and the others run nevertheless.
   */
  afterCommit(callback: AfterCallback): void {
    this.#refuseUnlessOpen('afterCommit()')
    this.#afterCommit.push(callback)
  }

  /**
   * Calls `callback` once the outermost transaction is committed or may be, before all others; also for what a savepoint
   * undid. What it throws is lost.
   */
  onLasting(callback: AfterCallback): void {
    this.#refuseUnlessOpen('onLasting()')
    this.#onLasting.push(callback)
  }

  /** Calls `callback` once this transaction, one around it or the savepoint before it is rolled back. */
  afterRollback(callback: AfterCallback): void {
    this.#refuseUnlessOpen('afterRollback()')
    this.#afterRollback.push(callback)
  }

  /**
   * Makes the work last, and gives the connection back.
   *
   * @throws KantaError `after_commit` when it is committed and a callback failed; `unknown_outcome` when the connection
   * was lost meanwhile; else what the database said, and then it is rolled back.
   */
  async commit(): Promise<void> {
    await this.finish(undefined)
  }

  /**
   * Undoes the work, and gives the connection back.
   *
   * @throws KantaError what the database said; the connection is then closed, which undoes the work as well.
   */
  async rollback(): Promise<void> {
    this.#refuseUnlessOpen('rollback()')
    const errors = await this.#undo()
    if (errors.length > 0) throw errors.reduce(suppress)
  }

  /**
   * Marks a place to come back to.
   *
   * @throws KantaError `transaction` when a savepoint of that name is open.
   */
  async savepoint(name: string): Promise<void> {
    this.#refuseUnlessOpen('savepoint()')
    this.#savepoints.check(name)
    await this.#turn(this.#sql.savepoint(name))
    this.#savepoints.add(name, this.#afterCommit.length, this.#afterRollback.length)
  }

  /**
   * Undoes what was done since the savepoint, which stays open.
   *
   * @throws KantaError `transaction` when no savepoint of that name is open.
   */
  async rollbackToSavepoint(name: string): Promise<void> {
    this.#refuseUnlessOpen('rollbackToSavepoint()')
    this.#savepoints.find(name)
    await this.#turn(this.#sql.rollbackTo(name))
    const { afterCommit, afterRollback } = this.#savepoints.backTo(name)
    this.#afterCommit.length = afterCommit
    const failed = await call(this.#afterRollback.splice(afterRollback))
    if (failed.length > 0) throw failed.reduce(suppress)
  }

  /**
   * Forgets a savepoint and those after it, and keeps what was done since.
   *
   * @throws KantaError `transaction` when no savepoint of that name is open.
   */
  async releaseSavepoint(name: string): Promise<void> {
    this.#refuseUnlessOpen('releaseSavepoint()')
    this.#savepoints.find(name)
    const sql = this.#sql.release(name)
    if (sql !== undefined) await this.#turn(sql)
    this.#savepoints.release(name)
  }

  /** Rolls back what was neither committed nor rolled back. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isOpen) await this.rollback()
  }

  /** Opens it on the connection of its session; on failure the connection is given back. */
  async open(signal?: AbortSignal | undefined): Promise<void> {
    const statements = this.outer === undefined ? this.#sql.begin(this.settings) : [this.#sql.savepoint(this.#name)]
    this.session.transaction = this
    const { connection } = this.session
    const use = new Use(connection, { signal })
    for (const sql of statements) {
      try {
        await use.run(() => {
          this.#sent = true
          return connection.run(sql, [])
        })
        this.#begun = true
      } catch (cause) {
        const error = failure(this.#driver, cause, sql)
        await use.settled()
        this.#lost = error.code === 'connection' || use.isBroken
        throw await this.abandon(error)
      }
    }
  }

  /** Commits. `result` is what the error of a failing callback brings with it. */
  async finish(result: unknown): Promise<void> {
    this.#refuseUnlessOpen('commit()')
    if (this.session.nested !== undefined) throw nestedStillOpen(this.session.nested.purpose)
    this.#state = 'ending'
    await this.#seize()
    if (this.session.connection.isOpen === false) throw await this.abandon(lostBefore())
    if (this.session.connection.inTransaction === false) throw await this.abandon(endedBefore())
    if (this.session.isBroken) throw await this.abandon(brokenConnection())
    const sql = this.outer === undefined ? this.#sql.commit : this.#sql.release(this.#name)
    try {
      if (sql !== undefined) await this.session.connection.run(sql, [])
    } catch (cause) {
      throw await this.#commitFailed(failure(this.#driver, cause, sql))
    }
    if (this.#state !== 'ending') {
      // The one around it is being rolled back, and waits for its turn.
      this.session.give(this.session.connection)
      throw this.#refusal()
    }
    await this.#leave('committed')
    if (this.outer !== undefined) return this.#join(this.outer)
    await callAll(this.#onLasting.splice(0))
    const failed = await call(this.#afterCommit.splice(0))
    if (failed.length > 0) throw callbackFailed(failed, result)
  }

  /** Rolls back because of `error`, and gives the error to throw: that, with what failed on the way out kept on it. */
  async abandon(error: unknown): Promise<unknown> {
    if (this.#state !== 'open' && this.#state !== 'ending') return error
    return (await this.#undo()).reduce(suppress, error)
  }

  async #commitFailed(error: KantaError): Promise<unknown> {
    if (error.code !== 'connection' || this.outer !== undefined) return this.abandon(error)
    const unknown = new KantaError(
      'unknown_outcome',
      'The connection was lost during the commit, so that it cannot be known whether the work lasts. Look for its effect before running it again.',
      { cause: error },
    )
    await this.#leave('of unknown outcome', true)
    await callAll(this.#onLasting.splice(0))
    return unknown
  }

  /** Has the connection to itself from here on: after a commit that fails, also for the rollback. */
  async #seize(): Promise<void> {
    if (!this.#seized) await this.session.seize(() => this.#refusal())
    this.#seized = true
  }

  /** Leaves it to the one around it to call what was registered here. */
  #join(outer: Transaction): void {
    outer.#afterCommit.push(...this.#afterCommit.splice(0))
    outer.#afterRollback.push(...this.#afterRollback.splice(0))
    outer.#onLasting.push(...this.#onLasting.splice(0))
  }

  /** Rolls back, whatever its parts say, and gives the errors met. */
  async #undo(): Promise<unknown[]> {
    this.#state = 'ending'
    const inner = endInner(this.session)
    await this.#seize()
    const { connection } = this.session
    const errors: unknown[] = []
    // What a lost connection had done is undone by the server.
    let broken = this.#lost || this.session.isLost || connection.isOpen === false
    for (const sql of broken || !this.#sent ? [] : this.#rollbackStatements()) {
      // Some errors end a transaction of SQLite by themselves; that is then no failure of the rollback.
      if (connection.inTransaction === false) break
      try {
        const running = async (): Promise<unknown> => connection.run(sql, [])
        await within(this.session.patience, running(), lostInRollback)
      } catch (cause) {
        // Of a savepoint that could not be made there may be nothing to undo.
        if (this.outer !== undefined && !this.#begun) break
        errors.push(failure(this.#driver, cause, sql))
        broken = true
        break
      }
    }
    await this.#leave('rolled back', broken)
    return [...errors, ...(await call([...this.#afterRollback.splice(0), ...inner]))]
  }

  #rollbackStatements(): readonly string[] {
    if (this.outer === undefined) return [this.#sql.rollback]
    const release = this.#sql.release(this.#name)
    return [this.#sql.rollbackTo(this.#name), ...(release === undefined ? [] : [release])]
  }

  /** Undoes the settings that outlive a transaction, and gives the connection back. */
  async #leave(state: State, broken = false): Promise<void> {
    if (this.outer === undefined && !broken) {
      for (const sql of this.#sql.after(this.settings)) {
        try {
          await this.session.connection.run(sql, [])
        } catch {
          // The transaction has ended as it should; only the connection cannot be trusted.
          broken = true
        }
      }
    }
    this.#state = state
    this.session.end(() => this.#refusal(), broken)
  }

  /** Runs a statement of the transaction itself in its turn. */
  async #turn(sql: string): Promise<void> {
    const connection = await this.session.wait('write', undefined)
    try {
      await connection.run(sql, [])
    } catch (cause) {
      throw failure(this.#driver, cause, sql)
    } finally {
      this.session.give(connection)
    }
  }

  get #name(): string {
    let depth = 0
    for (let outer = this.outer; outer !== undefined; outer = outer.outer) depth++
    return Savepoints.ofNested(depth)
  }

  #refusal(): KantaError {
    const how =
      this.#state === 'ending'
        ? 'is ending'
        : this.isCommitted
          ? 'has been committed'
          : this.isRolledBack
            ? 'has been rolled back'
            : `is ${this.#state}`
    return new KantaError(
      'transaction',
      `The transaction ${how}; nothing more can run in it. Await all of its work before it ends, or start another.`,
    )
  }

  #refuseUnlessOpen(call: string): void {
    if (!this.isOpen) throw new KantaError('transaction', `${call} is too late. ${this.#refusal().message}`)
  }

  /** Ends with the one around it, and gives its callbacks. */
  endWithOuter(): AfterCallback[] {
    if (this.isCommitted || this.isRolledBack) return []
    this.#state = 'rolled back'
    return this.#afterRollback.splice(0)
  }
}

/** Ends the transactions inside of a session that is about to be rolled back, and gives their callbacks. */
function endInner({ nested, transaction }: HeldSession): AfterCallback[] {
  if (nested === undefined) return []
  const own = nested.transaction === transaction ? [] : (nested.transaction?.endWithOuter() ?? [])
  return [...own, ...endInner(nested)]
}

/** Calls all of them in order, and gives the errors. */
async function call(callbacks: readonly AfterCallback[]): Promise<unknown[]> {
  const errors: unknown[] = []
  for (const callback of callbacks) {
    try {
      await callback()
    } catch (error) {
      errors.push(error)
    }
  }
  return errors
}

function callbackFailed([first, ...others]: readonly unknown[], result: unknown): KantaError {
  const why = first instanceof Error ? first.message : String(first)
  return new KantaError(
    'after_commit',
    `The transaction is committed, and a callback after it failed: ${why}. Do not run the transaction again.`,
    { cause: first, result, suppressed: others.length > 0 ? others.reduce(suppress) : undefined },
  )
}

function nestedStillOpen(purpose: string): KantaError {
  return new KantaError(
    'transaction',
    `The transaction cannot be committed while ${purpose} inside of it is open. Await that before.`,
  )
}

function endedBefore(): KantaError {
  return new KantaError(
    'transaction',
    'The transaction was not committed: the database had ended it by itself, after an error or a commit or rollback as text. Start it again.',
  )
}

const lostBefore = () =>
  new KantaError(
    'connection',
    'The transaction was not committed: its connection was lost, and the server has rolled it back. Start it again.',
  )

const lostInRollback = () =>
  new KantaError(
    'connection',
    'The database did not answer to the rollback. Its connection was given up, which undoes the work.',
  )

const brokenConnection = () =>
  new KantaError(
    'transaction',
    'The transaction was not committed: a rollback inside of it failed, so that it cannot be told what it holds. Start it again.',
  )
