import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { titleOf } from '../../src/dialect/index.ts'
import { diff, migrationOf, stepSql } from '../../src/diff/index.ts'
import { check, index, sql, table } from '../../src/index.ts'
import { introspect } from '../../src/introspect/index.ts'
import { type Migration, migrator, none } from '../../src/migrate/index.ts'
import { grounds, type Pair } from './ground.ts'

const country = table('country', (c) => ({ id: c.integer().primaryKey(), name: c.varchar(40) }))
const city = table('city', (c) => ({
  id: c.integer().primaryKey(),
  nmae: c.varchar(40),
  country: c.integer().references(() => country.id, { onDelete: 'cascade' }),
}))
const first = { country, city }

const state = table('state', (c) => ({ id: c.integer().primaryKey(), name: c.varchar(80), area: c.real().default(1) }))
const town = table(
  'city',
  (c) => ({
    id: c.integer().primaryKey(),
    name: c.varchar(40),
    country: c.integer().references(() => state.id, { onDelete: 'cascade' }),
    size: c.integer().nullable(),
  }),
  (t) => [index([t.name]), check('size_is_positive', sql`size > 0`)],
)
const second = { state, town }
const renames = { country: 'state', 'city.nmae': 'name' }

describe.each(grounds)('$name', ({ missing, open, dialect }) => {
  if (missing !== undefined) return test.skip(missing)
  let pair: Pair
  beforeEach(async () => {
    pair = await open()
  })
  afterEach(() => pair.close())
  const stored = <T>(steps: T): T => JSON.parse(JSON.stringify(steps))
  const rows = async (text: string) => (await sql.raw(text).execute(pair.one)).rows

  test('tables go from one version to the next with their rows, and back', async () => {
    const migrations: Record<string, Migration> = {
      '1': migrationOf(stored(await diff(null, first, { dialect }))),
      '2': {
        up: async (db) => {
          await sql`insert into country values (1, 'Finland'), (2, 'Sweden')`.execute(db)
          await sql`insert into city (id, nmae, country) values (1, 'Turku', 1), (2, 'Oulu', 1), (3, 'Umeå', 2)`.execute(
            db,
          )
        },
        down: (db) => sql`delete from city`.execute(db),
      },
      '3': migrationOf(stored(await diff(first, second, { dialect, renames }))),
    }
    const migrate = migrator(pair.one, { migrations })
    expect((await migrate.latest()).applied).toEqual(['1', '2', '3'])
    expect((await diff(await introspect(pair.one), second)).up).toEqual([])
    expect(await rows('select id, name, country, size from city order by id')).toEqual([
      { id: 1, name: 'Turku', country: 1, size: null },
      { id: 2, name: 'Oulu', country: 1, size: null },
      { id: 3, name: 'Umeå', country: 2, size: null },
    ])
    expect(await rows('select id, name, area from state order by id')).toEqual([
      { id: 1, name: 'Finland', area: 1 },
      { id: 2, name: 'Sweden', area: 1 },
    ])
    await migrate.down()
    expect((await diff(await introspect(pair.one), first)).up).toEqual([])
    expect(await rows('select id, nmae, country from city order by id')).toEqual([
      { id: 1, nmae: 'Turku', country: 1 },
      { id: 2, nmae: 'Oulu', country: 1 },
      { id: 3, nmae: 'Umeå', country: 2 },
    ])
    await rows('delete from country where id = 1')
    expect(await rows('select id from city')).toEqual([{ id: 3 }])
    await migrate.to(none)
    expect((await diff(await introspect(pair.one), null)).up).toEqual([])
  })

  test('a key that becomes numbered goes on behind its rows', async ({ skip }) => {
    if (dialect !== 'postgres') return skip('numbers its keys in another way')
    const numbered = table('t', (c) => ({ id: c.integer().primaryKey(), a: c.integer().nullable() }))
    await sql`create table t (id int primary key, a int)`.execute(pair.one)
    await sql`insert into t (id) values (1), (2), (3)`.execute(pair.one)
    const { up } = await diff(await introspect(pair.one), { numbered })
    for (const text of up.flatMap((step) => stepSql(step, dialect))) await sql.raw(text).execute(pair.one)
    await sql`insert into t (a) values (9)`.execute(pair.one)
    expect(await rows('select max(id) as id from t')).toEqual([{ id: 4 }])
    // What numbers it already stays, since `table()` does not say how.
    for (const id of ['serial', 'int generated always as identity']) {
      await sql`drop table t`.execute(pair.one)
      await sql`create table t (id ${sql.raw(id)} primary key, a int)`.execute(pair.one)
      expect((await diff(await introspect(pair.one), { numbered })).up).toEqual([])
    }
  })

  test('a type that ends with its collation is no difference', async () => {
    const types = {
      sqlite: 'text collate nocase',
      postgres: 'text collate "C"',
      mariadb: 'varchar(9) collate utf8mb4_bin',
    }
    const codec = { name: 'text', encode: (value: string) => value, decode: String }
    const name = types[dialect as keyof typeof types]
    const collated = table('t', (c) => ({ id: c.integer().primaryKey(), name: c.custom(name, codec) }))
    await pair.one.schema.createTable(collated).execute()
    expect((await diff(await introspect(pair.one), { collated })).up).toEqual([])
  })

  test('what migrations keep for themselves is no difference', async () => {
    await migrator(pair.one, { migrations: { '1': { up: () => {} } }, lock: { by: 'row' } }).latest()
    expect((await introspect(pair.one)).tables.map((each) => each.name)).toEqual([
      'kanta_migration',
      'kanta_migration_lock',
    ])
    expect(
      (await diff(await introspect(pair.one), { city: table('a', (c) => ({ b: c.integer() })) })).up,
    ).toMatchObject([{ kind: 'createTable' }])
  })

  test('steps for another database are refused', async () => {
    const other = dialect === 'sqlite' ? 'postgres' : 'sqlite'
    const made = migrationOf(await diff(null, first, { dialect: other }))
    await expect(made.up(pair.one)).rejects.toThrow(
      `The steps are for ${titleOf(other)}, and the database is ${titleOf(dialect)}.`,
    )
  })

  if (dialect === 'postgres')
    test('a value comes into an enum, and going down leaves it there', async () => {
      await rows("create type mood as enum ('sad', 'happy')")
      const before = await introspect(pair.one)
      await sql`create type mood as enum ('sad', 'so so', 'happy')`.execute(pair.other)
      const difference = await diff(before, await introspect(pair.other))
      expect(difference.up.flatMap((step) => stepSql(step, dialect))).toEqual([
        `alter type "mood" add value 'so so' before 'happy'`,
      ])
      expect(difference.down).toEqual([])
      expect(difference.warnings.map((each) => each.message)).toEqual([
        "Going down leaves the value 'so so' in the enum 'mood'.",
      ])
      await expect(diff(await introspect(pair.other), before)).rejects.toThrow("Cannot remove the value 'so so'")
    })

  if (dialect === 'mariadb')
    test('a fulltext index stays one', async () => {
      await rows('create table note (id integer primary key, body text, fulltext index note_body (body))')
      const wanted = await introspect(pair.one)
      for (const step of (await diff(null, wanted)).up)
        for (const text of stepSql(step, dialect)) await sql.raw(text).execute(pair.other)
      expect((await diff(await introspect(pair.other), wanted)).up).toEqual([])
    })
})
