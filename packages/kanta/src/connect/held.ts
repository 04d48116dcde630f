import { type Connection, PATIENCE, type Role, within } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'
import { cancelled } from './failure.ts'
import { Line } from './line.ts'
import type { Loan, Session } from './session.ts'
import type { Transaction } from './transaction.ts'

/** What a held session needs to know of where its connection comes from. */
export interface Holding {
  readonly sharesStreams: boolean
  readonly holdsStreams?: boolean | undefined
  /** Milliseconds to wait for a turn. */
  readonly timeout: number
  /** The transaction that is already open on the connection. */
  readonly transaction?: Transaction | undefined
  release(broken: boolean): void
}

type Refusal = () => KantaError

/**
 * The session of a transaction or of `connection()`: one connection, which nobody else gets meanwhile. Its statements
 * take turns. While a nested session has the connection, and for good once it ended, this one refuses statements.
 */
export class HeldSession implements Session {
  readonly connection: Connection
  readonly purpose: string
  readonly canHoldStream: boolean
  readonly #holding: Holding
  readonly #line = new Line()
  /** Those who end it, after all who are in line. */
  readonly #seizers = new Line()
  /** What closes the streams that are open. */
  readonly #cursors = new Set<() => Promise<void>>()
  transaction: Transaction | undefined
  #nested: HeldSession | undefined
  /** Whether the nested session is that of one statement, which others wait for as for any statement. */
  #isOfStatement = false
  #refusal: Refusal | undefined
  #busy = false
  #broken = false
  /** Whether the server does not answer any more. */
  #isLost = false
  #patience = Number.POSITIVE_INFINITY
  #over = false

  constructor(connection: Connection, purpose: string, holding: Holding) {
    this.connection = connection
    this.purpose = purpose
    this.canHoldStream = holding.sharesStreams || holding.holdsStreams === true
    this.transaction = holding.transaction
    this.#holding = holding
  }

  get inTransaction(): boolean {
    return this.transaction !== undefined
  }

  /** The session that has the connection for a nested piece of work of the user's. */
  get nested(): HeldSession | undefined {
    return this.#isOfStatement ? undefined : this.#nested
  }

  /** Whether something failed on the connection after which it cannot be trusted. */
  get isBroken(): boolean {
    return this.#broken
  }

  /** Whether the server did not answer when it was to end what ran. */
  get isLost(): boolean {
    return this.#isLost
  }

  /** How many milliseconds the end of it may take. */
  get patience(): number {
    return this.#patience
  }

  take(_role?: Role): Connection | undefined {
    if (this.#refusal !== undefined) throw this.#refusal()
    if (this.connection.isOpen === false) throw connectionLost()
    if (this.transaction !== undefined && this.connection.inTransaction === false) throw endedByItself()
    if (this.#busy) return undefined
    this.#busy = true
    return this.connection
  }

  async wait(_role: Role, signal: AbortSignal | undefined): Promise<Connection> {
    if (signal?.aborted === true) throw cancelled(signal, 'Waiting for a connection')
    return this.take() ?? this.#turn(signal)
  }

  give(connection: Connection, broken = false): void {
    if (broken || connection.isOpen === false) {
      this.#broken = true
      this.#refusal ??= connection.isOpen === false ? connectionLost : connectionBroken
    }
    if (!this.#line.serve(connection) && !this.#seizers.serve(connection)) this.#busy = false
  }

  async lend(role: Role, signal: AbortSignal | undefined, close: () => void | Promise<void>): Promise<Loan> {
    const connection = await this.wait(role, signal)
    const shared = this.#holding.sharesStreams
    const end = once((broken) => {
      this.#cursors.delete(closeEarly)
      if (!shared) this.give(connection, broken)
    })
    const closeEarly = async () => {
      try {
        await close()
      } finally {
        end()
      }
    }
    this.#cursors.add(closeEarly)
    if (shared) this.give(connection)
    return { connection, end }
  }

  async reserve(
    _role: Role,
    purpose: string,
    signal: AbortSignal | undefined,
    isOfStatement = false,
  ): Promise<HeldSession> {
    if (signal?.aborted === true) throw cancelled(signal, 'Waiting for a connection')
    const free = this.take()
    const refusal = isOfStatement ? undefined : () => nestedIsOpen(this.purpose, purpose)
    // From now on, so that nothing gets in between; what came before this still has its turn.
    if (refusal !== undefined) this.#refusal = refusal
    if (free === undefined) await this.#waitToNest(refusal, signal)
    const nested = new HeldSession(this.connection, purpose, {
      sharesStreams: this.#holding.sharesStreams,
      holdsStreams: this.#holding.holdsStreams,
      timeout: this.#holding.timeout,
      transaction: this.transaction,
      release: (broken) => {
        this.#nested = undefined
        this.#isLost ||= nested.isLost
        if (!isOfStatement && this.#refusal === refusal) this.#refusal = undefined
        this.give(this.connection, broken)
      },
    })
    this.#nested = nested
    this.#isOfStatement = isOfStatement
    return nested
  }

  /** Ends the statement that is running and refuses those in line, so that nothing has to wait for them. */
  async interrupt(): Promise<void> {
    this.#patience = PATIENCE
    if (this.#nested !== undefined) {
      if (this.#isOfStatement) {
        this.#refusal ??= interrupted
        this.#nested.#refusal ??= interrupted
        this.#line.refuseAll(interrupted)
      }
      return this.#nested.interrupt()
    }
    const { connection } = this
    if (!this.#busy || connection.cancel === undefined) return
    this.#refusal ??= interrupted
    this.#line.refuseAll(interrupted)
    const ended = this.#seizers.join({ timeout: PATIENCE, tooLate: connectionBroken })
    const told = async (): Promise<void> => connection.cancel?.()
    try {
      await Promise.all([within(PATIENCE, told(), connectionBroken), ended])
      this.#busy = false
    } catch {
      this.#broken = true
      this.#isLost = true
    }
  }

  /** Refuses new statements, and waits until those that were accepted have had their turn, and streams are closed. */
  async seize(refusal: Refusal): Promise<void> {
    this.#refusal = refusal
    for (const close of [...this.#cursors]) {
      try {
        await close()
      } catch {
        // It is the reader of the stream who gets to know that.
      }
    }
    if (this.nested !== undefined) await this.nested.seize(refusal)
    else if (this.#busy && !this.#isLost && this.#nested?.isLost !== true)
      await this.#seizers.join({ timeout: Number.POSITIVE_INFINITY, tooLate: refusal })
    this.#busy = true
  }

  /** Gives the connection back for good. */
  end(refusal: Refusal, broken = false): void {
    if (this.#over) return
    this.#refusal = refusal
    this.#over = true
    this.#line.refuseAll(refusal)
    this.#nested?.end(refusal)
    this.#holding.release(this.#broken || broken)
    // The one around it may be ending too, and waits for this.
    this.#seizers.serve(this.connection)
  }

  async #waitToNest(refusal: Refusal | undefined, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#turn(signal)
    } catch (error) {
      if (refusal !== undefined && this.#refusal === refusal) this.#refusal = undefined
      throw error
    }
    // A statement that was accepted has its turn, also while the session is about to end.
    if (refusal === undefined || this.#refusal === refusal) return
    // It was ended while this waited.
    this.give(this.connection)
    throw this.#refusal!()
  }

  #turn(signal: AbortSignal | undefined): Promise<Connection> {
    const { timeout } = this.#holding
    const tooLate = () =>
      new KantaError(
        'timeout',
        `The connection of ${this.purpose} did not become free in ${timeout} ms. Close streams of it before other work on it, or raise acquireTimeout.`,
      )
    return this.#line.join({ signal, timeout, tooLate })
  }
}

function nestedIsOpen(outer: string, purpose: string): KantaError {
  return new KantaError(
    'transaction',
    `The connection of ${outer} is held by ${purpose} inside of it. Run this on the inner handle, or await the inner one before.`,
  )
}

const interrupted = () =>
  new KantaError('cancelled', 'The work that this belongs to was cancelled by its signal before this could run.')

const connectionBroken = () =>
  new KantaError(
    'transaction',
    'A rollback on this connection failed, so that nothing more can run on it. Start again.',
  )

const connectionLost = () =>
  new KantaError('connection', 'The connection was lost, and nothing more can run on it. Start again.')

function endedByItself(): KantaError {
  return new KantaError(
    'transaction',
    'The database has ended this transaction by itself, after an error or a commit or rollback as text. Nothing can run in it any more: start it again.',
  )
}

/** A function of which only the first call counts. */
export function once(act: (broken: boolean) => void): (broken?: boolean) => void {
  let done = false
  return (broken = false) => {
    if (done) return
    done = true
    act(broken)
  }
}
