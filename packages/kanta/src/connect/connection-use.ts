import { type Connection, type MaybePromise, onAbort, SERVER_TIMEOUT, withTimeout } from '../driver/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import { type ExecuteOptions, type OnAbort, show } from '../sql/index.ts'
import { cancellationError, suppress, throwIfAborted } from './errors.ts'

const STRATEGIES: readonly unknown[] = ['ignore', 'cancel query', 'kill connection']

/** Rejects unknown run options. */
export function checkExecuteOptions(options: ExecuteOptions | undefined): void {
  const { signal, onAbort } = options ?? {}
  if (signal !== undefined && typeof (signal as Partial<AbortSignal>)?.addEventListener !== 'function')
    refuse(`signal takes an AbortSignal, not ${show(signal)}.`)
  if (onAbort !== undefined && !STRATEGIES.includes(onAbort))
    refuse(`onAbort takes ${STRATEGIES.map((it) => `'${it}'`).join(', ')}, not ${show(onAbort)}.`)
}

/** The use of a connection by statements of one run, which a signal may interrupt. */
export class ConnectionUse {
  readonly connection: Connection
  readonly #signal: AbortSignal | undefined
  readonly #onAbort: OnAbort | undefined
  /** The statement that still runs on the connection after its caller stopped waiting. */
  #pending: Promise<unknown> | undefined
  #isBroken = false

  constructor(connection: Connection, options: ExecuteOptions | undefined) {
    this.connection = connection
    this.#signal = options?.signal
    this.#onAbort = options?.onAbort
  }

  get signal(): AbortSignal | undefined {
    return this.#signal
  }

  /** Marks the connection as broken, so that it is not used again. */
  markBroken(): void {
    this.#isBroken = true
  }

  get isBroken(): boolean {
    return this.#isBroken
  }

  /**
   * Runs a statement, which the signal may interrupt. Returns its result if it succeeds before the interruption reaches
   * the database.
   */
  run<T>(work: () => MaybePromise<T>): MaybePromise<T> {
    const signal = this.#signal
    if (signal === undefined) return work()
    throwIfAborted(signal)
    const how = this.#strategy()
    const running = work()
    return running instanceof Promise ? this.#runInterruptibly(running, signal, how) : running
  }

  /** Waits for the statement that still runs. */
  async waitForPending(): Promise<void> {
    if (!this.#isBroken) await this.#pending
  }

  /** Calls `give` once nothing runs on the connection any more. */
  release(give: (broken: boolean) => void): void {
    const left = this.#pending
    if (this.#isBroken || left === undefined) give(this.#isBroken)
    else left.then(() => give(this.#isBroken))
  }

  #strategy(): OnAbort {
    const { connection } = this
    const requested = this.#onAbort
    const lacks =
      (requested === 'cancel query' && connection.cancel === undefined) ||
      (requested === 'kill connection' && connection.kill === undefined)
    if (lacks)
      throw new KantaError(
        'unsupported',
        `This driver does not support onAbort: '${requested}'. Leave it out, or use 'ignore'.`,
      )
    return requested ?? (connection.cancel === undefined ? 'ignore' : 'cancel query')
  }

  #runInterruptibly<T>(running: Promise<T>, signal: AbortSignal, how: OnAbort): Promise<T> {
    return new Promise((resolve, reject) => {
      let isInterrupted = false
      const fail = (more?: unknown): void => {
        const error = cancellationError(signal, 'The query')
        reject(more === undefined ? error : suppress(error, more))
      }
      const abort = (): void => {
        isInterrupted = true
        if (how === 'ignore') {
          this.#pending = running.catch(() => {})
          return fail()
        }
        // The connection stays in use until the database has acted, or the cancellation would hit the next statement.
        const ended = Promise.all([running.catch(() => {}), this.#interrupt(how)])
        this.#pending = withTimeout(SERVER_TIMEOUT, ended, noAnswerError).catch((cause) => {
          this.#isBroken = true
          fail(cause)
        })
      }
      running.then(resolve, (cause) => (isInterrupted ? fail() : reject(cause))).finally(onAbort(signal, abort))
    })
  }

  async #interrupt(how: OnAbort): Promise<void> {
    if (how === 'cancel query') return this.connection.cancel?.()
    this.#isBroken = true
    await this.connection.kill?.()
  }
}

const noAnswerError = (): KantaError =>
  new KantaError('connection', 'The database did not answer the request to cancel the statement.')
