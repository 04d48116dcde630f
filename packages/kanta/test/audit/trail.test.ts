import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { redacted } from '../../src/audit/index.ts'
import { withStoredValues } from '../../src/extend/internal/index.ts'
import { sql } from '../../src/index.ts'
import { better, Clock, createTables, engines, type Open, open } from './ground.ts'

vi.setConfig({ hookTimeout: 60_000, testTimeout: 60_000 })

describe.each([...engines, better])('what the trail knows on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  const clock = new Clock()
  let place: Awaited<ReturnType<typeof engine.create>>
  let db: Open

  beforeAll(async () => {
    place = await engine.create()
    db = open(place.driver(), { now: clock.now, redact: { post: ['password'] } })
    await createTables(db)
  })
  beforeEach(() => {
    clock.pass(100)
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })

  const texts = ['', 'ä€😀', '\u0001\t\n\r\\\'"`$1 ?', '{"$bytes":"00"}', '\u2028</script>', ' x ', 'null']

  test('images are exact: what is restored is the very same', async () => {
    const rows = texts.map((text, i) => ({
      id: 9_007_199_254_740_993n + BigInt(i),
      real: [0.1, -1e300, 5e-324, 1, 12_345_678.9, -0.5, 3][i]!,
      decimal: ['12345678901.50000', '-0.10000', null, '1.00000', '0.00001', '2.50000', '-3.00000'][i]!,
      text,
      flag: [true, false, null][i % 3]!,
      day: '2024-02-29',
      moment: new Date(1_700_000_000_123 + i),
      unix: new Date(1_700_000_000_000),
      json: [{ a: [1, 'x', null, { b: true }] }, [], 'text', 5, { '': text }, false, null][i]!,
      bytes: Uint8Array.from([0, 255, 128, i]),
      uuid: '0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f0',
    }))
    await db.insertInto('thing').values(rows).execute()
    await db.insertInto('thing').values({ id: -5n }).execute()
    const asText = (): Promise<unknown> =>
      withStoredValues(db as never)
        .selectFrom('thing')
        .selectAll()
        .orderBy('id')
        .execute()
    const stored = await asText()
    const before = await db.selectFrom('thing').selectAll().orderBy('id').execute()
    // One library gives bytes in a class of its own.
    const bare = (row: (typeof before)[0]) => ({ ...row, bytes: row.bytes && Uint8Array.from(row.bytes) })
    await db
      .updateTable('thing')
      .set({ real: 2, text: 'gone', bytes: null, json: null, flag: null, moment: null })
      .execute()
    for (const { id } of before) {
      const entries = await db.audit.history('thing', id)
      expect(entries[1]!.before).toStrictEqual(bare(before.find((row) => row.id === id)!))
      await db.audit.restoreRow(entries[1]!)
    }
    expect(await asText()).toEqual(stored)
    const [deleted] = await db.deleteFrom('thing').execute()
    expect(deleted!.numDeletedRows).toBe(8n)
    for (const { id } of before) await db.audit.restoreRow((await db.audit.history('thing', id)).at(-1)!)
    expect(await asText()).toEqual(stored)
    expect(await db.selectFrom('thing').selectAll().orderBy('id').execute()).toEqual(before)
    expect((await db.audit.history('thing', -5n)).map(({ operation, asked }) => [operation, asked])).toEqual([
      ...[
        ['insert', 'insert'],
        ['update', 'update'],
        ['update', 'restore'],
        ['delete', 'delete'],
      ],
      ['insert', 'restore'],
    ])
  })

  test('values that are redacted are nowhere, but that they changed', async () => {
    await db.insertInto('post').values({ id: 1, title: 'a', password: 'secret-1' }).execute()
    await db.updateTable('post').set({ password: 'secret-2' }).where('id', '=', 1).execute()
    const entries = await db.audit.history('post', 1)
    expect(entries.map(({ operation, after }) => [operation, after?.password])).toEqual([
      ['insert', redacted],
      ['update', redacted],
    ])
    const all = await sql`select * from kanta_audit`.trusted('all', { reads: [], writes: [] }).execute(db)
    expect(JSON.stringify(all.rows, (_, one) => (typeof one === 'bigint' ? String(one) : one))).not.toContain('secret')
    // What was never kept stays, or has to be given.
    await db.updateTable('post').set({ title: 'b' }).where('id', '=', 1).execute()
    await db.audit.restoreRow((await db.audit.history('post', 1)).at(-1)!)
    expect(await db.selectFrom('post').select(['title', 'password']).where('id', '=', 1).execute()).toEqual([
      { title: 'a', password: 'secret-2' },
    ])
    await db.deleteFrom('post').where('id', '=', 1).execute()
    const gone = (await db.audit.history('post', 1)).at(-1)!
    await expect(db.audit.restoreRow(gone)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('password'),
    })
    await db.audit.restoreRow(gone, { values: { password: 'secret-3' } })
    expect(await db.selectFrom('post').select('password').where('id', '=', 1).executeTakeFirst()).toEqual({
      password: 'secret-3',
    })
  })

  test('a table as it was at an instant', async () => {
    await db.deleteFrom('note').execute()
    const begin = clock.pass()
    clock.pass()
    await db
      .insertInto('note')
      .values([1, 2].map((post_id) => ({ post_id, place: 'p', text: 'first' })))
      .execute()
    const first = clock.pass()
    clock.pass()
    await db.updateTable('note').set({ post_id: 3, text: 'moved' }).where('post_id', '=', 1).execute()
    await db.deleteFrom('note').where('post_id', '=', 2).execute()
    const second = clock.pass()
    clock.pass()
    await db.insertInto('note').values({ post_id: 2, place: 'p', text: 'again' }).execute()
    const note = (post_id: number, text: string) => ({ post_id, place: 'p', text })
    const states = async (at: Date) =>
      (await db.audit.stateAsOf('note', at)).toSorted((a, b) => Number(a.post_id) - Number(b.post_id))
    expect(await states(begin)).toEqual([])
    expect(await states(first)).toEqual([note(1, 'first'), note(2, 'first')])
    expect(await states(second)).toEqual([note(3, 'moved')])
    expect(await states(clock.pass())).toEqual([note(2, 'again'), note(3, 'moved')])
    expect(await db.audit.stateAsOf('note', first, { post_id: 1, place: 'p' })).toEqual(note(1, 'first'))
    expect(await db.audit.stateAsOf('note', second, { post_id: 1, place: 'p' })).toBeUndefined()
    expect(await db.audit.stateAsOf('note', second, { post_id: 3, place: 'p' })).toEqual(note(3, 'moved'))
    await expect(db.audit.stateAsOf('note', new Date(0))).rejects.toMatchObject({ code: 'not_found' })
    await db.audit.restoreRow({ table: 'note', key: { post_id: 2, place: 'p' }, at: first })
    expect(await db.audit.stateAsOf('note', clock.now(), { post_id: 2, place: 'p' })).toEqual(note(2, 'first'))
    await db.audit.restoreRow({ table: 'note', key: { post_id: 3, place: 'p' }, at: first })
    // The row with the key 3 had the key 1 then.
    expect(await states(clock.now())).toEqual([note(1, 'first'), note(2, 'first')])
  })

  test('a transaction is undone as a whole, unless its rows were changed since', async () => {
    await db
      .insertInto('post')
      .values([
        { id: 21, title: 'a' },
        { id: 22, title: 'b' },
      ])
      .execute()
    const all = () =>
      db.selectFrom('post').select(['id', 'title']).where('id', 'in', [21, 22, 23, 24]).orderBy('id').execute()
    const before = await all()
    await db.transaction().execute(async (trx) => {
      await trx.updateTable('post').set({ title: 'a2' }).where('id', '=', 21).execute()
      await trx.updateTable('post').set({ title: 'a3' }).where('id', '=', 21).execute()
      await trx.updateTable('post').set({ id: 24 }).where('id', '=', 21).execute()
      await trx.deleteFrom('post').where('id', '=', 22).execute()
      await trx.insertInto('post').values({ id: 23, title: 'c' }).execute()
    })
    const { transaction } = (await db.audit.history('post', 23))[0]!
    await db.updateTable('post').set({ title: 'later' }).where('id', '=', 24).execute()
    const changed = await all()
    await expect(db.audit.undoTransaction(transaction)).rejects.toMatchObject({ code: 'conflict' })
    expect(await all()).toEqual(changed)
    await db.audit.undoTransaction(transaction, { force: true, values: { password: null } })
    expect(await all()).toEqual(before)
    const undone = (await db.audit.history('post', 21)).at(-1)!
    expect(await db.audit.transactionOf(undone.transaction)).toHaveLength(5)
    // The undoing is a transaction like any other.
    await db.audit.undoTransaction(undone.transaction, { values: { password: null } })
    expect(await all()).toEqual(changed)
    await expect(db.audit.undoTransaction('no such')).rejects.toMatchObject({ code: 'not_found' })
  })

  test('entries of one moment keep their order', async () => {
    await db.insertInto('post').values({ id: 31, title: '0' }).execute()
    for (let i = 1; i <= 30; i++)
      await db
        .updateTable('post')
        .set({ title: String(i) })
        .where('id', '=', 31)
        .execute()
    const entries = await db.audit.history('post', 31)
    expect(entries.map(({ after }) => after!.title)).toEqual(Array.from({ length: 31 }, (_, i) => String(i)))
    expect(new Set(entries.map(({ at }) => at.getTime())).size).toBe(1)
  })

  test('what is removed by age, in batches', async () => {
    await db.insertInto('post').values({ id: 41, title: 'old' }).execute()
    const between = clock.pass()
    clock.pass()
    await db.updateTable('post').set({ title: 'new' }).where('id', '=', 41).execute()
    expect(await db.audit.prune({ before: between, batch: 7 })).toBeGreaterThan(30)
    expect(await db.audit.prune({ before: between, batch: 7 })).toBe(0)
    expect((await db.audit.history('post', 41)).map(({ operation }) => operation)).toEqual(['update'])
    await expect(db.audit.stateAsOf('post', new Date(between.getTime() - 2_000))).rejects.toMatchObject({
      code: 'not_found',
    })
    expect(await db.audit.stateAsOf('post', between, 41)).toMatchObject({ title: 'old' })
    await expect(db.audit.prune({} as never)).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(db.audit.prune({ before: between, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    })
  })
})
