import { describe, expect, test } from 'vitest'
import { diff } from '../../src/diff/index.ts'
import { check, index, sql, table } from '../../src/index.ts'
import { introspect } from '../../src/introspect/index.ts'
import { grounds } from './ground.ts'

const expressions = [
  sql`a > 0`,
  sql`a between 1 and 10`,
  sql`b in ('x', 'y''s')`,
  sql`b not in ('x', 'y')`,
  sql`b like 'a%' or b is null`,
  sql`not (a = 1 and b <> 'x')`,
  sql`(a > 0 or a < -5) and b != 'q'`,
  sql`lower(b) = b and a + 1 * 2 > 3`,
  sql`case when a > 1 then 1 else 0 end = 1`,
  sql`coalesce(a, 0) >= 0`,
  sql`v = 'x'`,
  sql`d > 0.5 and a % 2 = 0`,
]

const spelled = table(
  'spelled',
  (c) => ({
    id: c.integer().primaryKey(),
    a: c.integer().nullable().default(-1),
    b: c.text().nullable(),
    v: c.varchar(9).default("it's"),
    d: c.decimal(8, 2).default('1.50'),
    r: c.real().default(-0.25),
    flag: c.boolean().default(false),
    day: c.date().default('2024-02-29'),
    seen: c.timestamp().default(new Date(Date.UTC(2024, 0, 2, 3, 4, 5, 678))),
    now: c.timestamp().default(sql`current_timestamp`),
    kind: c.enum(['x', "y's"]).default("y's"),
    big: c.bigint().default(9007199254740993n),
  }),
  (t) => [...expressions.map((each, i) => check(`c${i}`, each)), index([t.a, t.v], { name: 'i', unique: true })],
)

describe.each(grounds)('the spelling of $name is no difference', (ground) => {
  test('in types, defaults and checks', async ({ skip }) => {
    if (ground.missing !== undefined) return skip(ground.missing)
    const pair = await ground.open()
    try {
      await pair.one.schema.createTable(spelled).execute()
      const catalog = await introspect(pair.one)
      // SQLite has one more: that the decimal is an integer of its smallest unit.
      const own = ground.name.includes('sqlite') ? 1 : 0
      expect(catalog.tables[0]!.checks).toHaveLength(expressions.length + own)
      expect((await diff(catalog, { spelled })).up).toEqual([])
      expect((await diff({ spelled }, catalog)).up).toEqual([])
    } finally {
      await pair.close()
    }
  })
})
