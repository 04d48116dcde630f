import type { Connection, Role } from '../driver/index.ts'
import { HeldSession, once } from './held.ts'
import type { DestroyOptions, Pool } from './pool.ts'
import type { Transaction } from './transaction.ts'

/** Where statements run: the pools of a database, or the one connection that a transaction or `connection()` holds. */
export interface Session {
  /** A connection that is free now, else `undefined`. Never queues. Throws when closed (or the transaction is over). */
  take(role: Role): Connection | undefined
  /** A connection as soon as one is free, first come first served; rejects when aborted, timed out or closed. */
  wait(role: Role, signal: AbortSignal | undefined): Promise<Connection>
  /** Gives a connection back, once for each take. A broken one is not used again. */
  give(connection: Connection, broken?: boolean): void
  /** Whether statements run inside a transaction. */
  readonly inTransaction: boolean
  /** The innermost transaction in which statements run. */
  readonly transaction: Transaction | undefined
  /** Whether a stream may keep a connection of this session open while other statements run: if so, with `lend`. */
  readonly canHoldStream: boolean
  /** A connection for a stream. `close` closes its cursor, and is called when the session ends before the stream does. */
  lend(role: Role, signal: AbortSignal | undefined, close: () => void | Promise<void>): Promise<Loan>
  /**
   * One connection for several statements. `purpose` ('a transaction') tells those who wait for it what holds it. Where
   * they are of one statement, others of the session wait for them; else they are refused meanwhile.
   */
  reserve(
    role: Role,
    purpose: string,
    signal: AbortSignal | undefined,
    isOfStatement?: boolean | undefined,
  ): Promise<HeldSession>
  /** The connections of a whole database. */
  readonly pool?: Pool | undefined
  /** Starts what has to be started before the first statement; `undefined` once it is. */
  readonly start?: (() => Promise<void>) | undefined
  /** Ends what was started with a whole database, and closes its connections. */
  destroy?(options?: DestroyOptions): Promise<void>
  /** Runs work for which this session stands for the one that is held, where the code around it decides that. */
  within?<R>(held: HeldSession, work: () => R): R
}

/** A connection that a stream has, until `end()`. */
export interface Loan {
  readonly connection: Connection
  end(broken?: boolean): void
}

/** What is done once before the first statement, and at the end if it was. */
export interface Lifecycle {
  start(): Promise<void>
  end(): Promise<void>
}

/** The session of a whole database: each statement takes whatever connection of its pool is free. */
export class PoolSession implements Session {
  readonly pool: Pool
  readonly canHoldStream: boolean
  readonly inTransaction = false
  readonly transaction = undefined
  /** What has to be done before the first statement, such as starting plugins. */
  #start: (() => Promise<void>) | undefined
  #starting: Promise<void> | undefined
  #hasStarted = false
  readonly #end: (() => Promise<void>) | undefined

  constructor(pool: Pool, lifecycle?: Lifecycle | undefined) {
    this.pool = pool
    this.#end = lifecycle?.end
    this.#start = lifecycle?.start
    // Without readers a stream would keep everything else waiting, or show the rows of a transaction not its own.
    this.canHoldStream = pool.hasReaders || pool.driver.holdsStreams === true
  }

  take(role: Role): Connection | undefined {
    return this.#start === undefined ? this.pool.take(role) : undefined
  }

  wait(role: Role, signal: AbortSignal | undefined): Promise<Connection> {
    if (this.#start === undefined) return this.pool.wait(role, signal)
    return this.started().then(() => this.pool.wait(role, signal))
  }

  get start(): (() => Promise<void>) | undefined {
    return this.#start === undefined ? undefined : () => this.started()
  }

  /** Resolves once everything is started; what failed is tried again with the next statement. */
  async started(): Promise<void> {
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

  /** Ends what was started. */
  async ended(): Promise<void> {
    const wasStarted = this.#hasStarted
    this.#hasStarted = false
    if (wasStarted) await this.#end?.()
  }

  /** Ends what was started, and closes every connection. */
  async destroy(options?: DestroyOptions): Promise<void> {
    const [first, second] = await Promise.allSettled([this.ended(), this.pool.destroy(options)])
    const failed = [second, first].find((one) => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  give(connection: Connection, broken?: boolean): void {
    this.pool.give(connection, broken)
  }

  async lend(role: Role, signal: AbortSignal | undefined): Promise<Loan> {
    const connection = await this.wait(role, signal)
    this.pool.note(connection, 'a stream')
    return { connection, end: once((broken) => this.pool.give(connection, broken)) }
  }

  async reserve(role: Role, purpose: string, signal: AbortSignal | undefined): Promise<HeldSession> {
    const connection = await this.wait(role, signal)
    this.pool.note(connection, purpose)
    return new HeldSession(connection, purpose, {
      sharesStreams: this.pool.driver.sharesStreams,
      holdsStreams: this.pool.driver.holdsStreams === true,
      timeout: this.pool.acquireTimeout,
      release: (broken) => this.pool.give(connection, broken),
    })
  }
}
