import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Filter, matches, parseFilter, whereOf } from '../../src/filter/index.ts'
import { Choice } from '../props/choice.ts'
import { numbers, settings } from '../props/settings.ts'
import { randomFilter } from './random.ts'
import { grounds, item, open, ROWS } from './world.ts'

describe.each(grounds)('random filters on $name', (ground) => {
  if (ground.missing !== undefined) {
    test.skip(`${ground.name}: ${ground.missing}`, () => {})
    return
  }
  let opened: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    opened = await open(ground)
  })
  afterAll(() => opened?.close())

  test('21, F5: a database keeps the rows that matches() keeps', { timeout: 600_000 }, async () => {
    const { db } = opened
    let [some, sizes] = [0, 0]
    await fc.assert(
      fc.asyncProperty(numbers(60), async (given) => {
        const filter = randomFilter(new Choice(given)) as Filter<unknown>
        const expected = ROWS.filter((row) => matches(filter, row, item)).map(({ id }) => id)
        const query = db
          .selectFrom('item')
          .select('id')
          .where(whereOf(db, filter, 'item'))
          .orderBy('id')
        const found = (await query.execute()).map(({ id }) => id)
        expect(found, JSON.stringify(filter)).toEqual(expected)
        if (found.length > 0 && found.length < ROWS.length) some++
        sizes++
      }),
      settings(`filters on ${ground.name}`, 400, 0.1),
    )
    // Filters that keep all rows, or none, would say little.
    expect(some / sizes).toBeGreaterThan(0.3)
  })
})

test('the JSON of a filter is read as the same filter', { timeout: 600_000 }, () => {
  const all = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'notIn', 'between', 'isNull', 'isNotNull'] as const
  const plain = ['eq', 'ne', 'in', 'notIn', 'isNull', 'isNotNull'] as const
  const texts = ['like', 'ilike', 'contains', 'iContains', 'startsWith', 'iStartsWith'] as const
  const more = ['endsWith', 'iEndsWith', 'iEq'] as const
  const filter = {
    ...{ number: all, big: all, ratio: all, price: all, active: all, day: all, at: all, seconds: all },
    ...{ title: [...all, ...texts, ...more], code: [...all, ...texts, ...more], key: plain },
    color: [...plain, ...texts, ...more],
  }
  const limits = { depth: 50, nodes: 1_000, wildcards: 50 }
  fc.assert(
    fc.property(numbers(60), (given) => {
      const made = randomFilter(new Choice(given))
      const json = JSON.stringify(made)
      const parsed = parseFilter(JSON.parse(json), { table: item, filter, limits })
      expect(JSON.stringify(parsed)).toBe(json)
      for (const row of ROWS.slice(0, 12))
        expect(matches(parsed, row as never, item)).toBe(matches(made, row as never, item))
    }),
    settings('filters as JSON', 500),
  )
})
