import type { DestroyOptions, HeldSession, Lease, Pool, Session, Transaction } from '../connect/index.ts'
import type { Connection, Role } from '../driver/index.ts'
import { refuse } from '../error/index.ts'
import type { Context } from '../plan/index.ts'
import { DatabaseHandle, sessionOf, settingsOf } from './database.ts'

/**
 * A storage that keeps a value for everything that a function calls, awaits or starts, such as an AsyncLocalStorage.
 */
export interface AmbientStorage<T> {
  run<R>(store: T, work: () => R): R
  getStore(): T | undefined
}

/**
 * The session of the transaction in which the code runs, else the session of the database. Code that has only the
 * database so takes part in its caller's transaction.
 */
class AmbientSession implements Session {
  readonly database: Session
  readonly #storage: AmbientStorage<HeldSession>

  constructor(database: Session, storage: AmbientStorage<HeldSession>) {
    this.database = database
    this.#storage = storage
  }

  get #current(): Session {
    return this.#storage.getStore() ?? this.database
  }

  get inTransaction(): boolean {
    return this.#current.inTransaction
  }

  get transaction(): Transaction | undefined {
    return this.#current.transaction
  }

  get canHoldStream(): boolean {
    return this.#current.canHoldStream
  }

  get pool(): Pool | undefined {
    return this.#current.pool
  }

  destroy(options?: DestroyOptions): Promise<void> {
    return this.database.destroy!(options)
  }

  tryAcquire(role: Role): Connection | undefined {
    return this.#current.tryAcquire(role)
  }

  acquire(role: Role, signal: AbortSignal | undefined): Promise<Connection> {
    return this.#current.acquire(role, signal)
  }

  release(connection: Connection, broken?: boolean): void {
    this.#current.release(connection, broken)
  }

  lease(role: Role, signal: AbortSignal | undefined, close: () => void | Promise<void>): Promise<Lease> {
    return this.#current.lease(role, signal, close)
  }

  reserve(
    role: Role,
    purpose: string,
    signal: AbortSignal | undefined,
    isOfStatement?: boolean | undefined,
  ): Promise<HeldSession> {
    return this.#current.reserve(role, purpose, signal, isOfStatement)
  }

  runIn<R>(held: HeldSession, work: () => R): R {
    return this.#storage.run(held, work)
  }
}

/** Returns the same database, whose statements join the transaction in which the calling code runs. */
export function withAmbient(database: DatabaseHandle, storage: AmbientStorage<HeldSession>): DatabaseHandle {
  const session = sessionOf(database)
  if (session.pool === undefined)
    refuse('ambient() takes a whole database, not a transaction. Call it once on the database.')
  return new DatabaseHandle(settingsOf(database), new AmbientSession(session, storage))
}

/** Returns the same database, whose policies also read the context of the calling code. */
export function withAmbientContext(database: DatabaseHandle, storage: AmbientStorage<Context>): DatabaseHandle {
  const session = sessionOf(database)
  const settings = settingsOf(database)
  if (session.pool === undefined)
    refuse('ambientContext() takes a whole database, not a transaction. Call it once on the database.')
  if (settings.ambientContext !== undefined) refuse('The database has an ambientContext() already. Use that one.')
  return new DatabaseHandle({ ...settings, ambientContext: () => storage.getStore() }, session)
}
