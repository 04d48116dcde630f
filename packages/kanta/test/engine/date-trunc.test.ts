// `fn.dateTrunc` gives the same values on every database, of moments and of dates.
import { describe, expect, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Database, kanta, type TablesOf, table } from '../../src/index.ts'
import type { Engine } from './engine.ts'
import { mariadbEngine } from './mariadb.ts'
import { pglite } from './pglite.ts'
import { postgres } from './postgres.ts'

const visit = table('visit', (c) => ({
  id: c.integer().primaryKey(),
  at: c.timestamp().nullable(),
  day: c.date().nullable(),
  seconds: c.timestamp({ mode: 'unix' }).nullable(),
}))
type Tables = TablesOf<{ visit: typeof visit }>

const UNITS = ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second'] as const
const moments = [
  '2024-05-15T13:45:56.789Z',
  '2023-01-01T00:00:00.000Z',
  '2024-12-31T23:59:59.999Z',
  '2024-02-26T08:00:00.001Z',
]

/** The beginning of the unit in which a moment lies. */
function beginning(unit: (typeof UNITS)[number], at: Date): Date {
  const [y, m, d] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
  const days = {
    year: [0, 1],
    quarter: [m - (m % 3), 1],
    month: [m, 1],
    week: [m, d - ((at.getUTCDay() + 6) % 7)],
  } as const
  if (unit in days) return new Date(Date.UTC(y, ...days[unit as keyof typeof days]))
  const length = { day: 86_400_000, hour: 3_600_000, minute: 60_000, second: 1000 }[unit as 'day']
  return new Date(Math.floor(at.getTime() / length) * length)
}

async function check(db: Database<Tables>): Promise<void> {
  await db.schema.createTable(visit).execute()
  const rows = moments.map((text, id) => ({ id, at: new Date(text), day: text.slice(0, 10) }))
  await db
    .insertInto('visit')
    .values([...rows, { id: 9, at: null, day: null }])
    .execute()
  for (const unit of UNITS) {
    const found = await db
      .selectFrom('visit')
      .select((eb) => ['id', eb.fn.dateTrunc(unit, 'at').as('at'), eb.fn.dateTrunc(unit, 'visit.day').as('day')])
      .orderBy('id')
      .execute()
    const of = (text: string): Date => beginning(unit, new Date(text))
    const expected = rows.map(({ id, at, day }) => ({
      id,
      at: beginning(unit, at),
      day: of(day).toISOString().slice(0, 10),
    }))
    expect(found, unit).toEqual([...expected, { id: 9, at: null, day: null }])
  }
  const months = await db
    .selectFrom('visit')
    .select((eb) => [eb.fn.dateTrunc('year', visit.at).as('year'), eb.fn.countAll().as('visits')])
    .where((eb) => eb(eb.fn.dateTrunc('year', 'day'), '>=', '2024-01-01'))
    .groupBy((eb) => eb.fn.dateTrunc('year', 'at'))
    .execute()
  expect(months).toEqual([{ year: new Date('2024-01-01T00:00:00Z'), visits: 3 }])
  const of = (at: Date) =>
    db
      .selectFrom('visit')
      .select('id')
      .where((eb) => eb(eb.fn.dateTrunc('day', 'at'), '=', at))
  expect(await of(new Date('2024-12-31T00:00:00Z')).execute()).toEqual([{ id: 2 }])
  const number = db.selectFrom('visit').select((eb) => eb.fn.dateTrunc('day', 'seconds').as('day'))
  await expect(number.execute()).rejects.toThrow("not a timestamp of mode 'unix'")
}

test.each([sqlite, betterSqlite3])('SQLite by %o', async (driver) => {
  await using db = kanta({ driver: driver(':memory:'), schema: { visit } })
  await check(db)
})

describe.each([postgres, pglite, mariadbEngine])('$name', (engine: Engine) => {
  test.skipIf(engine.missing !== undefined)('truncates', { timeout: 60_000 }, async () => {
    const place = await engine.create()
    const db = kanta({ driver: place.driver(), schema: { visit } })
    await check(db)
    await db.destroy()
    await place.drop()
  })
})

test('a unit is one of a list', () => {
  const db = kanta({ driver: sqlite(':memory:'), schema: { visit } })
  // @ts-expect-error no such unit
  const wrong = () => db.selectFrom('visit').select((eb) => eb.fn.dateTrunc('fortnight', 'at').as('x'))
  expect(wrong).toThrow('"fortnight" is not a unit. Use one of: year, quarter')
})
