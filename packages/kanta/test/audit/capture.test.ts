import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { diff } from '../../src/audit/index.ts'
import { type KantaError, sql } from '../../src/index.ts'
import { better, createTables, engines, type Open, open } from './ground.ts'

vi.setConfig({ hookTimeout: 60_000, testTimeout: 60_000 })

describe.each([...engines, better])('what is written on $name', (engine) => {
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

  test('a write that changes nothing leaves nothing', async () => {
    await db.insertInto('post').values({ id: 2, title: 'a' }).execute()
    await db.updateTable('post').set({ title: 'a' }).where('id', '=', 2).execute()
    await db.updateTable('post').set({ title: 'x' }).where('id', '=', 404).execute()
    await db.deleteFrom('post').where('id', 'in', [404, 405]).execute()
    expect(await steps(2)).toEqual([['insert', 'insert', null, 'a']])
    expect(await steps(404)).toEqual([])
  })

  test('ten thousand rows in one insert, updated and deleted in one statement each', async () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => ({ id: 100_000 + i, title: `t${i}` }))
    const [inserted] = await db.insertInto('post').values(rows).execute()
    expect(inserted!.numInsertedOrUpdatedRows).toBe(10_000n)
    await db
      .updateTable('post')
      .set((eb) => ({ views: eb('id', '+', 1) }))
      .where('id', '>=', 100_000)
      .execute()
    const [deleted] = await db.deleteFrom('post').where('id', '>=', 100_000).execute()
    expect(deleted!.numDeletedRows).toBe(10_000n)
    for (const id of [100_000, 105_123, 109_999]) {
      const entries = await db.audit.history('post', id)
      expect(entries.map(({ operation, before, after }) => [operation, before?.views, after?.views])).toEqual([
        ['insert', undefined, 0],
        ['update', 0, id + 1],
        ['delete', id + 1, undefined],
      ])
      expect(await db.audit.transactionOf(entries[1]!.transaction)).toHaveLength(10_000)
    }
  })

  test('rows that leave out columns, and rows that the database numbers', async () => {
    const [mixed] = await db
      .insertInto('post')
      .values([{ id: 11, title: 'a' }, { id: 12, title: 'b', views: 5 }, { title: 'numbered' }])
      .execute()
    expect(mixed!.numInsertedOrUpdatedRows).toBe(3n)
    const { id } = await db.selectFrom('post').select('id').where('title', '=', 'numbered').executeTakeFirstOrThrow()
    expect(mixed!.insertId).toBe(engine.name === 'postgres' ? undefined : BigInt(id))
    expect((await db.audit.history('post', id)).at(-1)!.after).toMatchObject({ id, title: 'numbered', views: 0 })
    expect((await db.audit.history('post', 12))[0]!.after).toMatchObject({ views: 5 })
  })

  test('an insert from a query', async () => {
    await db.insertInto('post').values({ id: 21, title: 'source' }).execute()
    await db
      .insertInto('post')
      .columns(['id', 'title'])
      .expression((eb) =>
        eb
          .selectFrom('post')
          .select((inner) => [inner('id', '+', 1000).as('id'), 'title'])
          .where('id', '=', 21),
      )
      .execute()
    expect(await steps(1021)).toEqual([['insert', 'insert', null, 'source']])
  })

  test('an upsert: the rows in its way, and new ones', async () => {
    await db.insertInto('post').values({ id: 31, title: 'old', slug: 's31', views: 7 }).execute()
    const rows = [
      { id: 31, title: 'new', slug: 's31' },
      { id: 32, title: 'first', slug: 's32' },
    ]
    const insert = db.insertInto('post').values(rows)
    if (engine.name === 'mariadb')
      await insert.onDuplicateKeyUpdate((eb) => ({ title: eb.fn('values', ['title']) }) as never).execute()
    else
      await insert
        .onConflict((c) => c.column('id').doUpdateSet((eb) => ({ title: eb.ref('excluded.title') })))
        .execute()
    expect(await steps(31)).toEqual([
      ['insert', 'insert', null, 'old'],
      ['update', 'insert', 'old', 'new'],
    ])
    expect((await db.audit.history('post', 31))[1]!.before).toMatchObject({ views: 7 })
    expect(await steps(32)).toEqual([['insert', 'insert', null, 'first']])
  })

  test('an upsert of a computed row, by another unique than the key', async () => {
    await db.insertInto('post').values({ id: 35, title: 'old', slug: 's35' }).execute()
    const insert = db
      .insertInto('post')
      .values((eb) => ({ title: eb.val('made'), slug: eb.val('s35'), views: eb.lit(3) }))
    if (engine.name === 'mariadb') await insert.onDuplicateKeyUpdate({ title: 'met' }).execute()
    else await insert.onConflict((c) => c.column('slug').doUpdateSet({ title: 'met' })).execute()
    expect(await steps(35)).toEqual([
      ['insert', 'insert', null, 'old'],
      ['update', 'insert', 'old', 'met'],
    ])
  })

  test('an upsert that returns rows returns its own', async () => {
    if (engine.name === 'mariadb') return
    await db.insertInto('post').values({ id: 37, title: 'old' }).execute()
    const rows = await db
      .insertInto('post')
      .values([
        { id: 37, title: 'a' },
        { id: 38, title: 'b' },
      ])
      .onConflict((c) => c.column('id').doUpdateSet({ title: 'met' }))
      .returning(['title'])
      .execute()
    expect(rows).toEqual([{ title: 'met' }, { title: 'b' }])
    expect((await steps(37)).at(-1)).toEqual(['update', 'insert', 'old', 'met'])
    expect(await steps(38)).toEqual([['insert', 'insert', null, 'b']])
  })

  test('upserts of one row at the same time: none is without the image of what it changed', async () => {
    if (engine.name === 'sqlite') return
    const upsert = async (writer: number): Promise<void> => {
      const insert = db.insertInto('post').values({ id: 39, title: `w${writer}` })
      const ready =
        engine.name === 'mariadb'
          ? insert.onDuplicateKeyUpdate({ title: `w${writer}` })
          : insert.onConflict((c) => c.column('id').doUpdateSet({ title: `w${writer}` }))
      for (let tries = 0; ; tries++) {
        try {
          await ready.execute()
          return
        } catch (error) {
          const { code } = error as KantaError
          if (tries > 50 || (code !== 'serialization_failure' && code !== 'deadlock')) throw error
        }
      }
    }
    await Promise.all(Array.from({ length: 12 }, (_, writer) => upsert(writer)))
    const entries = await db.audit.history('post', 39)
    expect(entries).toHaveLength(12)
    for (let i = 1; i < entries.length; i++) expect(entries[i]!.before).toEqual(entries[i - 1]!.after)
  })

  test('an insert that passes by what is there', async () => {
    await db.insertInto('post').values({ id: 41, title: 'old' }).execute()
    const insert = db.insertInto('post').values([
      { id: 41, title: 'no' },
      { id: 42, title: 'yes' },
    ])
    const ignoring = engine.name === 'mariadb' ? insert.ignore() : insert.onConflict((c) => c.doNothing())
    const [result] = await ignoring.execute()
    expect(result!.numInsertedOrUpdatedRows).toBe(1n)
    expect(await steps(41)).toEqual([['insert', 'insert', null, 'old']])
    expect(await steps(42)).toEqual([['insert', 'insert', null, 'yes']])
  })

  test('a row that takes the place of two', async () => {
    if (engine.name === 'postgres')
      return expect(() => db.replaceInto('post').values({ id: 1, title: '' }).compile()).toThrow()
    await db
      .insertInto('post')
      .values([
        { id: 51, title: 'by key', slug: 's51' },
        { id: 52, title: 'by slug', slug: 's52' },
      ])
      .execute()
    await db.replaceInto('post').values({ id: 51, title: 'only', slug: 's52' }).execute()
    expect(await steps(51)).toEqual([
      ['insert', 'insert', null, 'by key'],
      ['update', 'replace', 'by key', 'only'],
    ])
    expect(await steps(52)).toEqual([
      ['insert', 'insert', null, 'by slug'],
      ['delete', 'replace', 'by slug', null],
    ])
  })

  test('an update from another table, which meets its row twice', async () => {
    await db.insertInto('post').values({ id: 61, title: 'a' }).execute()
    await db
      .insertInto('note')
      .values([
        { post_id: 61, place: 'x', text: 'same' },
        { post_id: 61, place: 'y', text: 'same' },
      ])
      .execute()
    await db
      .updateTable('post')
      .from('note')
      .set((eb) => ({ title: eb.ref('note.text') }))
      .whereRef('post.id', '=', 'note.post_id')
      .where('note.post_id', '=', 61)
      .execute()
    expect(await steps(61)).toEqual([
      ['insert', 'insert', null, 'a'],
      ['update', 'update', 'a', 'same'],
    ])
  })

  test('a delete by another table, or by a common table expression', async () => {
    await db
      .insertInto('post')
      .values([
        { id: 71, title: 'a' },
        { id: 72, title: 'b' },
      ])
      .execute()
    await db.insertInto('note').values({ post_id: 71, place: 'x', text: 'go' }).execute()
    if (engine.name === 'sqlite')
      await db
        .deleteFrom('post')
        .where('id', 'in', (eb) => eb.selectFrom('note').select('post_id').where('text', '=', 'go'))
        .execute()
    else
      await db
        .deleteFrom('post')
        .using((engine.name === 'mariadb' ? ['post', 'note'] : ['note']) as never)
        .whereRef('post.id', '=', 'note.post_id' as never)
        .where('note.text' as never, '=', 'go' as never)
        .execute()
    expect((await steps(71))[1]).toEqual(['delete', 'delete', 'a', null])
    if (engine.name === 'mariadb') return
    await db
      .with('gone', (qc) => qc.selectFrom('post').select('id').where('title', '=', 'b').where('id', '=', 72))
      .deleteFrom('post')
      .where('id', 'in', (eb) => eb.selectFrom('gone').select('gone.id'))
      .execute()
    expect((await steps(72))[1]).toEqual(['delete', 'delete', 'b', null])
  })

  test('a limit takes some rows, and only these are in the trail', async () => {
    if (engine.name !== 'mariadb') return
    await db
      .insertInto('post')
      .values([81, 82, 83].map((id) => ({ id, title: 'limited' })))
      .execute()
    await db
      .updateTable('post')
      .set({ title: 'done' })
      .where('title', '=', 'limited')
      .orderBy('id', 'desc')
      .limit(1)
      .execute()
    await db.deleteFrom('post').where('title', '=', 'limited').orderBy('id').limit(1).execute()
    expect((await steps(81)).slice(1)).toEqual([['delete', 'delete', 'limited', null]])
    expect((await steps(82)).slice(1)).toEqual([])
    expect((await steps(83)).slice(1)).toEqual([['update', 'update', 'limited', 'done']])
  })

  test('rows that a write returns are those that it would return', async () => {
    const inserted = await db
      .insertInto('post')
      .values([
        { id: 91, title: 'a', deleted_at: new Date(5_000) },
        { id: 92, title: 'b', deleted_at: null },
      ])
      .returning((eb) => ['title', 'deleted_at', eb('id', '+', 1).as('next')])
      .execute()
    expect(inserted).toEqual([
      { title: 'a', deleted_at: new Date(5_000), next: 92 },
      { title: 'b', deleted_at: null, next: 93 },
    ])
    expect(await db.insertInto('post').values({ id: 93, title: 'c' }).returningAll().executeTakeFirst()).toEqual({
      ...{ id: 93, title: 'c', slug: null, views: 0, password: null, tenant_id: null, deleted_at: null },
    })
    expect(await db.deleteFrom('post').where('id', '=', 91).returning('deleted_at').execute()).toEqual([
      { deleted_at: new Date(5_000) },
    ])
    expect((await steps(91)).at(-1)).toEqual(['delete', 'delete', 'a', null])
    if (engine.name === 'mariadb') return
    expect(await db.updateTable('post').set({ views: 4 }).where('id', '=', 92).returning(['views']).execute()).toEqual([
      { views: 4 },
    ])
    expect((await db.audit.history('post', 92)).at(-1)!.after).toMatchObject({ views: 4 })
  })

  test('composite keys, and keys that change', async () => {
    await db
      .insertInto('note')
      .values([
        { post_id: 1, place: 'a', text: 'one' },
        { post_id: 1, place: 'b', text: 'two' },
      ])
      .execute()
    await db.updateTable('note').set({ post_id: 2 }).where('post_id', '=', 1).execute()
    await db.updateTable('note').set({ text: 'three' }).where('post_id', '=', 2).where('place', '=', 'b').execute()
    const entries = await db.audit.history('note', { post_id: 2, place: 'b' })
    expect(entries.map(({ operation, key, after }) => [operation, key, after?.text])).toEqual([
      ['insert', { post_id: 1, place: 'b' }, 'two'],
      ['update', { post_id: 2, place: 'b' }, 'two'],
      ['update', { post_id: 2, place: 'b' }, 'three'],
    ])
    expect(diff(entries[1]!)).toEqual({ post_id: { before: 1, after: 2 } })
    await db.insertInto('note').values({ post_id: 1, place: 'b', text: 'another' }).execute()
    expect(await db.audit.history('note', { post_id: 2, place: 'b' })).toHaveLength(3)
    expect((await db.audit.history('note', { place: 'b', post_id: 1 })).map(({ after }) => after?.text)).toEqual([
      ...['two', 'two', 'another'],
    ])
  })

  test('one transaction has one id, also in its savepoints', async () => {
    await db.transaction().execute(async (trx) => {
      await trx.insertInto('post').values({ id: 301, title: 'a' }).execute()
      await trx
        .transaction()
        .execute((inner) => inner.updateTable('post').set({ title: 'b' }).where('id', '=', 301).execute())
      await trx.insertInto('note').values({ post_id: 301, place: 'x', text: 't' }).execute()
    })
    const [first] = await db.audit.history('post', 301)
    const all = await db.audit.transactionOf(first!.transaction)
    expect(all.map(({ table, operation }) => `${operation} ${table}`)).toEqual([
      'insert post',
      'update post',
      'insert note',
    ])
    expect(all.map(({ seq }) => seq)).toEqual(all.map(({ seq }) => seq).toSorted((a, b) => (a < b ? -1 : 1)))
  })

  test('what is rolled back leaves nothing', async () => {
    const failing = db.transaction().execute(async (trx) => {
      await trx.insertInto('post').values({ id: 311, title: 'a' }).execute()
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await steps(311)).toEqual([])
  })

  test('a merge', async () => {
    if (engine.name !== 'postgres') return
    await db.deleteFrom('note').execute()
    await db
      .insertInto('note')
      .values([1, 2, 3].map((i) => ({ post_id: 400 + i, place: 'm', text: `n${i}` })))
      .execute()
    await db
      .insertInto('post')
      .values([
        { id: 401, title: 'a' },
        { id: 402, title: 'b' },
      ])
      .execute()
    await db
      .mergeInto('post')
      .using('note', 'note.post_id', 'post.id')
      .whenMatchedAnd('post.title', '=', 'b')
      .thenDelete()
      .whenMatched()
      .thenUpdateSet((eb) => ({ title: eb.ref('note.text') }))
      .whenNotMatchedAnd('note.place', '=', 'm')
      .thenInsertValues((eb) => ({ id: eb.ref('note.post_id'), title: eb.ref('note.text') }))
      .execute()
    expect((await steps(401)).at(-1)).toEqual(['update', 'merge', 'a', 'n1'])
    expect((await steps(402)).at(-1)).toEqual(['delete', 'merge', 'b', null])
    expect(await steps(403)).toEqual([['insert', 'merge', null, 'n3']])
  })

  test('writes that would pass by the trail are refused', async () => {
    await expect(sql`update post set title = 'x'`.execute(db)).rejects.toMatchObject({ code: 'policy' })
    const text = sql`update post set title = 'x'`.trusted('all', { reads: [], writes: ['post'] })
    await expect(text.execute(db)).rejects.toMatchObject({ code: 'policy', message: expect.stringContaining('audit') })
    await expect(
      db
        .selectFrom('kanta_audit' as never)
        .selectAll()
        .execute(),
    ).rejects.toThrow('db.audit')
    await expect(db.deleteFrom('kanta_audit' as never).execute()).rejects.toThrow('db.audit')
    await expect(db.deleteFrom('KANTA_Audit' as never).execute()).rejects.toThrow('db.audit')
    // Another spelling of a table is no way around.
    await expect(db.deleteFrom('POST' as never).execute()).rejects.toThrow()
    if (engine.name !== 'postgres') return
    const inner = db
      .with('gone', (qc) => qc.deleteFrom('post').where('id', '=', 2).returning('id'))
      .selectFrom('gone')
      .selectAll()
    await expect(inner.execute()).rejects.toThrow(/inside of another statement/)
    expect(await db.selectFrom('post').select('id').where('id', '=', 2).execute()).toHaveLength(1)
  })

  test('without the actor nothing is written', async () => {
    await expect(base.insertInto('post').values({ id: 501, title: 'a' }).execute()).rejects.toMatchObject({
      code: 'policy',
    })
    expect(await db.selectFrom('post').select('id').where('id', '=', 501).execute()).toEqual([])
    await (db.as({ why: 'fix' }) as Open).insertInto('post').values({ id: 501, title: 'a' }).execute()
    expect((await db.audit.history('post', 501))[0]).toMatchObject({ actor: 'ada', reason: 'fix' })
  })
})
