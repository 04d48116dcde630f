import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { diff } from '../../src/audit/index.ts'
import { createTables, engines, type Open, open } from './ground.ts'

vi.setConfig({ hookTimeout: 60_000, testTimeout: 60_000 })

describe.each(engines)('what is written on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Awaited<ReturnType<typeof engine.create>>
  let base: Open
  let db: Open

  beforeAll(async () => {
    place = await engine.create()
    base = open(place.driver(), { actor: 'user', reason: 'why' })
    await createTables(base)
    db = base.as({ user: 'ada' }) as Open
  })
  afterAll(async () => {
    await base?.destroy()
    await place?.drop()
  })

  const steps = async (key: number): Promise<unknown[]> =>
    (await db.audit.history('post', key)).map(({ operation, asked, before, after }) => [
      operation,
      asked,
      before?.title ?? null,
      after?.title ?? null,
    ])

  test('an insert, an update and a delete of one row', async () => {
    const [inserted] = await db.insertInto('post').values({ id: 1, title: 'a' }).execute()
    expect(inserted!.numInsertedOrUpdatedRows).toBe(1n)
    const [updated] = await db.updateTable('post').set({ title: 'b' }).where('id', '=', 1).execute()
    expect(updated!.numUpdatedRows).toBe(1n)
    const [deleted] = await db.deleteFrom('post').where('id', '=', 1).execute()
    expect(deleted!.numDeletedRows).toBe(1n)
    expect(await steps(1)).toEqual([
      ['insert', 'insert', null, 'a'],
      ['update', 'update', 'a', 'b'],
      ['delete', 'delete', 'b', null],
    ])
    const entries = await db.audit.history('post', 1)
    expect(diff(entries[1]!)).toEqual({ title: { before: 'a', after: 'b' } })
    expect(entries.map(({ actor, reason }) => [actor, reason])).toEqual(Array(3).fill(['ada', null]))
    expect(new Set(entries.map(({ transaction }) => transaction)).size).toBe(3)
  })
})
