import { kanta, table } from '../../src/index.ts'
import type { Place } from '../engine/engine.ts'
import { pglite } from '../engine/pglite.ts'
import { type Ground, places } from '../ttl/places.ts'

/** A column of each type that filters compare, with nulls. */
export const item = table('item', (c) => ({
  id: c.integer().primaryKey(),
  number: c.integer().nullable(),
  big: c.bigint().nullable(),
  ratio: c.real().nullable(),
  price: c.decimal(12, 2).nullable(),
  title: c.text().nullable(),
  code: c.varchar(40).nullable(),
  active: c.boolean().nullable(),
  day: c.date().nullable(),
  at: c.timestamp().nullable(),
  seconds: c.timestamp({ mode: 'unix' }).nullable(),
  key: c.uuid().nullable(),
  color: c.enum(['red', 'green', 'blue']).nullable(),
  profile: c.json<{ a: number }>().nullable(),
}))

export type Item = (typeof ROWS)[number]

/** Values of each column, in which every kind of trouble occurs. */
export const VALUES = {
  number: [0, -1, 7, 2 ** 31 - 1],
  big: [0n, -5n, 2n ** 63n - 1n, -(2n ** 63n), 9_007_199_254_740_993n],
  ratio: [0, 0.1, -1.5, 0.30000000000000004, 1e10],
  price: ['0.00', '12.50', '-3.00', '9.50', '10.00', '9999999999.99'],
  title: [
    '',
    'a',
    'A',
    'ab',
    'aB%',
    'é',
    'É',
    'a_b',
    'a\\b',
    '😀',
    '\uFFFD',
    '[a]*?',
    'a|b',
    'ſK',
    "it's",
    'zZ😀z',
    '100%',
  ],
  code: ['abc', 'ABC', 'x', 'ÀB', '_', '%', '\\', 'a\nb'],
  active: [true, false],
  day: ['2024-02-29', '1999-12-31', '2024-03-01'],
  at: [new Date('2024-02-29T12:00:00.123Z'), new Date(0), new Date('1969-12-31T23:59:59.999Z')],
  seconds: [new Date('2024-02-29T12:00:00Z'), new Date(0), new Date(-1_000)],
  key: ['00000000-0000-0000-0000-000000000001', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  color: ['red', 'green', 'blue'],
} as const

/** Rows that hold each value at least once, and null in about a third of all places. */
export const ROWS = Array.from({ length: 48 }, (_, i) => {
  const pick = <T>(values: readonly T[], step: number): T | null => {
    const at = (i * step + Math.floor(i / 5)) % Math.ceil(values.length * 1.5)
    return values[at] ?? null
  }
  return {
    id: i + 1,
    number: pick(VALUES.number, 1),
    big: pick(VALUES.big, 3),
    ratio: pick(VALUES.ratio, 1),
    price: pick(VALUES.price, 5),
    title: pick(VALUES.title, 1),
    code: pick(VALUES.code, 5),
    active: pick(VALUES.active, 1),
    day: pick(VALUES.day, 1),
    at: pick(VALUES.at, 3),
    seconds: pick(VALUES.seconds, 1),
    key: pick(VALUES.key, 2),
    color: pick(VALUES.color, 1),
    profile: i % 3 === 0 ? null : { a: i },
  }
})

/** The databases that these tests run on. */
export const grounds: readonly Ground[] = [...places, pglite]

/** Opens a database with the rows. */
export async function open(ground: Ground) {
  const place: Place = await ground.create()
  const db = kanta({ driver: place.driver(), schema: { item } })
  await db.schema.createTable(item).execute()
  await db
    .insertInto('item')
    .values(ROWS as never)
    .execute()
  const close = async (): Promise<void> => {
    await db.destroy()
    await place.drop()
  }
  return { db, close }
}
