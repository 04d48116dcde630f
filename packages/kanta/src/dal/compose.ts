import { refuse, show } from '../error/index.ts'
import { checkFunction } from './handle.ts'
import type { QueryFunction } from './query.ts'

/** A step after a query: it takes the same handle, and the result so far. */
export type NextStep<D, R, S> = (db: D, result: R) => Promise<S>

type Run = (...args: readonly unknown[]) => Promise<unknown>
type Call = (db: unknown, ...args: readonly unknown[]) => Promise<unknown>

/**
 * Makes a query of two: the second takes the result of the first.
 *
 * @example
 * ```ts
 * const cityById = createQuery((db: Database<Tables>, id: number) =>
 *   db.selectFrom('city').selectAll().where('id', '=', id).executeTakeFirstOrThrow())
 * const countryOf = compose(cityById, (db, city) =>
 *   db.selectFrom('country').selectAll().where('cca2', '=', city.country).executeTakeFirst())
 * const country = await countryOf(db, 1)
 * ```
 */
export const compose: <D, A extends readonly unknown[], R, S>(
  query: (db: D, ...args: A) => Promise<R>,
  next: NextStep<D, R, S>,
) => (db: D, ...args: A) => Promise<S> = (query, next) => chain(query, next)

/**
 * Makes a query of several, one after the other: each takes the result of the one before.
 *
 * @example
 * ```ts
 * const neighbours = chain(
 *   createQuery((db: Database<Tables>, id: number) =>
 *     db.selectFrom('city').select('country').where('id', '=', id).executeTakeFirstOrThrow()),
 *   (db, { country }) => db.selectFrom('city').select(['id', 'name']).where('country', '=', country).execute(),
 *   async (_, cities) => cities.map((city) => city.name),
 * )
 * const names = await neighbours(db, 1)
 * ```
 */
export function chain<D, A extends readonly unknown[], R>(
  query: (db: D, ...args: A) => Promise<R>,
): (db: D, ...args: A) => Promise<R>
export function chain<D, A extends readonly unknown[], R, S>(
  query: (db: D, ...args: A) => Promise<R>,
  first: NextStep<D, R, S>,
): (db: D, ...args: A) => Promise<S>
export function chain<D, A extends readonly unknown[], R, S, T>(
  query: (db: D, ...args: A) => Promise<R>,
  first: NextStep<D, R, S>,
  second: NextStep<D, S, T>,
): (db: D, ...args: A) => Promise<T>
export function chain<D, A extends readonly unknown[], R, S, T, U>(
  query: (db: D, ...args: A) => Promise<R>,
  first: NextStep<D, R, S>,
  second: NextStep<D, S, T>,
  third: NextStep<D, T, U>,
): (db: D, ...args: A) => Promise<U>
export function chain<D, A extends readonly unknown[], R, S, T, U, V>(
  query: (db: D, ...args: A) => Promise<R>,
  first: NextStep<D, R, S>,
  second: NextStep<D, S, T>,
  third: NextStep<D, T, U>,
  fourth: NextStep<D, U, V>,
): (db: D, ...args: A) => Promise<V>
export function chain<D, A extends readonly unknown[], R, S, T, U, V, W>(
  query: (db: D, ...args: A) => Promise<R>,
  first: NextStep<D, R, S>,
  second: NextStep<D, S, T>,
  third: NextStep<D, T, U>,
  fourth: NextStep<D, U, V>,
  fifth: NextStep<D, V, W>,
): (db: D, ...args: A) => Promise<W>
export function chain<D, A extends readonly unknown[], R, S, T, U, V, W, X>(
  query: (db: D, ...args: A) => Promise<R>,
  first: NextStep<D, R, S>,
  second: NextStep<D, S, T>,
  third: NextStep<D, T, U>,
  fourth: NextStep<D, U, V>,
  fifth: NextStep<D, V, W>,
  sixth: NextStep<D, W, X>,
): (db: D, ...args: A) => Promise<X>
export function chain<D, A extends readonly unknown[], R, S, T, U, V, W, X, Y>(
  query: (db: D, ...args: A) => Promise<R>,
  first: NextStep<D, R, S>,
  second: NextStep<D, S, T>,
  third: NextStep<D, T, U>,
  fourth: NextStep<D, U, V>,
  fifth: NextStep<D, V, W>,
  sixth: NextStep<D, W, X>,
  seventh: NextStep<D, X, Y>,
): (db: D, ...args: A) => Promise<Y>
export function chain(...queries: readonly unknown[]): unknown {
  for (const query of queries) checkFunction('chain()', query)
  const [first, ...others] = queries as readonly Call[]
  const run: Call = async (db, ...args) => {
    let result = await first!(db, ...args)
    for (const next of others) result = await next(db, result)
    return result
  }
  return run
}

/**
 * Makes a query that gives what a function makes of the result of another.
 *
 * @example
 * ```ts
 * const cityById = createQuery((db: Database<Tables>, id: number) =>
 *   db.selectFrom('city').selectAll().where('id', '=', id).executeTakeFirstOrThrow())
 * const nameOf = mapResult(cityById, (city) => city.name)
 * const name = await nameOf(db, 1)
 * ```
 */
export function mapResult<A extends readonly unknown[], R, S>(
  query: (...args: A) => Promise<R>,
  map: (result: R) => S | Promise<S>,
): (...args: A) => Promise<S> {
  checkFunction('mapResult()', query)
  checkFunction('mapResult()', map)
  return async (...args) => map(await query(...args))
}

/**
 * Makes a query that runs where a test of its arguments is true; elsewhere another query runs, or it gives `undefined`.
 *
 * @example
 * ```ts
 * const cities = createQuery((db: Database<Tables>, country: string) =>
 *   db.selectFrom('city').select('name').where('country', '=', country).execute())
 * const known = conditional((_, country) => country !== '', cities)
 * const none = await known(db, '') // undefined
 * ```
 */
export function conditional<F extends QueryFunction>(
  test: (...args: Parameters<F>) => boolean | Promise<boolean>,
  query: F,
): (...args: Parameters<F>) => Promise<Awaited<ReturnType<F>> | undefined>
export function conditional<F extends QueryFunction, S>(
  test: (...args: Parameters<F>) => boolean | Promise<boolean>,
  query: F,
  otherwise: (...args: Parameters<F>) => Promise<S>,
): (...args: Parameters<F>) => Promise<Awaited<ReturnType<F>> | S>
export function conditional(...given: readonly unknown[]): unknown {
  for (const each of given) checkFunction('conditional()', each)
  const [test, query, otherwise] = given as [Run, Run, Run?]
  return async (...args: readonly unknown[]) => {
    const chosen = await test(...args)
    if (typeof chosen !== 'boolean') refuse(`The test of conditional() gave ${show(chosen)}. Return true or false.`)
    return chosen ? query(...args) : otherwise?.(...args)
  }
}
