import { describe, expect, test } from 'vitest'
import { diff, type Step, schemaCode, stepSql } from '../../src/diff/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Database, expressionBuilder, index, jsonArrayFrom, kanta, sql, table } from '../../src/index.ts'
import { introspect } from '../../src/introspect/index.ts'

const item = table('item', (c) => ({
  id: c.integer().primaryKey(),
  price: c.decimal(10, 2).default('1.50').nullable().unique(),
}))

const memory = <S extends object>(schema: S) => kanta({ driver: sqlite(':memory:'), schema })

async function created(prices: readonly (string | null)[]) {
  const db = memory({ item })
  await db.schema.createTable(item).execute()
  if (prices.length > 0)
    await db
      .insertInto('item')
      .values(prices.map((price) => ({ price })))
      .execute()
  return db
}

async function apply(db: Database<any>, steps: readonly Step[]): Promise<void> {
  for (const step of steps) for (const text of stepSql(step, 'sqlite')) await sql.raw(text).execute(db as never)
}

describe('decimals as integers of their smallest unit', () => {
  test('compare, order, aggregate and are unique as numbers', async () => {
    const db = await created(['9.00', '10.00', '100.00', '-1.00', '-2.00'])
    const items = db.selectFrom('item').select('price')
    const prices = (rows: { price: string | null }[]) => rows.map((row) => row.price)
    expect(prices(await items.orderBy('price').execute())).toEqual(['-2.00', '-1.00', '9.00', '10.00', '100.00'])
    expect(prices(await items.where('price', '>', '9.505').orderBy('id').execute())).toEqual(['10.00', '100.00'])
    expect(prices(await items.where('price', '=', '9').execute())).toEqual(['9.00'])
    await expect(db.insertInto('item').values({ price: '9.0' }).execute()).rejects.toMatchObject({
      code: 'unique_violation',
    })
    await db.destroy()
  })

  test('of scales that do not fit together are compared two at a time', async () => {
    const span = table('span', (c) => ({
      id: c.integer().primaryKey(),
      whole: c.decimal(18, 0),
      cents: c.decimal(18, 2),
      fine: c.decimal(18, 4),
    }))
    const db = memory({ span })
    await db.schema.createTable(span).execute()
    // The units of a hundredth are 1 apart at 18 digits; at the scale of the third column they are beyond 2^63.
    await db.insertInto('span').values({ whole: '9999999999999999', cents: '9999999999999999.01', fine: '0' }).execute()
    const spans = db.selectFrom('span').select('id')
    const { ref, val } = expressionBuilder<any, any>()
    expect(() => spans.where((eb) => eb.between('whole', eb.ref('cents'), eb.ref('fine'))).compile()).toThrow(
      /'between' compares a decimal\(18, 0\) with several values/,
    )
    expect(() => spans.where('whole', 'in', [ref('cents'), ref('fine')] as never).compile()).toThrow(/Compare two/)
    expect(() => spans.where((eb) => eb.between('whole', val('1') as never, eb.ref('fine'))).compile()).toThrow(
      /Compare two/,
    )
    const found = await spans.where('whole', '>=', ref('cents') as never).execute()
    expect(found).toEqual([])
    expect(await spans.where('whole', '>', ref('fine') as never).execute()).toEqual([{ id: 1 }])
    expect(
      await spans.where((eb) => eb.between('whole', val('1') as never, val('10000000000000000') as never)).execute(),
    ).toEqual([{ id: 1 }])
    await db.destroy()
  })

  test('are found by an index', async () => {
    const db = await created([])
    const plan = async (query: { compile(): { readonly sql: string } }): Promise<string> => {
      const text = query.compile().sql.replace('?', '5')
      const { rows } = await sql<{ detail: string }>`explain query plan ${sql.raw(text)}`.execute(db)
      return rows.map(({ detail }) => detail).join('; ')
    }
    const items = db.selectFrom('item').select('id')
    for (const query of [items.where('price', '=', '1.5'), items.where('price', '>', '1.005')])
      expect(await plan(query)).toMatch(/SEARCH item USING .*INDEX/)
    expect(await plan(items.orderBy('price'))).not.toContain('TEMP B-TREE')
    await db.destroy()
  })

  test('take no other value, whoever writes it', async () => {
    const db = await created([])
    for (const value of [sql.lit(1.5), sql.lit('x'), sql.lit(10n ** 10n), sql`x'00'`])
      await expect(sql`insert into item (price) values (${value})`.execute(db)).rejects.toMatchObject({
        code: 'check_violation',
      })
    await expect(db.insertInto('item').values({ price: '1.005' }).execute()).rejects.toThrow(/more digits/)
    await db.insertInto('item').defaultValues().execute()
    expect(await db.selectFrom('item').select('price').execute()).toEqual([{ price: '1.50' }])
    await db.destroy()
  })

  test('enter JSON and text as they are read', async () => {
    const db = await created(['-0.05', null, '19.99'])
    const query = db
      .selectFrom('item')
      .select(
        (eb) =>
          [
            eb.cast<string>('price', 'text').as('text'),
            sql<string>`${sql.ref('price')}`.as('bare'),
            eb('price', '||', ' EUR').as('label' as never),
            jsonArrayFrom(eb.selectFrom('item as i').select('i.price').whereRef('i.id', '=', 'item.id')).as('list'),
          ] as never,
      )
    expect(await query.orderBy('id').execute()).toEqual([
      { text: '-0.05', bare: '-0.05', label: '-0.05 EUR', list: [{ price: '-0.05' }] },
      { text: null, bare: null, label: null, list: [{ price: null }] },
      { text: '19.99', bare: '19.99', label: '19.99 EUR', list: [{ price: '19.99' }] },
    ])
    await db.destroy()
  })

  test('are upserted, returned, streamed and prepared', async () => {
    const db = await created(['1.00'])
    const upsert = db
      .insertInto('item')
      .values({ id: 1, price: '2.25' })
      .onConflict((oc) =>
        oc.column('id').doUpdateSet((eb: any) => ({ price: eb('item.price', '+', eb.ref('excluded.price')) })),
      )
      .returning('price')
    expect(await upsert.execute()).toEqual([{ price: '3.25' }])
    const rows: unknown[] = []
    for await (const row of db.selectFrom('item').select('price').stream()) rows.push(row)
    expect(rows).toEqual([{ price: '3.25' }])
    await db.destroy()
  })

  test('beyond 64 bits are refused, not rounded', async () => {
    const big = table('big', (c) => ({ id: c.integer().primaryKey(), d: c.decimal(18, 2) }))
    const db = memory({ big })
    await db.schema.createTable(big).execute()
    await db
      .insertInto('big')
      .values([{ d: '9999999999999999.99' }, { d: '-9999999999999999.99' }])
      .execute()
    expect(await db.selectFrom('big').select('d').execute()).toEqual([
      { d: '9999999999999999.99' },
      { d: '-9999999999999999.99' },
    ])
    await expect(
      db
        .selectFrom('big')
        .select((eb) => eb('d', '*', eb.ref('d')).as('v'))
        .execute(),
    ).rejects.toThrow(/64 bits/)
    // SQLite goes on with a floating-point number, of which the difference would be wrong.
    await db
      .insertInto('big')
      .values([{ d: '99999999999.99' }])
      .execute()
    await expect(
      db
        .selectFrom('big')
        .select((eb: any) =>
          eb(eb('d', '*', eb.ref('d')), '-', eb('d', '*', eb('d', '-', eb.val('0.01')))).as('difference'),
        )
        .where('d', '=', '99999999999.99')
        .execute(),
    ).rejects.toThrow(/64 bits/)
    await expect(
      db
        .updateTable('big')
        .set((eb: any) => ({ d: eb('d', '*', 10) }))
        .execute(),
    ).rejects.toThrow()
    await db.destroy()
  })

  test('are refused where nobody knows what becomes of them', async () => {
    const db = await created(['1.00'])
    const refused = [
      db.selectFrom('item').select(sql<number>`${sql.ref('price')} * 2`.as('v')),
      db.selectFrom('item').select('id').where('price', '>', sql<string>`random()`),
      db.selectFrom('item').select((eb) => eb.fn<string>('hex', ['price']).as('v')),
      db.selectFrom('item').select((eb) => eb.fn<string>('json_each', ['price']).as('v')),
      // A value of the caller gets the form of the decimal beside it, but not through the name of a column.
      db
        .selectFrom('item')
        .select('id')
        .where((eb: any) => eb('price', '=', eb.selectFrom('item').select(eb.val('1').as('v')))),
      (db as any)
        .selectFrom((eb: any) =>
          eb
            .selectFrom('item')
            .select(['price', eb.val('1').as('v')])
            .as('s'),
        )
        .select('s.price')
        .whereRef('s.price', '=', 's.v'),
    ]
    for (const query of refused) await expect(query.execute()).rejects.toMatchObject({ code: 'unsupported' })
    await db.destroy()
  })

  test('are in checks, computed columns and indexes of some rows', async () => {
    const eb = expressionBuilder() as any
    const sale = table(
      'sale',
      (c) => ({
        id: c.integer().primaryKey(),
        price: c.decimal(10, 2).check(eb('price', '>', sql.lit('0.5'))),
        rate: c.decimal(6, 4),
        total: c.decimal(12, 2).generatedAs(eb('price', '*', eb.ref('rate')), { stored: true }),
        whole: c.integer().generatedAs(eb.cast('price', 'integer')),
      }),
      (t) => [index([t.rate], { where: eb('price', '>', sql.lit('1.005')) })],
    )
    const db = memory({ sale })
    await db.schema.createTable(sale).execute()
    await db.insertInto('sale').values({ price: '10.50', rate: '1.0825' }).execute()
    expect(await db.selectFrom('sale').selectAll().execute()).toEqual([
      { id: 1, price: '10.50', rate: '1.0825', total: '11.37', whole: 11 },
    ])
    await expect(db.insertInto('sale').values({ price: '0.50', rate: '1' }).execute()).rejects.toMatchObject({
      code: 'check_violation',
    })
    expect((await diff(await introspect(db), { sale })).up).toEqual([])
    expect((await diff({ sale }, await introspect(db))).up).toEqual([])
    await db.destroy()
  })
})

describe('decimals that are not', () => {
  const wide = table('wide', (c) => ({ id: c.integer().primaryKey(), wei: c.decimal(30, 0) }))
  const kept = table('wide', (c) => ({ id: c.integer().primaryKey(), wei: c.decimal(30, 0, { storage: 'text' }) }))

  test('of more than 18 digits need to say that they are text', async () => {
    const db = memory({ wide })
    expect(() => db.schema.createTable(wide).compile()).toThrow(/at most 18 digits.*storage: 'text'/)
    await db.destroy()
  })

  test('are written and read as text, and neither compared nor computed', async () => {
    const db = memory({ kept })
    await db.schema.createTable(kept).execute()
    const wei = '123456789012345678901234567890'
    await db.insertInto('wide').values({ wei }).execute()
    const rows = db.selectFrom('wide')
    expect(await rows.select('wei').execute()).toEqual([{ wei }])
    expect(await rows.select('id').where('wei', 'is not', null).execute()).toHaveLength(1)
    expect(await rows.select((eb) => eb.cast<string>('wei', 'text').as('v')).execute()).toEqual([{ v: wei }])
    const refused = [
      rows.select('id').where('wei', '=', wei),
      rows.select('id').where('wei', '>', '1'),
      rows.select('id').orderBy('wei'),
      rows.select('wei').distinct(),
      rows.select('wei').groupBy('wei'),
      rows.select((eb) => eb.fn.max('wei').as('v')),
      rows.select((eb) => eb.fn.sum('wei').as('v')),
      rows.select((eb) => eb('wei', '+', eb.ref('wei')).as('v')),
    ]
    for (const query of refused)
      await expect(query.execute(), query.compile.name).rejects.toMatchObject({ code: 'unsupported' })
    await db.destroy()
  })

  test('of existing tables are read from floating-point numbers', async () => {
    const old = table('old', (c) => ({ id: c.integer().primaryKey(), price: c.decimal(10, 2, { storage: 'real' }) }))
    const db = memory({ old })
    await sql`create table old (id integer primary key, price numeric(10,2) not null)`.execute(db)
    await sql`insert into old (price) values (9), (10.5), (19.99), ('100.10')`.execute(db)
    const prices = (rows: { price: string }[]) => rows.map((row) => row.price)
    const rows = db.selectFrom('old').select('price')
    expect(prices(await rows.orderBy('price').execute())).toEqual(['9.00', '10.50', '19.99', '100.10'])
    expect(prices(await rows.where('price', '>', '9.5').execute())).toEqual(['10.50', '19.99', '100.10'])
    await expect(
      db
        .selectFrom('old')
        .select((eb) => eb.fn.sum('price').as('v'))
        .execute(),
    ).rejects.toThrow(/cast/i)
    expect((await diff(await introspect(db), { old })).up).toEqual([])
    await db.destroy()
  })
})

test('a default is pulled as the decimal that it is', async () => {
  const db = await created([])
  const low = table('low', (c) => ({ id: c.integer().primaryKey(), cost: c.decimal(8, 3).default('-0.05') }))
  await db.schema.createTable(low).execute()
  const code = schemaCode(await introspect(db))
  expect(code).toContain("c.decimal(10, 2).nullable().default('1.50')")
  expect(code).toContain("c.decimal(8, 3).default('-0.050')")
  await db.destroy()
})

describe('an older table', () => {
  const columns = ['text', 'decimal(10, 2)', 'real'] as const

  test.each(columns)('whose decimals are %s is rebuilt with its values', async (type) => {
    const db = memory({ item })
    await sql
      .raw(`create table item (id integer primary key, price ${type} default '1.50', unique (price))`)
      .execute(db)
    const prices = ['9', '-0.05', '+12.500', '100.10', '0', '-3', null, '12345678.25']
    for (const price of prices) await sql`insert into item (price) values (${price})`.execute(db)
    await apply(db, (await diff(await introspect(db), { item })).up)
    const found = await db.selectFrom('item').select('price').orderBy('id').execute()
    expect(found.map((row) => row.price)).toEqual([
      '9.00',
      '-0.05',
      '12.50',
      '100.10',
      '0.00',
      '-3.00',
      null,
      '12345678.25',
    ])
    expect((await diff(await introspect(db), { item })).up).toEqual([])
    await db.destroy()
  })

  test.each(['1.005', 'x', '', '1.2.3', '99999999999', '1e3'])('with %j is not', async (price) => {
    const db = memory({ item })
    await sql`create table item (id integer primary key, price text default '1.50', unique (price))`.execute(db)
    await sql`insert into item (price) values (${price})`.execute(db)
    await expect(apply(db, (await diff(await introspect(db), { item })).up)).rejects.toMatchObject({
      code: 'check_violation',
    })
    await db.destroy()
  })

  test('gets more digits, and fewer where no value loses any', async () => {
    const finer = table('item', (c) => ({
      id: c.integer().primaryKey(),
      price: c.decimal(14, 4).default('1.50').nullable().unique(),
    }))
    const plain = table('item', (c) => ({
      id: c.integer().primaryKey(),
      price: c.text().default('1.50').nullable().unique(),
    }))
    const db = await created(['-0.05', '19.99', null])
    const now = async () =>
      (await sql<{ price: unknown }>`select price from item order by id`.execute(db)).rows.map((row) => row.price)
    await apply(db, (await diff(await introspect(db), { finer })).up)
    expect(await now()).toEqual([-500, 199_900, null])
    await apply(db, (await diff(await introspect(db), { item })).up)
    expect(await now()).toEqual([-5, 1999, null])
    await apply(db, (await diff(await introspect(db), { plain })).up)
    expect(await now()).toEqual(['-0.05', '19.99', null])
    await db.destroy()
  })
})
