import { merges } from '../../src/dialect/merge.ts'
import { sqliteDialect } from '../../src/dialect/sqlite/index.ts'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, table } from '../../src/index.ts'
import { MergeBuilder } from '../../src/sql/index.ts'

// The face refuses much of this at compile time; here it is what happens at run time that counts.
export type Any = any

export const item: Any = table('item', (c) => ({
  id: c.integer().primaryKey(),
  n: c.integer().nullable(),
  s: c.text().nullable(),
  j: c.json().nullable(),
  b: c.boolean().nullable(),
  t: c.timestamp().nullable(),
}))

const open = kanta as unknown as (options: object) => Any

/** Every capability there is, so that clauses that SQLite lacks are printed, too. */
const lenient = {
  ...sqliteDialect,
  print: { ...sqliteDialect.print, ...merges },
  merge: MergeBuilder,
  capabilities: Object.fromEntries(Object.keys(sqliteDialect.capabilities).map((name) => [name, true])),
}

/** A database whose statements compile whatever SQLite can do; and one that knows its table. */
export const printer: Any = open({ driver: { ...sqlite(':memory:'), dialect: lenient } })
export const knowing: Any = open({ driver: { ...sqlite(':memory:'), dialect: lenient }, schema: { item } })

/** A database with rows that must stay, by either library, with the schema or without. */
export async function ground(library: 'node:sqlite' | 'better-sqlite3', schema: boolean): Promise<Any> {
  const driver = library === 'node:sqlite' ? sqlite(':memory:') : betterSqlite3(':memory:')
  const db = open(schema ? { driver, schema: { item } } : { driver })
  await db.schema.createTable(item).execute()
  await run(db, 'create table sentinel (secret text)')
  await run(db, "insert into sentinel values ('kept')")
  await run(db, "insert into item (id, n, s, j, b) values (1, 1, 'one', '{\"a\":1}', 1), (2, null, 'two', null, 0)")
  return db
}

export async function run(db: Any, sql: string): Promise<unknown[]> {
  return (await db.executeQuery({ sql, parameters: [] })).rows
}

/** Everything that is in a database. */
export async function everything(db: Any): Promise<string> {
  const kept: unknown[] = await run(db, 'select sql from sqlite_schema order by name')
  kept.push(await run(db, 'select * from sentinel'), await run(db, 'select id, n, s, j, b, t from item order by id'))
  return JSON.stringify(kept)
}

/** Work in a transaction that is rolled back. */
export async function undone<T>(db: Any, work: (trx: Any) => Promise<T>): Promise<T> {
  const trx = await db.startTransaction().execute()
  try {
    return await work(trx)
  } finally {
    if (!trx.isRolledBack) await trx.rollback().execute()
  }
}
