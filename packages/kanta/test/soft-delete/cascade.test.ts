import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Database, kanta, type Table, type TablesOf, table } from '../../src/index.ts'
import { softDelete } from '../../src/plugins/index.ts'
import { clock, foreignKey, fresh, onEngines, primaryKey, schema, sql } from './ground.ts'

onEngines('a cascade', (ground) => {
  const open = () => {
    const base = kanta({ driver: ground.driver(), schema })
    const plugin = softDelete({ now: clock(), cascade: true, deletedBy: { column: 'deleted_by', context: 'user' } })
    const nobody = base.withPlugins([plugin])
    return { base, nobody, db: nobody.as({ user: 'ada' }) }
  }
  let { base, nobody, db } = {} as ReturnType<typeof open>

  beforeAll(async () => {
    ;({ base, nobody, db } = open())
    await fresh(base, schema)
  })
  afterAll(() => base.destroy())

  beforeEach(async () => {
    await base.updateTable('comment').set({ reply_to: null }).execute()
    for (const name of ['comment', 'post', 'author'] as const) await base.deleteFrom(name).execute()
    await base
      .insertInto('author')
      .values([
        { id: 1, name: 'Ada' },
        { id: 2, name: 'Bo' },
      ])
      .execute()
    await base
      .insertInto('post')
      .values([
        { id: 1, author_id: 1, title: 'one' },
        { id: 2, author_id: 1, title: 'two' },
        { id: 3, author_id: 2, title: 'three' },
      ])
      .execute()
    const none = { author_id: null, reply_to: null }
    await base
      .insertInto('comment')
      .values([
        { ...none, id: 1, post_id: 1, text: 'a' },
        { ...none, id: 2, post_id: 1, text: 'b' },
        { ...none, id: 3, post_id: 2, text: 'c' },
        { ...none, id: 4, post_id: 3, text: 'by Ada', author_id: 1 },
        { ...none, id: 5, post_id: 3, text: 'answer', author_id: 2, reply_to: 4 },
        { ...none, id: 6, post_id: 3, text: 'answer to that', reply_to: 5 },
        { ...none, id: 7, post_id: 3, text: 'stays' },
      ] as never)
      .execute()
  })

  /** What is there: the numbers of authors, posts and comments. */
  const live = async (from: typeof db = db) => {
    const ids = async (name: 'author' | 'post' | 'comment') =>
      (await from.selectFrom(name).select('id').orderBy('id').execute()).map((row) => row.id).join('')
    return `${await ids('author')} ${await ids('post')} ${await ids('comment')}`
  }

  test('takes several levels and references to its own table, and is undone', async () => {
    expect((await db.deleteFrom('author').where('id', '=', 1).executeTakeFirst()).numDeletedRows).toBe(1n)
    expect(await live()).toBe('2 3 7')
    const deleted = await base
      .selectFrom('comment')
      .select(['deleted_at', 'deleted_by', 'deletion'])
      .where('id', '<', 7)
      .execute()
    const root = await base.selectFrom('author').selectAll().where('id', '=', 1).executeTakeFirstOrThrow()
    for (const row of deleted)
      expect(row).toEqual({ deleted_at: root.deleted_at, deleted_by: 'ada', deletion: root.deletion })
    expect((await db.restore('author').where('id', '=', 1).executeTakeFirst()).numUpdatedRows).toBe(1n)
    expect(await live()).toBe('12 123 1234567')
    const left = await base
      .selectFrom('comment')
      .select('id')
      .where((eb) => eb.or([eb('deletion', 'is not', null), eb('deleted_by', 'is not', null)]))
      .execute()
    expect(left).toEqual([])
  })

  test('is undone exactly: what had been deleted before stays deleted', async () => {
    await db.deleteFrom('comment').where('id', '=', 1).execute()
    await db.deleteFrom('post').where('id', '=', 2).execute()
    expect(await live()).toBe('12 13 24567')
    await db.deleteFrom('author').where('id', '=', 1).execute()
    expect(await live()).toBe('2 3 7')
    await db.restore('author').where('id', '=', 1).execute()
    expect(await live()).toBe('12 13 24567')
    await db.restore('post').where('id', '=', 2).execute()
    expect(await live()).toBe('12 123 234567')
  })

  test('of several rows at once is undone one by one', async () => {
    await db.deleteFrom('post').where('id', 'in', [1, 2]).execute()
    expect(await live()).toBe('12 3 4567')
    await db.restore('post').where('id', '=', 2).execute()
    expect(await live()).toBe('12 23 34567')
    await db.restore('post').execute()
    expect(await live()).toBe('12 123 1234567')
  })

  test('many deletions are undone by one restoration', async () => {
    for (const id of [1, 2, 3]) await db.deleteFrom('post').where('id', '=', id).execute()
    expect(await live()).toBe('12  ')
    await db.restore('post').where('deleted_at', '>', new Date(0)).execute()
    expect(await live()).toBe('12 123 1234567')
  })

  test('what belongs to another deleted row stays, and comes back with that', async () => {
    await db.deleteFrom('author').where('id', '=', 1).execute()
    await db.deleteFrom('post').where('id', '=', 3).execute()
    expect(await live()).toBe('2  ')
    await db.restore('author').where('id', '=', 1).execute()
    // Comments 4 to 6 are of post 3, too, which is still deleted.
    expect(await live()).toBe('12 12 123')
    await db.restore('post').where('id', '=', 3).execute()
    expect(await live()).toBe('12 123 1234567')
  })

  test('a row of a cascade can be restored by itself', async () => {
    await db.deleteFrom('author').where('id', '=', 1).execute()
    await db.restore('post').where('id', '=', 1).execute()
    expect(await live()).toBe('2 13 127')
    await db.restore('author').where('id', '=', 1).execute()
    expect(await live()).toBe('12 123 1234567')
  })

  test('is part of its statement, and of its transaction', async () => {
    await expect(
      db.transaction().execute(async (trx) => {
        await trx.deleteFrom('author').execute()
        expect(await live(trx as never)).toBe('  ')
        await trx.restore('author').where('id', '=', 2).execute()
        expect(await live(trx as never)).toBe('2 3 7')
        throw new Error('undo')
      }),
    ).rejects.toThrow('undo')
    expect(await live()).toBe('12 123 1234567')
    // Who deletes is not known: nothing is deleted.
    await expect(nobody.deleteFrom('author').execute()).rejects.toMatchObject({ code: 'policy' })
    expect(await live()).toBe('12 123 1234567')
  })

  test('a delete in a common table expression has one, too, and one with returning', async () => {
    if (ground.dialect === 'postgres') {
      const gone = db
        .with('gone', (q) => q.deleteFrom('post').where('id', '=', 1).returning('id'))
        .selectFrom('gone')
        .selectAll()
      expect(await gone.execute()).toEqual([{ id: 1 }])
      expect(await live()).toBe('12 23 34567')
    }
    if (ground.dialect === 'mariadb') return
    expect(await db.deleteFrom('post').where('id', '=', 2).returning('title').execute()).toEqual([{ title: 'two' }])
    expect(await live()).not.toMatch(/ \d*3\d*$/)
    const back = await db.restore('post').where('id', '=', 2).returning(['id', 'deleted_at', 'deletion']).execute()
    expect(back).toEqual([{ id: 2, deleted_at: null, deletion: null }])
    expect(await live()).toMatch(/ \d*34567$/)
  })

  test('nobody writes its columns', async () => {
    const refused = { code: 'policy', message: expect.stringMatching(/written by the plugin/) }
    await expect(db.updateTable('post').set({ deletion: null }).execute()).rejects.toMatchObject(refused)
    await expect(db.updateTable('post').set({ deleted_by: 'me' }).execute()).rejects.toMatchObject(refused)
  })

  test('the clock of the database serves as well', async () => {
    const own = base.withPlugins([softDelete({ clock: 'database', cascade: true })])
    const before = Date.now() - 60_000
    await own.deleteFrom('post').where('id', '=', 1).execute()
    const [row, child] = [
      await base.selectFrom('post').selectAll().where('id', '=', 1).executeTakeFirstOrThrow(),
      await base.selectFrom('comment').selectAll().where('id', '=', 1).executeTakeFirstOrThrow(),
    ]
    expect(row.deleted_at!.getTime()).toBeGreaterThan(before)
    expect(row.deleted_at!.getTime()).toBeLessThan(Date.now() + 60_000)
    expect(child.deleted_at).toEqual(row.deleted_at)
    expect(child.deletion).toBe(row.deletion)
    await own.restore('post').where('id', '=', 1).execute()
    expect(await live()).toBe('12 123 1234567')
  })
})

/** Tables with keys of two columns that refer to each other in a circle. */
const left = table(
  'left_side',
  (c) => ({
    a: c.integer(),
    b: c.text(),
    right_a: c.integer().nullable(),
    right_b: c.text().nullable(),
    deleted_at: c.timestamp({ mode: 'unix' }).nullable(),
    deletion: c.uuid().nullable(),
  }),
  (t): never[] =>
    [primaryKey([t.a, t.b]), foreignKey([t.right_a, t.right_b], () => [right.a, right.b] as never)] as never,
) as unknown as Table<'left_side', SideRow>
const right = table(
  'right_side',
  (c) => ({
    a: c.integer(),
    b: c.text(),
    right_a: c.integer().nullable(),
    right_b: c.text().nullable(),
    deleted_at: c.timestamp({ mode: 'unix' }).nullable(),
    deletion: c.uuid().nullable(),
  }),
  (t): never[] =>
    [primaryKey([t.a, t.b]), foreignKey([t.right_a, t.right_b], () => [left.a, left.b] as never)] as never,
) as unknown as Table<'right_side', SideRow>

interface SideRow {
  a: number
  b: string
  right_a: number | null
  right_b: string | null
  deleted_at: Date | null
  deletion: string | null
}

onEngines('composite keys in a circle', (ground) => {
  const tables = { left, right }
  let base: Database<TablesOf<typeof tables>>
  beforeAll(async () => {
    base = kanta({ driver: ground.driver(), schema: tables })
    // The circle is one of definitions; the tables are made without their keys.
    for (const name of ['left_side', 'right_side'])
      await sql`create table ${sql.table(name)} (a integer, b varchar(10), right_a integer, right_b varchar(10),
        deleted_at bigint, deletion varchar(36))`.execute(base)
  })
  afterAll(() => base.destroy())

  test('are deleted and restored as one', async () => {
    const db = base.withPlugins([softDelete({ now: clock(), cascade: true })])
    const at = (a: number, to: number | null) => ({ a, b: 'x', right_a: to, right_b: to === null ? null : 'x' })
    // 1 → 1 → 2 → 2 → 1: a circle of four; 3 refers to it, and itself to nothing; 4 has another second column.
    await db
      .insertInto('left_side')
      .values([at(1, 1), at(2, 2), at(3, 1), { ...at(4, 1), right_b: 'y' }])
      .execute()
    await db
      .insertInto('right_side')
      .values([at(1, 2), at(2, 1)])
      .execute()
    const live = async () => {
      const [l, r] = [
        await db.selectFrom('left_side').select('a').orderBy('a').execute(),
        await db.selectFrom('right_side').select('a').orderBy('a').execute(),
      ]
      return `${l.map((row) => row.a).join('')} ${r.map((row) => row.a).join('')}`
    }
    await db.deleteFrom('left_side').where('a', '=', 2).execute()
    expect(await live()).toBe('4 ')
    await db.restore('left_side').where('a', '=', 2).execute()
    expect(await live()).toBe('1234 12')
    await db.deleteFrom('left_side').where('a', '=', 3).execute()
    await db.deleteFrom('right_side').where('a', '=', 1).execute()
    expect(await live()).toBe('4 ')
    await db.restore('right_side').where('a', '=', 1).execute()
    expect(await live()).toBe('124 12')
  })
})
