import { pause, throwIfAborted } from '../connect/index.ts'
import { checkOptions, KantaError, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'

/** The options of running a transaction again after a conflict with another one. */
export interface RetryOptions {
  /** The most runs, including the first. Default: 5. */
  readonly attempts?: number | undefined
  /** The longest wait before the second run, in milliseconds; it doubles each time. Default: 10. */
  readonly minDelay?: number | undefined
  /** The longest wait of all, in milliseconds. Default: 1,000. */
  readonly maxDelay?: number | undefined
}

const DEFAULTS = { attempts: 5, minDelay: 10, maxDelay: 1_000 }

/** The error codes after which a transaction was undone and may succeed if it is run again. */
const TRANSIENT: ReadonlySet<string> = new Set(['serialization_failure', 'deadlock', 'busy', 'connection'])

/** Checks if an error undid the transaction or the statement, which may succeed if it is run again. */
export const isTransient = (error: unknown): error is KantaError =>
  error instanceof KantaError && TRANSIENT.has(error.code)

/** Rejects unknown and invalid retry options. */
export function checkRetry(options: RetryOptions): void {
  checkOptions('retry()', options, Object.keys(DEFAULTS))
  for (const [name, value] of Object.entries(options)) {
    const least = name === 'attempts' ? 1 : 0
    if (value !== undefined && !(typeof value === 'number' && value >= least))
      refuse(`retry({ ${name} }) takes a number, ${least} or more, not ${show(value)}.`)
  }
}

/**
 * Runs `work` again while it fails because of other transactions, such as by a deadlock. Each wait is random up to a
 * bound that doubles, so that the same transactions do not collide again (exponential backoff with full jitter).
 * `mayRepeat` tells after which errors.
 */
export async function withRetries<T>(
  { attempts = DEFAULTS.attempts, minDelay = DEFAULTS.minDelay, maxDelay = DEFAULTS.maxDelay }: RetryOptions,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
  mayRepeat: (error: unknown) => boolean = isTransient,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= attempts || !mayRepeat(error)) throw error
      await pause(Math.random() * Math.min(maxDelay, minDelay * 2 ** (attempt - 1)), signal)
      throwIfAborted(signal, 'The transaction')
    }
  }
}
