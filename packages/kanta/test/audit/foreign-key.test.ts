import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { audit } from '../../src/audit/index.ts'
import { type Database, kanta, table } from '../../src/index.ts'
import { createExecutor, softDelete } from '../../src/plugins/index.ts'
import { postgres } from '../engine/postgres.ts'
import type { Any } from '../security/ground.ts'

const invoice = table('invoice', (c) => ({
  id: c.integer().primaryKey(),
  status: c.text(),
  deleted_at: c.timestamp().nullable(),
  deletion: c.uuid().nullable(),
}))
const payment = table('payment', (c) => ({
  id: c.integer().primaryKey(),
  invoice_id: c.integer().references(() => invoice.id),
  deleted_at: c.timestamp().nullable(),
  deletion: c.uuid().nullable(),
}))
const schema = { invoice, payment }

// InnoDB locks the row referred to against every write, so that there these transactions fail without plugins, too.
describe.skipIf(postgres.missing !== undefined)('rows that others refer to, on postgres', () => {
  let place: Awaited<ReturnType<typeof postgres.create>>
  let base: Database<Any>

  beforeEach(async () => {
    place = await postgres.create()
    base = kanta({ driver: place.driver(), schema }) as Any
    for (const one of [invoice, payment]) await base.schema.createTable(one).execute()
    await base.insertInto('invoice').values({ id: 1, status: 'sent' }).execute()
  })
  afterEach(async () => {
    await base.destroy()
    await place.drop()
  })

  /** Two transactions that each refer to the invoice before one of them writes it. */
  async function both(db: Any, write: (trx: Any) => Promise<unknown>): Promise<unknown[]> {
    let waiting = 2
    const referred = Promise.withResolvers<void>()
    const one = () =>
      db.transaction().execute(async (trx: Any) => {
        await trx.insertInto('payment').values({ invoice_id: 1 }).execute()
        if (--waiting === 0) referred.resolve()
        await referred.promise
        await write(trx)
      })
    return (await Promise.allSettled([one(), one()])).map((result) =>
      result.status === 'fulfilled' ? 'done' : result.reason.code,
    )
  }

  test('an audited update waits for no foreign key', async () => {
    const db: Any = await createExecutor(base, [audit({ actor: 'user', tables: ['invoice'] })])
    const pay = (trx: Any) => trx.updateTable('invoice').set({ status: 'paid' }).where('id', '=', 1).execute()
    expect(await both(db.as({ user: 'ada' }), pay)).toEqual(['done', 'done'])
  })

  test('an audited upsert waits for no foreign key', async () => {
    const db: Any = await createExecutor(base, [audit({ actor: 'user', tables: ['invoice'] })])
    const pay = (trx: Any) =>
      trx
        .insertInto('invoice')
        .values({ id: 1, status: 'paid' })
        .onConflict((c: Any) => c.column('id').doUpdateSet({ status: 'paid' }))
        .execute()
    expect(await both(db.as({ user: 'ada' }), pay)).toEqual(['done', 'done'])
  })

  test('a delete that is an update waits for no foreign key', async () => {
    const db: Any = await createExecutor(base, [softDelete({ cascade: true })])
    const remove = (trx: Any) => trx.deleteFrom('invoice').where('id', '=', 1).execute()
    expect(await both(db, remove)).toEqual(['done', 'done'])
  })
})
