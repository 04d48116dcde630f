import type { Connection, Role } from '../driver/index.ts'
import { HeldSession, once } from './held-session.ts'
import type { DestroyOptions, Pool } from './pool.ts'
import type { Transaction } from './transaction.ts'

/**
 * A source of connections for statements: the pool of a database, or the one connection that a transaction or
 * `connection()` holds.
 */
export interface Session {
  /**
   * Returns a connection if one is free now, else `undefined`. Throws if the database is closed or the transaction has
   * ended.
   */
  tryAcquire(role: Role): Connection | undefined
  /** Waits for a free connection, first come first served. Rejects if aborted, timed out or closed. */
  acquire(role: Role, signal: AbortSignal | undefined): Promise<Connection>
  /** Returns a connection, once for each acquisition. A broken one is not used again. */
  release(connection: Connection, broken?: boolean): void
  /** Is true if statements run inside a transaction. */
  readonly inTransaction: boolean
  /** The innermost transaction in which statements run. */
  readonly transaction: Transaction | undefined
  /** Is true if a stream may keep a connection of this session, by `lease`, while other statements run. */
  readonly canHoldStream: boolean
  /**
   * Leases a connection to a stream. `close` closes the stream's cursor; it is called if the session ends before the
   * stream.
   */
  lease(role: Role, signal: AbortSignal | undefined, close: () => void | Promise<void>): Promise<Lease>
  /**
   * Reserves one connection for several statements. `purpose` ('a transaction') names the holder in errors of those who
   * wait. While it is reserved, other statements of a held session are refused; with `isOfStatement` they wait.
   */
  reserve(
    role: Role,
    purpose: string,
    signal: AbortSignal | undefined,
    isOfStatement?: boolean | undefined,
  ): Promise<HeldSession>
  /** The connection pool of a whole database. */
  readonly pool?: Pool | undefined
  /** Starts plugins before the first statement; `undefined` once they have started. */
  readonly start?: (() => Promise<void>) | undefined
  /** Ends the plugins of a whole database and closes its connections. */
  destroy?(options?: DestroyOptions): Promise<void>
  /** Runs work with `held` as the ambient session, if this session is ambient. */
  runIn?<R>(held: HeldSession, work: () => R): R
}

/** The lease of a connection to a stream, until `end()`. */
export interface Lease {
  readonly connection: Connection
  end(broken?: boolean): void
}

/** The work to do once before the first statement, and when the database is closed after that. */
export interface Lifecycle {
  start(): Promise<void>
  end(): Promise<void>
}

/** The session of a whole database: each statement takes any free connection of the pool. */
export class PoolSession implements Session {
  readonly pool: Pool
  readonly canHoldStream: boolean
  readonly inTransaction = false
  readonly transaction = undefined
  /** Starts the plugins before the first statement. */
  #start: (() => Promise<void>) | undefined
  #starting: Promise<void> | undefined
  #hasStarted = false
  readonly #end: (() => Promise<void>) | undefined

  constructor(pool: Pool, lifecycle?: Lifecycle | undefined) {
    this.pool = pool
    this.#end = lifecycle?.end
    this.#start = lifecycle?.start
    // Without readers a stream would make all else wait, or would see the rows of another transaction.
    this.canHoldStream = pool.hasReaders || pool.driver.holdsStreams === true
  }

  tryAcquire(role: Role): Connection | undefined {
    return this.#start === undefined ? this.pool.tryAcquire(role) : undefined
  }

  acquire(role: Role, signal: AbortSignal | undefined): Promise<Connection> {
    if (this.#start === undefined) return this.pool.acquire(role, signal)
    return this.ensureStarted().then(() => this.pool.acquire(role, signal))
  }

  get start(): (() => Promise<void>) | undefined {
    return this.#start === undefined ? undefined : () => this.ensureStarted()
  }

  /** Resolves once everything has started. After a failure the next statement tries again. */
  async ensureStarted(): Promise<void> {
    if (this.#start === undefined) return
    this.#starting ??= this.#start()
    try {
      await this.#starting
      this.#start = undefined
      this.#hasStarted = true
    } finally {
      this.#starting = undefined
    }
  }

  /** Ends what `ensureStarted()` has started. */
  async stop(): Promise<void> {
    const wasStarted = this.#hasStarted
    this.#hasStarted = false
    if (wasStarted) await this.#end?.()
  }

  /** Waits for the work, ends what was started, and closes every connection. */
  async destroy(options?: DestroyOptions): Promise<void> {
    try {
      await this.pool.destroy(options, () => this.stop())
    } finally {
      // Another handle may have closed the pool already.
      await this.stop()
    }
  }

  release(connection: Connection, broken?: boolean): void {
    this.pool.release(connection, broken)
  }

  async lease(role: Role, signal: AbortSignal | undefined): Promise<Lease> {
    const connection = await this.acquire(role, signal)
    this.pool.notePurpose(connection, 'a stream')
    return { connection, end: once((broken) => this.pool.release(connection, broken)) }
  }

  async reserve(role: Role, purpose: string, signal: AbortSignal | undefined): Promise<HeldSession> {
    const connection = await this.acquire(role, signal)
    this.pool.notePurpose(connection, purpose)
    return new HeldSession(connection, purpose, {
      sharesStreams: this.pool.driver.sharesStreams,
      holdsStreams: this.pool.driver.holdsStreams === true,
      timeout: this.pool.acquireTimeout,
      release: (broken) => this.pool.release(connection, broken),
    })
  }
}
