import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { foreignKey, index, kanta, primaryKey, table, unique } from '../../src/index.ts'
import { checkTenantKeys, tenant } from '../../src/plugins/index.ts'
import type { Place } from '../engine/engine.ts'
import { withoutSchema } from '../without-schema.ts'
import { type Any, engines, run } from './ground.ts'

const policy = (message: RegExp): object =>
  expect.objectContaining({ code: 'policy', message: expect.stringMatching(message) })

const tables = {
  big: table('big', (c) => ({ id: c.integer().primaryKey(), tenant_id: c.bigint() })),
  uuid: table('uuid', (c) => ({ id: c.integer().primaryKey(), tenant_id: c.uuid() })),
  bytes: table('bytes', (c) => ({ id: c.integer().primaryKey(), tenant_id: c.bytes() })),
  words: table('words', (c) => ({ id: c.integer().primaryKey(), tenant_id: c.varchar(20) })),
  plain: table('plain', (c) => ({ id: c.integer().primaryKey() })),
}

describe.each(engines)('the values of tenants on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Place
  let base: Any
  let db: Any
  let known: Any
  beforeAll(async () => {
    place = await engine.create()
    base = kanta({ driver: place.driver(), schema: tables } as Any)
    for (const each of Object.values(tables)) await base.schema.createTable(each).execute()
    // As most databases of MariaDB are made: letters of both cases are the same there.
    const collation = engine.dialect === 'mariadb' ? ' collate utf8mb4_general_ci' : ''
    await run(base, `create table loose (id int primary key, tenant_id varchar(20)${collation})`)
    await run(base, 'create table numbers (id int primary key, tenant_id int)')
    known = base.withPlugins([tenant({ column: 'tenant_id', shared: [] })])
    db = withoutSchema(base).withPlugins([tenant({ column: 'tenant_id', tables: ['loose', 'numbers'] })])
  })
  afterAll(async () => {
    await base?.destroy()
    await place?.drop()
  })

  const ids = async (who: Any, name: string): Promise<number[]> =>
    (await who.selectFrom(name).select('id').orderBy('id').execute()).map((row: Any) => row.id)

  test('are of the type of their column', async () => {
    const uuids = ['6f9619ff-8b86-4d01-b42d-00cf4fc964ff', '6f9619ff-8b86-4d01-b42d-00cf4fc964aa']
    const of: Record<string, readonly [unknown, unknown]> = {
      big: [2n ** 60n, 2n ** 60n + 1n],
      uuid: [uuids[0]!.toUpperCase(), uuids[1]],
      bytes: [Uint8Array.of(0, 255), Uint8Array.of(0, 254)],
      words: ['0', '00'],
    }
    for (const [name, [a, b]] of Object.entries(of)) {
      const [one, two] = [known.as({ tenant: a }), known.as({ tenant: b })]
      await one
        .insertInto(name)
        .values([{ id: 1 }, { id: 2, tenant_id: a }])
        .execute()
      await two.insertInto(name).values({ id: 3 }).execute()
      expect([await ids(one, name), await ids(two, name)], name).toEqual([[1, 2], [3]])
      await two.updateTable(name).set({ id: 4 }).execute()
      await one.deleteFrom(name).execute()
      expect([await ids(one, name), await ids(two, name)], name).toEqual([[], [4]])
    }
    await expect(ids(known.as({ tenant: 'x' }), 'big')).rejects.toMatchObject({ code: 'invalid_input' })
  })

  test('are the same only when they are, whatever the database takes for the same', async () => {
    const who = ['acme', 'ACME', 'acmé', 'acme ', '0', '1', '1.0']
    for (const [i, name] of who.entries()) await db.as({ tenant: name }).insertInto('loose').values({ id: i }).execute()
    for (const [i, name] of who.entries()) expect(await ids(db.as({ tenant: name }), 'loose'), name).toEqual([i])
    // Beside a number, text without digits is 0 on MariaDB.
    const zero = await ids(db.as({ tenant: 0 }), 'loose').catch((error: Any) => error.code)
    expect([[4], [], 'query', 'invalid_input']).toContainEqual(zero)
    for (const i of [0, 1, 12]) await db.as({ tenant: i }).insertInto('numbers').values({ id: i }).execute()
    for (const i of [0, 1, 12]) expect(await ids(db.as({ tenant: i }), 'numbers')).toEqual([i])
    for (const name of ['acme', '1x', '12 or 1 = 1']) {
      const found = await ids(db.as({ tenant: name }), 'numbers').catch(() => [])
      expect(found, name).toEqual([])
    }
  })

  test('with a schema, tables are those with the column, and others are refused', async () => {
    const one = known.as({ tenant: 'x' })
    await expect(ids(one, 'plain')).rejects.toEqual(
      policy(/Give the table a column 'tenant_id', or list it as 'plain'/),
    )
    await expect(ids(one, 'loose')).rejects.toEqual(policy(/list it in 'tables'/))
    const shared = base.withPlugins([tenant({ column: 'tenant_id', shared: ['plain'] })]).as({ tenant: 'x' })
    expect(await ids(shared, 'plain')).toEqual([])
    const wrong = base.withPlugins([tenant({ column: 'tenant_id', tables: ['plain'] })]).as({ tenant: 'x' })
    await expect(ids(wrong, 'plain')).rejects.toEqual(policy(/has no column 'tenant_id'/))
  })
})

test('the options of tenant are refused by name', () => {
  for (const [options, message] of [
    [{ colunm: 'a' }, /no option 'colunm'. Did you mean 'column'/],
    [{}, /takes a name/],
    [{ column: 'a', tables: 'b' }, /takes a list/],
    [{ column: 'a', shared: [1] }, /takes a list/],
    [{ column: 'a', context: '' }, /takes a name/],
    ['tenant_id', /object of options/],
  ] as const)
    expect(() => tenant(options as Any)).toThrow(message)
})

describe('the keys of a schema', () => {
  const account = table(
    'account',
    (c) => ({ tenant_id: c.integer(), id: c.integer(), mail: c.text().unique(), slug: c.text() }),
    (t) => [primaryKey([t.tenant_id, t.id]), unique([t.tenant_id, t.slug])],
  )
  const order = table(
    'order',
    (c) => ({ id: c.integer().primaryKey(), tenant_id: c.integer(), account: c.integer(), other: c.integer() }),
    (t) => [
      index([t.account], { unique: true }),
      foreignKey([t.tenant_id, t.account], () => [account.tenant_id, account.id]),
      foreignKey([t.other], () => [account.id]),
      foreignKey([t.other, t.tenant_id], () => [account.tenant_id, account.id]),
      foreignKey([t.tenant_id, t.other], () => [account.tenant_id, account.id], { onDelete: 'set null' }),
    ],
  )
  const log = table('log', (c) => ({ id: c.integer().primaryKey(), order: c.integer().references(() => order.id) }))

  test('are told of where they leave the tenant out', () => {
    const found = checkTenantKeys({ account, order, log }, { column: 'tenant_id' })
    expect(found.map(({ table, kind, columns }) => `${table} ${kind} ${columns.join()}`)).toEqual([
      'account unique constraint mail',
      'order primary key id',
      'order unique index account',
      'order foreign key other',
      'order foreign key other,tenant_id',
      'order foreign key tenant_id,other',
      'log foreign key order',
    ])
    expect(found[0]!.message).toContain('Make it (tenant_id, mail)')
    expect(found[5]!.message).toContain("by 'set null'")
    expect(checkTenantKeys({ account, order }, { column: 'tenant_id', shared: ['account', 'order'] })).toEqual([])
    expect(() => checkTenantKeys({}, { column: 'tenant_id' })).toThrow(/object of table/)
  })
})
