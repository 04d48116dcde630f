import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Database, kanta, sql } from '../../src/index.ts'
import { introspect } from '../../src/introspect/index.ts'
import { drivers } from '../fixture.ts'

const SCHEMA = [
  'create table country (cca2 text primary key, name text not null) strict, without rowid',
  `create table city (
    id integer primary key autoincrement, -- a comment, with a comma
    "the name" text not null collate nocase default 'x, (y)',
    country text constraint fk_country references country on delete cascade on update set null
      deferrable initially deferred,
    population integer default (1 + 1) check (population > 0),
    doubled integer generated always as (population * 2) stored,
    halved int as (population / 2),
    constraint named unique (country, "the name"),
    unique (population),
    constraint "not both" check (not (population > 5 and country = ')')),
    foreign key (country, "the name") references city (country, "the name")
  )`,
  'create unique index city_i on city (lower("the name") desc, country collate rtrim) where population > 3',
  'create index city_j on city (population desc)',
  'create view big as select id, "the name" from city where population > 5',
  'create trigger touched after update of population on city begin update city set population = 1; end',
  'create virtual table words using fts5(body)',
]

describe.each(Object.entries(drivers))('introspect() of SQLite by %s', (_name, driver) => {
  let db: Database<{}>
  beforeEach(async () => {
    db = kanta({ driver: driver() })
    for (const text of SCHEMA) await sql.raw(text).execute(db)
  })
  afterEach(() => db.destroy())

  test('tells all that the text and the pragmas tell', async () => {
    const { hash, ...catalog } = await introspect(db)
    expect(hash).toMatch(/^[\da-f]{64}$/)
    await expect(`${JSON.stringify(catalog, null, 2)}\n`).toMatchFileSnapshot('sqlite.catalog.txt')
  })

  test('is plain JSON, and the same each time', async () => {
    const catalog = await introspect(db)
    expect(JSON.parse(JSON.stringify(catalog))).toEqual(catalog)
    expect(await introspect(db)).toEqual(catalog)
  })

  test('the hash is that of what is there, in whatever order it was made', async () => {
    const other = kanta({ driver: driver() })
    const [country, city, i, j, ...rest] = SCHEMA
    for (const text of [city, country, j, i, ...rest]) await sql.raw(text!).execute(other)
    expect((await introspect(other)).hash).toBe((await introspect(db)).hash)
    await sql`drop index city_j`.execute(other)
    expect((await introspect(other)).hash).not.toBe((await introspect(db)).hash)
    await other.destroy()
  })

  test('reads the tables that are asked for', async () => {
    const names = async (tables: object) => (await introspect(db, { tables })).tables.map((table) => table.name)
    expect(await names({ include: ['c*'] })).toEqual(['city', 'country'])
    expect(await names({ include: ['c*'], exclude: ['*y'] })).toEqual([])
    expect(await names({ exclude: ['city'] })).toEqual(['country', 'words'])
    expect(await names({ include: ['c.ty'] })).toEqual([])
    const { triggers, views } = await introspect(db, { tables: { include: ['country'] } })
    expect([triggers, views]).toEqual([[], []])
  })

  test('reads an attached database by its name', async () => {
    await db.connection().execute(async (held) => {
      await sql`attach ':memory:' as "geo"`.execute(held)
      await sql`create table geo.river (id integer primary key)`.execute(held)
      const catalog = await introspect(held, { schemas: ['geo'] })
      expect(catalog.tables.map(({ schema, name }) => [schema, name])).toEqual([['geo', 'river']])
    })
  })

  test('tells how far it is, and stops at a signal', async () => {
    const seen: number[] = []
    await introspect(db, { onProgress: ({ done }) => seen.push(done) })
    expect(seen).toEqual([0, 1, 2, 3, 4, 5])
    const controller = new AbortController()
    const stopped = introspect(db, {
      signal: controller.signal,
      onProgress: ({ done }) => done === 2 && controller.abort(new Error('enough')),
    })
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' })
  })

  test('a view that no longer fits its tables is told without columns', async () => {
    await sql`create view broken as select gone from country`.execute(db)
    const { views } = await introspect(db)
    expect(views.map(({ name, columns }) => [name, columns.length])).toEqual([
      ['big', 2],
      ['broken', 0],
    ])
  })

  test('refuses wrong options', async () => {
    const wrong = (options: object) => introspect(db, options as never)
    await expect(wrong({ table: 'x' })).rejects.toThrow("introspect() has no option 'table'")
    await expect(wrong({ schemas: 'main' })).rejects.toThrow('schemas must be an array of names')
    await expect(wrong({ schemas: [] })).rejects.toThrow('schemas is empty')
    await expect(wrong({ tables: ['x'] })).rejects.toThrow('tables must be an object')
    await expect(wrong({ tables: { only: ['x'] } })).rejects.toThrow("tables has no option 'only'")
    await expect(wrong({ tables: { include: 'x' } })).rejects.toThrow('must be arrays of names')
    await expect(introspect({} as never)).rejects.toThrow('introspect() takes a database')
    await expect(introspect(db, { schemas: ['nowhere'] })).rejects.toThrow('from the catalog of the database')
  })
})
