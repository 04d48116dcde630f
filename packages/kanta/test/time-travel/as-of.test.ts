import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, kanta, prepare, type Slots, sql, table } from '../../src/index.ts'
import { createExecutor, softDelete, tenant } from '../../src/plugins/index.ts'
import { schemaBuilder } from '../../src/schema/index.ts'
import { pruneHistory, startHistory, timeTravel } from '../../src/time-travel/index.ts'
import { type Ground, grounds, instant } from './engines.ts'

interface DB {
  city: { id: number; name: string; country: string | null; tenant: number; deleted_at: string | null }
  country: { code: string; name: string }
  report: { id: number; name: string }
}

const TABLES = { tables: ['city', 'country'], current: ['report'] }

async function open(ground: Ground) {
  const { driver: drive, drop } = await ground.open()
  const driver = drive()
  const base = kanta<DB>({ driver })
  await sql`create table city (id int not null primary key, name varchar(50) not null, country varchar(2),
    tenant int default 1 not null, deleted_at varchar(50))`.execute(base)
  await sql`create table country (code varchar(2) not null primary key, name varchar(50) not null)`.execute(base)
  await sql`create table report (id int, name varchar(50))`.execute(base)
  await startHistory(base, ['city', 'country'])
  const db = await createExecutor(base, [timeTravel(TABLES)])
  return { driver, base, db, drop }
}

const city = (id: number, name: string, country = 'FI') => ({ id, name, country, tenant: 1, deleted_at: null })

describe.each(grounds)('on $name', (ground) => {
  if (ground.missing !== undefined) {
    test.skip(ground.missing, () => {})
    return
  }
  let all: Awaited<ReturnType<typeof open>>
  let db: Awaited<ReturnType<typeof open>>['db']
  /** Before anything was there; when there were Helsinki in Finland and Turku; when there was only Turku, renamed. */
  let empty: Date
  let first: Date
  let second: Date

  beforeAll(async () => {
    all = await open(ground)
    db = all.db
    empty = instant()
    await db
      .insertInto('city')
      .values([city(1, 'Helsinki'), city(2, 'Turku')])
      .execute()
    await db.insertInto('country').values({ code: 'FI', name: 'Finland' }).execute()
    first = instant()
    await db.deleteFrom('city').where('id', '=', 1).execute()
    await db.updateTable('city').set({ name: 'Åbo' }).execute()
    await db.updateTable('country').set({ name: 'Suomi' }).execute()
    second = instant()
    await db.deleteFrom('city').execute()
    await db.deleteFrom('country').execute()
  })
  afterAll(async () => {
    await db.destroy()
    await all.drop()
  })
  beforeEach(async () => {
    await sql`delete from report`.execute(all.base)
  })

  test('one plan serves every instant', async () => {
    const names = (at: Date) => db.asOf(at).selectFrom('city').select('name').orderBy('id').execute()
    expect(await names(first)).toEqual([{ name: 'Helsinki' }, { name: 'Turku' }])
    expect(await names(second)).toEqual([{ name: 'Åbo' }])
    expect(await names(empty)).toEqual([])
    expect(await names(new Date())).toEqual([])
    const text = (at: Date) => db.asOf(at).selectFrom('city').select('name').compile().sql
    expect(text(first)).toBe(text(second))
  })

  test('every form of a read', async () => {
    const past = db.asOf(first)
    const both = { name: 'Helsinki', land: 'Finland' }
    expect(await past.selectFrom('city').selectAll().where('id', '=', 1).execute()).toEqual([city(1, 'Helsinki')])
    for (const join of ['innerJoin', 'leftJoin', 'rightJoin'] as const) {
      const from = past.selectFrom('city as c')
      const joined = (from[join] as typeof from.leftJoin)('country as k', 'k.code', 'c.country')
        .where('c.id', '=', 1)
        .select(['c.name', 'k.name as land'])
      expect(await joined.execute(), join).toEqual([both])
    }
    const subquery = past
      .selectFrom('city')
      .select('name')
      .where('country', 'in', db.selectFrom('country').select('code').where('name', '=', 'Finland'))
      .where('id', '=', 2)
    expect(await subquery.execute()).toEqual([{ name: 'Turku' }])
    const scalar = past
      .selectFrom('city')
      .where('id', '=', 1)
      .select((eb) => [
        'id',
        eb.selectFrom('country').select('country.name').whereRef('country.code', '=', 'city.country').as('land'),
      ])
    expect(await scalar.execute()).toEqual([{ id: 1, land: 'Finland' }])
    const common = past
      .with('finnish', (q) => q.selectFrom('city').select(['id', 'name']).where('country', '=', 'FI'))
      .selectFrom('finnish')
      .select('name')
      .orderBy('id', 'desc')
    expect(await common.execute()).toEqual([{ name: 'Turku' }, { name: 'Helsinki' }])
    const union = past
      .selectFrom('city')
      .select('name')
      .unionAll(db.selectFrom('country').select('name'))
      .orderBy('name')
    expect(await union.execute()).toEqual([{ name: 'Finland' }, { name: 'Helsinki' }, { name: 'Turku' }])
    const prepared = prepare(past, (slot: Slots<{ id: number }>) =>
      past.selectFrom('city').select('name').where('id', '=', slot('id')),
    )
    expect(await prepared.execute({ id: 2 })).toEqual([{ name: 'Turku' }])
    const streamed: string[] = []
    for await (const { name } of past.selectFrom('city').select('name').orderBy('id').stream()) streamed.push(name)
    expect(streamed).toEqual(['Helsinki', 'Turku'])
    await db.transaction().execute(async (trx) => {
      expect(await trx.asOf(second).selectFrom('city').select('name').execute()).toEqual([{ name: 'Åbo' }])
    })
  })

  test('what was can be copied to a table without history, and nothing else is written', async () => {
    const past = db.asOf(first)
    const source = past.selectFrom('city').select(['id', 'name'])
    await past.insertInto('report').columns(['id', 'name']).expression(source).execute()
    expect(await db.selectFrom('report').selectAll().orderBy('id').execute()).toEqual([
      { id: 1, name: 'Helsinki' },
      { id: 2, name: 'Turku' },
    ])
    expect(await past.selectFrom('report').selectAll().execute()).toHaveLength(2)
    const writes = [
      past.insertInto('city').values(city(9, 'x')),
      past.updateTable('city').set({ name: 'x' }),
      past.deleteFrom('city'),
    ]
    for (const write of writes)
      await expect(write.execute()).rejects.toMatchObject({
        code: 'policy',
        message: expect.stringMatching(/for reading/),
      })
    await expect(schemaBuilder(past).dropTable('city').execute()).rejects.toMatchObject({ code: 'policy' })
    await expect(sql`select * from city`.execute(past)).rejects.toMatchObject({ code: 'policy' })
    // Without asOf(), text is as free as it was.
    expect((await sql`select count(*) as n from city`.execute(db)).rows).toHaveLength(1)
  })

  test('an instant of which nothing is known is an error', async () => {
    const read = (at: Date | string) => db.asOf(at).selectFrom('city').selectAll().execute()
    await expect(read(new Date('2020-01-01'))).rejects.toMatchObject({
      code: 'policy',
      message: expect.stringMatching(/'city' began at 20\d\d-\d\d-\d\dT[\d:.]+Z, after 2020-01-01T00:00:00.000999Z/),
    })
    await expect(read('2200-01-01T00:00:00Z')).rejects.toThrow(/in the future/)
    for (const wrong of ['2026-01-01', '2026-01-01T00:00:00', 'now', Number.NaN, new Date(Number.NaN), undefined, null])
      expect(() => db.asOf(wrong as never), String(wrong)).toThrow(/asOf\(\) takes/)
    expect(() => db.asOf(first).asOf(second)).toThrow(/another 'as of'/)
    const other = db.asOf(first) as unknown as Database<{ unknown: { id: number } }>
    await expect(other.selectFrom('unknown').selectAll().execute()).rejects.toThrow(/has no history/)
    expect(await db.began('city')).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    await expect(db.began('nothing')).rejects.toThrow(/has not begun/)
  })

  test('instants are exact to what the database keeps', async () => {
    const versions = await db.versionsOf('city', { id: 2 })
    expect(versions.map(({ row }) => row.name)).toEqual(['Turku', 'Åbo'])
    await expect(db.versionsOf('city', { id: 2, name: 'Turku' })).rejects.toThrow(/whole key of 'city': id/)
    await expect(db.versionsOf('city', {})).rejects.toThrow(/takes the key/)
    expect(versions[0]!.to).toBe(versions[1]!.from)
    expect(versions[1]!.to).toBeDefined()
    const name = (at: string) => db.asOf(at).selectFrom('city').select('name').where('id', '=', 2).executeTakeFirst()
    expect(await name(versions[0]!.from)).toEqual({ name: 'Turku' })
    expect(await name(versions[1]!.from)).toEqual({ name: 'Åbo' })
    expect(await name(versions[1]!.to!)).toBeUndefined()
    const before = `${BigInt(versions[1]!.from.replace(/\D/g, '')) - 1n}`
    const [, y, mo, d, h, mi, s, f] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{6})$/.exec(before)!
    expect(await name(`${y}-${mo}-${d}T${h}:${mi}:${s}.${f}Z`)).toEqual({ name: 'Turku' })
    expect(await name(versions[1]!.from.replace('Z', '+00:00'))).toEqual({ name: 'Åbo' })
  })

  test('other policies hold for what was', async () => {
    const [mine, late] = [softDelete({ tables: ['city'] }), tenant({ column: 'tenant', tables: ['city'] } as never)]
    const guarded = await createExecutor(all.base, [timeTravel({ tables: ['city'] }), mine, late])
    const one = guarded.as({ tenant: 1 })
    await one
      .insertInto('city')
      .values({ id: 50, name: 'mine', country: null } as never)
      .execute()
    await guarded
      .as({ tenant: 2 })
      .insertInto('city')
      .values({ id: 51, name: 'theirs', country: null } as never)
      .execute()
    const there = instant()
    await one.deleteFrom('city').where('id', '=', 50).execute()
    const gone = instant()
    await sql`delete from city`.execute(all.base)
    const names = (of: typeof one, at: Date) => of.asOf(at).selectFrom('city').select('name').execute()
    expect(await names(one, there)).toEqual([{ name: 'mine' }])
    expect(await names(one, gone)).toEqual([])
    expect(await names(one.withDeleted() as never, gone)).toEqual([{ name: 'mine' }])
    expect(await names(guarded.as({ tenant: 2 }), gone)).toEqual([{ name: 'theirs' }])
    await expect(names(guarded as never, gone)).rejects.toThrow(/context/)
    expect(await one.versionsOf('city', { id: 51 })).toEqual([])
    expect(await one.versionsOf('city', { id: 50 })).toHaveLength(1)
  })

  test('a first statement finds the columns, and a definition decodes them', async () => {
    const fresh = kanta({ driver: all.driver, plugins: [timeTravel(TABLES)] }) as unknown as typeof all.db
    if (ground.name === 'postgres' || ground.name === 'mariadb') {
      expect(await fresh.asOf(first).selectFrom('city').select('name').orderBy('id').execute()).toHaveLength(2)
      await fresh.destroy()
    }
    const event = table('event', (c) => ({
      id: c.integer().primaryKey(),
      at: c.timestamp(),
      ok: c.boolean(),
      n: c.bigint(),
    }))
    const typed = kanta({ driver: all.driver, schema: { event } })
    await typed.schema.createTable(event).execute()
    await startHistory(typed, ['event'])
    const row = { id: 1, at: new Date(5000), ok: true, n: 12_345_678_901_234_567n }
    const db = await createExecutor(typed, [timeTravel({ tables: ['event'] })])
    await db.insertInto('event').values(row).execute()
    const there = instant()
    await db.deleteFrom('event').execute()
    expect(await db.asOf(there).selectFrom('event').selectAll().execute()).toEqual([row])
    expect(await db.asOf(there).selectFrom(event).select(event.at).execute()).toEqual([{ at: row.at }])
    expect((await db.versionsOf('event', { id: 1 }))[0]!.row).toEqual(row)
    if (ground.name === 'postgres' || ground.name === 'mariadb') await db.destroy()
  })

  test('a history that begins later by now is an error for those who do not know', async () => {
    const { base } = all
    await base.insertInto('city').values(city(70, 'pruned')).execute()
    const at = instant()
    const stale = await createExecutor(base, [timeTravel(TABLES)])
    await base.deleteFrom('city').execute()
    const later = instant()
    expect(await stale.asOf(at).selectFrom('city').select('name').execute()).toEqual([{ name: 'pruned' }])
    expect(await pruneHistory(base, 'city', later, { batch: 2 })).toBeGreaterThan(2)
    expect(await base.selectFrom('city').selectAll().execute()).toEqual([])
    // Of the rows nothing is left, and still it is no empty answer.
    const refused = { code: 'policy', message: expect.stringMatching(/does not reach back/) }
    const past = stale.asOf(at)
    await expect(past.selectFrom('city').selectAll().execute()).rejects.toMatchObject(refused)
    await expect(past.selectFrom('city').selectAll().where('id', '=', 70).execute()).rejects.toMatchObject(refused)
    await expect(
      past.selectFrom('country as k').rightJoin('city as c', 'c.country', 'k.code').select('k.name').execute(),
    ).rejects.toMatchObject(refused)
    expect(await stale.asOf(later).selectFrom('city').selectAll().execute()).toEqual([])
    await expect(pruneHistory(base, 'city', new Date(Date.now() + 60_000))).rejects.toThrow(/future/)
    await expect(pruneHistory(base, 'report', later)).rejects.toMatchObject({ code: 'not_found' })
  })
})

test('wrong options are refused by name', () => {
  expect(() => timeTravel({ tables: [] })).toThrow(/list of tables/)
  expect(() => timeTravel({ tables: ['a'], current: ['a'] })).toThrow(/'a'/)
  expect(() => timeTravel({ tables: ['a'], clock: 1 } as never)).toThrow(/clock/)
  expect(() => timeTravel({ tables: ['a.b.c'] })).toThrow(/a\.b\.c/)
  expect(() => timeTravel({ tables: ['x'.repeat(60)] })).toThrow(/too long/)
  expect(() => timeTravel({ tables: ['a'], now: 5 } as never)).toThrow(/now/)
})
