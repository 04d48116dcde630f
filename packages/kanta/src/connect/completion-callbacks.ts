import { KantaError } from '../error/index.ts'

/** What is called after a statement that is in no transaction. */
export class CompletionCallbacks {
  readonly #committed: (() => unknown)[] = []
  readonly #lasting: (() => unknown)[] = []
  #reached = false

  afterCommit(callback: () => unknown): void {
    this.#committed.push(callback)
  }

  onLasting(callback: () => unknown): void {
    this.#lasting.push(callback)
  }

  /** Notes that the statement itself went well, whatever hooks around it say later. */
  reach<T>(result: T): T {
    this.#reached = true
    return result
  }

  /** After a statement that lasts. */
  async lasts(): Promise<void> {
    if (this.#lasting.length > 0) await callAll(this.#lasting)
    for (const callback of this.#committed) await callback()
  }

  /** After one that failed, which may have done its work nevertheless; `settled` waits for what still runs. */
  async failed(error: unknown, settled: () => Promise<unknown>): Promise<void> {
    if (this.#lasting.length === 0) return
    const code = error instanceof KantaError ? error.code : undefined
    if (!this.#reached && (code === undefined || !DOUBTFUL.has(code))) return
    const called = settled().then(() => callAll(this.#lasting))
    // Whoever gave up does not wait for the end.
    if (code !== 'cancelled') await called
  }
}

/** Errors after which a statement may go on, or have gone through. */
const DOUBTFUL: ReadonlySet<string> = new Set(['unknown_outcome', 'connection', 'cancelled', 'timeout'])

/** Calls all of them; those that fail have themselves to blame. */
export async function callAll(callbacks: readonly (() => unknown)[]): Promise<void> {
  for (const callback of callbacks) {
    try {
      await callback()
    } catch {}
  }
}
