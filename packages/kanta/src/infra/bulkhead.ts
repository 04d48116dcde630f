import { onAbort, startTimer } from '../driver/index.ts'
import { checkOptions, KantaError, refuse, show } from '../error/index.ts'
import type { Hook, Plugin } from '../extend/index.ts'
import { cancellationError, type DatabaseHandle, ownPlugin, withNote } from '../extend/internal/index.ts'
import { countOption, numberOption } from './number-option.ts'
import { markRefusal } from './refusal.ts'

/** The limits of one bulkhead. */
export interface BulkheadLimit {
  /** The most operations at a time. */
  readonly limit: number
  /** The most operations that wait; more are refused with `busy`. Default: 100. */
  readonly waiting?: number | undefined
  /** The milliseconds that an operation waits at most. Default: 30,000. */
  readonly timeout?: number | undefined
}

/** The bulkheads by name; a number is the most operations at a time. */
export type BulkheadOptions = Readonly<Record<string, number | BulkheadLimit>>

/** The method that `bulkhead()` adds to a database. */
export interface Bulkheaded<N extends string> {
  /**
   * Returns the database whose operations count in a bulkhead.
   *
   * @example
   * ```ts
   * const live = db.withPlugins([bulkhead({ report: 2 })])
   * const names = await live.bulkhead('report').selectFrom('city').select('name').execute()
   * ```
   */
  bulkhead<D>(this: D, name: N): D
}

/**
 * Limits how many operations of one sort run at a time, so that reports do not take every connection. Those of
 * `db.bulkhead(name)` wait in a line of their own before they wait for a connection; all others are as before. A
 * transaction counts as one operation until it ends.
 *
 * @throws KantaError with an operation: `busy` if the line is full, `timeout` if it waited too long, `cancelled` if its signal aborts.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { bulkhead } from 'kanta/infra'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta<{ sale: { price: number } }>({ driver: sqlite(':memory:') }).withPlugins([
 *   bulkhead({ report: 2, import: { limit: 1, waiting: 10 } }),
 * ])
 * const reports = db.bulkhead('report')
 * ```
 */
export function bulkhead<const O extends BulkheadOptions>(options: O): Plugin<Bulkheaded<keyof O & string>> {
  const names = Object.keys(Object(options))
  if (names.length === 0) refuse('bulkhead() takes the most operations by name: bulkhead({ report: 2 }).')
  const lines = new Map(names.map((name) => [name, new Line(name, options[name]!)]))
  const key = Symbol('bulkhead')
  const hook: Hook = {
    name: 'bulkhead',
    operations: ['statement', 'stream', 'batch', 'transaction', 'connection'],
    operation: (operation, next) => {
      const line = operation.notes.get(key) as Line | undefined
      return line === undefined ? next() : line.run(operation.signal, next)
    },
  }
  return ownPlugin({
    name: 'bulkhead',
    priority: 300,
    hooks: [hook],
    extend: (db: DatabaseHandle) => ({
      bulkhead(this: unknown, name: string): never {
        const line = lines.get(name)
        if (line === undefined) return refuse(`There is no bulkhead ${show(name)}. There are: ${names.join(', ')}.`)
        return withNote(this === undefined ? db : (this as DatabaseHandle), key, line) as never
      },
    }),
  }) as never
}

/** The operations of one bulkhead, and those that wait for their turn. */
class Line {
  readonly #name: string
  readonly #limit: number
  readonly #most: number
  readonly #timeout: number
  readonly #waiting = new Set<() => void>()
  #running = 0

  constructor(name: string, given: number | BulkheadLimit) {
    const owner = `bulkhead({ ${name} })`
    const limits: BulkheadLimit = typeof given === 'number' ? { limit: given } : given
    checkOptions(owner, limits, ['limit', 'waiting', 'timeout'])
    this.#name = name
    this.#limit = countOption(owner, 'limit', limits.limit ?? null, 1, 1)
    this.#most = countOption(owner, 'waiting', limits.waiting, 100, 0)
    this.#timeout = numberOption(owner, 'timeout', limits.timeout, 30_000, 1)
  }

  async run(signal: AbortSignal | undefined, work: () => Promise<unknown>): Promise<unknown> {
    if (this.#running < this.#limit) this.#running++
    else await this.#wait(signal)
    try {
      return await work()
    } finally {
      const [first] = this.#waiting
      // Whoever waits takes the place over, so that nobody gets in between.
      if (first === undefined) this.#running--
      else first()
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    const what = `Waiting in the bulkhead '${this.#name}'`
    if (signal?.aborted === true) return Promise.reject(markRefusal(cancellationError(signal, what)))
    if (this.#waiting.size >= this.#most)
      return Promise.reject(
        this.#refusal('busy', `has ${this.#most} operations in its line. Try again later, or raise its 'waiting'`),
      )
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(enter)
        stop()
        ignore()
      }
      const enter = (): void => {
        leave()
        resolve()
      }
      const abort = (): void => {
        leave()
        reject(markRefusal(cancellationError(signal!, what)))
      }
      const expire = (): void => {
        leave()
        reject(this.#refusal('timeout', `had no place within ${this.#timeout} ms. Raise its 'limit' or its 'timeout'`))
      }
      const stop = startTimer(this.#timeout, expire)
      const ignore = onAbort(signal, abort)
      this.#waiting.add(enter)
    })
  }

  #refusal(code: 'busy' | 'timeout', why: string): KantaError {
    return markRefusal(new KantaError(code, `The bulkhead '${this.#name}' ${why}.`))
  }
}
