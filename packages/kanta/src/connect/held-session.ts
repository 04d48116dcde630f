import { type Connection, type Role, SERVER_TIMEOUT, withTimeout } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'
import { cancellationError } from './errors.ts'
import type { Lease, Session } from './session.ts'
import type { Transaction } from './transaction.ts'
import { WaitQueue } from './wait-queue.ts'

/** The options of a held session, from the session that lends it the connection. */
export interface HeldSessionOptions {
  readonly sharesStreams: boolean
  readonly holdsStreams?: boolean | undefined
  /** The milliseconds to wait for a turn. */
  readonly timeout: number
  /** The transaction that is already open on the connection. */
  readonly transaction?: Transaction | undefined
  release(broken: boolean): void
}

type Refusal = () => KantaError

/**
 * The session of a transaction or of `connection()`: one connection for its own use. Its statements take turns. It
 * refuses statements while a nested session has the connection, and after it has ended.
 */
export class HeldSession implements Session {
  readonly connection: Connection
  readonly purpose: string
  readonly canHoldStream: boolean
  readonly #options: HeldSessionOptions
  readonly #queue = new WaitQueue()
  /** The callers that end the session. They are served after everyone in `#queue`. */
  readonly #endQueue = new WaitQueue()
  /** The functions that close the open streams. */
  readonly #cursors = new Set<() => Promise<void>>()
  transaction: Transaction | undefined
  #nested: HeldSession | undefined
  /** Is true if the nested session serves a single statement: other statements then wait for it and are not refused. */
  #isNestedForStatement = false
  #refusal: Refusal | undefined
  #isBusy = false
  #isBroken = false
  /** Is true if the server no longer answers. */
  #isLost = false
  #endTimeout = Number.POSITIVE_INFINITY
  #isEnded = false

  constructor(connection: Connection, purpose: string, holding: HeldSessionOptions) {
    this.connection = connection
    this.purpose = purpose
    this.canHoldStream = holding.sharesStreams || holding.holdsStreams === true
    this.transaction = holding.transaction
    this.#options = holding
  }

  get inTransaction(): boolean {
    return this.transaction !== undefined
  }

  /** The nested session in which the user's code runs, if there is one. */
  get nested(): HeldSession | undefined {
    return this.#isNestedForStatement ? undefined : this.#nested
  }

  /** Is true if the connection cannot be trusted any more, since something on it failed. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Is true if the server did not answer when it was asked to stop a statement. */
  get isLost(): boolean {
    return this.#isLost
  }

  /** The milliseconds that ending the session may take. */
  get endTimeout(): number {
    return this.#endTimeout
  }

  tryAcquire(_role?: Role): Connection | undefined {
    if (this.#refusal !== undefined) throw this.#refusal()
    if (this.connection.isOpen === false) throw connectionLostError()
    if (this.transaction !== undefined && this.connection.inTransaction === false) throw transactionEndedError()
    if (this.#isBusy) return undefined
    this.#isBusy = true
    return this.connection
  }

  async acquire(_role: Role, signal: AbortSignal | undefined): Promise<Connection> {
    if (signal?.aborted === true) throw cancellationError(signal, 'Waiting for a connection')
    return this.tryAcquire() ?? this.#waitInQueue(signal)
  }

  release(connection: Connection, broken = false): void {
    if (broken || connection.isOpen === false) {
      this.#isBroken = true
      this.#refusal ??= connection.isOpen === false ? connectionLostError : brokenConnectionError
    }
    if (!this.#queue.serve(connection) && !this.#endQueue.serve(connection)) this.#isBusy = false
  }

  async lease(role: Role, signal: AbortSignal | undefined, close: () => void | Promise<void>): Promise<Lease> {
    const connection = await this.acquire(role, signal)
    const shared = this.#options.sharesStreams
    const end = once((broken) => {
      this.#cursors.delete(closeEarly)
      if (!shared) this.release(connection, broken)
    })
    const closeEarly = async () => {
      try {
        await close()
      } finally {
        end()
      }
    }
    this.#cursors.add(closeEarly)
    if (shared) this.release(connection)
    return { connection, end }
  }

  async reserve(
    _role: Role,
    purpose: string,
    signal: AbortSignal | undefined,
    isOfStatement = false,
  ): Promise<HeldSession> {
    if (signal?.aborted === true) throw cancellationError(signal, 'Waiting for a connection')
    const free = this.tryAcquire()
    const refusal = isOfStatement ? undefined : () => nestedOpenError(this.purpose, purpose)
    // Refuse from now on, so that nothing gets in between. Earlier statements still have their turn.
    if (refusal !== undefined) this.#refusal = refusal
    if (free === undefined) await this.#waitToNest(refusal, signal)
    const nested = new HeldSession(this.connection, purpose, {
      sharesStreams: this.#options.sharesStreams,
      holdsStreams: this.#options.holdsStreams,
      timeout: this.#options.timeout,
      transaction: this.transaction,
      release: (broken) => {
        this.#nested = undefined
        this.#isLost ||= nested.isLost
        if (!isOfStatement && this.#refusal === refusal) this.#refusal = undefined
        this.release(this.connection, broken)
      },
    })
    this.#nested = nested
    this.#isNestedForStatement = isOfStatement
    return nested
  }

  /** Stops the running statement and refuses the waiting ones, so that nothing waits for them. */
  async interrupt(): Promise<void> {
    this.#endTimeout = SERVER_TIMEOUT
    if (this.#nested !== undefined) {
      if (this.#isNestedForStatement) {
        this.#refusal ??= interruptedError
        this.#nested.#refusal ??= interruptedError
        this.#queue.refuseAll(interruptedError)
      }
      return this.#nested.interrupt()
    }
    const { connection } = this
    if (!this.#isBusy || connection.cancel === undefined) return
    this.#refusal ??= interruptedError
    this.#queue.refuseAll(interruptedError)
    const ended = this.#endQueue.join({ timeout: SERVER_TIMEOUT, timeoutError: brokenConnectionError })
    const cancelling = async (): Promise<void> => connection.cancel?.()
    try {
      await Promise.all([withTimeout(SERVER_TIMEOUT, cancelling(), brokenConnectionError), ended])
      this.#isBusy = false
    } catch {
      this.#isBroken = true
      this.#isLost = true
    }
  }

  /** Refuses new statements, closes the streams, and waits until all accepted statements have run. */
  async seize(refusal: Refusal): Promise<void> {
    this.#refusal = refusal
    for (const close of [...this.#cursors]) {
      try {
        await close()
      } catch {
        // The reader of the stream gets this error.
      }
    }
    if (this.nested !== undefined) await this.nested.seize(refusal)
    else if (this.#isBusy && !this.#isLost && this.#nested?.isLost !== true)
      await this.#endQueue.join({ timeout: Number.POSITIVE_INFINITY, timeoutError: refusal })
    this.#isBusy = true
  }

  /** Ends the session and returns its connection to the outer session or the pool. */
  end(refusal: Refusal, broken = false): void {
    if (this.#isEnded) return
    this.#refusal = refusal
    this.#isEnded = true
    this.#queue.refuseAll(refusal)
    this.#nested?.end(refusal)
    this.#options.release(this.#isBroken || broken)
    // The outer session may be ending too, and waits for this one.
    this.#endQueue.serve(this.connection)
  }

  async #waitToNest(refusal: Refusal | undefined, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#waitInQueue(signal)
    } catch (error) {
      if (refusal !== undefined && this.#refusal === refusal) this.#refusal = undefined
      throw error
    }
    // An accepted statement has its turn even while the session is about to end.
    if (refusal === undefined || this.#refusal === refusal) return
    // The session was ended while this call waited.
    this.release(this.connection)
    throw this.#refusal!()
  }

  #waitInQueue(signal: AbortSignal | undefined): Promise<Connection> {
    const { timeout } = this.#options
    const timeoutError = () =>
      new KantaError(
        'timeout',
        `The connection of ${this.purpose} did not become free within ${timeout} ms. Close its streams before you run other work on it, or raise acquireTimeout.`,
      )
    return this.#queue.join({ signal, timeout, timeoutError })
  }
}

function nestedOpenError(outer: string, purpose: string): KantaError {
  return new KantaError(
    'transaction',
    `The connection of ${outer} is in use by ${purpose} inside it. Run this query on the inner handle, or await the inner work first.`,
  )
}

const interruptedError = () =>
  new KantaError('cancelled', 'The signal cancelled the surrounding work before this statement could run.')

const brokenConnectionError = () =>
  new KantaError('transaction', 'A rollback on this connection failed, so nothing more can run on it. Start again.')

const connectionLostError = () =>
  new KantaError('connection', 'The connection was lost, and nothing more can run on it. Start again.')

function transactionEndedError(): KantaError {
  return new KantaError(
    'transaction',
    'The database has ended this transaction, after an error or after a commit or rollback sent as SQL text. Nothing more can run in it. Start it again.',
  )
}

/** Returns a function that acts on its first call only. */
export function once(act: (broken: boolean) => void): (broken?: boolean) => void {
  let done = false
  return (broken = false) => {
    if (done) return
    done = true
    act(broken)
  }
}
