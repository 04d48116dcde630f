import type { Dialect } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import { DatabaseHandle, dialectOf as dialectIn, withoutPlugins } from '../extend/internal/index.ts'
import type { Database, Sql } from '../face/index.ts'
import { sql as template } from '../sql/index.ts'

const sql = template as unknown as Sql

/** What histories are kept in: a database or a transaction, without policies on it. */
export type Keeper = Database<Record<string, Record<string, unknown>>>

/** A database as if it had no plugins: the tables of histories are nobody's but theirs. */
export function keeperOf(db: unknown, what: string): Keeper {
  if (!(db instanceof DatabaseHandle)) return refuse(`${what} takes a database, such as kanta() gives.`)
  return withoutPlugins(db) as unknown as Keeper
}

export const dialectOf = (db: unknown): Dialect => dialectIn(db as DatabaseHandle)

export const run = (db: Keeper, text: string): Promise<unknown> => sql.raw(text).execute(db as never)

export async function rowsOf<R>(db: Keeper, text: string): Promise<R[]> {
  const { rows } = await sql.raw(text).execute(db as never)
  return rows as R[]
}

/** Returns the number of rows that a text changes. */
export async function affectedBy(db: Keeper, text: string): Promise<number> {
  const { numAffectedRows } = await sql.raw(text).execute(db as never)
  return Number(numAffectedRows ?? 0)
}
