import type { CircuitBreakerPolicy } from 'cockatiel'
import { importPeer, onAbort } from '../driver/index.ts'
import { checkOptions, type ErrorCode, KantaError } from '../error/index.ts'
import type { Hook, Logger, NextOperation, Operation, Plugin } from '../extend/index.ts'
import {
  cancellationError,
  type DatabaseHandle,
  isWhole,
  ofOneDatabase,
  ownPlugin,
  quietly,
} from '../extend/internal/index.ts'
import { ask, inTime } from './ask.ts'
import { checkCallback, countOption, numberOption } from './number-option.ts'
import { isRefusal, markRefusal } from './refusal.ts'

/** The state of a circuit breaker: `half-open` while a query asks whether the database is back. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** The options of `breaker()`. */
export interface BreakerOptions {
  /** The failures in a row that open it. Default: 5. */
  readonly failures?: number | undefined
  /** The milliseconds that it stays open before the database is asked again. Default: 10,000. */
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
 * `probeAfter` the next operation has a query ask the database, and all operations wait for its answer.
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
  const failures = countOption('breaker()', 'failures', options.failures, 5, 1)
  const probeAfter = numberOption('breaker()', 'probeAfter', options.probeAfter, 10_000, 1)
  checkCallback('breaker()', 'onChange', options.onChange)
  const takes = ofOneDatabase('breaker()')
  let whole: DatabaseHandle | undefined
  let loading: Promise<Breaker> | undefined
  const hook: Hook = {
    name: 'breaker',
    operations: ['statement', 'stream', 'batch', 'transaction', 'connection'],
    operation: async (operation, next) => {
      loading ??= loadBreaker(failures, probeAfter, whole!, (state) => {
        quietly(undefined, 'The logger', () => tell(operation.logger, state))
        quietly(operation.logger, 'onChange() of breaker()', () => options.onChange?.(state))
      })
      return (await loading).run(operation, next)
    },
  }
  return ownPlugin({
    name: 'breaker',
    priority: 500,
    hooks: [hook],
    extend: (db: DatabaseHandle) => {
      takes(db)
      if (whole === undefined && isWhole(db)) whole = db
      return {}
    },
  })
}

function tell(logger: Logger, state: BreakerState): void {
  if (state === 'open') logger.warn('The circuit breaker is open: the database does not answer.')
  else logger.info(`The circuit breaker is ${state}.`)
}

async function loadBreaker(
  failures: number,
  probeAfter: number,
  db: DatabaseHandle,
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
  return new Breaker(policy, () => policy.state === CircuitState.Closed, db)
}

/** The milliseconds that the database has for the query that asks whether it is back. */
const PROBE_TIMEOUT = 5_000

/** The result of work that says that the database answers. */
type Answer = { readonly value: unknown } | { readonly error: unknown }

class Breaker {
  readonly #policy: CircuitBreakerPolicy
  readonly #isClosed: () => boolean
  readonly #db: DatabaseHandle
  /** The query that asks whether the database is back. */
  #probe: Promise<unknown> | undefined

  constructor(policy: CircuitBreakerPolicy, isClosed: () => boolean, db: DatabaseHandle) {
    this.#policy = policy
    this.#isClosed = isClosed
    this.#db = db
  }

  async run({ signal }: Operation, next: NextOperation): Promise<unknown> {
    while (!this.#isClosed()) {
      this.#probe ??= this.#ask()
      await untilAborted(signal, this.#probe)
    }
    const answer = await this.#count(() => next())
    if ('error' in answer) throw answer.error
    return answer.value
  }

  /** Asks the database, which closes the breaker if it answers. Refuses while the breaker is open. */
  #ask(): Promise<unknown> {
    const asked = this.#count(() => inTime(PROBE_TIMEOUT, (late) => ask(this.#db, late)))
      .catch(() => {
        throw this.#openError()
      })
      .finally(() => {
        this.#probe = undefined
      })
    // All who wait may have left by then.
    asked.catch(() => {})
    return asked
  }

  /** Runs work whose failure counts. Errors that are answers of the database are a part of its result. */
  async #count(work: () => Promise<unknown>): Promise<Answer> {
    try {
      return await this.#policy.execute(async () => {
        try {
          return { value: await work() }
        } catch (error) {
          if (isFailure(error)) throw error
          return { error }
        }
      })
    } catch (error) {
      throw Object(error).isBrokenCircuitError === true ? this.#openError() : error
    }
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

/** Resolves with the outcome, or rejects when the signal aborts before. */
function untilAborted<T>(signal: AbortSignal | undefined, outcome: Promise<T>): Promise<T> {
  if (signal === undefined) return outcome
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(markRefusal(cancellationError(signal, 'Waiting for the circuit breaker')))
    if (signal.aborted) return abort()
    outcome.then(resolve, reject).finally(onAbort(signal, abort))
  })
}
