import { type Connection, type MaybePromise, PATIENCE, within } from '../driver/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import { type ExecuteOptions, type OnAbort, show } from '../sql/index.ts'
import { cancelled, suppress, throwIfAborted } from './failure.ts'

const STRATEGIES: readonly unknown[] = ['ignore', 'cancel query', 'kill connection']

/** Refuses options of a run that are none. */
export function checkOptions(options: ExecuteOptions | undefined): void {
  const { signal, onAbort } = options ?? {}
  if (signal !== undefined && typeof (signal as Partial<AbortSignal>)?.addEventListener !== 'function')
    refuse(`signal takes an AbortSignal, not ${show(signal)}.`)
  if (onAbort !== undefined && !STRATEGIES.includes(onAbort))
    refuse(`onAbort takes ${STRATEGIES.map((it) => `'${it}'`).join(', ')}, not ${show(onAbort)}.`)
}

/** A connection while something runs on it. */
export class Use {
  readonly connection: Connection
  readonly #signal: AbortSignal | undefined
  readonly #onAbort: OnAbort | undefined
  /** What still runs on the connection though nobody waits for it any more. */
  #left: Promise<unknown> | undefined
  #broken = false

  constructor(connection: Connection, options: ExecuteOptions | undefined) {
    this.connection = connection
    this.#signal = options?.signal
    this.#onAbort = options?.onAbort
  }

  get signal(): AbortSignal | undefined {
    return this.#signal
  }

  /** Marks the connection as one of which nothing good is to be expected. */
  break(): void {
    this.#broken = true
  }

  get isBroken(): boolean {
    return this.#broken
  }

  /**
   * Runs a statement, which the signal interrupts. One that ends well nevertheless, before the database has heard of
   * it, gives its result: what it did is done.
   */
  run<T>(work: () => MaybePromise<T>): MaybePromise<T> {
    const signal = this.#signal
    if (signal === undefined) return work()
    throwIfAborted(signal)
    const how = this.#strategy()
    const running = work()
    return running instanceof Promise ? this.#interruptible(running, signal, how) : running
  }

  /** Waits for what still runs. */
  async settled(): Promise<void> {
    if (!this.#broken) await this.#left
  }

  /** Gives the connection back, once nothing runs on it any more. */
  release(give: (broken: boolean) => void): void {
    const left = this.#left
    if (this.#broken || left === undefined) give(this.#broken)
    else left.then(() => give(this.#broken))
  }

  #strategy(): OnAbort {
    const { connection } = this
    const asked = this.#onAbort
    const lacks =
      (asked === 'cancel query' && connection.cancel === undefined) ||
      (asked === 'kill connection' && connection.kill === undefined)
    if (lacks)
      throw new KantaError(
        'unsupported',
        `onAbort: '${asked}' is not available with this driver. Leave it out, or use 'ignore'.`,
      )
    return asked ?? (connection.cancel === undefined ? 'ignore' : 'cancel query')
  }

  #interruptible<T>(running: Promise<T>, signal: AbortSignal, how: OnAbort): Promise<T> {
    return new Promise((resolve, reject) => {
      let isInterrupted = false
      const fail = (more?: unknown): void => {
        const error = cancelled(signal, 'The query')
        reject(more === undefined ? error : suppress(error, more))
      }
      const abort = (): void => {
        isInterrupted = true
        if (how === 'ignore') {
          this.#left = running.catch(() => {})
          return fail()
        }
        // The connection stays in use until the order has been carried out, or it would hit the next statement.
        const ended = Promise.all([running.catch(() => {}), this.#interrupt(how)])
        this.#left = within(PATIENCE, ended, noAnswer).catch((cause) => {
          this.#broken = true
          fail(cause)
        })
      }
      signal.addEventListener('abort', abort, { once: true })
      running
        .then(resolve, (cause) => (isInterrupted ? fail() : reject(cause)))
        .finally(() => signal.removeEventListener('abort', abort))
    })
  }

  async #interrupt(how: OnAbort): Promise<void> {
    if (how === 'cancel query') return this.connection.cancel?.()
    this.#broken = true
    await this.connection.kill?.()
  }
}

const noAnswer = (): KantaError =>
  new KantaError('connection', 'The database did not answer when it was told to give up the statement.')
