import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { expressionBuilder, jsonArrayFrom, jsonObjectFrom, kanta, table } from '../../src/index.ts'
import type { Dialect } from '../case.ts'
import { type Engine, type Place, script } from './engine.ts'
import { mariadbEngine } from './mariadb.ts'
import { pglite } from './pglite.ts'
import { postgres } from './postgres.ts'

// Queries are made as JavaScript makes them, with what the types of the face would refuse.
type Any = any

const eb: Any = (expressionBuilder as Any)()

const thing = table('thing', (c) => ({
  id: c.integer().primaryKey(),
  kind: c.text().nullable(),
  n: c.integer().nullable(),
  r: c.real().nullable(),
}))

const create: Readonly<Record<Dialect, string>> = {
  postgres: 'create table thing (id integer primary key, kind text, n integer, r double precision)',
  mariadb: 'create table thing (id integer primary key, kind varchar(20), n integer, r double) collate utf8mb4_bin',
}

// To make a database takes PGlite seconds where the machine is busy.
vi.setConfig({ hookTimeout: 60_000 })

describe.each([pglite, postgres, mariadbEngine])('what was wrong once on $name', (engine: Engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Place
  let db: Any

  beforeAll(async () => {
    place = await engine.create()
    await script(place.driver({ max: 1 }), [
      create[engine.dialect],
      "insert into thing (id, kind, n) values (1, 'a', 10), (2, 'a', null), (3, 'b', 9), (4, null, null)",
    ])
    db = (kanta as Any)({ driver: place.driver({ max: 1 }), schema: { thing } })
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })

  const ids = async (query: Any): Promise<number[]> => (await query.execute()).map((row: Any) => row.id)
  const some = (): Any => db.selectFrom('thing').select('id').orderBy('id')

  test('a value between two others is compared as what it is, not as text', async () => {
    expect(await ids(some().where(eb.between(eb.val(10), 9, 100)))).toEqual([1, 2, 3, 4])
    expect(await ids(some().where(eb.between(eb.val(10), 100, 9)))).toEqual([])
  })

  test('rows of values are compared as what they are', async () => {
    expect(await ids(some().where(eb.tuple(10, 1), '>', eb.tuple(9, 1)))).toEqual([1, 2, 3, 4])
  })

  test('a value alone can be asked for null and negated', async () => {
    expect(await ids(some().where(eb.val('x'), 'is not', null))).toEqual([1, 2, 3, 4])
    expect(await ids(some().where('id', '>', eb.neg(eb.val(1))))).toEqual([1, 2, 3, 4])
  })

  test('a value to group or to order by is no position of a column', async () => {
    const grouped = db
      .selectFrom('thing')
      .select(['id', eb.fn.countAll().as('n')])
      .where('id', '=', 1)
    expect(await grouped.groupBy(['id', eb.val(2)]).execute()).toEqual([{ id: 1, n: 1 }])
    const ranked = db.selectFrom('thing').select([
      'id',
      eb.fn
        .agg('rank', [])
        .over((w: Any) => w.orderBy(eb.val(1)))
        .as('r'),
    ])
    expect((await ranked.orderBy('id').execute()).map((row: Any) => row.r)).toEqual([1, 1, 1, 1])
  })

  test('nulls of an aggregate can come last', async () => {
    const totals = db
      .selectFrom('thing')
      .select(['kind', eb.fn.sum('n').as('total')])
      .groupBy('kind')
      .orderBy('total', (ob: Any) => ob.asc().nullsLast())
    expect((await totals.execute()).map((row: Any) => row.kind)).toEqual(['b', 'a', null])
  })

  test('a list from a query can leave out its first rows', async () => {
    const rest = db.selectFrom('thing as t').select('t.id').orderBy('t.id').offset(2)
    expect(await some().select(jsonArrayFrom(rest).as('rest')).limit(1).execute()).toEqual([
      { id: 1, rest: [{ id: 3 }, { id: 4 }] },
    ])
  })

  test('an object from a query is of the row that its order says, by the names of the query', async () => {
    const last = db
      .selectFrom('thing as t')
      .select(['t.id', eb('t.id', '*', -1).as('place')])
      .orderBy('place')
      .limit(1)
    expect(await some().select(jsonObjectFrom(last).as('last')).limit(1).execute()).toEqual([
      { id: 1, last: { id: 4, place: -4 } },
    ])
  })

  test('rows that differ keep the rows without a partner', async () => {
    const query = db
      .selectFrom('thing')
      .leftJoin('thing as other', (j: Any) => j.onRef('other.n', '=', 'thing.id'))
      .select('thing.id')
      .where(eb.tuple(5, eb.ref('other.kind')), '!=', eb.tuple(eb.ref('thing.id'), 'x'))
      .orderBy('thing.id')
    expect(await ids(query)).toEqual([1, 2, 3, 4])
  })

  test('a list of columns that are all of the query around it does not make that one row', async () => {
    const query = db
      .selectFrom('thing')
      .select([
        'thing.id',
        jsonArrayFrom(db.selectFrom('thing as t').select('thing.id as outer').where('t.id', '<', 3)).as('l'),
      ])
      .orderBy('thing.id')
    if (engine.dialect === 'mariadb') expect(() => query.compile()).toThrow(/around it is not available in mariadb/)
    else expect(await ids(query)).toEqual([1, 2, 3, 4])
  })

  test('text is not taken for a number, nor a number for text', async () => {
    expect(await ids(some().where('kind', '=', 0))).toEqual([])
    expect(await ids(some().where('kind', 'in', [0, 1]))).toEqual([])
    expect(await ids(some().where('kind', '!=', true))).toEqual([1, 2, 3])
    await expect(ids(some().where('n', '=', '9 or more'))).rejects.toThrow(/number is expected|invalid input syntax/)
    await expect(ids(some().where('n', 'in', ['x']))).rejects.toThrow(/number is expected|invalid input syntax/)
    expect(await ids(some().where('n', '=', '9'))).toEqual([3])
  })

  test('several rows hold the numbers that one holds', async () => {
    const trx = await db.startTransaction().execute()
    // MariaDB has no -0.
    const numbers = [engine.dialect === 'mariadb' ? 0 : -0, 1e308, -1e308, 5e-324, 0.1]
    try {
      await trx
        .insertInto('thing')
        .values(numbers.map((r, i) => ({ id: 100 + i, r })))
        .execute()
      for (const [i, r] of numbers.entries())
        await trx
          .insertInto('thing')
          .values({ id: 200 + i, r })
          .execute()
      const read = async (from: number): Promise<number[]> => {
        const rows = await trx.selectFrom('thing').select('r').where('id', '>=', from).orderBy('id').limit(5).execute()
        return rows.map((row: Any) => row.r)
      }
      expect(await read(100)).toEqual(numbers)
      expect(await read(200)).toEqual(numbers)
    } finally {
      await trx.rollback().execute()
    }
    const nan = { id: 100, r: Number.NaN }
    await expect(db.insertInto('thing').values(nan).execute()).rejects.toThrow(/NaN/)
    await expect(
      db
        .insertInto('thing')
        .values([nan, { id: 101, r: 1 }])
        .execute(),
    ).rejects.toThrow(/NaN/)
  })

  test('moments are the same in every zone of the session', async () => {
    const moments = table('moments', (c) => ({ id: c.integer().primaryKey(), at: c.timestamp() }))
    const dates = [
      '0001-01-03T00:00:00.000Z',
      '1800-06-15T12:34:56.789Z',
      '1937-05-01T00:00:00.000Z',
      '2024-07-01T00:00:00.001Z',
    ]
    await db.schema.createTable(moments).execute()
    await db
      .insertInto(moments)
      .values(dates.map((at, id) => ({ id, at: new Date(at) })))
      .execute()
    const zones = { postgres: ['Europe/Amsterdam', 'Asia/Kolkata', 'America/St_Johns'], mariadb: ['+05:30', '-03:30'] }
    for (const zone of zones[engine.dialect]) {
      await db.executeQuery({
        sql: `set ${engine.dialect === 'postgres' ? 'timezone' : 'time_zone'} = '${zone}'`,
        parameters: [],
      })
      const rows = await db.selectFrom(moments).select('at').orderBy('id').execute()
      expect(
        rows.map((row: Any) => row.at.toISOString()),
        zone,
      ).toEqual(dates)
      const lists = await db
        .selectFrom('thing')
        .select(jsonArrayFrom(db.selectFrom(moments).select(moments.at).orderBy(moments.id)).as('l'))
        .limit(1)
        .execute()
      expect(
        lists[0].l.map((row: Any) => row.at.toISOString()),
        zone,
      ).toEqual(dates)
      expect(await db.selectFrom(moments).select('id').where('at', '=', new Date(dates[1]!)).execute(), zone).toEqual([
        { id: 1 },
      ])
    }
  })
})
