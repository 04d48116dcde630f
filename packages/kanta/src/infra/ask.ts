import { LONGEST_TIMER } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'
import { type DatabaseHandle, dialectOf, withoutPlugins } from '../extend/internal/index.ts'
import { versionQueries } from './facet.ts'

/** The answer of a database that works: its version, and the milliseconds that the query took. */
export interface Answer {
  readonly version: string
  readonly latency: number
}

/** Asks a database for its version. A handle without plugins neither starts them nor goes through them. */
export async function ask(db: DatabaseHandle, signal: AbortSignal): Promise<Answer> {
  const started = performance.now()
  const { sql } = versionQueries.of(dialectOf(db))
  const query = withoutPlugins(db).executeQuery({ sql, parameters: [] }, { signal })
  const { rows } = (await query) as { rows: { version: unknown }[] }
  return { version: String(rows[0]?.version), latency: performance.now() - started }
}

/** Runs work until the time is over, and tells it to stop then. */
export function inTime<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => {
        const error = new KantaError('timeout', `The database did not answer within ${milliseconds} ms.`)
        reject(error)
        stop.abort(new DOMException(error.message, 'TimeoutError'))
      },
      Math.min(milliseconds, LONGEST_TIMER),
    )
    work(stop.signal)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}
