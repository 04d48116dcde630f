import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Database, type Generated, kanta, sql } from '../../src/index.ts'
import type { Engine } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'

// Kanta's types keep much of this from being written; here it is what happens at run time that counts.
export type Any = any

/** A database that the tests run on. */
export interface Ground extends Omit<Engine, 'dialect'> {
  readonly dialect: 'sqlite' | Engine['dialect']
}

/** SQLite in memory, as an engine like the others. */
export const memory: Ground = {
  name: 'sqlite',
  dialect: 'sqlite',
  create: async () => ({ database: 'main', driver: () => sqlite(':memory:'), drop: async () => {} }),
}

/** The same by the other library. */
const better: Ground = {
  ...memory,
  name: 'better-sqlite3',
  create: async () => ({ ...(await memory.create()), driver: () => betterSqlite3(':memory:') }),
}

export const engines: readonly Ground[] = [memory, better, postgres, mariadbEngine]

export interface Tables {
  post: { id: number; tenant_id: Generated<number>; title: string; views: Generated<number> }
  note: { id: number; tenant_id: Generated<number>; post_id: number; text: string }
  country: { id: number; name: string }
}

/** The tables of the tests, with rows of two tenants. */
export const TABLES = [
  'create table post (id int primary key, tenant_id int not null, title varchar(80) unique, views int not null default 0)',
  'create table note (id int primary key, tenant_id int not null, post_id int, text varchar(80))',
  'create table country (id int primary key, name varchar(80))',
  "insert into post (id, tenant_id, title) values (1, 1, 'one'), (2, 1, 'two'), (11, 2, 'eleven'), (12, 2, 'twelve')",
  "insert into note values (1, 1, 1, 'a'), (2, 1, 11, 'b'), (11, 2, 11, 'c'), (12, 2, 1, 'd')",
  "insert into country values (1, 'Finland')",
]

/** Runs text as it is. */
export async function run(db: Any, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) await sql.raw(text).execute(db)
}

/** Opens a database without plugins, and gives what closes it and its place. */
export async function openOn(
  engine: Ground,
  texts: readonly string[] = TABLES,
  options: object = {},
): Promise<{ readonly base: Database<Tables>; readonly close: () => Promise<void> }> {
  const place = await engine.create()
  const base = kanta<Tables>({ driver: place.driver(), ...options })
  await run(base, ...texts)
  return {
    base,
    close: async () => {
      await base.destroy()
      await place.drop()
    },
  }
}
