import { Transaction } from '../connect/index.ts'
import type { TransactionSettings } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { type DatabaseHandle, HeldSession, inTransactionOf, sessionOf } from '../extend/internal/index.ts'
import type { Layer } from './layer.ts'
import { Recorder } from './recorder.ts'
import type { Redo } from './redo.ts'
import { type OwnDatabase, own } from './tables.ts'

/** A transaction of one database in a commit over several. */
export class Participant {
  readonly layer: Layer
  readonly transaction: Transaction
  /** The database in the transaction, for the work of the user. */
  readonly handle: DatabaseHandle
  /** Kanta's own statements in the same transaction. */
  readonly own: OwnDatabase
  readonly #recorder: Recorder
  readonly #began = Date.now()
  isPrepared = false

  private constructor(layer: Layer, transaction: Transaction, recorder: Recorder) {
    this.layer = layer
    this.transaction = transaction
    this.#recorder = recorder
    this.handle = inTransactionOf(layer.db, transaction)
    this.own = own(layer.db, transaction.session)
  }

  /** Begins a transaction of a database. With `id` it can be prepared under that name, where the database can. */
  static async begin(
    layer: Layer,
    settings: TransactionSettings,
    id: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Participant> {
    const { driver, ability } = layer
    const session = sessionOf(layer.db)
    const held = await session.reserve('write', PURPOSE, signal)
    const recorder = new Recorder(held.connection, driver.dialect.lexis, {
      keeps: layer.mode === 'staged',
      queriesMayWrite: ability.queriesMayWrite,
    })
    const inner = new HeldSession(recorder, PURPOSE, {
      sharesStreams: driver.sharesStreams,
      holdsStreams: driver.holdsStreams,
      timeout: layer.pool.acquireTimeout,
      release: (broken) => held.end(endedError, broken),
    })
    const frame = ability.frame(settings, layer.mode === 'prepared' ? id : undefined)
    const transaction = new Transaction(inner, driver, { ...settings, frame })
    await transaction.open(signal)
    return new Participant(layer, transaction, recorder)
  }

  get hasWritten(): boolean {
    return this.#recorder.hasWritten
  }

  /** Lets the work of the user begin. */
  start(): void {
    this.#recorder.start()
  }

  /** Waits until the work that was begun has run, and lets no more begin. Throws if a transaction inside it is open. */
  async stop(): Promise<void> {
    const { session } = this.transaction
    session.release(await session.acquire('write', undefined))
    this.#recorder.stop()
  }

  /** Keeps nothing more, since it is rolled back. */
  forget(): void {
    this.#recorder.stop()
  }

  /** The statements that it has run, for a database that cannot prepare. */
  get redo(): Redo {
    return { from: this.#began, to: Date.now(), statements: this.#recorder.statements }
  }

  async prepare(): Promise<void> {
    if (this.layer.mode === 'prepared') {
      await this.transaction.prepare()
      this.isPrepared = true
    } else if (this.layer.mode === 'staged') {
      await this.layer.ability.validate((sql) => this.layer.ask(sql, this.own))
      this.#recorder.end()
    }
  }

  /** Closes its connection, so that a transaction that is prepared is left to recovery. */
  async detach(): Promise<void> {
    if (!this.isPrepared) return
    await Promise.resolve(this.transaction.session.connection.close()).catch(() => {})
  }
}

const PURPOSE = 'a transaction over several databases'

const endedError = () =>
  new KantaError('transaction', 'The transaction over several databases has ended, so nothing more can run in it.')
