import { describe, expect, expectTypeOf, test } from 'vitest'
import { cache, memoryStore } from '../../src/cache/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { foreignKey, kanta, table } from '../../src/index.ts'
import { createExecutor, softDelete, tenant } from '../../src/plugins/index.ts'
import type { Engine } from '../engine/engine.ts'
import { Clock, engines, isHit } from './ground.ts'

const author = table('author', (c) => ({
  id: c.integer().primaryKey(),
  tenant_id: c.integer().default(0),
  name: c.text(),
  deleted_at: c.timestamp().nullable(),
  deletion: c.text().nullable(),
}))
const book = table(
  'book',
  (c) => ({
    id: c.integer().primaryKey(),
    tenant_id: c.integer().default(0),
    author: c.integer(),
    title: c.text(),
    deleted_at: c.timestamp().nullable(),
    deletion: c.text().nullable(),
  }),
  (t) => [foreignKey([t.author], () => [author.id])],
)

describe.each(engines)('with soft delete and tenants on $name', (engine: Engine) => {
  test.skipIf(engine.missing !== undefined)('cascades and their undoing are seen by every read', async () => {
    const place = await engine.create()
    const base = kanta({ driver: place.driver(), schema: { author, book } })
    await base.schema.createTable(author).execute()
    await base.schema.createTable(book).execute()
    const clock = new Clock()
    const all = await createExecutor(base, [
      cache({ store: memoryStore(), ttl: 60_000, now: clock.now }),
      tenant({ column: 'tenant_id' }),
      softDelete({ cascade: true, now: clock.now }),
    ])
    const one = all.as({ tenant: 1 })
    const two = all.as({ tenant: 2 })
    for (const [db, id] of [
      [one, 1],
      [two, 2],
    ] as const) {
      await db
        .insertInto('author')
        .values({ id, name: `author ${id}` })
        .execute()
      await db
        .insertInto('book')
        .values({ id, author: id, title: `book ${id}` })
        .execute()
    }
    const titles = async (db: typeof one) =>
      (await db.cached().selectFrom('book').select('title').orderBy('id').execute()).map(({ title }) => title)
    expect(await titles(one)).toEqual(['book 1'])
    expect(await titles(two)).toEqual(['book 2'])
    expect(await isHit(one, () => titles(one))).toBe(true)
    expect(await isHit(two, () => titles(two))).toBe(true)
    await one.deleteFrom('author').where('id', '=', 1).execute()
    expect(await titles(one)).toEqual([])
    expect(await titles(one.withDeleted())).toEqual(['book 1'])
    expect(await titles(two)).toEqual(['book 2'])
    await one.restore('author').where('id', '=', 1).execute()
    expect(await titles(one)).toEqual(['book 1'])
    await expect(titles(all)).rejects.toMatchObject({ code: 'policy' })
    await base.destroy()
    await place.drop()
  })
})

test('what a cache adds is typed, in transactions too, and is not there without it', async () => {
  const base = kanta({ driver: sqlite(':memory:'), schema: { author, book } })
  await base.schema.createTable(author).execute()
  const db = await createExecutor(base, [cache({ store: memoryStore(), ttl: 1_000 }), tenant({ column: 'tenant_id' })])
  const handle = db.as({ tenant: 1 }).cached({ ttl: 5, tags: ['a'] })
  expectTypeOf(handle).toEqualTypeOf(db)
  const rows = await handle.uncached().selectFrom('author').select(['id', 'name']).execute()
  expectTypeOf(rows).toEqualTypeOf<{ id: number; name: string }[]>()
  expectTypeOf(db.cache.stats().hits).toEqualTypeOf<number>()
  await handle.transaction().execute(async (trx) => {
    expectTypeOf(await trx.cached().selectFrom('author').select('id').execute()).toEqualTypeOf<{ id: number }[]>()
    await trx.cache.invalidate({ tables: ['author'] })
  })
  // @ts-expect-error without the plugin there is no cache
  expect(base.cached).toBeUndefined()
  // @ts-expect-error an option that there is not
  expect(() => db.cached({ swr: 1 })).toThrow()
  await db.destroy()
})
