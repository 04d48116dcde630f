import Database from 'better-sqlite3'
import { SqliteDialect } from 'kysely'
import { betterSqlite3 } from '../src/driver/better-sqlite3/index.ts'
import type { Driver } from '../src/driver/index.ts'
import { kyselyDialect } from '../src/driver/kysely-dialect/index.ts'
import { libsql } from '../src/driver/libsql/index.ts'
import { sqlite } from '../src/driver/sqlite/index.ts'
import * as kanta from '../src/index.ts'
import { camelCase } from '../src/plugins/index.ts'
import type { Loose, World } from './case.ts'

// The names that cases use, without types, so that they can also say what is wrong.
export const sql = kanta.sql as unknown as Loose
export const values = kanta.values as unknown as Loose
export const list = kanta.list as unknown as Loose
export const jsonArrayFrom = kanta.jsonArrayFrom as unknown as Loose
export const jsonObjectFrom = kanta.jsonObjectFrom as unknown as Loose
export const jsonBuildObject = kanta.jsonBuildObject as unknown as Loose

export const person = kanta.table('person', (c) => ({
  id: c.integer().primaryKey(),
  first_name: c.text(),
  last_name: c.text().nullable(),
  age: c.integer().nullable(),
  active: c.boolean().nullable(),
  born: c.date().nullable(),
  seen: c.timestamp().nullable(),
  meta: c.json().nullable(),
  balance: c.bigint().nullable(),
  photo: c.bytes().nullable(),
  score: c.real().nullable(),
}))
export const pet = kanta.table('pet', (c) => ({
  id: c.integer().primaryKey(),
  owner_id: c.integer().nullable(),
  name: c.text(),
  species: c.enum(['dog', 'cat']),
}))
export const toy = kanta.table('toy', (c) => ({
  id: c.integer().primaryKey(),
  pet_id: c.integer().nullable(),
  name: c.text(),
  price: c.decimal(8, 2).nullable(),
}))
export const membership = kanta.table(
  'membership',
  (c) => ({
    person_id: c.integer(),
    club: c.text(),
    role: c.text().nullable(),
    since: c.date().nullable(),
  }),
  (t) => [kanta.primaryKey([t.person_id, t.club])],
)
export const setting = kanta.table('setting', (c) => ({
  name: c.text().primaryKey(),
  value: c.text().nullable().default('none'),
  uses: c.integer().default(7),
  twice: c.integer().generatedAs(kanta.sql`uses * 2` as never),
}))
/** Names that a string cannot say. */
export const odd = kanta.table('odd', (c) => ({
  'a.b': c.integer(),
  'x as y': c.text().nullable(),
  'say "hi"': c.text().nullable(),
  order: c.integer(),
}))

const camelPerson = kanta.table('person', (c) => ({
  id: c.integer().primaryKey(),
  firstName: c.text(),
  lastName: c.text().nullable(),
  age: c.integer().nullable(),
  active: c.boolean().nullable(),
  seen: c.timestamp().nullable(),
  meta: c.json().nullable(),
}))
const camelPet = kanta.table('pet', (c) => ({
  id: c.integer().primaryKey(),
  ownerId: c.integer().nullable(),
  name: c.text(),
  species: c.text(),
}))
/** The tables in camel case, for column objects. */
export const camel = { person: camelPerson, pet: camelPet }

// The tables and rows stand here as SQL text, so that what is under test does not make its own data.
const DATA = [
  `create table person (id integer primary key, first_name text not null, last_name text, age integer, active integer,
    born text, seen text, meta text, balance integer, photo blob, score real) strict`,
  `insert into person values
    (1, 'Ada', 'Lovelace', 36, 1, '1815-12-10', '2024-01-01T00:00:00.000Z',
      '{"tags":["math","code"],"address":{"city":"London","zip":null},"a.b":1}', 9007199254740993, x'0102ff', 1.5),
    (2, 'Bob', null, null, 0, null, null, null, null, null, null),
    (3, 'Cleo', 'Ptolemy', 39, null, '1969-01-01', '2024-01-02T12:30:00.500Z', '[]', -5, x'', 2.5),
    (4, 'Dan', 'Lovelace', 36, 1, null, null, '{"tags":[]}', 0, null, -1.0)`,
  'create table pet (id integer primary key, owner_id integer, name text not null, species text not null) strict',
  `insert into pet values (1, 1, 'Rex', 'dog'), (2, 1, 'Tom', 'cat'), (3, 3, 'Ra', 'cat'), (4, null, 'Stray', 'dog')`,
  'create table toy (id integer primary key, pet_id integer, name text not null, price integer) strict',
  `insert into toy values
    (1, 1, 'ball', 250), (2, 1, 'bone', null), (3, 3, 'mouse', 1000), (4, null, 'lost', 100)`,
  `create table membership (person_id integer not null, club text not null, role text, since text,
    primary key (person_id, club)) strict`,
  `insert into membership values
    (1, 'chess', 'admin', '2020-01-01'), (1, 'go', null, null), (3, 'chess', null, '2021-06-01')`,
  `create table setting (name text primary key not null default 'unnamed', value text default 'none',
    uses integer not null default 7, twice integer generated always as (uses * 2)) strict`,
  `insert into setting (name, value, uses) values ('theme', 'dark', 1), ('lang', null, 2)`,
  'create table odd ("a.b" integer not null, "x as y" text, "say ""hi""" text, "order" integer not null) strict',
  `insert into odd values (1, 'one', null, 10), (2, null, 'two', 5)`,
]

export const drivers = {
  'node:sqlite': () => sqlite(':memory:'),
  'better-sqlite3': () => betterSqlite3(':memory:'),
  libsql: () => libsql(':memory:'),
  'a dialect of Kysely': () =>
    kyselyDialect(new SqliteDialect({ database: new Database(':memory:').defaultSafeIntegers(true) })),
}
export type DriverName = keyof typeof drivers

/** The cases that a driver cannot run as the others do, each with the reason. */
export const leftOut: Readonly<Partial<Record<DriverName, Readonly<Record<string, string>>>>> = {
  libsql: {
    'the literal "a\\u0000b"': '@libsql/client reads text up to its first NUL',
    'regexp, which has no function here': 'libSQL has the function',
    'generate_series, which is an extension': 'libSQL has the extension',
  },
  'a dialect of Kysely': {
    'modifyFront and modifyEnd of an insert': 'a dialect of Kysely for SQLite tells no id of rows that are returned',
  },
}

const worlds: Record<World, object> = {
  defined: { schema: { person, pet, toy, membership, setting, odd } },
  undefined: {},
  camel: { schema: camel, plugins: [camelCase()] },
}

export interface Opened {
  readonly db: Loose
  /** The statements that ran since the rows were there; kept only when asked for. */
  readonly statements: [string, readonly unknown[]][]
  /** Runs text as it is. */
  run(sql: string): Promise<unknown>
  close(): Promise<void>
}

export interface OpenOptions {
  readonly world?: World | undefined
  /** Plans each statement anew, as `PLAN_CACHE=off` does. */
  readonly fresh?: boolean
  readonly watch?: boolean
}

/** A database over a driver, as cases see it. */
export function openWith(driver: Driver, { world = 'defined', fresh, watch }: OpenOptions = {}): Opened {
  const statements: [string, readonly unknown[]][] = []
  const log = (entry: { sql: string; parameters: readonly unknown[] }) => {
    statements.push([entry.sql, entry.parameters])
  }
  const before = process.env.PLAN_CACHE
  if (fresh === true) process.env.PLAN_CACHE = 'off'
  const handle = kanta.kanta({ driver, ...worlds[world], ...(watch === true ? { log } : {}) })
  if (before === undefined) delete process.env.PLAN_CACHE
  else process.env.PLAN_CACHE = before
  return {
    db: handle as unknown as Loose,
    statements,
    run: (sql) => handle.executeQuery({ sql, parameters: [] } as never),
    close: () => handle.destroy(),
  }
}

/** A database of SQLite of its own with the rows of the fixture. */
export async function open(driver: DriverName, options: OpenOptions = {}): Promise<Opened> {
  const opened = openWith(drivers[driver](), options)
  for (const text of DATA) await opened.run(text)
  opened.statements.length = 0
  return opened
}
