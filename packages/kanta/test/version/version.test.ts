import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { KantaError, kanta, table } from '../../src/index.ts'
import { camelCase, createExecutor, softDelete, version } from '../../src/plugins/index.ts'
import type { Plugin } from '../../src/run/index.ts'
import { fresh, onEngines, sql } from '../soft-delete/ground.ts'

const page = table('page', (c) => ({
  id: c.integer().primaryKey(),
  name: c.varchar(40).unique(),
  text: c.varchar(40).default(''),
  version: c.integer().default(0),
  deleted_at: c.timestamp().nullable(),
}))

onEngines('versions', (ground) => {
  const open = () => {
    const texts: string[] = []
    const watch: Plugin = {
      name: 'watch',
      hooks: [{ name: 'watch', around: (event, next) => next().finally(() => texts.push(event.sql)) }],
    }
    const base = kanta({ driver: ground.driver(), schema: { page } })
    return { base, texts, db: base.withPlugins([version(), watch]) }
  }
  let { base, db, texts } = {} as ReturnType<typeof open>
  beforeAll(async () => {
    ;({ base, db, texts } = open())
    await fresh(base, { page })
  })
  afterAll(() => base.destroy())
  beforeEach(async () => {
    await base.deleteFrom('page').execute()
    await db
      .insertInto('page')
      .values([
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ])
      .execute()
    texts.length = 0
  })
  const versions = async () =>
    (await base.selectFrom('page').select('version').orderBy('id').execute()).map((row) => row.version)

  test('new rows have version 1, in every form of an insert', async () => {
    expect(await versions()).toEqual([1, 1])
    await db.insertInto('page').values({ id: 3, name: 'c' }).execute()
    await db
      .insertInto('page')
      .columns(['id', 'name'])
      .expression((eb) =>
        eb
          .selectFrom('page')
          .select((e) => [e('page.id', '+', 10).as('id'), sql<string>`concat('x', page.id)`.as('name')]),
      )
      .execute()
    expect(await versions()).toEqual([1, 1, 1, 1, 1, 1])
  })

  test('each update counts, also that of an upsert', async () => {
    await db.updateTable('page').set({ text: 'x' }).where('id', '=', 1).execute()
    await db.updateTable('page').set({ text: 'y' }).execute()
    expect(await versions()).toEqual([3, 2])
    const insert = db.insertInto('page').values({ id: 2, name: 'b' })
    if (ground.dialect === 'mariadb') await insert.onDuplicateKeyUpdate({ text: 'z' }).execute()
    else await insert.onConflict((oc) => oc.column('id').doUpdateSet({ text: 'z' })).execute()
    expect(await versions()).toEqual([3, 3])
  })

  test('F18: a row is changed only if it has the version, in one round trip', async () => {
    expect(await db.ifVersion('page', { id: 1 }, 1).update({ text: 'x' })).toBe(2)
    expect(texts).toHaveLength(1)
    expect(await db.ifVersion('page', { name: 'a' }, 2).update({ text: 'y' })).toBe(3)
    expect(await versions()).toEqual([3, 1])
    const late = db.ifVersion('page', { id: 1 }, 2).update({ text: 'lost' })
    await expect(late).rejects.toBeInstanceOf(KantaError)
    await expect(late).rejects.toMatchObject({ code: 'conflict', table: 'page', expected: 2, actual: 3 })
    await expect(late).rejects.toThrow(/has version 3, not 2/)
    expect(await base.selectFrom('page').select('text').where('id', '=', 1).execute()).toEqual([{ text: 'y' }])
    await expect(db.ifVersion('page', { id: 9 }, 1).update({ text: 'x' })).rejects.toMatchObject({
      code: 'not_found',
      table: 'page',
    })
    expect(await db.ifVersion('page', { id: 2 }, 1n).update({ text: 'x' })).toBe(2)
  })

  test('a row is deleted only if it has the version', async () => {
    await db.updateTable('page').set({ text: 'x' }).where('id', '=', 1).execute()
    await expect(db.ifVersion('page', { id: 1 }, 1).delete()).rejects.toMatchObject({
      code: 'conflict',
      expected: 1,
      actual: 2,
    })
    texts.length = 0
    await db.ifVersion('page', { id: 1 }, 2).delete()
    expect(texts).toHaveLength(1)
    await expect(db.ifVersion('page', { id: 1 }, 2).delete()).rejects.toMatchObject({ code: 'not_found' })
    expect(await versions()).toEqual([1])
  })

  test('of two that change a row at once one has a conflict', async () => {
    const both = await Promise.allSettled([
      db.ifVersion('page', { id: 1 }, 1).update({ text: 'one' }),
      db.ifVersion('page', { id: 1 }, 1).update({ text: 'other' }),
    ])
    expect(both.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await versions()).toEqual([2, 1])
  })

  test('nobody writes the column, and keys are those of one row', async () => {
    const refused = { code: 'policy' }
    await expect(db.insertInto('page').values({ id: 3, name: 'c', version: 7 }).execute()).rejects.toMatchObject(
      refused,
    )
    await expect(db.updateTable('page').set({ version: 7 }).execute()).rejects.toMatchObject(refused)
    await expect(db.ifVersion('page', { id: 1 }, 1).update({ version: 7 })).rejects.toMatchObject(refused)
    expect(() => db.ifVersion('page', { text: '' }, 1)).toThrow(/may mean several rows/)
    expect(() => db.ifVersion('page', { id: 1, text: '' }, 1)).toThrow(/Give a key: \{ id \} or \{ name \}/)
    expect(() => db.ifVersion('page', {}, 1)).toThrow(/takes the key/)
    expect(() => db.ifVersion('page', { id: undefined } as never, 1)).toThrow(/no value for 'id'/)
    expect(() => db.ifVersion('page', { id: 1 }, undefined as never)).toThrow(/takes the version/)
    expect(() => db.ifVersion('none' as never, { id: 1 } as never, 1)).toThrow(/have no versions/)
    expect(await versions()).toEqual([1, 1])
  })

  test('deletions and restorations count, and a deleted row is not found', async () => {
    const soft = base.withPlugins([version(), softDelete()])
    await soft.ifVersion('page', { id: 1 }, 1).delete()
    expect(await versions()).toEqual([2, 1])
    await expect(soft.ifVersion('page', { id: 1 }, 2).update({ text: 'x' })).rejects.toMatchObject({
      code: 'not_found',
    })
    await soft.restore('page').where('id', '=', 1).execute()
    expect(await versions()).toEqual([3, 1])
    await soft.transaction().execute((trx) => trx.ifVersion('page', { id: 1 }, 3).update({ text: 'x' }))
    expect(await versions()).toEqual([4, 1])
  })

  test('tables without definitions are named; names may be in camel case', async () => {
    const bare = kanta<{ page: { id: number; text: string; rowVersion: number; deletedAt: string | null } }>({
      driver: ground.driver(),
    })
    await expect(createExecutor(bare, [version()])).rejects.toMatchObject({ code: 'plugin' })
    await sql`drop table if exists page`.execute(bare)
    await sql`create table page (id integer, text varchar(40), row_version integer, deleted_at varchar(40))`.execute(
      bare,
    )
    const plugins = [
      camelCase(),
      version({ tables: ['page'], column: 'rowVersion' }),
      softDelete({ tables: ['page'], column: 'deletedAt' }),
    ] as const
    const own = await createExecutor(bare, plugins)
    await own
      .insertInto('page')
      .values({ id: 1, text: 'a' } as never)
      .execute()
    expect(await own.ifVersion('page', { id: 1 }, 1).update({ text: 'b' })).toBe(2)
    await own.deleteFrom('page').execute()
    expect(await own.selectFrom('page').selectAll().execute()).toEqual([])
    const [row] = await own.onlyDeleted().selectFrom('page').selectAll().execute()
    expect(row).toMatchObject({ id: 1, text: 'b', rowVersion: 3, deletedAt: expect.stringMatching(/^20\d\d-/) })
    await bare.destroy()
  })
})
