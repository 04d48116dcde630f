import { withTimeout } from '../driver/index.ts'
import { checkOptions, KantaError, refuse, show } from '../error/index.ts'
import {
  checkLogger,
  DatabaseHandle,
  isWhole,
  type Logger,
  loggerOf,
  quietly,
  suppress,
} from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'
import { checkCallback, numberOption } from './number-option.ts'

/** The options of `gracefulShutdown()`. */
export interface ShutdownOptions {
  /** The signals of the process that start it, such as `['SIGTERM', 'SIGINT']`. Default: none. */
  readonly signals?: readonly string[] | undefined
  /** The milliseconds that all of it may take. Default: 30,000. */
  readonly timeout?: number | undefined
  /**
   * Stops what brings new work, such as an HTTP server, and resolves once the work that it has accepted is done. The
   * database works until then.
   */
  readonly intake?: (() => unknown) | undefined
  readonly logger?: Logger | undefined
}

/** A shutdown that can be started. */
export interface GracefulShutdown {
  /** Starts the shutdown. Every call returns the same promise. */
  (): Promise<void>
  /** Is true from the first call or signal on. */
  readonly isStarted: boolean
  /** Stops listening to signals. */
  cancel(): void
}

/** The signals that ask a process to end. */
const SIGNALS: readonly string[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGBREAK', 'SIGUSR1', 'SIGUSR2']
const OPTIONS = ['signals', 'timeout', 'intake', 'logger']

interface Listening {
  once(signal: string, listener: () => void): unknown
  off(signal: string, listener: () => void): unknown
  kill(pid: number, signal: string): unknown
  readonly pid: number
}

/**
 * Prepares to close a database in order: the intake stops, running work ends, plugins end, and the connections are
 * closed. It starts by a call or by a signal, once. A signal is sent again at the end, so that the process ends as it
 * would have; a second signal ends it at once.
 *
 * @throws KantaError with the promise: `timeout` if work was still running after the time, whose connections are then closed; else the first error of a step. The later steps run all the same.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { gracefulShutdown } from 'kanta/infra'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({ driver: sqlite(':memory:') })
 * const shutDown = gracefulShutdown(db, { signals: ['SIGTERM'], timeout: 10_000 })
 * await shutDown()
 * ```
 */
export function gracefulShutdown(db: Pick<Database<{}>, 'destroy'>, options: ShutdownOptions = {}): GracefulShutdown {
  if (!(db instanceof DatabaseHandle) || !isWhole(db))
    return refuse(`gracefulShutdown() takes a whole database, not ${show(db)}.`)
  checkOptions('gracefulShutdown()', options, OPTIONS)
  const timeout = numberOption('gracefulShutdown()', 'timeout', options.timeout, 30_000, 0)
  checkCallback('gracefulShutdown()', 'intake', options.intake)
  const { signals = [], intake = () => {} } = options
  const logger = options.logger === undefined ? loggerOf(db) : checkLogger('gracefulShutdown()', options.logger)
  let isStarted = false
  let running: Promise<void> | undefined
  const start = (): Promise<void> => {
    isStarted = true
    running ??= shutDown(db, intake, timeout, logger)
    return running
  }
  const listening = listen(signals, start)
  return Object.defineProperty(Object.assign(start, { cancel: listening }), 'isStarted', {
    get: () => isStarted,
  }) as unknown as GracefulShutdown
}

/** Refuses what never reaches a listener, as a misspelt signal or one that cannot be caught. */
function checkSignals(signals: readonly string[]): void {
  const known = `gracefulShutdown() takes signals of these: ${SIGNALS.join(', ')}`
  if (!Array.isArray(signals)) refuse(`${known}, as a list, not ${show(signals)}.`)
  for (const signal of signals) if (!SIGNALS.includes(signal)) refuse(`${known}; not ${show(signal)}.`)
}

/** Starts the shutdown by signals. Returns what stops listening. */
function listen(signals: readonly string[], start: () => Promise<void>): () => void {
  const { process } = globalThis as { process?: Listening }
  if (signals.length > 0 && typeof process?.once !== 'function')
    refuse('This runtime has no signals. Leave them out of gracefulShutdown(), and call what it returns.')
  checkSignals(signals)
  const listeners = signals.map((signal) => {
    const end = (): void => {
      cancel()
      const kill = (): unknown => process!.kill(process!.pid, signal)
      start().then(kill, kill)
    }
    return { signal, end }
  })
  const cancel = (): void => {
    for (const { signal, end } of listeners) process!.off(signal, end)
  }
  for (const { signal, end } of listeners) process!.once(signal, end)
  return cancel
}

async function shutDown(db: DatabaseHandle, intake: () => unknown, timeout: number, logger: Logger): Promise<void> {
  const until = performance.now() + timeout
  const left = (): number => Math.max(0, until - performance.now())
  const errors: unknown[] = []
  const log = (level: 'debug' | 'info' | 'error', message: string, details?: unknown): void =>
    quietly(undefined, 'The logger', () => logger[level](message, details))
  const step = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
      log('debug', `Shutdown: ${what}.`)
    } catch (error) {
      errors.push(error)
      log('error', `Shutdown: ${what} failed.`, error)
    }
  }
  log('info', 'Shutdown: started.')
  await step('the intake stopped', () => stopIntake(intake, left()))
  await step('the database closed', () => db.destroy({ timeout: left() }))
  log('info', 'Shutdown: ended.')
  if (errors.length > 0) throw errors.reduce(suppress)
}

function stopIntake(intake: () => unknown, milliseconds: number): Promise<unknown> {
  const text = `The intake did not stop within ${Math.round(milliseconds)} ms. The shutdown goes on.`
  return withTimeout(milliseconds, (async () => intake())(), () => new KantaError('timeout', text))
}
