import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { kanta, prepare, type Slots, sql } from '../../src/index.ts'
import { softDelete } from '../../src/plugins/index.ts'
import type { Plugin, QueryEvent } from '../../src/run/index.ts'
import { clock, fresh, onEngines, schema } from './ground.ts'

onEngines('soft delete', (ground) => {
  const make = () => {
    const events: QueryEvent[] = []
    const base = kanta({ driver: ground.driver(), schema })
    const watch: Plugin = {
      name: 'watch',
      hooks: [{ name: 'watch', around: (event, next) => next().finally(() => events.push(event)) }],
    }
    const db = base.withPlugins([softDelete({ now: clock() }), watch])
    return { base, db, events }
  }
  let { base, db, events } = {} as ReturnType<typeof make>

  beforeAll(async () => {
    ;({ base, db, events } = make())
    await fresh(base, schema)
  })
  afterAll(() => base.destroy())
  beforeEach(async () => {
    await base.updateTable('comment').set({ reply_to: null }).execute()
    await base.deleteFrom('comment').execute()
    await base.deleteFrom('post').execute()
    await base.deleteFrom('author').execute()
    await db
      .insertInto('author')
      .values([
        { id: 1, name: 'Ada' },
        { id: 2, name: 'Bo' },
      ])
      .execute()
    await db
      .insertInto('post')
      .values([
        { id: 1, author_id: 1, title: 'one' },
        { id: 2, author_id: 1, title: 'two' },
        { id: 3, author_id: 2, title: 'three' },
      ])
      .execute()
    await db
      .insertInto('comment')
      .values([
        { id: 1, post_id: 1, text: 'a' },
        { id: 2, post_id: 3, text: 'b' },
      ])
      .execute()
    await db.deleteFrom('post').where('id', '=', 1).execute()
  })
  const stored = () => base.selectFrom('post').select(['id', 'title', 'deleted_at']).orderBy('id').execute()
  const ids = async (query: { execute(): Promise<{ id: number | null }[]> }) =>
    (await query.execute()).map((row) => row.id).sort()

  test('H1: an alias is filtered', async () => {
    expect(await ids(db.selectFrom('post as p').select('p.id'))).toEqual([2, 3])
  })

  test('H2: qualified names and lists are filtered', async () => {
    const name = { sqlite: 'main', postgres: 'public', mariadb: undefined }[ground.dialect]
    if (name !== undefined) expect(await ids(db.withSchema(name).selectFrom('post').select('id'))).toEqual([2, 3])
    const other = { sqlite: 'main.POST', postgres: 'public.post', mariadb: 'post' }[ground.dialect] as 'post'
    expect(await ids(db.selectFrom(`${other} as p`).select('p.id'))).toEqual([2, 3])
    expect((await db.deleteFrom(other).where('id', '=', 2).executeTakeFirst()).numDeletedRows).toBe(1n)
    expect((await stored())[1]!.deleted_at).toBeInstanceOf(Date)
    await db.restore('post').where('id', '=', 2).execute()
    const both = db.selectFrom(['post', 'author']).select(['post.id', 'author.name'])
    expect(await both.execute()).toHaveLength(4)
  })

  test('H3: joined tables are filtered, in ON for an outer join; update from, too', async () => {
    expect(
      await ids(db.selectFrom('comment').innerJoin('post', 'post.id', 'comment.post_id').select('comment.id')),
    ).toEqual([2])
    const left = db
      .selectFrom('comment')
      .leftJoin('post', 'post.id', 'comment.post_id')
      .select(['comment.id', 'post.title'])
      .orderBy('comment.id')
    expect(await left.execute()).toEqual([
      { id: 1, title: null },
      { id: 2, title: 'three' },
    ])
    await db
      .updateTable('comment')
      .set({ text: 'seen' })
      .where((eb) => eb.exists(eb.selectFrom('post').select('post.id').whereRef('post.id', '=', 'comment.post_id')))
      .execute()
    expect(await ids(base.selectFrom('comment').select('id').where('text', '=', 'seen'))).toEqual([2])
    if (ground.dialect === 'mariadb') return
    await db
      .updateTable('comment')
      .from('post')
      .set({ text: 'more' })
      .whereRef('post.id', '=', 'comment.post_id')
      .execute()
    expect(await ids(base.selectFrom('comment').select('id').where('text', '=', 'more'))).toEqual([2])
  })

  test('H4: subqueries, set operations and insert-select are filtered', async () => {
    const exists = db
      .selectFrom('comment')
      .select('comment.id')
      .where((eb) => eb.exists(eb.selectFrom('post').select('post.id').whereRef('post.id', '=', 'comment.post_id')))
    expect(await ids(exists)).toEqual([2])
    const scalar = db
      .selectFrom('comment')
      .select((eb) => [eb.selectFrom('post').select('post.id').whereRef('post.id', '=', 'comment.post_id').as('id')])
    expect(await ids(scalar)).toEqual([3, null])
    const union = db.selectFrom('post').select('id').unionAll(db.selectFrom('post').select('id'))
    expect(await ids(union)).toEqual([2, 2, 3, 3])
    await db
      .insertInto('comment')
      .columns(['id', 'post_id', 'text'])
      .expression((eb) =>
        eb.selectFrom('post').select((e) => [e('post.id', '+', 100).as('id'), 'post.id as post_id', 'title']),
      )
      .execute()
    expect(await ids(base.selectFrom('comment').select('id').where('id', '>', 100))).toEqual([102, 103])
  })

  test('H5: clearWhere() does not show what is deleted', async () => {
    expect(await ids(db.selectFrom('post').select('id').where('id', '=', 1).clearWhere())).toEqual([2, 3])
  })

  test('H8: names of common table expressions and derived tables are no tables', async () => {
    const cte = db
      .with('post', (q) => q.selectFrom('comment').select('comment.id'))
      .selectFrom('post')
      .select('id')
    expect(await ids(cte as never)).toEqual([1, 2])
    expect(await ids(db.selectFrom(db.selectFrom('post').select('id').as('z')).select('z.id'))).toEqual([2, 3])
  })

  test('SD5: aggregates, distinct and grouping leave out what is deleted', async () => {
    const { n } = await db
      .selectFrom('post')
      .select((eb) => eb.fn.countAll<number | bigint>().as('n'))
      .executeTakeFirstOrThrow()
    expect(Number(n)).toBe(2)
    expect(await db.selectFrom('post').select('author_id').distinct().orderBy('author_id').execute()).toHaveLength(2)
    const per = db
      .selectFrom('post')
      .select(['author_id', (eb) => eb.fn.count<number | bigint>('id').as('n')])
      .groupBy('author_id')
      .orderBy('author_id')
    expect((await per.execute()).map((row) => Number(row.n))).toEqual([1, 1])
  })

  test('SD2, H33: updates pass tombstones over, and an upsert onto one fails', async () => {
    const { numUpdatedRows } = await db.updateTable('post').set({ title: 'x' }).executeTakeFirst()
    expect(numUpdatedRows).toBe(2n)
    expect((await stored())[0]!.title).toBe('one')
    const insert = db.insertInto('post').values({ id: 1, author_id: 1, title: 'again' })
    const upsert =
      ground.dialect === 'mariadb'
        ? insert.onDuplicateKeyUpdate({ title: 'again' })
        : insert.onConflict((oc) => oc.column('id').doUpdateSet({ title: 'again' }))
    await expect(upsert.execute()).rejects.toMatchObject({ code: 'policy' })
    expect((await stored())[0]!.title).toBe('one')
  })

  test('SD1, SD3, H33: a delete in bulk marks, and deleting twice changes nothing', async () => {
    const [first] = await stored()
    expect(first!.deleted_at).toBeInstanceOf(Date)
    const { numDeletedRows } = await db.deleteFrom('post').executeTakeFirst()
    expect(numDeletedRows).toBe(2n)
    const rows = await stored()
    expect(rows).toHaveLength(3)
    expect(rows[0]!.deleted_at).toEqual(first!.deleted_at)
    expect((await db.deleteFrom('post').executeTakeFirst()).numDeletedRows).toBe(0n)
    expect((await db.withDeleted().deleteFrom('post').executeTakeFirst()).numDeletedRows).toBe(0n)
    expect((await db.onlyDeleted().deleteFrom('post').executeTakeFirst()).numDeletedRows).toBe(0n)
    expect((await db.deleteFrom('post').where('id', '=', 99).executeTakeFirst()).numDeletedRows).toBe(0n)
    expect(await stored()).toEqual(rows)
  })

  test('a delete gives the rows that it deleted', async () => {
    if (ground.dialect === 'mariadb') {
      await expect(db.deleteFrom('post').where('id', '>', 1).returning('id').execute()).rejects.toThrow()
      return
    }
    expect(await db.deleteFrom('post').returning(['id', 'title']).where('id', '<', 3).execute()).toEqual([
      { id: 2, title: 'two' },
    ])
    expect(await db.deleteFrom('post').returning(['id']).where('id', '<', 3).execute()).toEqual([])
    const streamed: unknown[] = []
    for await (const row of db.deleteFrom('post').returning('id').stream()) streamed.push(row)
    expect(streamed).toEqual([{ id: 3 }])
    expect(await stored()).toHaveLength(3)
  })

  test('deletes in common table expressions, with using and with a limit', async () => {
    if (ground.dialect === 'postgres') {
      const gone = db
        .with('gone', (q) => q.deleteFrom('post').where('id', '=', 2).returning('id'))
        .selectFrom('gone')
        .selectAll()
      expect(await gone.execute()).toEqual([{ id: 2 }])
      await db
        .deleteFrom('post')
        .using('author')
        .whereRef('author.id', '=', 'post.author_id')
        .where('author.name', '=', 'Bo')
        .execute()
      expect(await ids(db.selectFrom('post').select('id'))).toEqual([])
    }
    if (ground.dialect === 'mariadb') {
      await db.deleteFrom('post').orderBy('id').limit(1).execute()
      expect(await ids(db.selectFrom('post').select('id'))).toEqual([3])
    }
    expect(await stored()).toHaveLength(3)
  })

  test('restore() undoes a delete, of what matches and is deleted', async () => {
    const { numUpdatedRows } = await db.restore('post').where('id', 'in', [1, 2]).executeTakeFirst()
    expect(numUpdatedRows).toBe(1n)
    expect((await stored()).map((row) => row.deleted_at)).toEqual([null, null, null])
    await db.deleteFrom('post').execute()
    await db.restore('post').where('deleted_at', 'is not', null).where('title', '=', 'two').execute()
    expect(await ids(db.selectFrom('post').select('id'))).toEqual([2])
    expect((await db.restore('post').where('id', '=', 99).executeTakeFirst()).numUpdatedRows).toBe(0n)
  })

  test('SD4: onlyDeleted() takes any condition, withDeleted() shows all, of some tables or of all', async () => {
    expect(await ids(db.onlyDeleted().selectFrom('post').select('id'))).toEqual([1])
    expect(await ids(db.onlyDeleted().selectFrom('post').select('id').where('title', '=', 'two'))).toEqual([])
    expect(await ids(db.withDeleted().selectFrom('post').select('id'))).toEqual([1, 2, 3])
    await db.deleteFrom('comment').where('id', '=', 2).execute()
    const joined = (from: typeof db) =>
      from.selectFrom('comment').innerJoin('post', 'post.id', 'comment.post_id').select('comment.id')
    expect(await ids(joined(db))).toEqual([])
    expect(await ids(joined(db.withDeleted('post')))).toEqual([1])
    expect(await ids(joined(db.withDeleted('comment')))).toEqual([2])
    expect(await ids(joined(db.withDeleted('comment').withDeleted('post')))).toEqual([1, 2])
    expect(await ids(joined(db.onlyDeleted('post')))).toEqual([1])
    expect(() => db.withDeleted('tag')).toThrow(/does not apply to/)
  })

  test('hardDelete() deletes for good, and hooks are told', async () => {
    await base.updateTable('comment').set({ reply_to: null }).execute()
    await base.deleteFrom('comment').execute()
    events.length = 0
    await db.onlyDeleted().hardDelete('post').where('id', 'in', [1, 2]).execute()
    expect((await stored()).map((row) => row.id)).toEqual([2, 3])
    expect(events.at(-1)!.exemptions).toEqual([
      { policy: 'softDelete', mode: 'only deleted' },
      { policy: 'softDelete', mode: 'hard delete' },
    ])
    expect((await db.hardDelete('post').executeTakeFirst()).numDeletedRows).toBe(2n)
    expect(await stored()).toEqual([])
  })

  test('nobody writes the column', async () => {
    const at = new Date(0)
    const refused = { code: 'policy', message: expect.stringMatching(/written by the plugin|given twice/) }
    await expect(
      db.insertInto('post').values({ id: 9, author_id: 1, title: 'x', deleted_at: null }).execute(),
    ).rejects.toMatchObject(refused)
    await expect(db.updateTable('post').set({ deleted_at: at }).execute()).rejects.toMatchObject(refused)
    await expect(
      db.updateTable('post').set('deleted_at', sql<Date>`current_timestamp`).execute(),
    ).rejects.toMatchObject(refused)
    await expect(db.withDeleted().updateTable('post').set({ deleted_at: null }).execute()).rejects.toMatchObject(
      refused,
    )
    await expect(db.restore('post').set({ deleted_at: at }).execute()).rejects.toMatchObject(refused)
    await expect(
      db.insertInto('post').expression(db.withDeleted().selectFrom('post').selectAll()).execute(),
    ).rejects.toMatchObject({ code: 'policy' })
    const insert = db.insertInto('post').values({ id: 2, author_id: 1, title: 'x' })
    if (ground.dialect !== 'mariadb')
      await expect(
        insert.onConflict((oc) => oc.column('id').doUpdateSet({ deleted_at: at })).execute(),
      ).rejects.toMatchObject(refused)
    else await expect(insert.onDuplicateKeyUpdate({ deleted_at: at }).execute()).rejects.toMatchObject(refused)
  })

  test('a restoration that is part of another statement is refused', async () => {
    if (ground.dialect !== 'postgres') return
    const inner = db.restore('post').returning('id')
    await expect(
      db
        .with('r', () => inner)
        .selectFrom('r')
        .selectAll()
        .execute(),
    ).rejects.toMatchObject({ code: 'policy' })
  })

  test('prepared queries and transactions have it, too', async () => {
    const byTitle = prepare(db, (slot: Slots<{ title: string }>) =>
      db.selectFrom('post').select('id').where('title', '=', slot('title')),
    )
    expect(await byTitle.execute({ title: 'one' })).toEqual([])
    const deleting = prepare(db, (slot: Slots<{ id: number }>) => db.deleteFrom('post').where('id', '=', slot('id')))
    await deleting.execute({ id: 2 })
    await expect(
      db.transaction().execute(async (trx) => {
        expect(await ids(trx.selectFrom('post').select('id'))).toEqual([3])
        await trx.restore('post').execute()
        expect(await ids(trx.selectFrom('post').select('id'))).toEqual([1, 2, 3])
        expect(await ids(trx.onlyDeleted().selectFrom('post').select('id'))).toEqual([])
        throw new Error('undo')
      }),
    ).rejects.toThrow('undo')
    expect(await ids(db.selectFrom('post').select('id'))).toEqual([3])
    const names: (string | undefined)[] = []
    await db.connection().execute(async (one) => {
      names.push(...(await one.selectFrom('post').select('title').execute()).map((row) => row.title))
    })
    expect(names).toEqual(['three'])
  })

  test('tables without the column are as they are', async () => {
    await db.insertInto('tag').values({ id: 1, label: 'x' }).execute()
    await db.deleteFrom('tag').execute()
    expect(await base.selectFrom('tag').selectAll().execute()).toEqual([])
  })
})
