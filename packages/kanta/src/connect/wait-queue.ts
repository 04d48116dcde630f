import { type Connection, LONGEST_TIMER, onAbort } from '../driver/index.ts'
import type { KantaError } from '../error/index.ts'
import { cancellationError } from './errors.ts'

interface Waiter {
  serve(connection: Connection): void
  refuse(error: KantaError): void
}

/** The options of waiting in the queue. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined
  /** The milliseconds to wait; Infinity waits forever. */
  readonly timeout: number
  timeoutError(): KantaError
  /** Called when a waiter leaves the queue without a connection. */
  onRefused?(): void
}

/** The queue of those who wait for a connection, first come first served. */
export class WaitQueue {
  // A set keeps the order of joining, and lets a waiter leave from the middle.
  readonly #waiting = new Set<Waiter>()

  get length(): number {
    return this.#waiting.size
  }

  join({ signal, timeout, timeoutError, onRefused }: WaitOptions): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const abort = () => waiter.refuse(cancellationError(signal!, 'Waiting for a connection'))
      const timer = timeout <= LONGEST_TIMER ? setTimeout(() => waiter.refuse(timeoutError()), timeout) : undefined
      const leave = () => {
        this.#waiting.delete(waiter)
        clearTimeout(timer)
        ignore()
      }
      const waiter: Waiter = {
        serve: (connection) => {
          leave()
          resolve(connection)
        },
        refuse: (error) => {
          leave()
          reject(error)
          onRefused?.()
        },
      }
      this.#waiting.add(waiter)
      const ignore = onAbort(signal, abort)
    })
  }

  /** Gives the connection to the first waiter. Returns false if nobody waits. */
  serve(connection: Connection): boolean {
    if (this.#waiting.size === 0) return false
    const [first] = this.#waiting
    first!.serve(connection)
    return true
  }

  refuseFirst(error: KantaError): void {
    const [first] = this.#waiting
    first?.refuse(error)
  }

  refuseAll(error: () => KantaError): void {
    for (const waiter of [...this.#waiting]) waiter.refuse(error())
  }
}
