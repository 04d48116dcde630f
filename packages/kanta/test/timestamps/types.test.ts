import { expect, expectTypeOf, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Generated, kanta, table } from '../../src/index.ts'
import { createExecutor, softDelete, tenant, timestamps } from '../../src/plugins/index.ts'

const post = table('post', (c) => ({
  id: c.integer().primaryKey(),
  tenant_id: c.integer().$optional(),
  title: c.text(),
  created_at: c.timestamp().$optional(),
  updated_at: c.timestamp().$optional(),
}))

test('touch() is there with timestamps, typed by the tables, and not without', async () => {
  const base = kanta({ driver: sqlite(':memory:'), schema: { post } })
  await base.schema.createTable(post).execute()
  const db = await createExecutor(base, [tenant({ column: 'tenant_id' }), timestamps({ now: () => new Date(0) })])
  const one = db.as({ tenant: 1 })
  // What plugins write need not be given.
  await one.insertInto('post').values({ title: 'Hello' }).execute()
  const touched = await one.touch('post').where('id', '=', 1).returning(['id', 'updated_at']).execute()
  expectTypeOf(touched).toEqualTypeOf<{ id: number; updated_at: Date }[]>()
  expect(touched).toEqual([{ id: 1, updated_at: new Date(0) }])
  await one.transaction().execute(async (trx) => {
    const [result] = await trx.touch('post').where('title', '=', 'Hello').execute()
    expect(result?.numUpdatedRows).toBe(1n)
  })
  // @ts-expect-error no such table
  expect(() => one.touch('posts')).toThrow()
  // @ts-expect-error no such column
  expect(() => one.touch('post').where('name', '=', 'x').compile()).toThrow()
  // @ts-expect-error without the plugin there is no touch()
  expect(() => base.touch('post')).toThrow()
  await base.destroy()
})

test('goes with interfaces, and other plugins', () => {
  interface DB {
    post: { id: number; tenant_id: Generated<number>; updated_at: Generated<string> }
  }
  const plugins = [softDelete({ tables: ['post'] }), timestamps({ tables: ['post'], created: false })] as const
  const db = kanta<DB>({ driver: sqlite(':memory:') }).withPlugins(plugins)
  const { sql } = db.withDeleted().touch('post').where('post.id', '=', 1).compile()
  expect(sql).toBe('update "post" set "updated_at" = ? where "post"."id" = ?')
})
