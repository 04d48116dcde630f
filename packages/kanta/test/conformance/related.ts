import { afterAll, beforeAll, expect, test } from 'vitest'
import { batch, batched, createQuery } from '../../src/dal/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { eq, gt, parseFilter, parseUrl, whereOf } from '../../src/filter/index.ts'
import { kanta, primaryKey, table } from '../../src/index.ts'
import { paginate, paginateCursor } from '../../src/page/index.ts'
import { many, one, relations } from '../../src/relations/index.ts'
import { repository } from '../../src/repository/index.ts'

const writer = table('writer', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
const novel = table('novel', (c) => ({
  id: c.integer().primaryKey(),
  writer_id: c
    .integer()
    .nullable()
    .references(() => writer.id),
  title: c.text(),
  price: c.decimal(10, 2),
  sold: c.bigint(),
  out: c.boolean(),
  at: c.timestamp(),
  cover: c.bytes().nullable(),
}))
const label = table('label', (c) => ({ id: c.integer().primaryKey(), name: c.text().unique() }))
const novel_label = table(
  'novel_label',
  (c) => ({ novel_id: c.integer().references(() => novel.id), label_id: c.integer().references(() => label.id) }),
  (t) => [primaryKey([t.novel_id, t.label_id])],
)
const related = relations({
  writer: { novels: many(novel, novel.writer_id) },
  novel: { writer: one(writer, novel.writer_id), labels: many(label, { through: novel_label }) },
})
const schema = { writer, novel, label, novel_label, related }

const novelOf = (id: number) => ({
  ...{ id, writer_id: id % 3 === 0 ? null : ((id % 3) as number), title: `novel ${id}`, price: `${id}.50` },
  ...{ sold: BigInt(id) * 1_000_000_007n, out: id % 2 === 0, at: new Date(Date.UTC(2024, 0, id)) },
  cover: id === 1 ? Uint8Array.of(0, 255) : null,
})
const NOVELS = [1, 2, 3, 4, 5, 6, 7].map(novelOf)

/** Tests relations, filters, pages, repositories and functions over queries on a driver. */
export function relatedSuite(open: () => Driver, { transactions }: { readonly transactions: boolean }): void {
  const connect = () => kanta({ driver: open(), schema })
  let db: ReturnType<typeof connect>
  beforeAll(async () => {
    db = connect()
    for (const each of [writer, novel, label, novel_label]) await db.schema.createTable(each as typeof writer).execute()
    await db
      .insertInto('writer')
      .values([1, 2].map((id) => ({ id, name: `writer ${id}` })))
      .execute()
    await db.insertInto('novel').values(NOVELS).execute()
    await db
      .insertInto('label')
      .values([1, 2].map((id) => ({ id, name: `label ${id}` })))
      .execute()
    await db
      .insertInto('novel_label')
      .values([1, 2].map((label_id) => ({ novel_id: 1, label_id })))
      .execute()
  })
  afterAll(() => db?.destroy())

  test('related rows are as those of their own query, nested, limited, counted', async () => {
    const query = () =>
      db
        .selectFrom('writer')
        .select((eb) => ['id', eb.related('novels').count().as('count')])
        .include('novels', (n) =>
          n
            .selectAll()
            .orderBy('id', 'desc')
            .limit(2)
            .include('labels', (l) => l.select('name').orderBy('id')),
        )
        .where((eb) => eb.exists(eb.related('novels').where('price', '>', '1')))
        .orderBy('id')
    const labels = (id: number) => (id === 1 ? [{ name: 'label 1' }, { name: 'label 2' }] : [])
    const withLabels = (ids: readonly number[]) => ids.map((id) => ({ ...novelOf(id), labels: labels(id) }))
    expect(await query().execute()).toEqual([
      { id: 1, count: 3, novels: withLabels([7, 4]) },
      { id: 2, count: 2, novels: withLabels([5, 2]) },
    ])
  })

  test('statements of their own give the same, or say that they need a transaction', async () => {
    const read = (options: object) =>
      db
        .selectFrom('novel')
        .select('id')
        .include('labels', (l) => l.selectAll().orderBy('id'), options)
        .include('writer', (w) => w.select('name'), { ...options, optional: true })
        .orderBy('id')
        .execute()
    const split = read({ load: 'split' })
    if (transactions) expect(await split).toEqual(await read({}))
    else await expect(split).rejects.toMatchObject({ code: 'unsupported' })
  })

  test('filters, pages and cursors', async () => {
    const filter = parseFilter(
      { price: { gt: '2.50' }, out: false },
      { table: novel, filter: { price: ['gt'], out: ['eq'] } },
    )
    const found = db
      .selectFrom('novel')
      .select('id')
      .where(whereOf(db, filter, 'novel'))
      .orderBy('id')
    expect(await found.execute()).toEqual([{ id: 3 }, { id: 5 }, { id: 7 }])
    expect(await paginate(found, { page: 2, limit: 2 })).toMatchObject({ data: [{ id: 7 }], total: 3, pages: 2 })
    for (const column of ['sold', 'at', 'price', 'title'] as const) {
      const query = db.selectFrom('novel').selectAll().orderBy(column, 'desc')
      const seen: unknown[] = []
      let after: string | undefined
      do {
        const page: Awaited<ReturnType<typeof paginateCursor<typeof query>>> = await paginateCursor(query, {
          limit: 2,
          after,
        })
        seen.push(...page.data)
        after = page.next ?? undefined
      } while (after !== undefined && seen.length < 20)
      expect(seen).toEqual([...NOVELS].reverse())
    }
    await expect(paginateCursor(found, { after: 'forged' })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  test('functions over queries', async () => {
    const byId = createQuery((handle: typeof db, id: number) =>
      handle.selectFrom('novel').select('title').where('id', '=', id).executeTakeFirst(),
    )
    expect(await byId(db, 2)).toEqual({ title: 'novel 2' })
    const one = batched(db)
    const titles = [1, 9, 3].map((id) => one.selectFrom('novel').select('id').where('id', '=', id).executeTakeFirst())
    expect(await Promise.all(titles)).toEqual([{ id: 1 }, undefined, { id: 3 }])
    expect(
      await batch(db, [
        db
          .selectFrom('writer')
          .select('id')
          .include('novels', (n) => n.select('id').orderBy('id'))
          .orderBy('id'),
        db.selectFrom('label').select('id').orderBy('id'),
      ]),
    ).toEqual([
      [
        { id: 1, novels: [{ id: 1 }, { id: 4 }, { id: 7 }] },
        { id: 2, novels: [{ id: 2 }, { id: 5 }] },
      ],
      [{ id: 1 }, { id: 2 }],
    ])
  })

  test('a repository reads and writes, and relations in it in one transaction or not at all', async () => {
    const novels = repository(db, novel)
    expect(await novels.getById(1)).toEqual(novelOf(1))
    expect([...(await novels.getByIds([1, 3, 99])).keys()]).toEqual([1, 3])
    expect([await novels.count(gt('id', 4)), await novels.exists(eq('id', 99))]).toEqual([3, false])
    const asked = parseUrl('sort=-id&limit=2&price[gt]=3', {
      ...{ table: novel, filter: { price: ['gt'] }, sort: ['id'], maxLimit: 10 },
    })
    expect((await novels.getAll(asked)).data.map(({ id }) => id)).toEqual([7, 6])
    const made = await novels.create({ ...novelOf(20), writer_id: 1 })
    expect(made).toEqual({ ...novelOf(20), writer_id: 1 })
    expect(await novels.update(20, { title: 'changed' })).toMatchObject({ title: 'changed' })
    const nested = novels.update(20, { labels: { create: { name: 'made' } }, writer: { update: { name: 'new' } } })
    if (transactions) {
      await nested
      expect(await novels.getById(20, { include: { labels: true, writer: true } })).toMatchObject({
        ...{ labels: [{ name: 'made' }], writer: { name: 'new' } },
      })
      await novels.update(20, { labels: { set: [] }, writer: { update: { name: 'writer 1' } } })
    } else await expect(nested).rejects.toMatchObject({ code: 'unsupported' })
    expect(await novels.delete(20)).toMatchObject({ id: 20 })
    expect(await novels.getById(20)).toBeNull()
  })
}
