import type { Connection } from '../driver/index.ts'
import type { KantaError } from '../error/index.ts'
import { cancelled } from './failure.ts'

interface Waiter {
  serve(connection: Connection): void
  refuse(error: KantaError): void
}

/** How long one waits, and what ends it. */
export interface Patience {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds; Infinity waits for ever. */
  readonly timeout: number
  tooLate(): KantaError
  /** Called when one leaves the line in vain. */
  refused?(): void
}

const LONGEST_TIMER = 0x7fffffff

/** Those who wait for a connection, first come first served. */
export class Line {
  // A set keeps the order of joining, and whoever gives up can leave it from the middle.
  readonly #waiting = new Set<Waiter>()

  get length(): number {
    return this.#waiting.size
  }

  join({ signal, timeout, tooLate, refused }: Patience): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const abort = () => waiter.refuse(cancelled(signal!, 'Waiting for a connection'))
      const timer = timeout <= LONGEST_TIMER ? setTimeout(() => waiter.refuse(tooLate()), timeout) : undefined
      const leave = () => {
        this.#waiting.delete(waiter)
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
      }
      const waiter: Waiter = {
        serve: (connection) => {
          leave()
          resolve(connection)
        },
        refuse: (error) => {
          leave()
          reject(error)
          refused?.()
        },
      }
      this.#waiting.add(waiter)
      signal?.addEventListener('abort', abort)
    })
  }

  /** Gives the connection to the first in line; false when nobody waits. */
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
