import type { Database } from './database.ts'
import type { ExecuteOptions } from './run.ts'
import type { AddsOf, AnyInfo, Info } from './scope.ts'

/** The isolation levels of transactions. */
export type IsolationLevel = 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable' | 'snapshot'
/** Whether a transaction may write. */
export type AccessMode = 'read only' | 'read write'

/** A transaction: a database whose statements take effect together or not at all. */
export interface Transaction<DB, I extends AnyInfo = Info<DB>> extends Database<DB, I> {
  readonly isTransaction: true
  /** Calls a function once the transaction has been committed. */
  afterCommit(callback: () => unknown): void
  /** Calls a function once the transaction has been rolled back. */
  afterRollback(callback: () => unknown): void
}

/** The options for running a transaction again after a conflict. */
export interface RetryOptions {
  /** The most attempts, the first one included; 5 unless given. */
  readonly attempts?: number | undefined
  /** The longest wait before the second run, in milliseconds, which doubles each time; 10 unless given. */
  readonly minDelay?: number | undefined
  /** The longest wait of all, in milliseconds; 1,000 unless given. */
  readonly maxDelay?: number | undefined
}

/** Settings of a transaction that a callback runs in. */
export interface TransactionBuilder<DB, I extends AnyInfo = Info<DB>> {
  setIsolationLevel(level: IsolationLevel): TransactionBuilder<DB, I>
  setAccessMode(mode: AccessMode): TransactionBuilder<DB, I>
  /**
   * Runs the whole callback again when it fails because of others: a deadlock, a serialization failure, a database
   * that is busy, a connection lost before the commit. Waits a little longer each time. A transaction inside another
   * is not run again by itself.
   *
   * @example
   * ```ts
   * await db.transaction().setIsolationLevel('serializable').retry(5).execute((trx) =>
   *   trx.updateTable('city').set((eb) => ({ population: eb('population', '+', 1) })).where('id', '=', 1).execute())
   * ```
   */
  retry(options?: number | RetryOptions): TransactionBuilder<DB, I>
  /**
   * Runs a callback in a transaction: commits when it succeeds, rolls back when it throws.
   *
   * @example
   * ```ts
   * await db.transaction().execute(async (trx) => {
   *   await trx.insertInto('city').values(newCity).execute()
   *   trx.afterCommit(() => notify(newCity))
   * })
   * ```
   */
  execute<R>(callback: (trx: Transaction<DB, I> & AddsOf<I>) => Promise<R>, options?: ExecuteOptions): Promise<R>
}

/** Settings of a transaction that its caller ends. */
export interface ControlledTransactionBuilder<DB, I extends AnyInfo = Info<DB>> {
  setIsolationLevel(level: IsolationLevel): ControlledTransactionBuilder<DB, I>
  setAccessMode(mode: AccessMode): ControlledTransactionBuilder<DB, I>
  /** Begins the transaction. */
  execute(options?: ExecuteOptions): Promise<ControlledTransaction<DB, [], I> & AddsOf<I>>
}

/** A step of a controlled transaction. */
export interface Step<T> {
  execute(): Promise<T>
}

// The savepoints that are left after going back to N: it and those before it.
type UpTo<S extends readonly string[], N> = S extends readonly [...infer H extends string[], infer L extends string]
  ? L extends N
    ? S
    : UpTo<H, N>
  : never
type Before<S extends readonly string[], N> = S extends readonly [...infer H extends string[], infer L extends string]
  ? L extends N
    ? H
    : Before<H, N>
  : never

/**
 * A transaction that its caller ends; leaving the scope of `await using` rolls it back if it is still open. `S` are the
 * names of its savepoints.
 */
export interface ControlledTransaction<DB, S extends readonly string[] = [], I extends AnyInfo = Info<DB>>
  extends Transaction<DB, I> {
  readonly isCommitted: boolean
  readonly isRolledBack: boolean
  /**
   * Commits the transaction.
   *
   * @example
   * ```ts
   * await using trx = await db.startTransaction().execute()
   * await trx.insertInto('city').values(newCity).execute()
   * await trx.commit().execute()
   * ```
   */
  commit(): Step<void>
  /** Undoes what the transaction did. */
  rollback(): Step<void>
  /** Marks a point that can be gone back to. */
  savepoint<N extends string>(
    name: N extends S[number] ? never : N,
  ): Step<ControlledTransaction<DB, [...S, N], I> & AddsOf<I>>
  /** Undoes what was done since the savepoint, which stays. */
  rollbackToSavepoint<N extends S[number]>(name: N): Step<ControlledTransaction<DB, UpTo<S, N>, I> & AddsOf<I>>
  /** Forgets a savepoint and those after it; what was done since stays. */
  releaseSavepoint<N extends S[number]>(name: N): Step<ControlledTransaction<DB, Before<S, N>, I> & AddsOf<I>>
}

/** One connection for everything in a callback. */
export interface ConnectionBuilder<DB, I extends AnyInfo = Info<DB>> {
  execute<R>(callback: (db: Database<DB, I> & AddsOf<I>) => Promise<R>, options?: ExecuteOptions): Promise<R>
}
