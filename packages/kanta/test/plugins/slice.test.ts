import { expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, sql } from '../../src/index.ts'
import { capability, createExecutor, softDelete, tenant } from '../../src/plugins/index.ts'

interface DB {
  post: { id: number; tenant_id: number; title: string; deleted_at: string | null }
  note: { id: number; tenant_id: number; post_id: number; text: string }
}

test('slice', async () => {
  const base = kanta<DB>({ driver: sqlite(':memory:') })
  await sql`create table post (id integer primary key, tenant_id int not null, title text unique, deleted_at text)`.execute(
    base,
  )
  await sql`create table note (id integer primary key, tenant_id int not null, post_id int, text text)`.execute(base)
  const all = capability('all')
  const db = await createExecutor(base, [
    softDelete({ tables: ['post'] }),
    tenant({ column: 'tenant_id', tables: ['post', 'note'], capability: all }),
  ])
  const one = db.as({ tenant: 1 })
  const two = db.as({ tenant: 2 })
  await one
    .insertInto('post')
    .values([
      { id: 1, title: 'a' },
      { id: 2, title: 'b' },
    ] as never)
    .execute()
  await two
    .insertInto('post')
    .values({ id: 3, title: 'c' } as never)
    .execute()
  await two
    .insertInto('note')
    .values([
      { id: 1, post_id: 3, text: 'x' },
      { id: 2, post_id: 1, text: 'x' },
    ] as never)
    .execute()
  expect(await one.selectFrom('post').selectAll().execute()).toHaveLength(2)
  const [gone] = await one.deleteFrom('post').where('id', '=', 1).execute()
  expect(gone?.numDeletedRows).toBe(1n)
  const [again] = await one.deleteFrom('post').where('id', '=', 1).execute()
  expect(again?.numDeletedRows).toBe(0n)
  expect(await one.selectFrom('post').selectAll().execute()).toHaveLength(1)
  expect(await one.withDeleted().selectFrom('post').selectAll().execute()).toHaveLength(2)
  await expect(db.selectFrom('post').selectAll().execute()).rejects.toThrow(/context/)
  await expect(sql`select 1`.execute(one)).rejects.toThrow(/trusted/)
  await expect(
    one
      .insertInto('post')
      .values({ id: 3, title: 'zz', tenant_id: 1 } as never)
      .onConflict((oc) => oc.column('id').doUpdateSet({ title: 'stolen' }))
      .execute(),
  ).rejects.toThrow(/conflicting row/)
  await expect(one.updateTable('post').set({ tenant_id: 2 }).execute()).rejects.toThrow(/move/)
  expect(await db.unscoped(all, 'report').selectFrom('post').selectAll().execute()).toHaveLength(2)
  await db.transaction().execute(async (trx) => {
    expect(await trx.as({ tenant: 2 }).withDeleted().selectFrom('post').selectAll().execute()).toHaveLength(1)
    trx.withDeleted()
  })
  expect(
    await one
      .with('post', (q) => q.selectFrom('note').select('id'))
      .selectFrom('post')
      .selectAll()
      .execute(),
  ).toHaveLength(0)
  await db.destroy()
})
