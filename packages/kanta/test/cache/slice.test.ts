import { expect, test } from 'vitest'
import { cache, memoryStore } from '../../src/cache/index.ts'
import { sqlite } from '../../src/driver/sqlite.ts'
import { kanta, table } from '../../src/index.ts'
import { createExecutor } from '../../src/plugins/index.ts'

const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text(), seen: c.timestamp() }))

test('slice', async () => {
  const base = kanta({ driver: sqlite(':memory:'), schema: { city } })
  await base.schema.createTable(city).execute()
  const db = await createExecutor(base, [cache({ store: memoryStore(), ttl: 60_000 })])
  await db.insertInto('city').values({ name: 'a', seen: new Date(5) }).execute()
  const read = () => db.cached().selectFrom('city').selectAll().where('seen', '=', new Date(5)).execute()
  const rows = await read()
  expect(rows).toEqual([{ id: 1, name: 'a', seen: new Date(5) }])
  rows[0]!.name = 'poison'
  expect(await read()).toEqual([{ id: 1, name: 'a', seen: new Date(5) }])
  expect(db.cache.stats()).toMatchObject({ hits: 1, misses: 1 })
  await db.transaction().execute(async (trx) => {
    await trx.updateTable('city').set({ name: 'b' }).execute()
    expect((await trx.cached().selectFrom('city').selectAll().execute())[0]!.name).toBe('b')
  })
  expect((await read())[0]!.name).toBe('b')
  await db.destroy()
})
