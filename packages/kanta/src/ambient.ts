import { AsyncLocalStorage } from 'node:async_hooks'
import { refuse } from './error/index.ts'
import type { Database } from './face/index.ts'
import { DatabaseHandle, type HeldSession, withAmbient } from './run/index.ts'

/**
 * The same database, whose statements run in the transaction of whoever called: code that has only this handle takes
 * part in the transaction around it, and runs by itself where there is none.
 *
 * @throws KantaError `invalid_input` for what is not a whole database.
 *
 * @example
 * ```ts
 * const shop = ambient(db)
 * const addCity = (name: string) => shop.insertInto('city').values({ name, country: 'FI' }).execute()
 *
 * await shop.transaction().execute(async () => {
 *   await addCity('Kuopio')
 *   await addCity('Vaasa') // both, or none
 * })
 * ```
 */
export function ambient<D extends Pick<Database<{}>, 'destroy'>>(database: D): D {
  if (!(database instanceof DatabaseHandle)) return refuse('ambient() takes what kanta() gives.')
  return withAmbient(database, new AsyncLocalStorage<HeldSession>()) as unknown as D
}
