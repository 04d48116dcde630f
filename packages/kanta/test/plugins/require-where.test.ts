import { describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { fromJSON, kanta, sql, table, toJSON } from '../../src/index.ts'
import { createExecutor, requireWhere, softDelete } from '../../src/plugins/index.ts'

const city = table('city', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  deleted_at: c.timestamp().nullable(),
}))

const open = () => kanta({ driver: sqlite(':memory:'), schema: { city } })

async function withCities() {
  const base = open()
  await base.schema.createTable(city).execute()
  await base
    .insertInto('city')
    .values([{ name: 'Oulu' }, { name: 'Turku' }])
    .execute()
  return base
}

const REFUSED = { code: 'policy', message: expect.stringContaining("'city' has no condition") }

describe('requireWhere', () => {
  test('refuses updates and deletes without a condition', async () => {
    const base = await withCities()
    const db = await createExecutor(base, [requireWhere()])
    await expect(db.deleteFrom('city').execute()).rejects.toMatchObject(REFUSED)
    await expect(db.updateTable('city').set({ name: 'X' }).execute()).rejects.toMatchObject(REFUSED)
    await expect(db.deleteFrom('city').where('id', '=', 1).clearWhere().execute()).rejects.toMatchObject(REFUSED)
    expect(() => db.deleteFrom('city as c').compile()).toThrow("'city' has no condition")
    await db.transaction().execute(async (trx) => {
      await expect(trx.updateTable('city').set({ name: 'X' }).execute()).rejects.toMatchObject(REFUSED)
    })
    expect(await base.selectFrom('city').select('name').execute()).toHaveLength(2)
    await db.destroy()
  })

  test('passes those with one, and those that say that every row is meant', async () => {
    const db = await createExecutor(await withCities(), [requireWhere()])
    await db.updateTable('city').set({ name: 'X' }).where('id', '=', 1).execute()
    await db
      .updateTable('city')
      .set({ name: 'Y' })
      .where((eb) => eb.lit(true))
      .execute()
    await db.deleteFrom('city').where(sql<boolean>`true`).execute()
    expect(await db.selectFrom('city').selectAll().execute()).toEqual([])
    await db.destroy()
  })

  test('checks stored queries, and what the program built, not what policies make of it', async () => {
    const base = await withCities()
    const db = await createExecutor(base, [softDelete({ tables: ['city'] }), requireWhere()])
    const stored = JSON.parse(JSON.stringify(toJSON(base.deleteFrom('city') as never)))
    expect(() => fromJSON(db as never, stored)).toThrow("'city' has no condition")
    await expect(db.deleteFrom('city').execute()).rejects.toMatchObject(REFUSED)
    await db.deleteFrom('city').where('id', '=', 1).execute()
    expect(await db.selectFrom('city').select('id').execute()).toEqual([{ id: 2 }])
    await db.destroy()
  })

  test('lets inserts that update, and the statements of plugins pass', async () => {
    const db = await createExecutor(await withCities(), [softDelete({ tables: ['city'] }), requireWhere()])
    await db
      .insertInto('city')
      .values({ id: 1, name: 'Z' })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ name: 'Z' }))
      .execute()
    await db.deleteFrom('city').where('id', '=', 1).execute()
    await db.destroy()
  })
})
