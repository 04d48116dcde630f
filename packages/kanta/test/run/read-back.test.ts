import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mariadbDialect, mysqlDialect } from '../../src/dialect/mysql/index.ts'
import { mariadb } from '../../src/driver/mysql2/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import type { Place } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'

const city = table('city', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  founded: c.date().nullable(),
  rank: c.integer().default(7),
}))
const big = table('big', (c) => ({ id: c.bigint().primaryKey().autoIncrement(), name: c.text() }))
const tag = table('tag', (c) => ({ name: c.varchar(20).primaryKey(), at: c.integer() }))
const schema = { city, big, tag }

// There is no MySQL here to run it on. This is MariaDB as if it had no `returning`, which is only for this test.
const WITHOUT = { ...mariadbDialect, capabilities: { ...mariadbDialect.capabilities, returning: false } }

test('the texts of MySQL: the insert alone', () => {
  const driver = { ...mariadb('mariadb://nobody@localhost/nothing'), dialect: mysqlDialect }
  const db = kanta({ driver, schema })
  const insert = db.insertInto(city).values({ name: 'Oulu' })
  expect(insert.returning('id').compile()).toMatchObject({
    sql: 'insert into `city` (`name`) values (?)',
    parameters: ['Oulu'],
  })
  const refused = [
    insert.onDuplicateKeyUpdate({ name: 'x' }).returning('id'),
    insert.ignore().returning('id'),
    db.replaceInto(city).values({ id: 1, name: 'Oulu' }).returning('id'),
    db.insertInto(city).columns(['name']).expression(db.selectFrom(city).select('name')).returning('id'),
    db.deleteFrom(city).returning('id'),
  ]
  for (const query of refused)
    expect(() => query.compile()).toThrow(/returning\(\).*Read the rows by a query after the write, in one transaction/)
})

describe.skipIf(mariadbEngine.missing !== undefined)('an insert whose rows are read by their keys', () => {
  let place: Place
  const open = () => kanta({ driver: { ...place.driver({ max: 1 }), dialect: WITHOUT }, schema })
  beforeAll(async () => {
    place = await mariadbEngine.create()
    await using db = open()
    for (const one of [city, big, tag]) await db.schema.createTable(one as never).execute()
  }, 60_000)
  afterAll(() => place.drop())

  test('numbered by the database, one, several, with an increment, and in parts', async () => {
    await using db = open()
    expect(await db.insertInto(city).values({ name: 'Oulu' }).returningAll().executeTakeFirst()).toEqual({
      ...{ id: 1, name: 'Oulu', founded: null, rank: 7 },
    })
    await sql`set auto_increment_increment = 5`.execute(db)
    const names = Array.from({ length: 3_000 }, (_, i) => ({ name: `city ${i}`, founded: '2024-02-29' }))
    const rows = await db.insertInto(city).values(names).returning(['id', 'name as called', 'founded']).execute()
    expect(rows).toHaveLength(3_000)
    expect(rows.map(({ called, founded }) => ({ name: called, founded }))).toEqual(names)
    const ids = await db.selectFrom(city).select('id').where('name', 'like', 'city %').orderBy('id').execute()
    expect(rows.map(({ id }) => ({ id }))).toEqual(ids)
    await sql`set auto_increment_increment = 1`.execute(db)
    const ragged = await db
      .insertInto(city)
      .values([{ name: 'a' }, { name: 'b', rank: 1 }] as never)
      .returning(['name', 'rank'])
      .execute()
    expect(ragged).toEqual([
      { name: 'a', rank: 7 },
      { name: 'b', rank: 1 },
    ])
    expect(
      await db
        .insertInto(big)
        .values([{ name: 'x' }, { name: 'y' }])
        .returning('id')
        .execute(),
    ).toEqual([{ id: 1n }, { id: 2n }])
  })

  test('with keys of their own, in a transaction, and nothing is left of what fails', async () => {
    await using db = open()
    expect(
      await db
        .insertInto(tag)
        .values([
          { name: 'b', at: 2 },
          { name: 'a', at: 1 },
        ])
        .returning('at')
        .execute(),
    ).toEqual([{ at: 1 }, { at: 2 }])
    await db.transaction().execute(async (trx) => {
      const again = trx
        .insertInto(tag)
        .values([
          { name: 'c', at: 3 },
          { name: 'a', at: 9 },
        ])
        .returning('at')
        .execute()
      await expect(again).rejects.toMatchObject({ code: 'unique_violation', table: 'tag' })
      expect(await trx.insertInto(tag).values({ name: 'd', at: 4 }).returning(['name', 'at']).execute()).toEqual([
        { name: 'd', at: 4 },
      ])
    })
    expect((await db.selectFrom(tag).select('name').orderBy('name').execute()).map(({ name }) => name)).toEqual([
      'a',
      'b',
      'd',
    ])
    await sql`create trigger moved before insert on tag for each row set new.name = concat(new.name, '!')`.execute(db)
    await expect(db.insertInto(tag).values({ name: 'e', at: 5 }).returning('at').execute()).rejects.toThrow(
      /it was undone/,
    )
    expect(await db.selectFrom(tag).select('name').where('at', '=', 5).execute()).toEqual([])
  })
})
