import { refuse, show } from '../error/index.ts'
import { concurrencyOf } from '../extend/internal/index.ts'
import { checkFunction, type Handle, handleOf } from './handle.ts'

interface Step {
  readonly name: string
  readonly run: (db: never, results: never) => Promise<unknown>
  readonly needs: readonly string[]
}

/** Named steps, of which those run at the same time that do not need each other. `R` are their results by name. */
export interface Parallel<D, R> {
  /**
   * Adds a step. It is given the results of those steps that it needs, which have to be added before.
   *
   * @example
   * ```ts
   * const { country } = await parallel(db)
   *   .run('city', (db) => db.selectFrom('city').selectAll().executeTakeFirstOrThrow())
   *   .run('country', (db, { city }) =>
   *     db.selectFrom('country').selectAll().where('cca2', '=', city.country).executeTakeFirst(), ['city'])
   *   .execute()
   * ```
   */
  run<N extends string, T, K extends keyof R = never>(
    name: N,
    step: (db: D, results: Pick<R, K>) => Promise<T>,
    needs?: readonly K[],
  ): Parallel<D, R & { readonly [P in N]: T }>
  /** Runs the steps. The first error stops those that have not begun; it is thrown once those that run have ended. */
  execute(): Promise<{ readonly [K in keyof R]: R[K] }>
}

/** The results of queries by name. */
export type ParallelResults<Q> = {
  readonly [K in keyof Q]: Q[K] extends (...args: never[]) => Promise<infer R> ? R : never
}

/**
 * Runs queries at the same time, no more of them than the database has connections; one after the other in a
 * transaction, which has one. Pass the queries by name, or add steps that need each other by `run()`.
 *
 * @example
 * ```ts
 * const { cities, countries } = await parallel(db, {
 *   cities: (db) => db.selectFrom('city').selectAll().execute(),
 *   countries: (db) => db.selectFrom('country').selectAll().execute(),
 * })
 * ```
 */
export function parallel<D extends Handle>(db: D): Parallel<D, {}>
export function parallel<D extends Handle, const Q extends Readonly<Record<string, (db: D) => Promise<unknown>>>>(
  db: D,
  queries: Q,
): Promise<ParallelResults<Q>>
export function parallel(db: Handle, queries?: Readonly<Record<string, unknown>>): unknown {
  if (queries === undefined) {
    handleOf('parallel()', db)
    return new Steps(db, [])
  }
  return runAll(db, queries)
}

async function runAll(db: Handle, queries: Readonly<Record<string, unknown>>): Promise<unknown> {
  if (typeof queries !== 'object' || queries === null)
    return refuse(`parallel() takes queries by name, such as { cities: (db) => … }, not ${show(queries)}.`)
  return runSteps(
    db,
    Object.entries(queries).map(([name, run]) => stepOf(name, run, [])),
  )
}

function stepOf(name: string, run: unknown, needs: readonly string[]): Step {
  checkFunction(`The step '${name}' of parallel()`, run)
  return { name, run: run as Step['run'], needs }
}

class Steps {
  readonly #db: Handle
  readonly #steps: readonly Step[]

  constructor(db: Handle, steps: readonly Step[]) {
    this.#db = db
    this.#steps = steps
  }

  run(name: string, run: unknown, needs: readonly string[] = []): Steps {
    const known = this.#steps.map((step) => step.name)
    if (typeof name !== 'string' || known.includes(name))
      refuse(`run(${show(name)}, …): give each step of parallel() a name of its own.`)
    const missing = needs.find((need) => !known.includes(need))
    if (missing !== undefined)
      refuse(`The step '${name}' needs ${show(missing)}, which is not a step before it. Add that step first.`)
    return new Steps(this.#db, [...this.#steps, stepOf(name, run, needs)])
  }

  async execute(): Promise<unknown> {
    return runSteps(this.#db, this.#steps)
  }
}

/** Runs steps whose needs are met, as many at a time as there are connections. */
function runSteps(db: Handle, steps: readonly Step[]): Promise<unknown> {
  const most = concurrencyOf(handleOf('parallel()', db))
  const results = new Map<string, unknown>()
  const waiting = new Set(steps)
  let running = 0
  let failure: { readonly error: unknown } | undefined
  return new Promise((resolve, reject) => {
    const start = async ({ name, run, needs }: Step): Promise<void> => {
      running++
      try {
        const needed = Object.fromEntries(needs.map((need) => [need, results.get(need)]))
        results.set(name, await run(db as never, needed as never))
      } catch (error) {
        failure ??= { error }
      }
      running--
      advance()
    }
    const advance = (): void => {
      for (const step of waiting) {
        if (failure !== undefined || running >= most) break
        if (!step.needs.every((need) => results.has(need))) continue
        waiting.delete(step)
        void start(step)
      }
      if (running > 0) return
      if (failure !== undefined) reject(failure.error)
      // In the order in which they were given.
      else resolve(Object.fromEntries(steps.map(({ name }) => [name, results.get(name)])))
    }
    advance()
  })
}
