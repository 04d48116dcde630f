import type { CircuitBreakerPolicy } from 'cockatiel'
import { importPeer } from '../driver/index.ts'
import { checkOptions, type ErrorCode, KantaError } from '../error/index.ts'
import type { Hook, NextOperation, Operation, Plugin } from '../extend/index.ts'
import { cancellationError, ownPlugin } from '../extend/internal/index.ts'
import { checkCallback, numberOption } from './number-option.ts'
import { isRefusal, markRefusal } from './refusal.ts'

/** The state of a circuit breaker: `half-open` while one operation tries whether the database is back. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** The options of `breaker()`. */
export interface BreakerOptions {
  /** The failures in a row that open it. Default: 5. */
  readonly failures?: number | undefined
  /** The milliseconds that it stays open before one operation may try again. Default: 10,000. */
  readonly probeAfter?: number | undefined
  /** Called when its state changes. */
  readonly onChange?: ((state: BreakerState) => void) | undefined
}

/** The codes of errors that say that the database does not answer. An unknown outcome is a lost connection. */
const FAILURES: readonly ErrorCode[] = ['connection', 'timeout', 'busy', 'unknown_outcome']

const isFailure = (error: unknown): boolean =>
  error instanceof KantaError && FAILURES.includes(error.code) && !isRefusal(error)

/**
 * Refuses operations at once while the database does not answer, instead of letting each of them wait. It counts
 * `connection`, `timeout`, `busy` and `unknown_outcome`; other errors, such as violated constraints, are answers. After
 * `probeAfter` one operation tries the database while the others wait for its outcome.
 *
 * It needs the package `cockatiel`. Transactions count once, when they end.
 *
 * @throws KantaError `connection` with an operation while it is open.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { breaker } from 'kanta/infra'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({
 *   driver: sqlite(':memory:'),
 *   plugins: [breaker({ failures: 5, probeAfter: 10_000 })],
 * })
 * ```
 */
export function breaker(options: BreakerOptions = {}): Plugin {
  checkOptions('breaker()', options, ['failures', 'probeAfter', 'onChange'])
  const failures = numberOption('breaker()', 'failures', options.failures, 5, 1)
  const probeAfter = numberOption('breaker()', 'probeAfter', options.probeAfter, 10_000, 1)
  checkCallback('breaker()', 'onChange', options.onChange)
  let loading: Promise<Breaker> | undefined
  const hook: Hook = {
    name: 'breaker',
    operations: ['statement', 'stream', 'batch', 'transaction', 'connection'],
    operation: async (operation, next) => {
      loading ??= loadBreaker(failures, probeAfter, (state) => {
        if (state === 'open') operation.logger.warn('The circuit breaker is open: the database does not answer.')
        else operation.logger.info(`The circuit breaker is ${state}.`)
        options.onChange?.(state)
      })
      return (await loading).run(operation, next)
    },
  }
  return ownPlugin({ name: 'breaker', priority: 500, hooks: [hook] })
}

async function loadBreaker(
  failures: number,
  probeAfter: number,
  onChange: (state: BreakerState) => void,
): Promise<Breaker> {
  const { CircuitState, circuitBreaker, ConsecutiveBreaker, handleAll } = await importPeer(
    'breaker()',
    'cockatiel',
    () => import('cockatiel'),
  )
  const policy = circuitBreaker(handleAll, { halfOpenAfter: probeAfter, breaker: new ConsecutiveBreaker(failures) })
  const states: Readonly<Record<number, BreakerState>> = {
    [CircuitState.Closed]: 'closed',
    [CircuitState.Open]: 'open',
    [CircuitState.HalfOpen]: 'half-open',
  }
  policy.onStateChange((state) => onChange(states[state] ?? 'open'))
  return new Breaker(policy)
}

/** The result of an operation that says that the database answers. */
type Answer = { readonly value: unknown } | { readonly error: unknown }

class Breaker {
  readonly #policy: CircuitBreakerPolicy

  constructor(policy: CircuitBreakerPolicy) {
    this.#policy = policy
  }

  async run({ signal }: Operation, next: NextOperation): Promise<unknown> {
    let isWaiting = true
    const work = async (): Promise<Answer> => {
      isWaiting = false
      if (signal?.aborted === true) return { error: waitCancelled(signal) }
      try {
        return { value: await next() }
      } catch (error) {
        if (isFailure(error)) throw error
        return { error }
      }
    }
    const answer = await untilAborted(signal, () => isWaiting, this.#policy.execute(work)).catch((error) => {
      throw Object(error).isBrokenCircuitError === true ? this.#openError() : error
    })
    if ('error' in answer) throw answer.error
    return answer.value
  }

  #openError(): KantaError {
    const { lastFailure } = this.#policy
    const cause = lastFailure !== undefined && 'error' in lastFailure ? lastFailure.error : undefined
    const last = cause instanceof Error ? ` The last failure: ${cause.message}` : ''
    return markRefusal(
      new KantaError('connection', `The circuit breaker is open, so nothing was sent. Try again later.${last}`, {
        cause,
      }),
    )
  }
}

const waitCancelled = (signal: AbortSignal): KantaError =>
  markRefusal(cancellationError(signal, 'Waiting for the circuit breaker'))

/** Resolves with the outcome, or rejects when the signal aborts during the wait for the operation that tries. */
function untilAborted<T>(signal: AbortSignal | undefined, isWaiting: () => boolean, outcome: Promise<T>): Promise<T> {
  if (signal === undefined) return outcome
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      if (isWaiting()) reject(waitCancelled(signal))
    }
    signal.addEventListener('abort', abort, { once: true })
    outcome.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
