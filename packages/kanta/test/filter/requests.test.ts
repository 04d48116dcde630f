import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  aggregate,
  aggregateParts,
  avg,
  combineUpdates,
  count,
  countDistinct,
  eq,
  gt,
  inc,
  insertOf,
  isUpdateRequest,
  partsOf,
  percentile,
  set,
  setOf,
  setOnInsert,
  sum,
  unset,
  update,
} from '../../src/filter/index.ts'
import { grounds, open, ROWS } from './world.ts'

describe('updates as data', () => {
  test('the later one counts', () => {
    const request = combineUpdates(set({ a: 1, b: 2 }), inc({ a: 5 }), unset('b'), set({ c: 3 }), setOnInsert({ d: 4 }))
    expect(JSON.parse(JSON.stringify(request))).toEqual({
      ...{ set: { c: 3 }, unset: ['b'], inc: { a: 5 }, setOnInsert: { d: 4 } },
    })
  })

  // F14 of the older contract: null went over the defaults of an inserted row.
  test('F14: what is unset keeps its default in a row that is inserted', () => {
    const request = combineUpdates(set({ a: 1 }), unset('b'), inc({ c: 5 }), setOnInsert({ d: 4 }))
    expect(insertOf(request)).toEqual({ a: 1, c: 5, d: 4 })
  })

  test('what is no update is refused', () => {
    for (const value of [{ op: 'update', set: { a: 1 } }, {}, null, [], JSON.parse(JSON.stringify(set({ a: 1 })))]) {
      expect(isUpdateRequest(value)).toBe(false)
      expect(() => partsOf(value)).toThrow(/is no request for an update/)
      expect(() => setOf(value)).toThrow(/is no request for an update/)
    }
    expect(() => set({})).toThrow(/changes nothing/)
    expect(() => set({ a: undefined })).toThrow(/changes nothing/)
    expect(() => setOf(setOnInsert({ a: 1 }))).toThrow(/changes nothing of a row/)
    expect(() => inc({ a: Number.NaN })).toThrow(/cannot grow by NaN/)
    expect(() => inc({ a: 'x' })).toThrow(/cannot grow by "x"/)
    expect(() => update({ set: { a: 1 }, unset: ['a'] })).toThrow(/'a' is written twice/)
    expect(() => update({ sets: { a: 1 } } as never)).toThrow(/Did you mean 'set'/)
    expect(() => update({ set: [] as never })).toThrow(/object of columns/)
  })
})

describe('aggregates as data', () => {
  test('a request is checked, and frozen', () => {
    const request = aggregate({
      filter: gt('price', '0'),
      groupBy: 'region',
      dateBuckets: { month: { field: 'at', interval: 'month', timezone: 'Europe/Helsinki' } },
      measures: { sales: count(), median: percentile('price', 0.5), large: sum('price', gt('price', '9')) },
      having: gt('sales', 5),
      sort: [{ column: 'sales', direction: 'desc' }],
      topN: { partitionBy: ['month'], sortBy: [{ column: 'sales', direction: 'desc' }], limit: 3 },
      limit: 10,
    })
    const parts = aggregateParts(request)
    expect(parts.groupBy).toEqual(['region'])
    expect(parts.topN?.ties).toBe('row_number')
    expect(Object.isFrozen(parts)).toBe(true)
    expect(() => aggregateParts({ measures: {} })).toThrow(/is no request for aggregates/)
  })

  test('what is wrong is refused', () => {
    const measures = { rows: count() }
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [{ measures: {} }, /at least one measure/],
      [{ measures: { a: { measure: 'median', field: 'x' } } }, /the measure 'a'/],
      [{ measures: { a: { ...avg('x'), field: undefined } } }, /needs a column/],
      [{ measures: { a: percentile('x', 2) } }, /share from 0 to 1/],
      [{ measures: { a: count('x', { kind: 'raw' } as never) } }, /no filter/],
      [{ measures: JSON.parse('{"__proto__":{"measure":"count"}}') }, /no name/],
      [{ measures, groupBy: 'rows' }, /called 'rows'/],
      [{ measures, filter: { a: 1 } }, /'filter' is an object/],
      [{ measures, dateBuckets: { d: { field: 'at', interval: 'fortnight' } } }, /interval of 'd'/],
      [{ measures, dateBuckets: { d: { field: 'at', interval: { every: 0, unit: 'day' } } } }, /interval of 'd'/],
      [{ measures, dateBuckets: { d: { field: 'at', interval: 'day', timezone: "x'; --" } } }, /time zone of 'd'/],
      [{ measures, sort: [{ column: 'nope', direction: 'asc' }] }, /names "nope"/],
      [{ measures, sort: [{ column: 'rows', direction: 'down' }] }, /direction of 'rows'/],
      [{ measures, limit: 2.5 }, /'limit' is 2.5/],
      [{ measures, topN: { partitionBy: ['x'], sortBy: [], limit: 1 } }, /columns of the result/],
      [{ measures, topN: { partitionBy: [], sortBy: [], limit: Number.NaN } }, /'topN.limit'/],
      [{ measures: { a: countDistinct('x') }, mesures: 1 }, /has no option 'mesures'/],
    ]
    for (const [parts, message] of wrong) expect(() => aggregate(parts as never)).toThrow(message)
    expect(eq('a', 1)).toBeDefined()
  })
})

describe.each(grounds)('updates as data on $name', (ground) => {
  if (ground.missing !== undefined) {
    test.skip(`${ground.name}: ${ground.missing}`, () => {})
    return
  }
  let opened: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    opened = await open(ground)
  })
  afterAll(() => opened?.close())

  test('values are set, columns become null, numbers of every type grow', async () => {
    const { db } = opened
    const request = combineUpdates(
      set({ title: 'new' }),
      unset('code'),
      inc({ number: 5, big: 2n, ratio: 0.5, price: '1.25' }),
    )
    const at = { number: null, big: null, ratio: null, price: null } as const
    const columns = ['title', 'code', 'number', 'big', 'ratio', 'price'] as const
    for (const [id, start] of [
      [1, at],
      [2, { number: 1, big: 9_007_199_254_740_993n, ratio: 1, price: '2.50' }],
    ] as const) {
      await db.updateTable('item').set(start).where('id', '=', id).execute()
      await db.updateTable('item').set(setOf(request)).where('id', '=', id).execute()
    }
    const found = await db.selectFrom('item').select(columns).where('id', '<=', 2).orderBy('id').execute()
    expect(found).toEqual([
      { title: 'new', code: null, number: 5, big: 2n, ratio: 0.5, price: '1.25' },
      { title: 'new', code: null, number: 6, big: 9_007_199_254_740_995n, ratio: 1.5, price: '3.75' },
    ])
    expect(ROWS.length).toBeGreaterThan(2)
  })
})
