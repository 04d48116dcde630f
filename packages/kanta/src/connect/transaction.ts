import type { TransactionSettings, TransactionSql } from '../dialect/index.ts'
import { type Driver, withTimeout } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'
import { callIgnoringErrors } from './completion-callbacks.ts'
import { ConnectionUse } from './connection-use.ts'
import { suppress, toKantaError } from './errors.ts'
import type { HeldSession } from './held-session.ts'
import { Savepoints } from './savepoints.ts'

/** A callback to run after a transaction. It may use the database, since the connection has been released by then. */
export type AfterCallback = () => unknown

type State = 'open' | 'ending' | 'committed' | 'rolled back' | 'of unknown outcome'

/**
 * A transaction, controlled by its caller (`startTransaction()`) or around a callback (`transaction()`). Inside another
 * transaction it is a savepoint.
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
  /** An identity for code that must not hold the transaction itself, since that leads to the connection. */
  readonly identity: object = Object.freeze({})
  /** The outer transaction, if this one is a savepoint. */
  readonly outer: Transaction | undefined
  readonly #driver: Driver
  readonly #sql: TransactionSql
  readonly #savepoints = new Savepoints()
  #afterCommit: AfterCallback[] = []
  #afterRollback: AfterCallback[] = []
  #onLasting: AfterCallback[] = []
  #state: State = 'open'
  /** Is true once its begin has been sent to the database. */
  #isSent = false
  #hasBegun = false
  #isLost = false
  #isSeized = false
  #isPrepared = false
  #onEnded: (() => void) | undefined

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

  /** Is true if it was committed or, inside another transaction, became part of that one. */
  get isCommitted(): boolean {
    return this.#state === 'committed'
  }

  get isRolledBack(): boolean {
    return this.#state === 'rolled back'
  }

  /**
   * Calls `callback` once the outermost transaction is committed, in the order of registration. A callback that fails
   * cannot undo the commit: the others still run, and then the error `after_commit` is thrown.
   */
  afterCommit(callback: AfterCallback): void {
    this.#refuseUnlessOpen('afterCommit()')
    this.#afterCommit.push(callback)
  }

  /**
   * Calls `callback` once the outermost transaction is committed or may be, before all other callbacks, even if a
   * rollback to a savepoint undid the work before it. Errors of the callback are ignored.
   */
  onLasting(callback: AfterCallback): void {
    this.#refuseUnlessOpen('onLasting()')
    this.#onLasting.push(callback)
  }

  /** Calls `callback` when it has ended in whatever way. */
  onEnded(callback: () => void): void {
    this.#onEnded = callback
  }

  /** Calls `callback` once this transaction, an outer one or the savepoint before it is rolled back. */
  afterRollback(callback: AfterCallback): void {
    this.#refuseUnlessOpen('afterRollback()')
    this.#afterRollback.push(callback)
  }

  /**
   * Commits the work and releases the connection.
   *
   * @throws KantaError `after_commit` if it is committed and a callback failed; `unknown_outcome` if the connection was
   * lost meanwhile; else the database's error, and the transaction is rolled back.
   */
  async commit(): Promise<void> {
    await this.finish(undefined)
  }

  /**
   * Rolls back the work and releases the connection.
   *
   * @throws KantaError the database's error; the connection is then closed, which undoes the work as well.
   */
  async rollback(): Promise<void> {
    this.#refuseUnlessOpen('rollback()')
    const errors = await this.#undo()
    if (errors.length > 0) throw errors.reduce(suppress)
  }

  /**
   * Makes a savepoint, to which `rollbackToSavepoint()` can return.
   *
   * @throws KantaError `transaction` if a savepoint with that name is open.
   */
  async savepoint(name: string): Promise<void> {
    this.#refuseUnlessOpen('savepoint()')
    this.#savepoints.check(name)
    await this.#runInTurn(this.#sql.savepoint(name))
    this.#savepoints.add(name, this.#afterCommit.length, this.#afterRollback.length)
  }

  /**
   * Undoes the work since the savepoint, which stays open.
   *
   * @throws KantaError `transaction` if no savepoint with that name is open.
   */
  async rollbackToSavepoint(name: string): Promise<void> {
    this.#refuseUnlessOpen('rollbackToSavepoint()')
    this.#savepoints.find(name)
    await this.#runInTurn(this.#sql.rollbackTo(name))
    const { afterCommit, afterRollback } = this.#savepoints.rollBackTo(name)
    this.#afterCommit.length = afterCommit
    const failed = await call(this.#afterRollback.splice(afterRollback))
    if (failed.length > 0) throw failed.reduce(suppress)
  }

  /**
   * Releases a savepoint and those after it, and keeps the work since.
   *
   * @throws KantaError `transaction` if no savepoint with that name is open.
   */
  async releaseSavepoint(name: string): Promise<void> {
    this.#refuseUnlessOpen('releaseSavepoint()')
    this.#savepoints.find(name)
    const sql = this.#sql.release(name)
    if (sql !== undefined) await this.#runInTurn(sql)
    this.#savepoints.release(name)
  }

  /** Rolls back if the transaction is still open. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isOpen) await this.rollback()
  }

  /** Opens the transaction on its session's connection. Releases the connection on failure. */
  async open(signal?: AbortSignal | undefined): Promise<void> {
    const { frame } = this.settings
    const statements =
      this.outer === undefined
        ? (frame?.begin ?? this.#sql.begin(this.settings))
        : [this.#sql.savepoint(this.#savepointName)]
    this.session.transaction = this
    const { connection } = this.session
    const use = new ConnectionUse(connection, { signal })
    for (const sql of statements) {
      try {
        await use.run(() => {
          this.#isSent = true
          return connection.run(sql, [])
        })
        this.#hasBegun = true
      } catch (cause) {
        const error = toKantaError(this.#driver, cause, sql)
        await use.waitForPending()
        this.#isLost = error.code === 'connection' || use.isBroken
        throw await this.abandon(error)
      }
    }
  }

  /**
   * Prepares the transaction, by its frame: it then outlives its connection until it is committed or rolled back. If it
   * fails, the work is undone.
   */
  async prepare(): Promise<void> {
    await this.#stopWork('prepare()')
    for (const sql of this.settings.frame!.prepare!) {
      try {
        await this.session.connection.run(sql, [])
      } catch (cause) {
        // What state it is in is the database's to say. The end of the connection undoes the work.
        this.#isLost = true
        throw await this.abandon(toKantaError(this.#driver, cause, sql))
      }
    }
    this.#isPrepared = true
  }

  /** Commits. If a callback fails, its error carries `result`. */
  async finish(result: unknown): Promise<void> {
    if (!this.#isPrepared) await this.#stopWork('commit()')
    for (const sql of this.#endStatements('commit')) {
      try {
        await this.session.connection.run(sql, [])
      } catch (cause) {
        throw await this.#commitFailed(toKantaError(this.#driver, cause, sql))
      }
    }
    if (this.#state !== 'ending') {
      // The outer transaction is being rolled back, and waits for its turn.
      this.session.release(this.session.connection)
      throw this.#endedError()
    }
    await this.#end('committed')
    if (this.outer !== undefined) return this.#moveCallbacks(this.outer)
    await callIgnoringErrors(this.#onLasting.splice(0))
    const failed = await call(this.#afterCommit.splice(0))
    if (failed.length > 0) throw afterCommitError(failed, result)
  }

  /**
   * Rolls back because of `error`, and returns the error to throw: `error`, with those of the rollback as `suppressed`.
   */
  async abandon(error: unknown): Promise<unknown> {
    if (this.#state !== 'open' && this.#state !== 'ending') return error
    return (await this.#undo()).reduce(suppress, error)
  }

  /** Refuses further statements, waits for those that run, and rolls back if nothing can be committed any more. */
  async #stopWork(callInOrder: string): Promise<void> {
    this.#refuseUnlessOpen(callInOrder)
    if (this.session.nested !== undefined) throw nestedOpenError(this.session.nested.purpose)
    this.#state = 'ending'
    await this.#seize()
    if (this.session.connection.isOpen === false) throw await this.abandon(alreadyLostError())
    if (this.session.connection.inTransaction === false) throw await this.abandon(alreadyEndedError())
    if (this.session.isBroken) throw await this.abandon(brokenConnectionError())
  }

  async #commitFailed(error: KantaError): Promise<unknown> {
    // A transaction that is prepared is committed because that was decided: it is never undone for an error.
    if ((error.code !== 'connection' && !this.#isPrepared) || this.outer !== undefined) return this.abandon(error)
    const unknown = new KantaError(
      'unknown_outcome',
      'The connection was lost during the commit, so the work may or may not be committed. Check before you run it again.',
      { cause: error },
    )
    await this.#end('of unknown outcome', true)
    await callIgnoringErrors(this.#onLasting.splice(0))
    return unknown
  }

  /** Seizes the connection once; a rollback after a failed commit uses it, too. */
  async #seize(): Promise<void> {
    if (!this.#isSeized) await this.session.seize(() => this.#endedError())
    this.#isSeized = true
  }

  /** Moves the callbacks to the outer transaction, which calls them when it ends. */
  #moveCallbacks(outer: Transaction): void {
    outer.#afterCommit.push(...this.#afterCommit.splice(0))
    outer.#afterRollback.push(...this.#afterRollback.splice(0))
    outer.#onLasting.push(...this.#onLasting.splice(0))
  }

  /** Rolls back as far as possible, and returns the errors met. */
  async #undo(): Promise<unknown[]> {
    this.#state = 'ending'
    const inner = endNested(this.session)
    await this.#seize()
    const { connection } = this.session
    const errors: unknown[] = []
    // The server rolls back the work of a lost connection.
    let broken = this.#isLost || this.session.isLost || connection.isOpen === false
    for (const sql of broken || !this.#isSent ? [] : this.#endStatements('rollback')) {
      // Some errors end a transaction of SQLite. Then there is nothing to roll back.
      if (connection.inTransaction === false && !this.#isPrepared) break
      try {
        const running = async (): Promise<unknown> => connection.run(sql, [])
        await withTimeout(this.session.endTimeout, running(), lostInRollbackError)
      } catch (cause) {
        // A savepoint that could not be made may have nothing to undo.
        if (this.outer !== undefined && !this.#hasBegun) break
        errors.push(toKantaError(this.#driver, cause, sql))
        broken = true
        break
      }
    }
    await this.#end('rolled back', broken)
    return [...errors, ...(await call([...this.#afterRollback.splice(0), ...inner]))]
  }

  /** The statements that end it: of its frame, of the dialect, or those of its savepoint. */
  #endStatements(how: 'commit' | 'rollback'): readonly string[] {
    const { frame } = this.settings
    if (this.outer === undefined)
      return frame === undefined ? [this.#sql[how]] : this.#isPrepared ? frame.prepared![how] : frame[how]
    const release = this.#sql.release(this.#savepointName)
    const undo = how === 'commit' ? [] : [this.#sql.rollbackTo(this.#savepointName)]
    return release === undefined ? undo : [...undo, release]
  }

  /** Resets the settings that outlive a transaction, and ends the session. */
  async #end(state: State, broken = false): Promise<void> {
    if (this.outer === undefined && !broken) {
      for (const sql of this.settings.frame?.after ?? this.#sql.after(this.settings)) {
        try {
          await this.session.connection.run(sql, [])
        } catch {
          // The transaction itself has ended well; only the connection cannot be trusted.
          broken = true
        }
      }
    }
    this.#state = state
    this.session.end(() => this.#endedError(), broken)
    this.#onEnded?.()
  }

  /** Runs a statement of the transaction itself, such as a savepoint, in its turn. */
  async #runInTurn(sql: string): Promise<void> {
    const connection = await this.session.acquire('write', undefined)
    try {
      await connection.run(sql, [])
    } catch (cause) {
      throw toKantaError(this.#driver, cause, sql)
    } finally {
      this.session.release(connection)
    }
  }

  get #savepointName(): string {
    let depth = 0
    for (let outer = this.outer; outer !== undefined; outer = outer.outer) depth++
    return Savepoints.nestedName(depth)
  }

  #endedError(): KantaError {
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
      `The transaction ${how}, so nothing more can run in it. Await all of its work before it ends, or start another one.`,
    )
  }

  #refuseUnlessOpen(callInOrder: string): void {
    if (!this.isOpen) throw new KantaError('transaction', `${callInOrder} is too late. ${this.#endedError().message}`)
  }

  /** Ends the transaction with the outer one, and returns its callbacks. */
  endWithOuter(): AfterCallback[] {
    if (this.isCommitted || this.isRolledBack) return []
    this.#state = 'rolled back'
    return this.#afterRollback.splice(0)
  }
}

/** Ends the transactions inside a session that is about to be rolled back, and returns their callbacks. */
function endNested({ nested, transaction }: HeldSession): AfterCallback[] {
  if (nested === undefined) return []
  const own = nested.transaction === transaction ? [] : (nested.transaction?.endWithOuter() ?? [])
  return [...own, ...endNested(nested)]
}

/** Calls all callbacks in order, and returns their errors. */
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

function afterCommitError([first, ...others]: readonly unknown[], result: unknown): KantaError {
  const why = first instanceof Error ? first.message : String(first)
  return new KantaError(
    'after_commit',
    `The transaction is committed, but a callback after the commit failed: ${why}. Do not run the transaction again.`,
    { cause: first, result, suppressed: others.length > 0 ? others.reduce(suppress) : undefined },
  )
}

function nestedOpenError(purpose: string): KantaError {
  return new KantaError(
    'transaction',
    `The transaction cannot be committed while ${purpose} inside it is open. Await that first.`,
  )
}

function alreadyEndedError(): KantaError {
  return new KantaError(
    'transaction',
    'The transaction was not committed: the database had already ended it, after an error or after a commit or rollback sent as SQL text. Start it again.',
  )
}

const alreadyLostError = () =>
  new KantaError(
    'connection',
    'The transaction was not committed: its connection was lost, and the server has rolled it back. Start it again.',
  )

const lostInRollbackError = () =>
  new KantaError(
    'connection',
    'The database did not answer the rollback. The connection was closed, which undoes the work.',
  )

const brokenConnectionError = () =>
  new KantaError(
    'transaction',
    'The transaction was not committed: a rollback inside it failed, so its state is unknown. Start it again.',
  )
