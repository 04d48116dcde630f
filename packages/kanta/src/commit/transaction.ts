import type { IsolationLevel, TransactionSettings } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { runInOperation, sessionOf, suppress, unlessAborted } from '../extend/internal/index.ts'
import type { Home } from './home.ts'
import type { Layer } from './layer.ts'
import { assertHeld, type Lock } from './lock.ts'
import type { Owner } from './owner.ts'
import { Participant } from './participant.ts'
import { preparedId } from './recovery.ts'
import { redoText } from './redo.ts'
import { transactions } from './tables.ts'

/** The parts of a coordinator that its transactions use. */
export interface Surroundings {
  readonly home: Home
  readonly owner: Owner
  /** Waits while a snapshot holds decisions up. */
  gate(): Promise<void>
  /** Finds out whether a transaction was decided whose commit got no answer. */
  outcome(number: bigint): Promise<boolean>
}

/** The result of a transaction over several databases. */
export interface Outcome<Result> {
  readonly result: Result
  /** The databases in which it has not ended yet, with the errors. */
  readonly left: ReadonlyMap<Layer, unknown>
}

/** The settings of a transaction over several databases. */
export interface RunOptions {
  readonly isolation?: IsolationLevel | undefined
  readonly signal?: AbortSignal | undefined
  /** The locks that must still be held when it commits. */
  readonly locks?: readonly Lock[] | undefined
}

type Work<Result> = (transactions: Readonly<Record<string, unknown>>) => Result | Promise<Result>

/** One transaction over several databases. */
export class GlobalTransaction<Result> {
  readonly #surroundings: Surroundings
  readonly #layers: readonly Layer[]
  readonly #options: RunOptions
  readonly #number: bigint
  readonly #participants: Participant[] = []
  readonly #afterCommitErrors: unknown[] = []
  /** The databases in which it has not ended, with the errors. */
  readonly #left = new Map<Layer, unknown>()
  #wasDecided = false

  constructor(surroundings: Surroundings, layers: readonly Layer[], options: RunOptions) {
    this.#surroundings = surroundings
    this.#layers = layers
    this.#options = options
    this.#number = surroundings.owner.number()
  }

  async run(work: Work<Result>): Promise<Outcome<Result>> {
    const { owner } = this.#surroundings
    try {
      const result = await this.#enter(0, this.#options.signal, work)
      if (this.#afterCommitErrors.length > 0) throw afterCommitError(this.#afterCommitErrors, result)
      return { result, left: this.#left }
    } catch (error) {
      throw await this.#undo(error)
    } finally {
      if (!owner.unsettled.has(this.#number)) owner.ended(this.#number, this.#wasDecided)
    }
  }

  /** Begins the transaction of each database inside the hooks of that database, then runs the work and commits. */
  async #enter(at: number, signal: AbortSignal | undefined, work: Work<Result>): Promise<Result> {
    const layer = this.#layers[at]
    if (layer === undefined) {
      const result = await this.#work(signal, work)
      await this.#commit()
      return result
    }
    // A hook of one database must not run it again by itself: the others would have it twice.
    const about = { kind: 'transaction', readOnly: false, lasts: true, signal } as const
    return runInOperation(layer.db, about, async (inner) => {
      const { isolation } = this.#options
      const participant = await this.#begin(layer, { isolation }, inner)
      this.#participants.push(participant)
      const next = (): Promise<Result> => this.#enter(at + 1, inner, work)
      const session = sessionOf(layer.db)
      return session.runIn === undefined ? next() : session.runIn(participant.transaction.session, next)
    })
  }

  async #begin(layer: Layer, settings: TransactionSettings, signal?: AbortSignal | undefined): Promise<Participant> {
    const { home, owner } = this.#surroundings
    // What one database does alone is never prepared.
    if (this.#layers.length === 1) return Participant.begin(layer, settings, undefined, signal)
    const id = preparedId(await home.pool(), { owner: owner.id, number: this.#number }, layer.name)
    return Participant.begin(layer, settings, id, signal)
  }

  async #work(signal: AbortSignal | undefined, work: Work<Result>): Promise<Result> {
    for (const participant of this.#participants) participant.start()
    const handles = Object.fromEntries(this.#participants.map(({ layer, handle }) => [layer.name, handle]))
    try {
      const result = await unlessAborted(async () => work(Object.freeze(handles)), signal, 'The transaction')
      for (const participant of this.#participants) await participant.stop()
      return result
    } catch (error) {
      for (const participant of this.#participants) participant.forget()
      if (signal?.aborted === true)
        for (const { transaction } of this.#participants) await transaction.session.interrupt()
      throw error
    }
  }

  /** Commits: one database by itself, several by a decision in the home. */
  async #commit(): Promise<void> {
    const writers = this.#participants.filter(({ hasWritten }) => hasWritten)
    const isGlobal = writers.length > 1
    for (const lock of this.#options.locks ?? [])
      for (const { layer, own } of writers) await assertHeld(layer, own, lock)
    for (const participant of this.#participants)
      if (!participant.hasWritten && !(isGlobal && participant.layer.isHome)) await this.#finish(participant)
    if (isGlobal) return this.#decide(writers.filter(({ layer }) => !layer.isHome))
    for (const writer of writers) await this.#finish(writer)
  }

  /** The protocol: mark and prepare the others, decide in the home, then commit the others. */
  async #decide(others: readonly Participant[]): Promise<void> {
    const { home, owner, gate, outcome } = this.#surroundings
    let deciding = this.#participants.find(({ layer }) => layer.isHome)
    if (deciding === undefined) {
      deciding = await this.#begin(home.layer, {})
      this.#participants.push(deciding)
    }
    const number = this.#number
    const key = { owner: owner.id, number }
    const layers = [deciding, ...others].map(({ layer }) => layer.name)
    for (const { own } of others)
      await own
        .insertInto(transactions)
        .values({ ...key, layers: JSON.stringify(layers) })
        .execute()
    await all(others.map((other) => other.prepare()))
    const staged = others.filter(({ layer }) => layer.mode === 'staged')
    const redo =
      staged.length === 0 ? null : redoText(Object.fromEntries(staged.map((one) => [one.layer.name, one.redo])))
    await gate()
    const decision = { ...key, layers, redo }
    await home.decide(deciding, decision)
    // From here on it may be decided, whatever this program sees of it.
    owner.unsettled.set(number, decision)
    try {
      await this.#finish(deciding)
    } catch (error) {
      if (!(error instanceof KantaError) || error.code !== 'unknown_outcome') {
        owner.unsettled.delete(number)
        throw error
      }
      await this.#learn(error, others, () => outcome(number))
    }
    this.#wasDecided = true
    await Promise.all(
      others.map((other) => this.#finish(other).catch((error: unknown) => void this.#left.set(other.layer, error))),
    )
    if (this.#left.size === 0) owner.unsettled.delete(number)
  }

  /** Asks the home whether it has committed, since its answer was lost. Throws if not, or if it cannot be known. */
  async #learn(cause: KantaError, others: readonly Participant[], ask: () => Promise<boolean>): Promise<void> {
    const { owner } = this.#surroundings
    let wasDecided: boolean
    try {
      wasDecided = await ask()
    } catch (error) {
      for (const other of others) await other.detach()
      throw suppress(
        new KantaError(
          'in_doubt',
          `The home did not answer the commit and does not answer now, so the transaction '${owner.id}-${this.#number}' may be committed or rolled back. It will be the same in every database once the home answers: see status(). Do not run it again before.`,
          { cause },
        ),
        error,
      )
    }
    if (wasDecided) return
    owner.unsettled.delete(this.#number)
    throw new KantaError(
      'connection',
      'The connection to the home was lost before it committed. The transaction was rolled back in every database. Run it again.',
      { cause },
    )
  }

  /** Commits in one database. Errors of callbacks after its commit are kept for the end. */
  async #finish({ transaction }: Participant): Promise<void> {
    try {
      await transaction.finish(undefined)
    } catch (error) {
      if (!(error instanceof KantaError) || error.code !== 'after_commit') throw error
      this.#afterCommitErrors.push(error.cause)
    }
  }

  /** Rolls back what has not ended, and returns the error to throw. */
  async #undo(error: unknown): Promise<unknown> {
    let all = error
    for (const { layer, transaction } of this.#participants.toReversed()) {
      all = await transaction.abandon(all)
      // The server undoes what a lost connection did, but not what it had prepared.
      if (layer.mode === 'prepared' && transaction.session.connection.isOpen === false)
        this.#surroundings.owner.leftovers.add(layer.name)
    }
    return all
  }
}

/** Waits for all, then throws the first error. */
async function all(works: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(works)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

const afterCommitError = ([first, ...others]: readonly unknown[], result: unknown): KantaError =>
  new KantaError(
    'after_commit',
    `The transaction is committed, but a callback after the commit failed: ${first instanceof Error ? first.message : String(first)}. Do not run the transaction again.`,
    { cause: first, result, suppressed: others.length > 0 ? others.reduce(suppress) : undefined },
  )
