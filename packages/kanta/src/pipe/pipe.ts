import { refuse, show } from '../error/index.ts'

/** A step of a pipe: it takes a query and gives the next one. */
export type PipeStep<A, B> = (query: A) => B

/**
 * Calls functions one after the other, each with what the one before gives. With the steps of this entry it builds the
 * query that the methods of the same names would build: the same object underneath, compiled once.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { from, limit, orderBy, pipe, select, where } from 'kanta/pipe'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text(), population: c.integer() }))
 * const db = kanta({ driver: sqlite(':memory:'), schema: { city } })
 * await db.schema.createTable(city).execute()
 *
 * const cities = await pipe(
 *   from(db, 'city'),
 *   where('population', '>', 100_000),
 *   select(['id', 'name']),
 *   orderBy('name'),
 *   limit(10),
 * ).execute()
 * ```
 */
export function pipe<A>(query: A): A
export function pipe<A, B>(query: A, b: PipeStep<A, B>): B
export function pipe<A, B, C>(query: A, b: PipeStep<A, B>, c: PipeStep<B, C>): C
export function pipe<A, B, C, D>(query: A, b: PipeStep<A, B>, c: PipeStep<B, C>, d: PipeStep<C, D>): D
export function pipe<A, B, C, D, E>(
  query: A,
  b: PipeStep<A, B>,
  c: PipeStep<B, C>,
  d: PipeStep<C, D>,
  e: PipeStep<D, E>,
): E
export function pipe<A, B, C, D, E, F>(
  query: A,
  b: PipeStep<A, B>,
  c: PipeStep<B, C>,
  d: PipeStep<C, D>,
  e: PipeStep<D, E>,
  f: PipeStep<E, F>,
): F
export function pipe<A, B, C, D, E, F, G>(
  query: A,
  b: PipeStep<A, B>,
  c: PipeStep<B, C>,
  d: PipeStep<C, D>,
  e: PipeStep<D, E>,
  f: PipeStep<E, F>,
  g: PipeStep<F, G>,
): G
export function pipe<A, B, C, D, E, F, G, H>(
  query: A,
  b: PipeStep<A, B>,
  c: PipeStep<B, C>,
  d: PipeStep<C, D>,
  e: PipeStep<D, E>,
  f: PipeStep<E, F>,
  g: PipeStep<F, G>,
  h: PipeStep<G, H>,
): H
export function pipe<A, B, C, D, E, F, G, H, I>(
  query: A,
  b: PipeStep<A, B>,
  c: PipeStep<B, C>,
  d: PipeStep<C, D>,
  e: PipeStep<D, E>,
  f: PipeStep<E, F>,
  g: PipeStep<F, G>,
  h: PipeStep<G, H>,
  i: PipeStep<H, I>,
): I
export function pipe<A, B, C, D, E, F, G, H, I, J>(
  query: A,
  b: PipeStep<A, B>,
  c: PipeStep<B, C>,
  d: PipeStep<C, D>,
  e: PipeStep<D, E>,
  f: PipeStep<E, F>,
  g: PipeStep<F, G>,
  h: PipeStep<G, H>,
  i: PipeStep<H, I>,
  j: PipeStep<I, J>,
): J
export function pipe<A, B, C, D, E, F, G, H, I, J, K>(
  query: A,
  b: PipeStep<A, B>,
  c: PipeStep<B, C>,
  d: PipeStep<C, D>,
  e: PipeStep<D, E>,
  f: PipeStep<E, F>,
  g: PipeStep<F, G>,
  h: PipeStep<G, H>,
  i: PipeStep<H, I>,
  j: PipeStep<I, J>,
  k: PipeStep<J, K>,
): K
export function pipe<A, B, C, D, E, F, G, H, I, J, K, L>(
  query: A,
  b: PipeStep<A, B>,
  c: PipeStep<B, C>,
  d: PipeStep<C, D>,
  e: PipeStep<D, E>,
  f: PipeStep<E, F>,
  g: PipeStep<F, G>,
  h: PipeStep<G, H>,
  i: PipeStep<H, I>,
  j: PipeStep<I, J>,
  k: PipeStep<J, K>,
  l: PipeStep<K, L>,
): L
export function pipe<A, B, C, D, E, F, G, H, I, J, K, L, M>(
  query: A,
  b: PipeStep<A, B>,
  c: PipeStep<B, C>,
  d: PipeStep<C, D>,
  e: PipeStep<D, E>,
  f: PipeStep<E, F>,
  g: PipeStep<F, G>,
  h: PipeStep<G, H>,
  i: PipeStep<H, I>,
  j: PipeStep<I, J>,
  k: PipeStep<J, K>,
  l: PipeStep<K, L>,
  m: PipeStep<L, M>,
): M
export function pipe(query: unknown, ...steps: readonly PipeStep<unknown, unknown>[]): unknown {
  return steps.reduce((built, step, i) => {
    if (typeof step !== 'function')
      return refuse(`pipe(): item ${i + 1} is ${show(step)}, not a step such as where(…).`)
    return step(built)
  }, query)
}
