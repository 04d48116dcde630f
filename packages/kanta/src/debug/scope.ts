import { AsyncLocalStorage } from 'node:async_hooks'
import { refuse, show } from '../error/index.ts'

/** The look-ups of one plan in a scope. */
export interface Lookups {
  /** Hashes of the keys: the keys themselves are not kept. */
  readonly keys: Set<number>
  isFound: boolean
  count: number
}

/** A piece of work, such as a request, in which queries are compared with each other. */
export class QueryScope {
  /** The reason why look-ups one by one are meant here. */
  readonly exemption: string | undefined
  readonly lookups = new Map<object, Lookups>()

  constructor(exemption?: string) {
    this.exemption = exemption
  }
}

const scopes = new AsyncLocalStorage<QueryScope>()

/** Returns the scope in which the code runs. */
export const currentScope = (): QueryScope | undefined => scopes.getStore()

/**
 * Runs a piece of work, such as the handler of a request or a job, as a scope for `nPlusOne()`: everything that it
 * calls, awaits and starts belongs to it.
 *
 * @example
 * ```ts
 * const answer = await queryScope(async () => db.selectFrom('city').select('name').execute())
 * ```
 */
export function queryScope<R>(work: () => R): R {
  if (typeof work !== 'function') return refuse(`queryScope() takes a function: () => …, not ${show(work)}.`)
  return scopes.run(new QueryScope(), work)
}

/**
 * Runs work whose look-ups one by one are meant, so that `nPlusOne()` does not report them. The reason says why.
 *
 * @example
 * ```ts
 * const one = await withoutNPlusOne('the rows are locked one after the other', async () =>
 *   db.selectFrom('city').select('name').where('id', '=', 1).executeTakeFirst(),
 * )
 * ```
 */
export function withoutNPlusOne<R>(reason: string, work: () => R): R {
  if (typeof reason !== 'string' || reason.trim() === '')
    return refuse(`withoutNPlusOne() takes a reason first, not ${show(reason)}.`)
  if (typeof work !== 'function') return refuse(`withoutNPlusOne() takes a function second, not ${show(work)}.`)
  return scopes.run(new QueryScope(reason), work)
}
