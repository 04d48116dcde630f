import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kanta, type TablesOf, table } from '../../src/index.ts'
import { createExecutor, tenant, version } from '../../src/plugins/index.ts'
import { policies, rls } from '../../src/rls/index.ts'
import { engines } from '../relations/ground.ts'
import type { Any, Ground } from '../tenant/ground.ts'

const item = table('item', (c) => ({
  id: c.integer().primaryKey(),
  shop: c.integer().$optional(),
  price: c.decimal(10, 2),
  cost: c.decimal(18, 4).nullable(),
  version: c.integer().default(1),
}))
const schema = { item }
const rules = policies<TablesOf<typeof schema>, { roles: readonly string[]; most: number }>({
  item: ({ allow }) => [
    allow('select'),
    allow('all', ({ row, context }) => row.id.le(context.most), { roles: ['staff'] }),
  ],
})

describe.each(engines)('decimals under policies on $name', (engine: Ground) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Awaited<ReturnType<Ground['create']>>
  let db: Any
  beforeAll(async () => {
    place = await engine.create()
    const base = kanta({ driver: place.driver() as Any, schema })
    await base.schema.createTable(item).execute()
    db = await createExecutor(base, [tenant({ column: 'shop', context: 'shop' }), version(), rls(rules)] as Any)
    db = db.as({ shop: 1, roles: ['staff'], most: 50 })
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })

  test('are written and read by their value', async () => {
    const add = (...rows: Any[]) => db.insertInto('item').values(rows).execute()
    await add({ id: 1, price: '9.50', cost: '0.0001' })
    await add({ id: 2, price: '99.99', cost: null }, { id: 3, price: '100', cost: '12345678901234.5678' })
    await expect(add({ id: 51, price: '100.01', cost: null })).rejects.toMatchObject({ code: 'policy' })
    await expect(
      add({ id: 5, price: '1.00', cost: null }, { id: 60, price: '1000.00', cost: null }),
    ).rejects.toMatchObject({
      code: 'policy',
    })
    await db.updateTable('item').set({ price: '20.25' }).where('price', '=', '9.5').execute()
    expect(await db.selectFrom('item').select(['id', 'price', 'cost']).orderBy('price').execute()).toEqual([
      { id: 1, price: '20.25', cost: '0.0001' },
      { id: 2, price: '99.99', cost: null },
      { id: 3, price: '100.00', cost: '12345678901234.5678' },
    ])
    const copied = db
      .insertInto('item')
      .columns(['id', 'price', 'cost'])
      .expression(db.selectFrom('item').select((eb: Any) => [eb('id', '+', 10).as('id'), 'price', 'cost']))
    await copied.execute()
    expect(await db.selectFrom('item').select('price').where('id', '=', 13).execute()).toEqual([{ price: '100.00' }])
  })
})
