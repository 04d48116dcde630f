import { checkOptions, refuse } from '../error/index.ts'
import { DatabaseHandle, isOfSession, started } from '../extend/internal/index.ts'
import type { AnyInfo, Database, DatabasePlugin, Plugged, PluginsFor, Returns, TablesIn } from '../face/index.ts'
import { type Filter, type FilterValue, isFilter, keepsAll } from '../filter/index.ts'
import { fullName } from '../ir/index.ts'
import { Query, RUNNER, show } from '../sql/index.ts'
import { type At, definitionOf, type Rowed, type Selectable, type TableRef, type Updateable } from '../table/index.ts'
import { takingOf } from './claim.ts'
import type { RepositoryOf, RepositoryOptions } from './face.ts'
import { repository } from './repository.ts'
import { atomically, Rows, type Values } from './rows.ts'

/** Makes a repository, or anything else, for a handle of a database. */
export type RepositoryFactory<D, R> = (db: D) => R

/** A database with its plugins, and the repositories that run on it. */
export interface Orm<D> {
  /** The database with the plugins. */
  readonly executor: D
  /** Returns what a factory makes for the database. */
  createRepository<R>(factory: RepositoryFactory<D, R>): R
  /** The plugins that it was given. */
  readonly plugins: readonly DatabasePlugin[]
  /**
   * Returns a query of this database, such as one built without the plugins, as one that runs under them.
   *
   * @throws KantaError `invalid_input` for what is no query of this database.
   */
  applyPlugins<Q extends Returns>(query: Q): Q
  /** Runs work in a transaction; factories take its handle. */
  transaction<T>(work: (trx: D) => Promise<T>): Promise<T>
}

/**
 * Gives a database plugins, and makes repositories for it.
 *
 * @example
 * ```ts
 * const orm = await createORM(db, [])
 * const makeCities = createRepositoryFactory(city)
 * const cities = orm.createRepository(makeCities)
 * await orm.transaction(async (trx) => makeCities(trx).count())
 * ```
 *
 * @throws KantaError `plugin` for plugins that do not fit together.
 */
export async function createORM<
  D extends Pick<Database<{}>, 'destroy'>,
  const P extends readonly DatabasePlugin[] = [],
>(db: D, plugins?: P & PluginsFor<TablesIn<D>, P>): Promise<Orm<Plugged<D, P>>> {
  const handle: unknown = db
  if (!(handle instanceof DatabaseHandle)) return refuse(`createORM(${show(db)}) takes a database first.`)
  const made = plugins === undefined || plugins.length === 0 ? handle : handle.withPlugins(plugins as never)
  await started(made as DatabaseHandle)
  const executor = made as never as Plugged<D, P>
  return Object.freeze({
    executor,
    createRepository: <R>(factory: RepositoryFactory<Plugged<D, P>, R>): R =>
      checkFactory('createRepository', factory)(executor),
    plugins: Object.freeze([...(plugins ?? [])]),
    applyPlugins: <Q extends Returns>(query: Q): Q => queryIn(made as DatabaseHandle, query) as Q,
    transaction: <T>(work: (trx: Plugged<D, P>) => Promise<T>) =>
      atomically(made as DatabaseHandle, (trx) => work(trx as never)),
  })
}

/** Returns a query as one of another handle of its database. */
function queryIn(db: DatabaseHandle, query: unknown): unknown {
  if (!(query instanceof Query) || !isOfSession(query.runner, db))
    return refuse(`applyPlugins(${show(query)}) takes a query of the same database. Leave out execute().`)
  const { constructor, shape, args } = query as Query<never>
  return new (constructor as new (...parts: unknown[]) => unknown)(shape, args, db[RUNNER])
}

/** Returns the function that makes the repository of a table for any handle: a transaction, or `db.as(…)`. */
export function createRepositoryFactory<B extends string>(
  table: TableRef<B, never> & Rowed,
  options: RepositoryOptions = {},
): <DB, I extends AnyInfo>(db: Database<DB, I>) => RepositoryOf<I, B> {
  if (definitionOf(table) === undefined) return refuse(`createRepositoryFactory(${show(table)}) takes a table() value.`)
  return (db) => repository(db as never, table as never, options) as never
}

/** Returns the function that makes several repositories for one handle. */
export function createRepositoriesFactory<const F extends Readonly<Record<string, (db: never) => unknown>>>(
  factories: F,
): (db: Parameters<F[keyof F]>[0]) => { readonly [K in keyof F]: ReturnType<F[K]> } {
  for (const [name, factory] of Object.entries(factories)) checkFactory(name, factory)
  return (db) => {
    const made = Object.entries(factories).map(([name, factory]) => [name, factory(db as never)] as const)
    return Object.fromEntries(made) as never
  }
}

/** Makes the repository of a table in a database with more plugins. */
export async function withPlugins<
  R,
  D extends Pick<Database<{}>, 'destroy'>,
  const P extends readonly DatabasePlugin[],
>(factory: RepositoryFactory<Plugged<D, P>, R>, db: D, plugins: P & PluginsFor<TablesIn<D>, P>): Promise<R> {
  return (await createORM(db, plugins as never)).createRepository(factory as never)
}

function checkFactory<F>(name: string, factory: F): F {
  return typeof factory === 'function'
    ? factory
    : refuse(
        `${name}: ${show(factory)} is no factory. Give a function of the database, such as (db) => repository(db, city).`,
      )
}

/** A move of the rows of a filter from one state to another. */
export interface StatusTransition<R> {
  /** The column of the state; `status` by default. */
  readonly statusColumn?: (keyof R & string) | undefined
  readonly fromStatus: FilterValue | readonly FilterValue[] | null
  readonly toStatus: FilterValue | null
  readonly additionalUpdates?: Updateable<R> | undefined
}

/**
 * Moves the rows of a filter that are in one state to another, in one statement, and gives their number: who comes
 * second moves none.
 *
 * @throws KantaError `invalid_input` for a filter that keeps every row.
 *
 * @example
 * ```ts
 * await atomicStatusTransition(db, city, eq('name', 'Kemi'), { statusColumn: 'country', fromStatus: 'SE', toStatus: 'FI' })
 * ```
 */
export async function atomicStatusTransition<DB, I extends AnyInfo, B extends I['names']>(
  db: Database<DB, I>,
  table: TableRef<B, never> & Rowed,
  where: Filter<Selectable<At<I['db'], B>>>,
  transition: StatusTransition<At<I['db'], B>>,
): Promise<number> {
  if (!(db instanceof DatabaseHandle)) return refuse(`atomicStatusTransition(${show(db)}, …) takes a database first.`)
  const definition = definitionOf(table) ?? refuse(`atomicStatusTransition(db, ${show(table)}) takes a table() value.`)
  checkOptions('atomicStatusTransition()', transition, ['statusColumn', 'fromStatus', 'toStatus', 'additionalUpdates'])
  if (!isFilter(where)) return refuse(`${show(where)} is not a filter. Build one with eq(), and() and their like.`)
  if (keepsAll(where)) return refuse('atomicStatusTransition() has an empty filter, which would take every row.')
  const { statusColumn, fromStatus, toStatus, additionalUpdates = {} } = transition
  const claim = { field: statusColumn ?? 'status', from: fromStatus, to: toStatus, where: where as Filter<never> }
  const { field, value, where: from } = takingOf('atomicStatusTransition()', claim)
  const rows = new Rows(db, definition)
  rows.ref(field)
  if (field in additionalUpdates)
    refuse(`additionalUpdates give '${field}' of '${fullName(definition)}'. Leave it out.`)
  return rows.updateAll(rows.matching(from), { ...(additionalUpdates as Values), [field]: value })
}
