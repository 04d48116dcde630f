import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { auditTables } from '../../src/audit/index.ts'
import { withoutPlugins } from '../../src/extend/internal/index.ts'
import { kanta } from '../../src/index.ts'

import { Clock, createTables, engines, type Open, open } from './ground.ts'

vi.setConfig({ hookTimeout: 60_000, testTimeout: 60_000 })

const { entries, head } = auditTables()

describe.each(engines)('the chain of hashes on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  const clock = new Clock()
  let place: Awaited<ReturnType<typeof engine.create>>
  let db: Open
  /** Somebody who does not go through the plugin. */
  let other: ReturnType<typeof kanta<any>>

  beforeAll(async () => {
    place = await engine.create()
    db = open(place.driver(), { now: clock.now, hashChain: true })
    await createTables(db)
    // A database in memory has but one connection.
    other =
      engine.name === 'sqlite'
        ? (withoutPlugins(db as never) as never)
        : kanta<any>({ driver: place.driver({ max: 1 }) })
    for (let i = 1; i <= 5; i++) {
      await db
        .insertInto('post')
        .values({ id: i, title: `t${i}` })
        .execute()
      clock.pass()
    }
  })
  afterAll(async () => {
    if (engine.name !== 'sqlite') await other?.destroy()
    await db?.destroy()
    await place?.drop()
  })

  const rows = () =>
    other
      .selectFrom(entries as never)
      .selectAll()
      .orderBy('seq')
      .execute() as Promise<any[]>

  test('a chain that nobody touched is whole', async () => {
    const found = await db.audit.verify()
    expect(found).toMatchObject({ valid: true, entries: 6, broken: undefined })
    expect(await db.audit.verify({ head: found.head })).toMatchObject({ valid: true })
  })

  test.each([
    'after_image',
    'before_image',
    'actor',
    'reason',
    'row_key',
    'operation',
    'asked',
    'transaction_id',
    'table_name',
    'metadata',
    'hash',
  ])('a change of %s is found', async (column) => {
    const [, , third] = await rows()
    const set = (value: unknown) =>
      other
        .updateTable(entries as never)
        .set({ [column]: value })
        .where('seq', '=', third.seq)
        .execute()
    await set('other')
    expect(await db.audit.verify()).toMatchObject({ valid: false, broken: { seq: third.seq, why: 'changed' } })
    await set(third[column])
    expect(await db.audit.verify()).toMatchObject({ valid: true })
  })

  test('a change of the time is found', async () => {
    const [, second] = await rows()
    const set = (at: Date) =>
      other
        .updateTable(entries as never)
        .set({ at })
        .where('seq', '=', second.seq)
        .execute()
    await set(new Date(second.at.getTime() + 1))
    expect(await db.audit.verify()).toMatchObject({ valid: false, broken: { seq: second.seq, why: 'changed' } })
    await set(second.at)
    expect(await db.audit.verify()).toMatchObject({ valid: true })
  })

  test.each([0, 2, 5])('that entry %d was removed is found', async (at) => {
    const gone = (await rows())[at]
    await other
      .deleteFrom(entries as never)
      .where('seq', '=', gone.seq)
      .execute()
    expect(await db.audit.verify()).toMatchObject({ valid: false, broken: { seq: gone.seq, why: 'missing' } })
    await other
      .insertInto(entries as never)
      .values(gone)
      .execute()
    expect(await db.audit.verify()).toMatchObject({ valid: true })
  })

  test('that entries changed places is found', async () => {
    const [, , third, fourth] = await rows()
    const swap = async (a: any, b: any): Promise<void> => {
      await other
        .deleteFrom(entries as never)
        .where('seq', 'in', [third.seq, fourth.seq])
        .execute()
      await other
        .insertInto(entries as never)
        .values([a, b])
        .execute()
    }
    await swap({ ...fourth, seq: third.seq }, { ...third, seq: fourth.seq })
    expect(await db.audit.verify()).toMatchObject({ valid: false, broken: { seq: third.seq, why: 'changed' } })
    await swap(third, fourth)
    expect(await db.audit.verify()).toMatchObject({ valid: true })
  })

  test('an entry that was put in is found', async () => {
    const last = (await rows()).at(-1)
    await other
      .insertInto(entries as never)
      .values({ ...last, seq: last.seq + 1n })
      .execute()
    expect(await db.audit.verify()).toMatchObject({ valid: false, broken: { seq: last.seq + 1n } })
    await other
      .deleteFrom(entries as never)
      .where('seq', '=', last.seq + 1n)
      .execute()
    expect(await db.audit.verify()).toMatchObject({ valid: true })
  })

  test('an end that was cut off together with what it says is found by who kept it', async () => {
    const { head: kept } = await db.audit.verify()
    const all = await rows()
    const [last, before] = [all.at(-1), all.at(-2)]
    await other
      .deleteFrom(entries as never)
      .where('seq', '=', last.seq)
      .execute()
    await other
      .updateTable(head as never)
      .set({ seq: before.seq, hash: before.hash })
      .execute()
    expect(await db.audit.verify()).toMatchObject({ valid: true })
    expect(await db.audit.verify({ head: kept })).toMatchObject({ valid: false, broken: { why: 'missing' } })
    await other
      .insertInto(entries as never)
      .values(last)
      .execute()
    await other
      .updateTable(head as never)
      .set({ seq: last.seq, hash: last.hash })
      .execute()
    expect(await db.audit.verify({ head: kept })).toMatchObject({ valid: true })
  })

  test('what is left after a removal by age is a chain', async () => {
    await db.updateTable('post').set({ views: 1 }).execute()
    expect(await db.audit.prune({ before: new Date(clock.time - 2_000), batch: 2 })).toBe(4)
    expect(await db.audit.verify()).toMatchObject({ valid: true })
    const [first] = await rows()
    expect(first.seq).toBe(5n)
    await other
      .deleteFrom(entries as never)
      .where('seq', '=', first.seq)
      .execute()
    expect(await db.audit.verify()).toMatchObject({ valid: false, broken: { seq: 5n, why: 'missing' } })
    await other
      .insertInto(entries as never)
      .values(first)
      .execute()
    // All may go; the last checkpoint says what it was.
    clock.pass(10)
    await db.audit.prune({ before: clock.now(), batch: 3 })
    await db.insertInto('post').values({ id: 99, title: 'on' }).execute()
    expect(await db.audit.verify()).toMatchObject({ valid: true })
  })

  test('without a chain there is nothing to verify', async () => {
    const bare = open(place.driver())
    await expect(bare.audit.verify()).rejects.toMatchObject({ code: 'unsupported' })
    await bare.destroy()
  })
})
