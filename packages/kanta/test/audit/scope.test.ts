import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { audit } from '../../src/audit/index.ts'
import { ownPlugin, withoutPlugins } from '../../src/extend/internal/index.ts'
import { equal, isNull, tablePolicy } from '../../src/guard/index.ts'
import { KantaError, kanta, sql, table } from '../../src/index.ts'
import { camelCase, capability, schemaPrefix, softDelete, tenant } from '../../src/plugins/index.ts'
import type { DatabaseHandle } from '../../src/run/index.ts'

import { createTables, engines, post, schema } from './ground.ts'

vi.setConfig({ hookTimeout: 60_000, testTimeout: 60_000 })

describe.each(engines)('the trail beside other plugins on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  const all = capability('all tenants')
  let place: Awaited<ReturnType<typeof engine.create>>
  let db: ReturnType<typeof openAll>

  const openAll = () =>
    kanta({
      driver: place.driver(),
      schema,
      plugins: [
        softDelete({ tables: ['post'] }),
        tenant({ column: 'tenant_id', tables: ['post'], shared: ['note', 'thing'], capability: all }),
        audit(),
      ],
    })

  beforeAll(async () => {
    place = await engine.create()
    db = openAll()
    await createTables(plainOf(db) as never)
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })

  const one = () => db.as({ tenant: 1 })
  const two = () => db.as({ tenant: 2 })

  test('a tenant removes no entries of another: prune() needs a handle that sees all', async () => {
    await two().insertInto('post').values({ id: 90, title: 'theirs' }).execute()
    const before = new Date(Date.now() + 60_000)
    const kept = await two().audit.history('post', 90)
    await expect(one().audit.prune({ before })).rejects.toMatchObject({
      code: 'policy',
      message: expect.stringMatching(/prune\(\) would remove entries of 'post'.*unscoped/),
    })
    expect(await two().audit.history('post', 90)).toEqual(kept)
    expect(await db.unscoped(all, 'test').audit.prune({ before: new Date(0) })).toBe(0)
    await two().deleteFrom('post').where('id', '=', 90).execute()
  })

  test('H40, SD7: a soft delete is one entry, which says what was asked and what was done', async () => {
    await one().insertInto('post').values({ id: 1, title: 'a' }).execute()
    const [gone] = await one().deleteFrom('post').where('id', '=', 1).execute()
    expect(gone!.numDeletedRows).toBe(1n)
    await one().deleteFrom('post').where('id', '=', 1).execute()
    const entries = await one().audit.history('post', 1)
    expect(entries.map(({ operation, asked }) => [operation, asked])).toEqual([
      ['insert', 'insert'],
      ['update', 'delete'],
    ])
    expect(entries[1]!.before!.deleted_at).toBeNull()
    expect(entries[1]!.after!.deleted_at).toBeInstanceOf(Date)
    expect(entries[0]!.after!.tenant_id).toBe(1)
    await one().audit.restoreRow(entries[1]!)
    expect(await one().selectFrom('post').select('title').execute()).toEqual([{ title: 'a' }])
  })

  test('H37: what a deletion takes with it is in the trail, as part of the same transaction', async () => {
    const shelf = table('shelf', (c) => ({
      id: c.integer().primaryKey(),
      deleted_at: c.timestamp().nullable(),
      deletion: c.uuid().nullable(),
    }))
    const book = table('book', (c) => ({
      id: c.integer().primaryKey(),
      shelf_id: c.integer().references(() => shelf.id),
      deleted_at: c.timestamp().nullable(),
      deletion: c.uuid().nullable(),
    }))
    const soft = kanta({
      driver: place.driver({ max: 1 }),
      schema: { shelf, book },
      plugins: [audit({ table: 'shelf_audit' }), softDelete({ cascade: true })],
    })
    const plain = plainOf(soft) as typeof soft
    for (const each of [shelf, book]) await plain.schema.createTable(each).execute()
    await soft.insertInto('shelf').values({ id: 1 }).execute()
    await soft
      .insertInto('book')
      .values([10, 11].map((id) => ({ id, shelf_id: 1 })))
      .execute()
    await soft.deleteFrom('shelf').where('id', '=', 1).execute()
    const deleted = (await soft.audit.history('shelf', 1)).at(-1)!
    const all = await soft.audit.transactionOf(deleted.transaction)
    // The rows of one statement are in no order of their own.
    const steps = all.map((entry) => [entry.table, entry.operation, Number(entry.after!.id)] as const)
    expect(steps.toSorted((a, b) => a[2] - b[2])).toEqual([
      ['shelf', 'update', 1],
      ['book', 'update', 10],
      ['book', 'update', 11],
    ])
    await soft.audit.undoTransaction(deleted.transaction)
    expect(await soft.selectFrom('book').select('id').orderBy('id').execute()).toEqual([{ id: 10 }, { id: 11 }])
    await soft.destroy()
  })

  test('the history of the row of another tenant is not there', async () => {
    await two().insertInto('post').values({ id: 2, title: 'secret' }).execute()
    await two().updateTable('post').set({ title: 'more' }).where('id', '=', 2).execute()
    const [entry] = await two().audit.history('post', 2)
    expect(entry!.after!.title).toBe('secret')
    expect(await one().audit.history('post', 2)).toEqual([])
    expect(await one().audit.transactionOf(entry!.transaction)).toEqual([])
    expect((await one().audit.stateAsOf('post', new Date())).map(({ id }) => id)).toEqual([1])
    expect(await one().audit.stateAsOf('post', new Date(), 2)).toBeUndefined()
    await expect(one().audit.restoreRow(entry!)).rejects.toMatchObject({ code: 'policy' })
    await expect(one().audit.undoTransaction(entry!.transaction, { force: true })).rejects.toMatchObject({
      code: 'policy',
    })
    await expect(db.audit.history('post', 2)).rejects.toMatchObject({ code: 'policy' })
    expect(await db.unscoped(all, 'support').audit.history('post', 2)).toHaveLength(2)
    expect(await two().selectFrom('post').select('title').where('id', '=', 2).execute()).toEqual([{ title: 'more' }])
  })

  test('of a row that moved from one tenant to another each sees its part', async () => {
    await one().insertInto('post').values({ id: 3, title: 'mine' }).execute()
    await db
      .unscoped(all, 'moving')
      .updateTable('post')
      .set({ tenant_id: 2, title: 'theirs' })
      .where('id', '=', 3)
      .execute()
    const seen = async (handle: typeof db) =>
      (await handle.audit.history('post', 3)).map(({ before, after }) => [before?.title, after?.title])
    expect(await seen(one())).toEqual([
      [undefined, 'mine'],
      ['mine', undefined],
    ])
    expect(await seen(two())).toEqual([[undefined, 'theirs']])
  })

  test('a policy that only the database can answer is said so', async () => {
    const asked = tablePolicy({
      name: 'owners',
      opens: (held) => held === all,
      rule: ({ name }) =>
        name === 'note'
          ? { sees: (row) => ({ kind: 'call', name: 'length', args: [row('text')] }) }
          : name === 'post'
            ? { column: (column) => void (column === 'password' && refuse()) }
            : undefined,
    })
    const owned = (db.withPlugins([ownPlugin({ name: 'owners', policies: [asked] })] as never) as typeof db).as({
      tenant: 1,
    })
    await one().insertInto('note').values({ post_id: 1, place: 'a', text: 't' }).execute()
    await expect(owned.audit.history('note', { post_id: 1, place: 'a' })).rejects.toThrow(/owners.*unscoped/)
    expect(await owned.unscoped(all, 'x').audit.history('note', { post_id: 1, place: 'a' })).toHaveLength(1)
    const [entry] = await owned.audit.history('post', 1)
    expect(Object.keys(entry!.after!)).not.toContain('password')
    expect(Object.keys(entry!.after!)).toContain('title')
  })

  test('conditions are held against images as SQL would', async () => {
    const visible = (sees: (row: (name: string) => never) => unknown) =>
      (db.withPlugins([ownPlugin({ name: 'p', policies: [only(sees as never)] })] as never) as typeof db)
        .as({ tenant: 1 })
        .audit.history('post', 1)
        .then((entries) => entries.length > 0)
    const only = (sees: never) =>
      tablePolicy({ name: 'p', rule: ({ name }) => (name === 'post' ? { sees } : undefined) })
    const lit = (value: string | number | null) => ({ kind: 'literal', value }) as never
    expect(await visible((row) => isNull(row('slug')))).toBe(true)
    expect(await visible((row) => equal(row('slug'), lit('x')))).toBe(false)
    expect(
      await visible((row) => ({ kind: 'or', items: [equal(row('slug'), lit('x')), equal(row('views'), lit(0))] })),
    ).toBe(true)
    expect(
      await visible((row) => ({ kind: 'and', items: [equal(row('title'), lit('a')), isNull(row('views'))] })),
    ).toBe(false)
    expect(await visible((row) => equal(row('title'), lit(null)))).toBe(false)
    await expect(visible((row) => ({ kind: 'binary', left: row('title'), op: '<>', right: lit('x') }))).rejects.toThrow(
      /'p'/,
    )
  })

  test('camel case: names of the program both ways', async () => {
    const myNote = table('myNote', (c) => ({
      noteId: c.integer().primaryKey(),
      fullText: c.text(),
      readAt: c.timestamp().nullable(),
    }))
    const camel = kanta({ driver: place.driver({ max: 1 }), schema: { myNote }, plugins: [camelCase(), audit()] })
    await camel.schema.createTable(myNote).execute()
    const [made] = await camel
      .insertInto('myNote')
      .values({ noteId: 1, fullText: 'a', readAt: new Date(0) })
      .returning(['fullText'])
      .execute()
    expect(made).toEqual({ fullText: 'a' })
    await camel.updateTable('myNote').set({ fullText: 'b' }).execute()
    const entries = await camel.audit.history('myNote', { noteId: 1 })
    expect(entries.map((entry) => [entry.table, entry.key, entry.after])).toEqual([
      ['my_note', { noteId: 1 }, { noteId: 1, fullText: 'a', readAt: new Date(0) }],
      ['my_note', { noteId: 1 }, { noteId: 1, fullText: 'b', readAt: new Date(0) }],
    ])
    await camel.audit.undoTransaction(entries[1]!.transaction)
    expect(await camel.selectFrom('myNote').selectAll().execute()).toEqual([
      { noteId: 1, fullText: 'a', readAt: new Date(0) },
    ])
    await camel.destroy()
  })

  test('H32: the table of a schema is that table, and has a trail of its own', async () => {
    if (engine.name === 'mariadb') return
    const prefixed = kanta({
      driver: place.driver({ max: 1 }),
      schema: { post },
      plugins: [schemaPrefix('other'), audit()],
    })
    const plain = plainOf(prefixed)
    if (engine.name === 'sqlite') await sql`attach ':memory:' as other`.execute(plain as never)
    else await sql`create schema other`.execute(plain as never)
    await sql`create table other.post (id integer primary key, title varchar(100), views integer default 0)`.execute(
      plain as never,
    )
    const bare = { id: 1, title: 'elsewhere' }
    await prefixed.insertInto('post').values(bare).execute()
    const [entry] = await prefixed.audit.history('post', 1)
    expect(entry).toMatchObject({ schema: 'other', table: 'post', after: bare })
    await prefixed.audit.undoTransaction(entry!.transaction)
    expect(await prefixed.selectFrom('post').select('id').execute()).toEqual([])
    if (engine.name === 'postgres') expect(await db.unscoped(all, 'x').audit.history('post', 1)).toHaveLength(3)
    await prefixed.destroy()
  })
})

function refuse(): never {
  throw new KantaError('policy', 'no')
}

function plainOf(db: unknown): unknown {
  return withoutPlugins(db as DatabaseHandle)
}
