import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { audit } from '../../src/audit/index.ts'
import { ownPlugin, withoutPlugins } from '../../src/extend/internal/index.ts'
import { kanta, prepare, sql } from '../../src/index.ts'
import type { Plugin } from '../../src/run/index.ts'

import { createTables, engines, note, type Open, open, post, schema } from './ground.ts'

vi.setConfig({ hookTimeout: 60_000, testTimeout: 60_000 })

describe.each(engines)('what others had wrong, on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Awaited<ReturnType<typeof engine.create>>
  let db: Open
  const plain = (): Open => withoutPlugins(db as never) as never

  beforeAll(async () => {
    place = await engine.create()
    db = open(place.driver())
    await createTables(plain())
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })

  const count = async (table: 'post' | 'kanta_audit'): Promise<number> =>
    (
      await plain()
        .selectFrom(table as 'post')
        .selectAll()
        .execute()
    ).length

  test('H35: the trail starts, and starts again', async () => {
    await db.insertInto('post').values({ id: 1, title: 'a' }).execute()
    const again = engine.name === 'sqlite' ? db : open(place.driver({ max: 1 }))
    expect(await again.audit.history('post', 1)).toHaveLength(1)
    const begun = await plain()
      .selectFrom('kanta_audit' as 'post')
      .selectAll()
      .where('asked' as 'title', '=', 'begin')
      .execute()
    expect(begun).toHaveLength(1)
    if (engine.name !== 'sqlite') await again.destroy()
  })

  test('H36, SD8: when the trail cannot be written, nothing is', async () => {
    const [posts, entries] = [await count('post'), await count('kanta_audit')]
    const name = engine.name === 'mariadb' ? sql.id('kanta_audit') : sql.table('kanta_audit')
    const away = engine.name === 'mariadb' ? sql`rename table ${name} to gone` : sql`alter table ${name} rename to gone`
    const back = engine.name === 'mariadb' ? sql`rename table gone to ${name}` : sql`alter table gone rename to ${name}`
    await away.execute(plain())
    try {
      await expect(
        db
          .insertInto('post')
          .values([
            { id: 2, title: 'b' },
            { id: 3, title: 'c' },
          ])
          .execute(),
      ).rejects.toThrow()
      await expect(db.updateTable('post').set({ title: 'x' }).execute()).rejects.toThrow()
      await expect(db.deleteFrom('post').execute()).rejects.toThrow()
      const inside = db.transaction().execute(async (trx) => {
        await trx.updateTable('post').set({ title: 'x' }).execute()
      })
      await expect(inside).rejects.toThrow()
    } finally {
      await back.execute(plain())
    }
    expect(await plain().selectFrom('post').select('title').execute()).toEqual([{ title: 'a' }])
    expect([await count('post'), await count('kanta_audit')]).toEqual([posts, entries])
  })

  test('H36: a composite key is one key', async () => {
    await db.insertInto('note').values({ post_id: 1, place: 'a"b', text: 'x' }).execute()
    await db.deleteFrom('note').where('post_id', '=', 1).execute()
    const entries = await db.audit.history('note', { place: 'a"b', post_id: 1 })
    expect(entries.map(({ operation, key }) => [operation, key])).toEqual([
      ['insert', { post_id: 1, place: 'a"b' }],
      ['delete', { post_id: 1, place: 'a"b' }],
    ])
    await expect(db.audit.history('note', 1)).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(db.audit.history('note', { post_id: 1 })).rejects.toThrow(/place/)
  })

  test('H38: deletes of rows that never were leave nothing; before images are whole, and numbers exact', async () => {
    const before = await count('kanta_audit')
    await db.deleteFrom('post').where('id', 'in', [900, 901]).execute()
    expect(await count('kanta_audit')).toBe(before)
    await db
      .insertInto('thing')
      .values({ id: 2n ** 62n, decimal: '99999999999.12345' })
      .execute()
    await db.deleteFrom('thing').execute()
    expect((await db.audit.history('thing', 2n ** 62n))[1]!.before).toMatchObject({
      id: 2n ** 62n,
      decimal: engine.name === 'sqlite' ? expect.any(String) : '99999999999.12345',
    })
  })

  test('H39: what is restored is the row of its own table, with its own key', async () => {
    await db.insertInto('note').values({ post_id: 3, place: 'p', text: 'n' }).execute()
    await db.insertInto('post').values({ id: 3, title: 'three', views: 9 }).execute()
    const whole = await db.selectFrom('post').selectAll().where('id', '=', 3).executeTakeFirst()
    await db.deleteFrom('post').where('id', '=', 3).execute()
    await db.insertInto('post').values({ id: 5, title: 'five' }).execute()
    await db.audit.restoreRow((await db.audit.history('post', 3)).at(-1)!)
    expect(await db.selectFrom('post').selectAll().where('id', '=', 3).executeTakeFirst()).toEqual(whole)
    expect(await db.selectFrom('note').selectAll().where('post_id', '=', 3).execute()).toHaveLength(1)
  })

  test('a table without a known key is refused, and nothing is written', async () => {
    await sql`create table loose (a int)`.execute(plain())
    const loose = db as unknown as ReturnType<typeof kanta<{ loose: { a: number } }>>
    await expect(loose.insertInto('loose').values({ a: 1 }).execute()).rejects.toMatchObject({
      code: 'plugin',
      message: expect.stringContaining("'loose'"),
    })
    expect(await (plain() as unknown as typeof loose).selectFrom('loose').selectAll().execute()).toEqual([])
  })

  test('tables that are not listed have no trail, and no cost', async () => {
    if (engine.name === 'sqlite') return
    const some = open(place.driver({ max: 1 }), { tables: ['note'], table: 'other_audit' })
    await some.insertInto('post').values({ id: 70, title: 'a' }).execute()
    await some.insertInto('note').values({ post_id: 70, place: 'p', text: 'n' }).execute()
    await expect(some.audit.history('post', 70)).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await some.audit.history('note', { post_id: 70, place: 'p' })).toHaveLength(1)
    await some.destroy()
  })

  test('rows that come in between the image and the write undo the write', async () => {
    if (engine.name !== 'postgres') return
    const other = kanta({ driver: place.driver({ max: 1 }), schema })
    let next = 600
    const late: Plugin = {
      name: 'late',
      hooks: [
        {
          name: 'late',
          around: async (event, go) => {
            if (event.facts.kind === 'update' || event.facts.kind === 'delete')
              await other.insertInto('post').values({ id: next++, title: 'between' }).execute()
            return go()
          },
        },
      ],
    }
    const racing = kanta({ driver: place.driver({ max: 1 }), schema, plugins: [audit(), late] })
    await other.insertInto('post').values({ id: next++, title: 'between' }).execute()
    const update = racing.updateTable('post').set({ views: 77 }).where('title', '=', 'between')
    await expect(update.execute()).rejects.toMatchObject({ code: 'serialization_failure' })
    await expect(racing.deleteFrom('post').where('title', '=', 'between').execute()).rejects.toMatchObject({
      code: 'serialization_failure',
    })
    const left = await other.selectFrom('post').select('views').where('title', '=', 'between').execute()
    expect(left).toEqual([{ views: 0 }, { views: 0 }, { views: 0 }])
    await racing.destroy()
    await other.destroy()
  })

  test('a transaction hook that comes after the audit is refused', () => {
    const transactionHooks = [
      { name: 'last', joins: () => true, around: (_: unknown, next: () => Promise<unknown[]>) => next() },
    ]
    expect(() => db.withPlugins([ownPlugin({ name: 'last', priority: -2_000, transactionHooks })] as never)).toThrow(
      /'last' comes after/,
    )
    expect(() => db.withPlugins([ownPlugin({ name: 'first', transactionHooks })] as never)).not.toThrow()
  })

  test('streams and prepared queries that write are in the trail', async () => {
    if (engine.name !== 'mariadb') {
      const rows: unknown[] = []
      for await (const row of db
        .updateTable('post')
        .set({ title: 's' })
        .where('id', '=', 3)
        .returning('title')
        .stream())
        rows.push(row)
      expect(rows).toEqual([{ title: 's' }])
      expect((await db.audit.history('post', 3)).at(-1)!.after!.title).toBe('s')
    }
    const rename = prepare<{ id: number; title: string }, any>(db, (slot) =>
      db
        .updateTable('post')
        .set({ title: slot('title') })
        .where('id', '=', slot('id')),
    )
    await rename.execute({ id: 3, title: 'p1' })
    await rename.execute({ id: 5, title: 'p2' })
    expect((await db.audit.history('post', 3)).at(-1)!.after!.title).toBe('p1')
    expect((await db.audit.history('post', 5)).at(-1)!.after!.title).toBe('p2')
  })

  test('writers at the same time: the images of a row are a chain, and numbers go up', async () => {
    if (engine.name === 'sqlite') return
    const many = open(place.driver({ max: 20 }), { table: 'busy_audit', hashChain: true })
    const loose = open(place.driver({ max: 20 }), { table: 'loose_audit' })
    for (const handle of [many, loose]) {
      await plain().deleteFrom('post').where('id', '>', 800).execute()
      await handle
        .insertInto('post')
        .values([801, 802, 803].map((id) => ({ id, title: '0' })))
        .execute()
      const write = async (writer: number): Promise<void> => {
        for (let i = 0; i < 5; i++)
          await handle
            .updateTable('post')
            .set((eb) => ({ views: eb('views', '+', 1), title: `${writer}.${i}` }))
            .where('id', '=', 801 + ((writer + i) % 3))
            .execute()
      }
      await Promise.all(Array.from({ length: 20 }, (_, writer) => write(writer)))
      let entries = 0
      for (const id of [801, 802, 803]) {
        const history = await handle.audit.history('post', id)
        entries += history.length
        for (let i = 1; i < history.length; i++) {
          expect(history[i]!.before).toEqual(history[i - 1]!.after)
          expect(history[i]!.seq > history[i - 1]!.seq).toBe(true)
        }
        expect(history.at(-1)!.after).toEqual(
          await handle.selectFrom('post').selectAll().where('id', '=', id).executeTakeFirst(),
        )
      }
      expect(entries).toBe(103)
    }
    const { valid, head } = await many.audit.verify()
    expect(valid).toBe(true)
    // Without a gap: the beginning, 103 changes, and the rows that were deleted.
    expect(Number(head.seq)).toBeGreaterThanOrEqual(104)
    await many.destroy()
    await loose.destroy()
  })
})

test('what is not an option is refused by name', () => {
  expect(() => audit({ tabels: ['post'] } as never)).toThrow(/"?'?tabels/)
  expect(() => audit({ tables: [] })).toThrow(/tables/)
  expect(() => audit({ redact: { post: [] } })).toThrow(/redact/)
  expect(() => audit({ hashChain: 'yes' as never })).toThrow(/hashChain/)
  expect(() => audit({ now: 5 as never })).toThrow(/now/)
})

test('a database that the trail does not know is refused when it starts', async () => {
  const { mysql } = await import('../../src/driver/mysql2/index.ts')
  const db = kanta({ driver: { ...mysql({ host: 'localhost' }) }, schema: { post, note }, plugins: [audit()] })
  expect(schema.post).toBe(post)
  await expect(db.insertInto('post').values({ id: 1, title: '' }).execute()).rejects.toMatchObject({ code: 'plugin' })
})
