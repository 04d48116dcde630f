import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startHistory, timeTravel } from '../../src/history/index.ts'
import { kanta, sql } from '../../src/index.ts'
import { createExecutor } from '../../src/plugins/index.ts'
import { grounds } from './engines.ts'

interface DB {
  city: { id: number; name: string; country: string | null }
  country: { code: string; name: string }
}

describe.each(grounds)('on $name', (ground) => {
  if (ground.missing !== undefined) {
    test.skip(ground.missing, () => {})
    return
  }
  const open = async () => {
    const { driver, drop } = await ground.open()
    const base = kanta<DB>({ driver })
    await sql`create table city (id int primary key, name varchar(50) not null, country varchar(2))`.execute(base)
    await sql`create table country (code varchar(2) primary key, name varchar(50) not null)`.execute(base)
    await base.insertInto('city').values({ id: 1, name: 'Helsinki', country: 'FI' }).execute()
    await startHistory(base, ['city', 'country'])
    const db = await createExecutor(base, [timeTravel({ tables: ['city', 'country'] })])
    return { base, db, drop }
  }
  let all: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    all = await open()
  })
  afterAll(async () => {
    await all.db.destroy()
    await all.drop()
  })
  /** An instant of the database after which its clock has gone on. */
  const instant = async (): Promise<Date> => {
    const at = new Date()
    while (Date.now() <= at.getTime() + 1);
    return at
  }

  test('reads what was', async () => {
    const { db } = all
    const first = await instant()
    await db.updateTable('city').set({ name: 'Helsingfors' }).execute()
    await db.insertInto('city').values({ id: 2, name: 'Turku', country: 'FI' }).execute()
    const second = await instant()
    await db.deleteFrom('city').execute()
    const read = (at: Date) => db.asOf(at).selectFrom('city').selectAll().orderBy('id').execute()
    expect(await read(first)).toEqual([{ id: 1, name: 'Helsinki', country: 'FI' }])
    expect(await read(second)).toEqual([
      { id: 1, name: 'Helsingfors', country: 'FI' },
      { id: 2, name: 'Turku', country: 'FI' },
    ])
    expect(await read(new Date())).toEqual([])
    await expect(read(new Date('2020-01-01'))).rejects.toThrow(/began at/)
    await expect(read(new Date('2200-01-01'))).rejects.toThrow(/future/)
    await expect(db.asOf(first).deleteFrom('city').execute()).rejects.toThrow(/for reading/)
    expect(
      await db
        .asOf(first)
        .selectFrom('city as c')
        .leftJoin('country as k', 'k.code', 'c.country')
        .where('c.id', '=', 1)
        .select(['c.name', 'k.name as land'])
        .execute(),
    ).toEqual([{ name: 'Helsinki', land: null }])
  })
})
