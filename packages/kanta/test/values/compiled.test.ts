import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cache, memoryStore } from '../../src/cache/index.ts'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { jsonArrayFrom, kanta, sql, table } from '../../src/index.ts'
import { camelCase, tenant } from '../../src/plugins/index.ts'
import type { Place } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'

const item = table('item', (c) => ({
  id: c.integer().primaryKey(),
  price: c.decimal(10, 2),
  big: c.bigint(),
  sold: c.boolean(),
  soldAt: c.timestamp().nullable(),
  tags: c.json<string[]>(),
}))
const ROWS = [
  {
    id: 1,
    price: '19.99',
    big: 2n ** 53n + 1n,
    sold: true,
    soldAt: new Date('2026-11-30T20:15:00.123Z'),
    tags: ['a', 'b'],
  },
  { id: 2, price: '5.00', big: 7n, sold: false, soldAt: null, tags: [] },
]

const embedded = (name: string, driver: Place['driver']) => ({
  name,
  missing: undefined,
  create: async (): Promise<Place> => ({ database: name, driver, drop: async () => {} }),
})
const engines = [
  embedded('node:sqlite', () => sqlite(':memory:')),
  embedded('better-sqlite3', () => betterSqlite3(':memory:')),
  ...[pglite, postgres, mariadbEngine],
].filter(({ missing }) => missing === undefined)

describe.each(engines)('a compiled query that is run on $name', ({ create }) => {
  const open = (place: Place) => kanta({ driver: place.driver(), schema: { item } })
  let place: Place
  let db: ReturnType<typeof open>

  beforeEach(async () => {
    place = await create()
    db = open(place)
    await db.schema.createTable(item).execute()
    await db.insertInto('item').values(ROWS).execute()
  })
  afterEach(async () => {
    await db.destroy()
    await place.drop()
  })

  test('gives the rows of the query', async () => {
    const all = db.selectFrom('item').selectAll().orderBy('id')
    const queries = [
      all,
      db.selectFrom('item').select(['price as cost', 'big', 'soldAt']).where('price', '>', '5.00').orderBy('id'),
      db.selectFrom('item').select('price').where('id', 'in', [1, 2, 3]).orderBy('id'),
      db.selectFrom('item').select(({ fn }) => [fn.sum('price').as('total'), fn.max('big').as('most')]),
      db.selectNoFrom((eb) => jsonArrayFrom(eb.selectFrom('item').select(['price', 'sold'])).as('items')),
      db
        .with('t', (on) => on.selectFrom('item').selectAll())
        .selectFrom('t')
        .selectAll()
        .orderBy('id'),
      db.selectFrom('item').select(sql<number>`1 + 1`.as('two')).limit(1),
    ]
    for (const query of queries) {
      const compiled = query.compile()
      const expected = await query.execute()
      // The second run finds the plan of the first.
      for (let i = 0; i < 2; i++) expect((await db.executeQuery(compiled as never)).rows).toEqual(expected)
    }
    expect((await db.executeQuery(all.compile())).rows).toMatchObject(ROWS)
  })

  test('runs with the parameters and the text that it has', async () => {
    const query = db.selectFrom('item').select(['id', 'price']).where('id', '=', 1)
    const { sql: text, parameters, query: shape } = query.compile()
    const changed = { sql: text, query: shape, parameters: [2] }
    expect((await db.executeQuery(changed)).rows).toEqual([{ id: 2, price: '5.00' }])
    const compiled = query.compile()
    ;(compiled.parameters as unknown[])[0] = 2
    expect((await db.executeQuery(compiled)).rows).toEqual([{ id: 2, price: '5.00' }])
    expect(parameters).toEqual([1])
    const many = db.selectFrom('item').select('price').where('id', 'in', [1, 1]).compile()
    expect(
      (await db.executeQuery({ ...many, parameters: JSON.parse(JSON.stringify(many.parameters).replaceAll('1', '2')) }))
        .rows,
    ).toEqual([{ price: '5.00' }])
    const longer = { ...db.selectFrom('item').select(['id', 'price']).compile() }
    for (let i = 0; i < 2; i++) {
      const { rows } = await db.executeQuery({ ...longer, sql: `${longer.sql} order by id desc` })
      expect(rows).toMatchObject([{ price: '5.00' }, { price: '19.99' }])
    }
    const { rows } = await db.executeQuery({ ...longer, sql: 'select price, id from item order by id' })
    expect(rows).toEqual(ROWS.map(({ id, price }) => ({ price, id })))
    expect((await db.executeQuery(longer)).rows.map(({ price }) => price).sort()).toEqual(['19.99', '5.00'])
  })

  test('gives the numbers of a write', async () => {
    const update = db.updateTable('item').set({ price: '7.50' }).where('id', '=', 2).compile()
    expect(await db.executeQuery(update)).toMatchObject({ rows: [], numAffectedRows: 1n })
    const insert = db.insertInto('item').values({ ...ROWS[0]!, id: 3, price: '0.25' })
    expect(await db.executeQuery(insert.compile())).toMatchObject({ rows: [], numAffectedRows: 1n })
    const both = db.insertInto('item').values([4, 5].map((id) => ({ ...ROWS[0]!, id, price: '1.25' })))
    expect(await db.executeQuery(both.compile())).toMatchObject({ rows: [], numAffectedRows: 2n })
    const removed = await db.executeQuery(db.deleteFrom('item').where('id', '=', 2).returning('price').compile())
    expect(removed).toMatchObject({ rows: [{ price: '7.50' }], numAffectedRows: 1n })
    const prices = await db.selectFrom('item').select('price').orderBy('id').execute()
    expect(prices.map(({ price }) => price)).toEqual(['19.99', '0.25', '1.25', '1.25'])
  })

  test('gives the names of plugins, also for text', async () => {
    const camel = db.withPlugins([camelCase()])
    const plain = sql<{ soldAt: number }>`select 3 as sold_at`.compile(camel)
    expect((await camel.executeQuery(plain)).rows).toEqual([{ soldAt: 3 }])
  })
})

test('a compiled query under policies cannot be changed, since its rules need the original values', async () => {
  const db = kanta({ driver: sqlite(':memory:'), schema: { item } })
  await db.schema.createTable(item).execute()
  await db.insertInto('item').values(ROWS).execute()
  const own = db.withPlugins([tenant({ column: 'big', tables: ['item'] })]).as({ tenant: 7n })
  const compiled = own.selectFrom('item').select(['id', 'price']).where('id', '=', 2).compile()
  expect((await own.executeQuery(compiled)).rows).toEqual([{ id: 2, price: '5.00' }])
  expect(() => {
    ;(compiled.parameters as unknown[])[0] = 1
  }).toThrow(TypeError)
  await expect(own.executeQuery({ ...compiled, parameters: [1, 7n] })).rejects.toMatchObject({ code: 'policy' })
  await db.destroy()
})

test('a compiled write forgets what a cache has read, and changed text forgets everything', async () => {
  const bare = kanta({ driver: sqlite(':memory:'), schema: { item } })
  await bare.schema.createTable(item).execute()
  await bare.insertInto('item').values(ROWS).execute()
  const db = bare.withPlugins([cache({ store: memoryStore(), ttl: 60_000 })])
  const prices = async () => {
    const rows = await db
      .selectFrom('item')
      .select('price')
      .orderBy('id')
      .$call((query) => query)
      .execute()
    return rows.map(({ price }) => price)
  }
  await prices()
  await db.executeQuery(db.updateTable('item').set({ price: '1.00' }).where('id', '=', 1).compile())
  expect(await prices()).toEqual(['1.00', '5.00'])
  const read = db.selectFrom('item').select('id').compile()
  await db.executeQuery({ ...read, sql: 'update item set price = 200 where id = 2' })
  expect(await prices()).toEqual(['1.00', '2.00'])
  await bare.destroy()
})
