import { AsyncLocalStorage } from 'node:async_hooks'
import { refuse } from './error/index.ts'
import type { Context } from './extend/index.ts'
import {
  addContext,
  DatabaseHandle,
  type HeldSession,
  withAmbient,
  withAmbientContext,
} from './extend/internal/index.ts'
import type { Database } from './face/index.ts'

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

/** A database together with what gives the running code a context. */
export interface AmbientContext<D> {
  /** The database, whose policies read the context of whoever calls. */
  readonly db: D
  /** Calls a function, for which and for all that it calls, awaits or starts the context has these values, too. */
  run<R>(context: Readonly<Record<string, unknown>>, work: () => R): R
  /** The context of the running code. */
  readonly context: Readonly<Record<string, unknown>>
}

/**
 * The same database, whose policies read the context of whoever called: code that has only this handle runs for the
 * tenant or the user of its request. Values of `db.as()` and those of the running code must agree where both are there.
 *
 * @throws KantaError `invalid_input` for what is not a whole database, and for a value that is missing; `policy` inside
 * of `run()` for another value of one that is set.
 *
 * @example
 * ```ts
 * const { db: shop, run } = ambientContext(kanta<{ post: { tenant_id: number; title: string } }>({
 *   driver: sqlite(':memory:'),
 *   plugins: [tenant({ column: 'tenant_id', tables: ['post'] })],
 * }))
 * const titles = () => shop.selectFrom('post').select('title')
 *
 * run({ tenant: 7 }, () => titles().compile().parameters) // [7]
 * ```
 */
export function ambientContext<D extends Pick<Database<{}>, 'destroy'>>(database: D): AmbientContext<D> {
  if (!(database instanceof DatabaseHandle)) return refuse('ambientContext() takes what kanta() gives.')
  const storage = new AsyncLocalStorage<Context>()
  const context = (): Context => storage.getStore() ?? NONE
  return {
    db: withAmbientContext(database, storage) as unknown as D,
    run: (more, work) => {
      if (typeof work !== 'function') refuse('run() takes a context and a function: run({ tenant: 1 }, () => …).')
      return storage.run(addContext(context(), more), work)
    },
    get context() {
      return context()
    },
  }
}

const NONE: Context = Object.freeze({})
