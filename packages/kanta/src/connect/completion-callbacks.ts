import { KantaError } from '../error/index.ts'

/** The callbacks to call after a statement that runs outside a transaction. */
export class CompletionCallbacks {
  readonly #afterCommit: (() => unknown)[] = []
  readonly #onLasting: (() => unknown)[] = []
  #hasSucceeded = false

  afterCommit(callback: () => unknown): void {
    this.#afterCommit.push(callback)
  }

  onLasting(callback: () => unknown): void {
    this.#onLasting.push(callback)
  }

  /** Notes that the statement itself succeeded, even if a hook around it fails later. */
  noteSuccess<T>(result: T): T {
    this.#hasSucceeded = true
    return result
  }

  /** Calls the callbacks after a statement that succeeded. */
  async callAfterSuccess(): Promise<void> {
    if (this.#onLasting.length > 0) await callIgnoringErrors(this.#onLasting)
    for (const callback of this.#afterCommit) await callback()
  }

  /**
   * Calls the `onLasting` callbacks after a statement that failed but may have taken effect. `settled` waits for what
   * still runs.
   */
  async callAfterFailure(error: unknown, settled: () => Promise<unknown>): Promise<void> {
    if (this.#onLasting.length === 0) return
    const code = error instanceof KantaError ? error.code : undefined
    if (!this.#hasSucceeded && (code === undefined || !UNCERTAIN.has(code))) return
    const called = settled().then(() => callIgnoringErrors(this.#onLasting))
    // A caller that cancelled does not wait for the statement to end.
    if (code !== 'cancelled') await called
  }
}

/** The error codes after which a statement may still run, or may have taken effect. */
const UNCERTAIN: ReadonlySet<string> = new Set(['unknown_outcome', 'connection', 'cancelled', 'timeout'])

/** Calls all callbacks and ignores their errors. */
export async function callIgnoringErrors(callbacks: readonly (() => unknown)[]): Promise<void> {
  for (const callback of callbacks) {
    try {
      await callback()
    } catch {}
  }
}
