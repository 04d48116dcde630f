import type { Mark } from '../changes/index.ts'
import type { CacheEntry, CacheLook, CacheStore } from './store.ts'

/** For how long nothing is asked of a store that failed, in milliseconds. */
const REST = 1_000

export interface LinkOptions {
  readonly store: CacheStore
  /** How long an answer of the store is waited for, in milliseconds. */
  readonly timeout: number
  readonly now: () => number
}

/**
 * The way to a store, which may be broken: nobody waits for it longer than the timeout, and it throws nothing. Versions
 * that could not be renewed are owed; until the store has them, nothing is taken from it.
 */
export class Link {
  readonly #store: CacheStore
  readonly #timeout: number
  readonly #now: () => number
  /** Marks that have to be renewed, each with the number of its last renewal that failed. */
  readonly #owed = new Map<Mark, number>()
  #failures = 0
  #restsUntil = Number.NEGATIVE_INFINITY
  #timer: ReturnType<typeof setTimeout> | undefined
  #isClosed = false

  constructor({ store, timeout, now }: LinkOptions) {
    this.#store = store
    this.#timeout = timeout
    this.#now = now
  }

  /** How often the store has failed. */
  get failures(): number {
    return this.#failures
  }

  /** What is under a key; `undefined` where the store cannot be trusted now. */
  look(key: string, marks: readonly Mark[]): CacheLook | undefined | Promise<CacheLook | undefined> {
    if (this.#isResting) return undefined
    if (this.#owed.size > 0) return this.#lookOnceEven(key, marks)
    try {
      const found = this.#store.look(key, marks)
      if (!(found instanceof Promise)) return checked(found, marks)
      return this.#inTime(found.then((late) => checked(late, marks))).catch(() => this.#failed())
    } catch {
      return this.#failed()
    }
  }

  /** Keeps a result; nobody has to wait for that. */
  async keep(key: string, entry: CacheEntry, lifetime: number): Promise<void> {
    if (this.#isResting) return
    try {
      await this.#inTime(this.#store.keep(key, entry, lifetime))
    } catch {
      this.#failed()
    }
  }

  /** Renews marks, now or as soon as the store answers. */
  async renew(marks: readonly Mark[]): Promise<void> {
    if (!this.#isResting && (await this.#renewed([...this.#owed.keys(), ...marks]))) return
    for (const mark of marks) this.#owed.set(mark, this.#failures)
    this.#retryLater()
  }

  /** Ends trying, once more having tried. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#isClosed = true
    if (this.#owed.size > 0) await this.#renewed([...this.#owed.keys()])
  }

  get #isResting(): boolean {
    return this.#now() < this.#restsUntil
  }

  async #lookOnceEven(key: string, marks: readonly Mark[]): Promise<CacheLook | undefined> {
    return (await this.#renewed([...this.#owed.keys()])) && this.#owed.size === 0 ? this.look(key, marks) : undefined
  }

  /** Whether the store has new versions of these. */
  async #renewed(marks: readonly Mark[]): Promise<boolean> {
    const before = new Map(this.#owed)
    try {
      await this.#inTime(this.#store.renew([...new Set(marks)]))
    } catch {
      this.#failed()
      return false
    }
    // Those that were owed anew meanwhile are owed still.
    for (const [mark, failure] of before) if (this.#owed.get(mark) === failure) this.#owed.delete(mark)
    return true
  }

  #failed(): undefined {
    this.#failures++
    this.#restsUntil = this.#now() + REST
    return undefined
  }

  /** Other processes read what this one owes, so it does not wait until somebody asks. */
  #retryLater(): void {
    if (this.#isClosed || this.#timer !== undefined) return
    this.#timer = setTimeout(async () => {
      this.#timer = undefined
      if (this.#owed.size > 0 && !(await this.#renewed([...this.#owed.keys()]))) this.#retryLater()
    }, REST)
    // No process stays for it.
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  async #inTime<T>(answer: T | Promise<T>): Promise<T> {
    if (!(answer instanceof Promise)) return answer
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('The store of the cache did not answer in time.')), this.#timeout)
    })
    try {
      return await Promise.race([answer, late])
    } finally {
      clearTimeout(timer)
    }
  }
}

/** What a store of somebody's own gave, if it can be used. */
function checked(look: CacheLook, marks: readonly Mark[]): CacheLook {
  if (look?.versions?.length !== marks.length) throw new Error('The store of the cache gave no versions.')
  if (look.entry === undefined || (Array.isArray(look.entry.rows) && Array.isArray(look.entry.versions))) return look
  return { versions: look.versions, entry: undefined }
}
