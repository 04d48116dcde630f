import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { KantaError, kanta } from '../../src/index.ts'
import { createLiveUnique, purge, softDelete, tenant } from '../../src/plugins/index.ts'
import { clock, fresh, onEngines, schema, sql } from './ground.ts'

onEngines('purge', (ground) => {
  const open = () => {
    const base = kanta({ driver: ground.driver(), schema })
    return { base, db: base.withPlugins([softDelete({ now: clock(), cascade: true })]) }
  }
  let { base, db } = {} as ReturnType<typeof open>
  const late = new Date('2025-01-01')
  beforeAll(async () => {
    ;({ base, db } = open())
    await fresh(base, schema)
  })
  afterAll(() => base.destroy())
  beforeEach(async () => {
    await base.updateTable('comment').set({ reply_to: null }).execute()
    for (const name of ['comment', 'post', 'author'] as const) await base.deleteFrom(name).execute()
    await base.insertInto('author').values({ id: 1, name: 'Ada' }).execute()
    const posts = Array.from({ length: 25 }, (_, i) => ({ id: i + 1, author_id: 1, title: `${i}` }))
    await base.insertInto('post').values(posts).execute()
    const comment = (id: number, post_id: number, reply_to: number | null) => ({
      id,
      post_id,
      reply_to,
      author_id: null,
      text: '',
    })
    await base
      .insertInto('comment')
      .values([comment(1, 1, null), comment(2, 1, 1), comment(3, 2, 2), comment(4, 25, null)] as never)
      .execute()
  })
  const count = async (name: 'post' | 'comment') => (await base.selectFrom(name).select('id').execute()).length

  test('goes in batches, with what was deleted together', async () => {
    await db.deleteFrom('post').where('id', '<', 25).execute()
    const told: unknown[] = []
    const purged = await purge(db, 'post', { olderThan: late, batch: 10, onProgress: (so) => told.push(so.rows.post) })
    expect(purged).toEqual({ rows: { post: 24, comment: 3 }, batches: 3, kept: 0 })
    expect(told).toEqual([10, 20, 24])
    expect([await count('post'), await count('comment')]).toEqual([1, 1])
    expect(await purge(db, 'post', { olderThan: late })).toEqual({ rows: {}, batches: 0, kept: 0 })
  })

  test('leaves what is younger, and what rows that are not deleted refer to', async () => {
    await db.deleteFrom('post').where('id', '=', 1).execute()
    const { deleted_at } = await base
      .selectFrom('post')
      .select('deleted_at')
      .where('id', '=', 1)
      .executeTakeFirstOrThrow()
    await db.deleteFrom('post').where('id', '=', 5).execute()
    expect(await purge(db, 'post', { olderThan: deleted_at! })).toEqual({ rows: {}, batches: 0, kept: 0 })
    await db.restore('comment').where('id', '=', 1).execute()
    expect(await purge(db, 'post', { olderThan: late })).toEqual({ rows: { post: 1 }, batches: 1, kept: 1 })
    expect(await count('post')).toBe(24)
  })

  test('can be cancelled, and says what is wrong', async () => {
    await db.deleteFrom('post').where('id', '<', 25).execute()
    const stop = new AbortController()
    const running = purge(db, 'post', {
      olderThan: late,
      batch: 10,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    })
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
    expect(await count('post')).toBe(15)
    await expect(purge(db, 'post', { olderThan: late, size: 3 } as never)).rejects.toThrow(/no option 'size'/)
    await expect(purge(db, 'post', { olderThan: late, keys: { post: [] } })).rejects.toThrow(/columns of the key/)
    await expect(purge(db, 'post', { olderThan: 'x' as never })).rejects.toThrow(/takes a Date/)
    await expect(purge(db, 'tag', { olderThan: late })).rejects.toThrow(/does not apply to/)
    await expect(purge(base as never, 'post' as never, { olderThan: late })).rejects.toThrow(KantaError)
  })
})

interface Named {
  thing: { id: number; tenant_id: number; name: string; deleted_at: string | null }
}

onEngines('unique names', (ground) => {
  test('SD6, X10: a name can be used again once its row is deleted', async () => {
    const base = kanta<Named>({ driver: ground.driver() })
    await sql`create table thing (id integer primary key, tenant_id integer, name varchar(40), deleted_at ${sql.raw(ground.dialect === 'mariadb' ? 'datetime(3)' : 'varchar(40)')})`.execute(
      base,
    )
    await createLiveUnique(base, 'thing', ['name'])
    const db = base.withPlugins([
      softDelete({ tables: ['thing'], now: clock(), form: ground.dialect === 'mariadb' ? 'timestamp' : 'iso' }),
    ])
    await db
      .insertInto('thing')
      .values({ id: 1, tenant_id: 1, name: 'a' } as never)
      .execute()
    await expect(
      db
        .insertInto('thing')
        .values({ id: 2, tenant_id: 1, name: 'a' } as never)
        .execute(),
    ).rejects.toMatchObject({ code: 'unique_violation' })
    for (const id of [2, 3]) {
      await db.deleteFrom('thing').where('name', '=', 'a').execute()
      await db
        .insertInto('thing')
        .values({ id, tenant_id: 1, name: 'a' } as never)
        .execute()
    }
    expect(await db.selectFrom('thing').selectAll().execute()).toEqual([
      { id: 3, tenant_id: 1, name: 'a', deleted_at: null },
    ])
    expect(await db.withDeleted().selectFrom('thing').select('id').orderBy('id').execute()).toEqual([
      { id: 1 },
      { id: 2 },
      { id: 3 },
    ])
    await expect(db.restore('thing').where('id', '=', 1).execute()).rejects.toMatchObject({ code: 'unique_violation' })
    // Get or create: what is deleted is not in the way.
    await db.deleteFrom('thing').where('id', '=', 3).execute()
    const insert = db.insertInto('thing').values({ id: 4, tenant_id: 1, name: 'a' } as never)
    if (ground.dialect === 'mariadb') await insert.onDuplicateKeyUpdate({ tenant_id: 1 }).execute()
    else await insert.onConflict((oc) => oc.column('name').where('deleted_at', 'is', null).doNothing()).execute()
    expect(await db.selectFrom('thing').select('id').execute()).toEqual([{ id: 4 }])

    // T10: what is of another tenant is neither deleted nor restored nor purged.
    const tenants = db.withPlugins([tenant({ column: 'tenant_id', tables: ['thing'] })])
    const other = tenants.as({ tenant: 2 })
    expect((await other.deleteFrom('thing').executeTakeFirst()).numDeletedRows).toBe(0n)
    expect((await other.restore('thing').executeTakeFirst()).numUpdatedRows).toBe(0n)
    expect((await other.hardDelete('thing').executeTakeFirst()).numDeletedRows).toBe(0n)
    expect(await purge(other, 'thing', { olderThan: new Date('2030-01-01') })).toEqual({
      rows: {},
      batches: 0,
      kept: 0,
    })
    const own = tenants.as({ tenant: 1 })
    expect(await purge(own, 'thing', { olderThan: new Date('2030-01-01') })).toEqual({
      rows: { thing: 3 },
      batches: 1,
      kept: 0,
    })
    await base.destroy()
  })

  test('D1: names are quoted, whatever they are', async () => {
    const name = 'x" (id); drop table victim; --`'
    const base = kanta<Record<string, { id: number; deleted_at: Date | null } & Record<string, unknown>>>({
      driver: ground.driver(),
    })
    await sql`create table victim (id integer, ${sql.id(name)} integer, deleted_at varchar(40), ${sql.id('d"`')} varchar(40))`.execute(
      base,
    )
    await createLiveUnique(base, 'victim', [name], { name: 'i"`; drop table victim' })
    await createLiveUnique(base, 'victim', ['id'], { column: 'd"`' })
    const db = base.withPlugins([softDelete({ tables: ['victim'], column: 'd"`', now: clock() })])
    await db
      .insertInto('victim')
      .values({ id: 1 } as never)
      .execute()
    await db.deleteFrom('victim').execute()
    expect(await db.selectFrom('victim').select('id').execute()).toEqual([])
    await base.destroy()
  })
})
