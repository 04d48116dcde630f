import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { count, eq, gt, max, ne, percentile } from '../../src/filter/index.ts'
import { repository } from '../../src/repository/index.ts'
import type { Ground } from '../tenant/ground.ts'
import { type Any, createTables, engines, entry, note, openGuarded } from './ground.ts'

const refused = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) })

describe.each(engines)('repositories under policies on $name', (engine: Ground) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Awaited<ReturnType<Ground['create']>>
  let plain: ReturnType<typeof openGuarded>['plain']
  let db: ReturnType<typeof openGuarded>['db']
  beforeAll(async () => {
    place = await engine.create()
    ;({ plain, db } = openGuarded(place.driver()))
    await createTables(plain, engine, [note, entry])
  })
  beforeEach(async () => {
    await plain.deleteFrom('entry').execute()
    await plain.deleteFrom('note').execute()
    const times = { created_at: new Date(0), updated_at: new Date(0) }
    await plain
      .insertInto('note')
      .values([
        { id: 1, tenant_id: 1, slug: 'one', ...times },
        { id: 2, tenant_id: 1, slug: 'two', ...times },
        { id: 3, tenant_id: 1, slug: 'gone', deleted_at: new Date(0), ...times },
        { id: 11, tenant_id: 2, slug: 'other', ...times },
      ])
      .execute()
    await plain
      .insertInto('entry')
      .values([
        { id: 1, tenant_id: 1, note_id: 1, text: 'a' },
        { id: 11, tenant_id: 2, note_id: 11, text: 'b' },
      ])
      .execute()
  })
  afterAll(async () => {
    await plain?.destroy()
    await place?.drop()
  })
  const notes = () => repository(db.as({ tenant: 1 }), note)
  const stored = async (id: number) =>
    (await plain.selectFrom('note').selectAll().where('id', '=', id).executeTakeFirst())!

  test('T2, T3, SD5: rows of others and deleted ones are in no read', async () => {
    expect([await notes().getById(11), await notes().getById(3)]).toEqual([null, null])
    expect((await notes().findAll()).map((row) => row.id).sort()).toEqual([1, 2])
    expect([
      await notes().count(),
      await notes().exists(eq('id', 11)),
      await notes().getOne(eq('slug', 'gone')),
    ]).toEqual([2, false, null])
    expect((await notes().distinct('slug')).sort()).toEqual(['one', 'two'])
    expect([...(await notes().getByIds([1, 3, 11])).keys()]).toEqual([1])
    expect(
      (await notes().findAll(eq('id', 1), { include: { entries: true } }))[0]?.entries.map((row) => row.text),
    ).toEqual(['a'])
  })

  test('T6: without a tenant nothing runs', async () => {
    const open = repository(db, note)
    for (const run of [
      () => open.findAll(),
      () => open.update(1, { text: 'x' }),
      () => open.delete(1),
      () => open.create({ slug: 'x' }),
    ])
      await expect(run()).rejects.toEqual(refused('policy'))
    expect((await stored(1)).text).toBeNull()
  })

  test.for([3, 11])('X2, SD2: the hidden row %s is changed by nothing', async (id) => {
    const before = await stored(id)
    const done = [
      await notes().update(id, { text: 'x' }),
      await notes().update(id, { text: 'x' }, { ifVersion: 1 }),
      await notes().delete(id),
      await notes().updateMany(eq('id', id), { text: 'x' }),
      await notes().deleteMany(eq('id', id)),
      await notes().findOneAndUpdate(eq('id', id), { text: 'x' }),
      await notes().claim(id, { field: 'text', from: null, to: 'x' }),
      await notes().update(id, { entries: { create: { text: 'x' } } }),
    ]
    expect(done).toEqual([null, null, null, 0, 0, null, null, null])
    expect(await stored(id)).toEqual(before)
  })

  test('T1, T8, SD6: upserts and getOrCreate do not reach hidden rows', async () => {
    for (const [id, slug] of [
      [11, 'other'],
      [3, 'gone'],
    ] as const) {
      const before = await stored(id)
      await expect(notes().upsert({ id, slug: 'mine', text: 'x' })).rejects.toMatchObject({
        code: expect.stringMatching(/policy|unique_violation/),
      })
      await expect(notes().getOrCreate({ slug }, {})).rejects.toEqual(refused('unique_violation'))
      await expect(notes().create({ id: 50, slug })).rejects.toEqual(refused('unique_violation'))
      expect(await stored(id)).toEqual(before)
    }
    const { row } = await notes().getOrCreate({ slug: 'made' }, { text: 'x' })
    expect(await stored(row.id)).toMatchObject({ tenant_id: 1, version: 1 })
    expect((await stored(row.id)).created_at.getTime()).toBeGreaterThan(0)
  })

  test('TS1: every write is stamped', async () => {
    const made = await notes().createMany([
      { id: 60, slug: 'a' },
      { id: 61, slug: 'b', entries: { create: { text: 'n' } } },
    ])
    expect(made.map((row) => [row.tenant_id, row.version, row.created_at.getTime() > 0])).toEqual([
      [1, 1, true],
      [1, 1, true],
    ])
    expect(await notes().upsert({ id: 60, slug: 'c' })).toMatchObject({ tenant_id: 1, version: 2, slug: 'c' })
    expect(await notes().updateMany(ne('id', 0), { text: 'x' })).toBe(4)
    expect(await stored(60)).toMatchObject({ version: 3, text: 'x' })
    expect((await stored(1)).updated_at.getTime()).toBeGreaterThan(0)
    expect(await plain.selectFrom('entry').select('tenant_id').where('text', '=', 'n').execute()).toEqual([
      { tenant_id: 1 },
    ])
  })

  test('T5, 14: what plugins write is refused', async () => {
    for (const data of [
      { version: 7 },
      { tenant_id: 2 },
      { deleted_at: new Date() },
      { updated_at: new Date() },
    ] as Any[]) {
      await expect(notes().update(1, data)).rejects.toEqual(refused('policy'))
      await expect(notes().updateMany(eq('id', 1), data)).rejects.toEqual(refused('policy'))
      await expect(notes().create({ slug: 'x', ...data })).rejects.toEqual(refused('policy'))
    }
    expect(await stored(1)).toMatchObject({ version: 1, tenant_id: 1, deleted_at: null })
  })

  test('T2, T3, SD5: aggregates, lookups, cursors and purges see and touch the rows of the tenant alone', async () => {
    expect((await notes().aggregate({ measures: { rows: count(), last: max('slug') } })).rows).toEqual([
      { rows: 2, last: 'two' },
    ])
    expect((await notes().aggregate({ measures: { median: percentile('id', 1) } })).rows).toEqual([{ median: 2 }])
    expect((await notes().aggregatePaginate({ groupBy: 'slug', measures: { rows: count() } })).total).toBe(2)
    const page = await repository(db.as({ tenant: 2 }), entry).lookupPopulate({
      lookups: [
        { from: 'note', localField: 'id', foreignField: 'id', as: 'same', single: true, select: ['slug'] },
        { from: 'note', localField: 'tenant_id', foreignField: 'tenant_id', as: 'all', select: ['slug'] },
      ],
    })
    expect(page.data.map(({ id, same, all }) => ({ id, same, all }))).toEqual([
      { id: 11, same: { slug: 'other' }, all: [{ slug: 'other' }] },
    ])
    const seen: string[] = []
    for await (const row of notes().cursor()) seen.push(row.slug)
    expect(seen.sort()).toEqual(['one', 'two'])
    expect(await notes().purgeByFilter(gt('id', 0))).toBe(2)
    expect([(await stored(11)).deleted_at, (await stored(1)).deleted_at === null]).toEqual([null, false])
    await expect(notes().applyTransition(11, { field: 'slug', from: 'other', to: 'x' })).rejects.toEqual(
      refused('not_found'),
    )
    expect((await notes().getDeleted()).map((row) => row.id).sort()).toEqual([1, 2, 3])
    expect([await notes().hardDelete(11), await notes().hardDelete(3)]).toEqual([false, true])
    expect((await stored(11)).slug).toBe('other')
  })

  test('SD1, SD3: deletes are soft, once, and undone by restore', async () => {
    expect(await notes().deleteMany(eq('id', 2))).toBe(1)
    expect((await stored(2)).deleted_at).not.toBeNull()
    expect(await notes().softDelete(1)).toMatchObject({ slug: 'one' })
    expect(await notes().delete(1)).toBeNull()
    expect(await notes().restore(1)).toMatchObject({ slug: 'one', deleted_at: null })
    expect([await notes().restore(11), (await notes().getById(1))?.slug]).toEqual([null, 'one'])
    await expect((repository(plain, note) as Any).softDelete(1)).rejects.toEqual(refused('unsupported', 'softDelete()'))
  })

  test('17: ifVersion gives a conflict with both versions', async () => {
    expect(await notes().update(1, { text: 'x' }, { ifVersion: 1 })).toMatchObject({ text: 'x', version: 2 })
    const late = { code: 'conflict', expected: 1, actual: 2 }
    await expect(notes().update(1, { text: 'y' }, { ifVersion: 1 })).rejects.toMatchObject(late)
    await expect(notes().update(1, { entries: { create: { text: 'lost' } } }, { ifVersion: 1 })).rejects.toMatchObject(
      late,
    )
    await expect(notes().delete(1, { ifVersion: 1 })).rejects.toMatchObject(late)
    expect([(await stored(1)).text, await repository(db.as({ tenant: 1 }), entry).count()]).toEqual(['x', 1])
    expect(await notes().update(1, { entries: { create: { text: 'kept' } } }, { ifVersion: 2 })).toMatchObject({
      version: 3,
    })
    expect(await notes().delete(1, { ifVersion: 3 })).toMatchObject({ id: 1 })
    expect(await notes().delete(1, { ifVersion: 3 })).toBeNull()
    await expect(repository(plain, note).update(2, { text: 'x' }, { ifVersion: 1 })).rejects.toEqual(
      refused('unsupported', 'version()'),
    )
  })

  test('8: a parent that a policy hides is not connected, although its key would do', async () => {
    const entries = repository(db.as({ tenant: 1 }), entry)
    for (const id of [3, 11]) {
      await expect(entries.create({ text: 'x', note: { connect: id } })).rejects.toEqual(
        refused('not_found', `id ${id}`),
      )
      await expect(entries.update(1, { note: { connect: id } })).rejects.toEqual(refused('not_found'))
    }
    await expect(notes().update(1, { entries: { connect: 11 } })).rejects.toEqual(refused('not_found'))
    await expect(notes().update(1, { entries: { set: [11] } })).rejects.toEqual(refused('not_found'))
    await expect(entries.create({ text: 'x', note: { connectOrCreate: { slug: 'other' } } })).rejects.toEqual(
      refused('unique_violation'),
    )
    await expect(
      notes().update(1, {
        entries: { upsert: { where: 11, create: { id: 11, text: 'x' }, update: { text: 'stolen' } } },
      }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/policy|unique_violation/) })
    expect(await plain.selectFrom('entry').select(['text', 'note_id']).where('id', '=', 11).execute()).toEqual([
      { text: 'b', note_id: 11 },
    ])
    expect(await entries.count()).toBe(1)
  })

  test('T4: a transaction and another handle keep the policies', async () => {
    await notes().withTransaction(async (inner, trx) => {
      expect([await inner.getById(11), await repository(trx as Any, note).getById(11)]).toEqual([null, null])
      expect(await inner.update(1, { text: 'in' })).toMatchObject({ version: 2 })
    })
    expect((await notes().bulkWrite([{ create: { id: 70, slug: 'bulk' } }, { delete: 11 }])).deletedCount).toBe(0)
    expect(await stored(70)).toMatchObject({ tenant_id: 1, version: 1 })
    const others = notes().bindToTx(db.as({ tenant: 2 }))
    expect((await others.findAll()).map((row) => row.id)).toEqual([11])
  })
})
