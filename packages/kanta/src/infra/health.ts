import { titleOf } from '../dialect/index.ts'
import type { Machine } from '../driver/index.ts'
import { checkOptions, type ErrorCode, KantaError, refuse, show } from '../error/index.ts'
import { DatabaseHandle, dialectOf, driverOf, type PoolFacts, poolOf } from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'
import { ask, inTime } from './ask.ts'
import { numberOption } from './number-option.ts'

/** The options of `health()`. */
export interface HealthOptions {
  /** The milliseconds of latency from which the database is degraded. Default: 100. */
  readonly degraded?: number | undefined
  /** The milliseconds of latency from which it is unhealthy. Default: 1,000. */
  readonly unhealthy?: number | undefined
  /** The milliseconds of lag from which a replica makes it degraded. Default: 10,000. */
  readonly lag?: number | undefined
  /** The milliseconds after which `health()` answers in any case. Default: 5,000. */
  readonly timeout?: number | undefined
}

/** The state of a database in one word. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy'

/** The state of a database, without addresses and messages that strangers should not see. */
export interface HealthReport {
  readonly status: HealthStatus
  /** Why it is not healthy. */
  readonly reasons: readonly string[]
  /** The kind of the database, such as `PostgreSQL`. */
  readonly database: string
  /** The version that the database tells; absent if it does not answer. */
  readonly version?: string | undefined
  /** The milliseconds that a query took, its wait for a connection included. */
  readonly latency: number
  readonly pool: PoolFacts
  /** The machines of a cluster, if the driver has several. */
  readonly machines?: readonly Machine[] | undefined
  /** The code of the error, if it does not answer. */
  readonly code?: ErrorCode | undefined
}

/** The answer of `health()`. */
export interface Health {
  /** The status code for HTTP: 200 if the database can be used, 503 if it is unhealthy. */
  readonly status: 200 | 503
  /** The body for HTTP. */
  readonly body: HealthReport
  /** The error of a database that does not answer, for logs. */
  readonly error?: KantaError | undefined
}

const OPTIONS = ['degraded', 'unhealthy', 'lag', 'timeout']

/**
 * Asks a database how it is. It always answers in time, also when the database does not. It goes past plugins, so that
 * an open circuit breaker does not matter.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { health } from 'kanta/infra'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({ driver: sqlite(':memory:') })
 * const { status, body } = await health(db, { degraded: 100, unhealthy: 500 })
 * status // 200
 * ```
 */
export async function health(db: Pick<Database<{}>, 'destroy'>, options: HealthOptions = {}): Promise<Health> {
  const pool = db instanceof DatabaseHandle ? poolOf(db) : undefined
  if (!(db instanceof DatabaseHandle) || pool === undefined)
    return refuse(`health() takes a whole database, not ${show(db)}.`)
  checkOptions('health()', options, OPTIONS)
  const limit = (name: keyof HealthOptions, usual: number): number =>
    numberOption('health()', name, options[name], usual, 0)
  const limits = {
    degraded: limit('degraded', 100),
    unhealthy: limit('unhealthy', 1_000),
    lag: limit('lag', 10_000),
  }
  const timeout = limit('timeout', 5_000)
  const started = performance.now()
  const database = titleOf(dialectOf(db))
  let found: Awaited<ReturnType<typeof look>>
  try {
    found = await inTime(timeout, (signal) => look(db, signal))
  } catch (cause) {
    const error = cause instanceof KantaError ? cause : new KantaError('connection', String(cause), { cause })
    const latency = performance.now() - started
    const reasons = [`The database does not answer (${error.code}).`]
    const { code } = error
    return { status: 503, body: { status: 'unhealthy', reasons, database, latency, pool: pool.facts, code }, error }
  }
  const { version, latency, machines } = found
  const facts = { database, version, latency, pool: pool.facts, ...(machines && { machines }) }
  const { status, reasons } = judge(latency, machines ?? [], facts.pool, limits)
  return { status: status === 'unhealthy' ? 503 : 200, body: { status, reasons, ...facts } }
}

/** The answer of a database, and of the machines of its driver. */
async function look(db: DatabaseHandle, signal: AbortSignal) {
  const answer = await ask(db, signal)
  return { ...answer, machines: await driverOf(db).machines?.(signal) }
}

function judge(
  latency: number,
  machines: readonly Machine[],
  pool: PoolFacts,
  limits: { readonly degraded: number; readonly unhealthy: number; readonly lag: number },
): { readonly status: HealthStatus; readonly reasons: readonly string[] } {
  const reasons: string[] = []
  if (latency >= limits.degraded) reasons.push(`A query took ${Math.round(latency)} ms.`)
  for (const { number, isUp, lag } of machines) {
    if (!isUp) reasons.push(`Machine ${number} does not answer.`)
    else if (lag !== undefined && lag >= limits.lag)
      reasons.push(`Machine ${number} lags ${Math.round(lag)} ms behind.`)
  }
  for (const { waiting, max } of [pool, ...(pool.readers === undefined ? [] : [pool.readers])])
    if (waiting > max) reasons.push(`${waiting} operations wait for ${max} connections.`)
  if (latency >= limits.unhealthy) return { status: 'unhealthy', reasons }
  return { status: reasons.length > 0 ? 'degraded' : 'healthy', reasons }
}
