import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  aggregate,
  avg,
  count,
  countDistinct,
  eq,
  gt,
  isNotNull,
  max,
  min,
  percentile,
  stddev,
  stddevPop,
  sum,
  TRUE,
} from '../../src/filter/index.ts'
import { kanta, table } from '../../src/index.ts'
import { repository } from '../../src/repository/index.ts'
import type { Ground } from '../tenant/ground.ts'
import {
  type Any,
  author,
  book,
  book_tag,
  createTables,
  engines,
  fill,
  type open,
  profile,
  seat,
  tag,
} from './ground.ts'

const sale = table('sale', (c) => ({
  id: c.integer().primaryKey(),
  region: c.varchar(20),
  price: c.decimal(10, 2).nullable(),
  weight: c.real().nullable(),
  day: c.date(),
  sold: c.timestamp(),
}))
const old_book = table('old_book', (c) => ({
  id: c.integer(),
  author_id: c.integer(),
  editor_id: c.integer().nullable(),
  title: c.varchar(80),
  price: c.decimal(12, 2).nullable(),
  stock: c.integer().nullable(),
  status: c.varchar(20),
  revision: c.integer(),
}))

describe.each(engines)('operations of repositories on $name', (engine: Ground) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Awaited<ReturnType<Ground['create']>>
  let db: ReturnType<typeof opened>
  const schema = { author, book, tag, book_tag, profile, seat, sale, old_book }
  const opened = (driver: Any) => kanta({ driver, schema })
  beforeAll(async () => {
    place = await engine.create()
    db = opened(place.driver())
    await createTables(db, engine, [author, book, tag, book_tag, profile, seat])
    for (const each of [sale, old_book]) await db.schema.createTable(each).execute()
    const moment = (text: string) => ({ day: text.slice(0, 10), sold: new Date(text) })
    await db
      .insertInto('sale')
      .values([
        { id: 1, region: 'north', price: '10.10', weight: 2, ...moment('2024-01-01T00:00:00.000Z') },
        { id: 2, region: 'north', price: '20.20', weight: 4, ...moment('2024-01-31T23:59:59.999Z') },
        { id: 3, region: 'north', price: null, weight: null, ...moment('2024-02-29T12:30:00.000Z') },
        { id: 4, region: 'south', price: '30.30', weight: 9, ...moment('2024-12-30T08:00:00.000Z') },
        { id: 5, region: 'south', price: '20.20', weight: 5, ...moment('2023-12-31T08:00:00.000Z') },
      ])
      .execute()
  })
  beforeEach(async () => {
    await db.deleteFrom('old_book').execute()
    await fill(db as never as ReturnType<typeof open>)
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })
  const books = () => repository(db, book)
  const sales = () => repository(db, sale)
  const refused = (code: string, message = '') =>
    expect.objectContaining({ code, message: expect.stringContaining(message) })

  test('aggregate measures groups; every value as the column gives it', async () => {
    const { rows } = await sales().aggregate({
      groupBy: 'region',
      measures: {
        rows: count(),
        priced: count('price'),
        dear: count(undefined, gt('price', '15')),
        prices: countDistinct('price'),
        total: sum('price'),
        north: sum('price', eq('region', 'north')),
        least: min('price'),
        last: max('sold'),
        mean: avg('weight'),
      },
      sort: [{ column: 'region' }],
    })
    const last = (text: string) => new Date(text)
    expect(rows).toEqual([
      {
        ...{ region: 'north', rows: 3, priced: 2, dear: 1, prices: 2, total: '30.30', north: '30.30', least: '10.10' },
        ...{ last: last('2024-02-29T12:30:00.000Z'), mean: 3 },
      },
      {
        ...{ region: 'south', rows: 2, priced: 2, dear: 2, prices: 2, total: '50.50', north: null, least: '20.20' },
        ...{ last: last('2024-12-30T08:00:00.000Z'), mean: 7 },
      },
    ])
  })

  test('percentiles and deviations are equal on every database', async () => {
    const { rows } = await sales().aggregate({
      groupBy: ['region'],
      measures: {
        low: percentile('price', 0),
        median: percentile('price', 0.5),
        high: percentile('price', 1),
        lateHalf: percentile('sold', 0.5),
        dear: percentile('price', 0.5, gt('price', '15')),
        deviation: stddev('weight'),
        all: stddevPop('weight'),
        rows: count(),
      },
      sort: [{ column: 'region' }],
    })
    expect(rows.map(({ deviation, all, ...row }) => row)).toEqual([
      {
        ...{ region: 'north', low: '10.10', median: '10.10', high: '20.20', dear: '20.20', rows: 3 },
        lateHalf: new Date('2024-01-31T23:59:59.999Z'),
      },
      {
        ...{ region: 'south', low: '20.20', median: '20.20', high: '30.30', dear: '20.20', rows: 2 },
        lateHalf: new Date('2023-12-31T08:00:00.000Z'),
      },
    ])
    expect(Number(rows[0]!.deviation)).toBeCloseTo(Math.SQRT2, 10)
    expect(Number(rows[0]!.all)).toBeCloseTo(1, 10)
    expect(Number(rows[1]!.deviation)).toBeCloseTo(Math.sqrt(8), 10)
    const none = await sales().aggregate({
      filter: eq('id', 77),
      measures: { a: stddev('weight'), b: percentile('price', 0.5) },
    })
    expect(none.rows).toEqual([{ a: null, b: null }])
  })

  test('buckets have labels, by moments and by days', async () => {
    const labels = async (interval: Any, field: 'sold' | 'day' = 'sold') => {
      const { rows } = await sales().aggregate({
        dateBuckets: { at: { field, interval } },
        measures: { rows: count() },
        sort: [{ column: 'at' }],
      })
      return rows.map((row) => `${row.at} ${row.rows}`)
    }
    expect(await labels('month')).toEqual(['2023-12 1', '2024-01 2', '2024-02 1', '2024-12 1'])
    expect(await labels('month', 'day')).toEqual(['2023-12 1', '2024-01 2', '2024-02 1', '2024-12 1'])
    expect(await labels('quarter')).toEqual(['2023-Q4 1', '2024-Q1 3', '2024-Q4 1'])
    expect(await labels('year')).toEqual(['2023 1', '2024 4'])
    expect(await labels('week')).toEqual(['2023-W52 1', '2024-W01 1', '2024-W05 1', '2024-W09 1', '2025-W01 1'])
    expect((await labels('day'))[1]).toBe('2024-01-01 1')
    expect((await labels('hour'))[2]).toBe('2024-01-31T23:00 1')
    expect((await labels('minute'))[3]).toBe('2024-02-29T12:30 1')
    await expect(labels({ every: 15, unit: 'minute' })).rejects.toEqual(refused('unsupported', "'at' takes 15 units"))
  })

  test('having, the first of each group, and pages of groups', async () => {
    const request = aggregate({
      groupBy: ['region', 'price'],
      measures: { rows: count(), weight: sum('weight') },
      filter: isNotNull('price'),
      topN: { partitionBy: ['region'], sortBy: [{ column: 'price', direction: 'desc' }], limit: 1 },
      sort: [{ column: 'region' }],
    })
    expect((await sales().aggregate(request)).rows).toEqual([
      { region: 'north', price: '20.20', rows: 1, weight: 4 },
      { region: 'south', price: '30.30', rows: 1, weight: 9 },
    ])
    const having = await sales().aggregate({
      groupBy: 'region',
      measures: { total: sum('price'), rows: count() },
      having: gt('total', '40') as never,
    })
    expect(having.rows).toEqual([{ region: 'south', total: '50.50', rows: 2 }])
    const page = await sales().aggregatePaginate(
      { groupBy: 'region', measures: { rows: count() }, sort: [{ column: 'region', direction: 'desc' }] },
      { page: 2, limit: 1 },
    )
    expect(page).toEqual({
      ...{ method: 'offset', data: [{ region: 'north', rows: 3 }], page: 2, limit: 1, total: 2, pages: 2 },
      ...{ hasNext: false, hasPrev: true },
    })
    const none = await sales().aggregatePaginate({ filter: eq('id', 77), groupBy: 'region', measures: { n: count() } })
    expect([none.total, none.pages, none.data]).toEqual([0, 0, []])
  })

  test('L1 to L5, L8: lookups give lists and rows without multiplying', async () => {
    const page = await books().lookupPopulate({
      lookups: [
        { from: 'author', localField: 'author_id', foreignField: 'id', as: 'writer', single: true, select: ['name'] },
        { from: 'book_tag', localField: 'id', foreignField: 'book_id', as: 'links', select: { tag_id: 1 } },
        {
          from: author,
          localField: 'editor_id',
          foreignField: 'id',
          as: 'editor',
          single: true,
          select: { boss_id: 0 },
        },
        {
          from: 'book',
          localField: 'author_id',
          foreignField: 'author_id',
          as: 'cheap',
          select: ['price'],
          where: eq('price', '10.00'),
        },
      ],
      sort: [{ column: 'title' }],
      limit: 2,
    })
    expect(page.total).toBe(3)
    expect(
      page.data.map(({ title, writer, links, editor, cheap }) => ({ title, writer, links, editor, cheap })),
    ).toEqual([
      {
        title: 'One',
        writer: { name: 'Ada' },
        links: [{ tag_id: 1 }, { tag_id: 2 }],
        editor: null,
        cheap: [{ price: '10.00' }],
      },
      { title: 'Three', writer: { name: 'Bob' }, links: [], editor: null, cheap: [] },
    ])
    const look = (lookup: Any) => books().lookupPopulate({ lookups: [lookup] })
    const base = { from: 'author', localField: 'author_id', foreignField: 'id' }
    await expect(look({ ...base, from: 'nobody' })).rejects.toEqual(refused('invalid_input', '"nobody"'))
    await expect(look({ ...base, foreignField: 'x' })).rejects.toEqual(
      refused('invalid_input', "'author' has no column"),
    )
    await expect(look({ ...base, as: 'title' })).rejects.toEqual(refused('invalid_input', 'a second time'))
    await expect(look({ ...base, select: { name: 0, id: 1 } })).rejects.toEqual(refused('invalid_input', 'select is'))
    await expect(look({ ...base, where: { name: 'Ada' } })).rejects.toEqual(refused('invalid_input', 'no filter'))
    await expect(books().lookupPopulate({ lookups: [] })).rejects.toEqual(refused('invalid_input', 'at least one'))
  })

  test('a cursor goes over all rows in parts', async () => {
    const titles: string[] = []
    for await (const row of books().cursor(gt('id', 0), {
      batchSize: 1,
      sort: [{ column: 'title', direction: 'desc' }],
    }))
      titles.push(row.title)
    expect(titles).toEqual(['Two', 'Three', 'One'])
    const stopped = new AbortController()
    stopped.abort()
    await expect(books().cursor(TRUE, { signal: stopped.signal }).next()).rejects.toEqual(refused('cancelled'))
  })

  test('by a text, by a filter; the plan', async () => {
    expect((await repository(db, tag).getBySlug('old', { field: 'name' }))?.id).toBe(2)
    expect(await repository(db, tag).getBySlug('none', { field: 'name' })).toBeNull()
    expect((await books().getByQuery(eq('title', 'Two')))?.id).toBe(2)
    await expect(books().getBySlug('x')).rejects.toEqual(refused('invalid_input', 'no column "slug"'))
    expect((await books().explain(eq('id', 1))).length).toBeGreaterThan(0)
  })

  test('a transition moves a row once; a race is a conflict', async () => {
    const machine = { new: ['sent'], sent: ['done'], done: [] }
    const sent = await books().applyTransition(1, { machine, from: 'new', to: 'sent', set: { stock: 9 } })
    expect(sent).toMatchObject({ id: 1, status: 'sent', stock: 9 })
    const again = (from: Any, to: Any, key = 1) => books().applyTransition(key, { machine, from, to })
    await expect(again('new', 'sent')).rejects.toEqual(refused('conflict', "'status'"))
    await expect(again('new', 'done')).rejects.toEqual(refused('invalid_input', 'does not lead to "done"'))
    await expect(again('toString', 'done')).rejects.toEqual(refused('invalid_input', 'does not lead'))
    await expect(again('new', 'sent', 77)).rejects.toEqual(refused('not_found'))
    const both = await Promise.allSettled([again('sent', 'done'), again('sent', 'done')])
    expect(both.filter((each) => each.status === 'fulfilled')).toHaveLength(1)
  })

  test('upsertMany inserts and changes in one transaction', async () => {
    const tags = repository(db, tag)
    const made = await tags.upsertMany([
      { id: 1, name: 'renamed' },
      { id: 9, name: 'made' },
    ])
    expect(made).toEqual([
      { id: 1, name: 'renamed' },
      { id: 9, name: 'made' },
    ])
    await expect(
      tags.upsertMany([
        { id: 10, name: 'ten' },
        { id: 11, name: 'made' },
      ]),
    ).rejects.toEqual(refused('unique_violation'))
    expect(await tags.getById(10)).toBeNull()
    expect(await tags.upsertMany([])).toEqual([])
  })

  test('purge and archive go part by part', async () => {
    await db.deleteFrom('book_tag').execute()
    const seen: number[] = []
    expect(
      await books().archiveByFilter(gt('id', 1), { into: old_book, batchSize: 1, onProgress: (n) => seen.push(n) }),
    ).toBe(2)
    expect(seen).toEqual([1, 2])
    const kept = await db.selectFrom('old_book').select(['id', 'price']).orderBy('id').execute()
    expect(kept).toEqual([
      { id: 2, price: '20.00' },
      { id: 3, price: '30.00' },
    ])
    expect(await books().purgeByField('title', ['One', 'Nine'])).toBe(1)
    expect(await books().count()).toBe(0)
    await expect(books().purgeByFilter(TRUE)).rejects.toEqual(refused('invalid_input', 'empty filter'))
    await expect(books().archiveByFilter(eq('id', 1), { into: 'book' } as Any)).rejects.toEqual(
      refused('invalid_input', 'another table'),
    )
    await fill(db as never as ReturnType<typeof open>)
    await db.deleteFrom('book_tag').execute()
    // What cannot be copied is not deleted.
    await expect(
      books().archiveByFilter(eq('id', 1), {
        into: async () => {
          throw new Error('full')
        },
      }),
    ).rejects.toThrow('full')
    expect(await books().getById(1)).not.toBeNull()
    const stopped = new AbortController()
    stopped.abort()
    await expect(books().purgeByFilter(eq('id', 1), { signal: stopped.signal })).rejects.toEqual(refused('cancelled'))
  })

  test('capabilities, and what needs a plugin', async () => {
    expect(books().capabilities).toMatchObject({ transactions: true, optimisticConcurrency: false, regexFilter: false })
    const bare = books() as Any
    await expect(bare.touch(1)).rejects.toEqual(refused('unsupported', 'timestamps()'))
    await expect(bare.search('x')).rejects.toEqual(refused('unsupported', 'fullText()'))
    await expect(bare.history(1)).rejects.toEqual(refused('unsupported', 'audit()'))
    await expect(bare.versions(1)).rejects.toEqual(refused('unsupported', 'timeTravel()'))
    await expect(bare.hardDelete(1)).rejects.toEqual(refused('unsupported', 'softDelete()'))
  })
})
