import { checkOptions, type KantaError } from '../error/index.ts'
import type { Hook, Operation, Plugin } from '../extend/index.ts'
import {
  checkRetry,
  isTransient,
  ownPlugin,
  quietly,
  type RetryOptions,
  wasNotSent,
  withRetries,
} from '../extend/internal/index.ts'
import { checkCallback, numberOption } from './number-option.ts'

/** The budget of retries, which bounds their share: a database in trouble is not given several times the work. */
export interface RetryBudget {
  /** The retries for each operation, on average. Default: 0.1, so that 10 operations allow one retry. */
  readonly share?: number | undefined
  /** The retries that are always allowed to begin with, and the most that are saved up. Default: 10. */
  readonly reserve?: number | undefined
}

/** The options of `retry()`. */
export interface RetryPluginOptions extends RetryOptions {
  readonly budget?: RetryBudget | undefined
  /** Called before each retry. */
  readonly onRetry?: ((retry: { readonly error: KantaError; readonly operation: Operation }) => void) | undefined
}

/**
 * Runs statements and transactions again that failed for a passing reason: `deadlock`, `serialization_failure`, `busy`
 * and `connection`. It never repeats what may have taken effect: not `unknown_outcome`, not a write whose connection
 * was lost, nothing of `connection()`, and no stream that has begun. The callback of a transaction may run more than
 * once. Transactions with `.retry()` go by their own numbers.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { retry } from 'kanta/infra'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({
 *   driver: sqlite(':memory:'),
 *   plugins: [retry({ attempts: 3, budget: { share: 0.1 } })],
 * })
 * ```
 */
export function retry(options: RetryPluginOptions = {}): Plugin {
  const { budget = {}, onRetry, ...numbers } = options
  checkOptions('retry()', options, ['attempts', 'minDelay', 'maxDelay', 'budget', 'onRetry'])
  checkRetry(numbers)
  checkCallback('retry()', 'onRetry', onRetry)
  const tokens = new Tokens(budget)
  const hook: Hook = {
    name: 'retry',
    operations: ['statement', 'batch', 'transaction'],
    operation: (operation, next) => {
      tokens.add()
      if (operation.retries === true || operation.lasts === true) return next()
      return withRetries(numbers, operation.signal, next, (error) => {
        if (!mayRepeat(operation, error) || !tokens.take()) return false
        operation.logger.debug(`A ${operation.kind} is run again after an error (${error.code}).`, error)
        quietly(operation.logger, 'onRetry() of retry()', () => onRetry?.({ error, operation }))
        return true
      })
    },
  }
  return ownPlugin({ name: 'retry', priority: 200, hooks: [hook] })
}

/** Checks if an operation surely had no effect, and may succeed if it is run again. */
function mayRepeat({ kind, readOnly }: Operation, error: unknown): error is KantaError {
  if (!isTransient(error)) return false
  if (wasNotSent(error)) return true
  // The hooks of a batch have seen it already.
  if (kind === 'batch') return false
  // What a lost connection had begun is rolled back in a transaction only.
  return error.code !== 'connection' || readOnly || kind === 'transaction'
}

/** A token bucket: each operation adds a share of a token, each retry takes one. */
class Tokens {
  readonly #share: number
  readonly #most: number
  #count: number

  constructor(budget: RetryBudget) {
    checkOptions('retry({ budget })', budget, ['share', 'reserve'])
    this.#share = numberOption('retry({ budget })', 'share', budget.share, 0.1, 0)
    this.#most = numberOption('retry({ budget })', 'reserve', budget.reserve, 10, 0)
    this.#count = this.#most
  }

  add(): void {
    this.#count = Math.min(this.#most, this.#count + this.#share)
  }

  take(): boolean {
    if (this.#count < 1) return false
    this.#count--
    return true
  }
}
