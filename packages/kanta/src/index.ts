import type {
  AtRow,
  Database,
  ExpressionBuilder,
  InfoOfSchema,
  JsonArrayFrom,
  JsonBuildObject,
  JsonObjectFrom,
  ListFunction,
  Plugged,
  PluginsFor,
  PreparedQuery,
  QueryRunner,
  RestoredQuery,
  Returns,
  Slots,
  Sql,
  StoredQuery,
  ValuesFunction,
} from './face/index.ts'
import {
  type KantaOptions,
  open,
  type Plugin,
  prepare as prepareQuery,
  fromJSON as restore,
  toJSON as store,
} from './run/index.ts'
import * as builder from './sql/index.ts'
import type { TablesOf } from './table/index.ts'

/**
 * Opens a database. It connects with the first query.
 *
 * With `schema` the tables are values: rows are decoded, values encoded, names checked. Without, an interface types
 * the tables, and values pass as the driver gives them.
 *
 * @throws KantaError `invalid_input` for a wrong option.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
 * const db = kanta({ driver: sqlite(':memory:'), schema: { city } })
 *
 * await db.schema.createTable(city).execute()
 * await db.insertInto('city').values({ name: 'Turku' }).execute()
 * const cities = await db.selectFrom('city').selectAll().execute()
 * ```
 */
export function kanta<S extends object>(
  options: KantaOptions & { readonly schema: S; readonly plugins?: undefined },
): Database<TablesOf<S>, InfoOfSchema<S>>
export function kanta<S extends object, const P extends readonly Plugin<object, unknown>[]>(
  options: KantaOptions & { readonly schema: S; readonly plugins: P & PluginsFor<keyof TablesOf<S>, P> },
): Plugged<Database<TablesOf<S>, InfoOfSchema<S>>, P>
export function kanta<DB = {}>(options: KantaOptions & { readonly schema?: undefined }): Database<DB>
export function kanta(options: KantaOptions): unknown {
  return open(options)
}

/** SQL text with values as parameters; see {@link Sql}. */
export const sql: Sql = builder.sql as unknown as Sql

/** The rows of a subquery as a JSON array, read column by column as the query itself would read them. */
export const jsonArrayFrom: JsonArrayFrom = builder.jsonArrayFrom as unknown as JsonArrayFrom

/** The row of a subquery as a JSON object, or null where there is none. */
export const jsonObjectFrom: JsonObjectFrom = builder.jsonObjectFrom as unknown as JsonObjectFrom

/** A JSON object of expressions. */
export const jsonBuildObject: JsonBuildObject = builder.jsonBuildObject as unknown as JsonBuildObject

/** Rows given from here, as a table. */
export const values: ValuesFunction = builder.values as unknown as ValuesFunction

/** Values in their order, as a table with the columns `value` and `position`. */
export const list: ListFunction = builder.list as unknown as ListFunction

/** The expression builder, for expressions that are made outside of a query. */
export const expressionBuilder: <DB, TB extends keyof DB & string>() => ExpressionBuilder<DB, TB> =
  builder.expressionBuilder as never

/**
 * Builds a query once, with places for the values that it takes each time it runs.
 *
 * @example
 * ```ts
 * const citiesOf = prepare(db, (slot: Slots<{ country: string }>) =>
 *   db.selectFrom('city').select(['id', 'name']).where('country', '=', slot('country')))
 * await citiesOf.execute({ country: 'FI' })
 * ```
 */
export const prepare: <P, Q extends Returns>(
  db: QueryRunner,
  build: (slot: Slots<P>) => Q,
) => PreparedQuery<P, Q[AtRow]> = prepareQuery as never

/**
 * A query as a value that JSON can hold; {@link fromJSON} makes it a query again.
 *
 * @example
 * ```ts
 * const stored = JSON.stringify(toJSON(db.selectFrom('city').select(['id', 'name'])))
 * const cities = await fromJSON(db, stored).execute()
 * ```
 */
export const toJSON: <Q extends Returns>(query: Q) => StoredQuery<Q[AtRow]> = store as never

/** Makes a query that `toJSON()` stored ready to run; refused when its form or its tables do not fit. */
export const fromJSON: <R = Record<string, unknown>>(
  db: QueryRunner,
  stored: StoredQuery<R> | string,
  options?: { readonly trustText?: boolean },
) => RestoredQuery<R> = restore as never

export { type ErrorCode, type ErrorDetails, KantaError } from './error/index.ts'
export type * from './face/index.ts'
export type {
  Exemption,
  Facts,
  Hook,
  KantaOptions,
  Log,
  LogEntry,
  Logger,
  LogMethod,
  Node,
  NodeOf,
  Plugin,
  Policy,
  QueryEvent,
  StatementContext,
  TransactionHook,
} from './run/index.ts'
export { table } from './run/index.ts'
export * from './table/index.ts'
