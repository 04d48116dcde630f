import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kanta, sql, table } from '../../src/index.ts'
import { paginate, paginateCursor } from '../../src/page/index.ts'
import { camelCase, createExecutor, softDelete } from '../../src/plugins/index.ts'
import type { Place } from '../engine/engine.ts'
import { pglite } from '../engine/pglite.ts'
import type { Any } from '../tenant/ground.ts'
import { places } from '../ttl/places.ts'

const entry = table('entry', (c) => ({
  id: c.integer().primaryKey(),
  group_name: c.text(),
  score: c.integer().nullable(),
  price: c.decimal(10, 2),
  made_at: c.timestamp(),
  deleted_at: c.timestamp().nullable(),
}))
const ROWS = Array.from({ length: 23 }, (_, i) => ({
  id: i + 1,
  group_name: ['a', 'b', 'c', 'd'][i % 4]!,
  score: i % 5 === 0 ? null : (i * 7) % 6,
  price: `${i}.50`,
  made_at: new Date(Date.UTC(2024, 0, i + 1)),
  deleted_at: i % 10 === 9 ? new Date(0) : null,
}))

describe.each([...places, pglite])('pages by number on $name', (ground) => {
  if (ground.missing !== undefined) {
    test.skip(`${ground.name}: ${ground.missing}`, () => {})
    return
  }
  let place: Place
  const open = () => kanta({ driver: place.driver(), schema: { entry } })
  let db: ReturnType<typeof open>
  beforeAll(async () => {
    place = await ground.create()
    db = open()
    await db.schema.createTable(entry).execute()
    await db.insertInto('entry').values(ROWS).execute()
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })

  test('every page of every size, with the values of their columns', async () => {
    const query = db.selectFrom('entry').selectAll().where('id', '>', 3).orderBy('score', 'desc').orderBy('id')
    const all = await query.execute()
    for (const limit of [1, 4, 7, 20, 21, 1_000]) {
      const pages = Math.ceil(all.length / limit)
      for (let page = 1; page <= pages + 1; page++) {
        expect(await paginate(query, { page, limit })).toEqual({
          ...{ method: 'offset', data: all.slice((page - 1) * limit, page * limit), page, limit },
          ...{ total: 20, pages, hasNext: page < pages, hasPrev: page > 1 },
        })
      }
    }
  })

  test('of nothing', async () => {
    const query = db.selectFrom('entry').select('id').where('id', '<', 0).orderBy('id')
    expect(await paginate(query)).toEqual({
      ...{ method: 'offset', data: [], page: 1, limit: 20, total: 0, pages: 0, hasNext: false, hasPrev: false },
    })
    expect(await paginate(query, { page: 5 })).toMatchObject({ data: [], total: 0, hasNext: false, hasPrev: true })
  })

  // H51: totals were wrong for all of these.
  test('H51: grouped, distinct, joined, combined and recursive queries', async () => {
    const grouped = db
      .selectFrom('entry')
      .select((eb) => ['group_name', eb.fn.countAll().as('rows'), eb.fn.max('price').as('most')])
      .groupBy('group_name')
      .having((eb) => eb(eb.fn.countAll(), '>', 1))
      .orderBy((eb) => eb.fn.max('id'), 'desc')
    const distinct = db
      .selectFrom('entry')
      .select(['group_name', 'score'])
      .distinct()
      .orderBy('group_name')
      .orderBy('score')
    const joined = db
      .selectFrom('entry as a')
      .innerJoin('entry as b', 'b.group_name', 'a.group_name')
      .select(['a.id', 'b.id as other'])
      .orderBy('a.id')
      .orderBy('b.id', 'desc')
    const union = db
      .selectFrom('entry')
      .select(['id', 'group_name'])
      .where('id', '<', 9)
      .union(db.selectFrom('entry').select(['id', 'group_name']).where('id', '>', 4))
      .orderBy('id', 'desc')
    const named = db
      .with('low', (q) => q.selectFrom('entry').select('id').where('id', '<', 9))
      .selectFrom('low')
      .select('low.id')
      .orderBy('low.id', 'desc')
    for (const query of [grouped, distinct, joined, union, named] as { execute(): Promise<object[]> }[]) {
      const all = await query.execute()
      expect(all.length).toBeGreaterThan(3)
      const pages = [1, 2, 3].map((page) => paginate(query as never, { page, limit: 3 }))
      for (const [i, page] of (await Promise.all(pages)).entries()) {
        expect(page.data).toEqual(all.slice(i * 3, i * 3 + 3))
        expect(page.total).toBe(all.length)
      }
    }
  })

  test('under policies, of which one renames', async () => {
    const live = await createExecutor(db, [softDelete({ tables: ['entry'] })])
    const shown = await paginate(live.selectFrom('entry').select('id').orderBy('id'), { limit: 10 })
    expect(shown.total).toBe(21)
    expect(shown.data.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 11])
    const camel = db.withPlugins([camelCase()]) as unknown as typeof db
    const page = await paginate(
      camel
        .selectFrom('entry')
        .select(['id', 'groupName' as never])
        .orderBy('id'),
      { limit: 1 },
    )
    expect(page).toMatchObject({ data: [{ id: 1, groupName: 'a' }], total: 23 })
  })

  test('two columns of one name are refused: the second was another column or an error of the driver', async () => {
    const joined = db.selectFrom('entry as a').innerJoin('entry as b', 'b.id', 'a.id')
    const untyped: Any = db
    const queries = [
      joined.selectAll().orderBy('a.id'),
      joined.selectAll('a').select('b.score').orderBy('a.id'),
      joined.select(['a.id', 'b.id']).orderBy('a.id'),
      joined.select(['a.id', 'b.score as id']).orderBy('a.id'),
    ]
    for (const query of queries) {
      await expect(paginate(query as never)).rejects.toMatchObject({
        code: 'invalid_input',
        message: expect.stringMatching(/two columns with the name '(?:id|score)'/),
      })
      await expect(paginateCursor(query as never, { key: ['id'] as never })).rejects.toThrow(
        /two columns with the name/,
      )
    }
    const named = joined.selectAll('a').select('b.score as other').orderBy('a.id')
    expect((await paginate(named, { limit: 2 })).data).toEqual((await named.execute()).slice(0, 2))
    if (ground.dialect !== 'sqlite') return
    await sql`create table plain (id integer)`.execute(db)
    const query = untyped.selectFrom('plain as a').innerJoin('plain as b', 'b.id', 'a.id').selectAll().orderBy('a.id')
    await untyped.insertInto('plain').values({ id: 1 }).execute()
    await expect(paginate(query as never)).rejects.toThrow(/two columns with the name 'id'/)
  })

  test('what is no page is refused before anything runs', async () => {
    const query = db.selectFrom('entry').select('id').orderBy('id')
    // R14, P8: these gave all rows, or an error of the driver.
    for (const limit of [0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY, 1_001, '10', null])
      await expect(paginate(query, { limit: limit as never })).rejects.toThrow(/'limit' is .*from 1 to 1,000/)
    for (const page of [0, -1, 1.5, Number.NaN, 2e9, '1'])
      await expect(paginate(query, { page: page as never })).rejects.toThrow(/'page' is/)
    await expect(paginate(query.limit(5))).rejects.toThrow(/has a 'limit' of its own/)
    await expect(paginate(query.limit(5).clearLimit())).resolves.toMatchObject({ total: 23 })
    await expect(paginate({} as never)).rejects.toThrow(/takes a select query/)
    await expect(paginate(db.deleteFrom('entry') as never)).rejects.toThrow(/takes a select query/)
    await expect(paginate(query, { size: 5 } as never)).rejects.toThrow(/has no option 'size'/)
  })
})
