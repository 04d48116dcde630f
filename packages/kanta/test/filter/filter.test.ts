import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  and,
  anyOf,
  between,
  columnsOf,
  contains,
  endsWith,
  eq,
  exists,
  FALSE,
  type Filter,
  gt,
  gte,
  iContains,
  iEq,
  ilike,
  isFilter,
  isNotNull,
  isNull,
  keepsAll,
  like,
  lt,
  lte,
  matches,
  ne,
  not,
  notIn,
  or,
  raw,
  startsWith,
  TRUE,
  whereOf,
} from '../../src/filter/index.ts'
import { KantaError, sql } from '../../src/index.ts'
import { createExecutor, tenant } from '../../src/plugins/index.ts'
import { grounds, item, open, ROWS } from './world.ts'

const code = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return error instanceof KantaError ? `${error.code}: ${error.message}` : `no KantaError: ${String(error)}`
  }
  return 'no error'
}

describe('filters as values', () => {
  test('junctions are flat, and hold nothing that changes nothing', () => {
    const [a, b] = [eq('a', 1), eq('b', 2)]
    expect(JSON.stringify(and(a, and(b, TRUE), and()))).toBe('{"and":[{"a":{"eq":1}},{"b":{"eq":2}}]}')
    expect(JSON.stringify(or(a))).toBe('{"a":{"eq":1}}')
    expect(JSON.stringify(and(a, FALSE))).toBe('{"or":[]}')
    expect(JSON.stringify(not(not(a)))).toBe('{"a":{"eq":1}}')
    expect(JSON.stringify([TRUE, or(a, TRUE), not(FALSE), and()])).toBe('[{},{},{},{}]')
    expect(JSON.stringify(or())).toBe('{"or":[]}')
  })

  test('21, H26: null in eq and ne asks for null', () => {
    expect(JSON.stringify([eq('a', null), ne('a', null)])).toBe('[{"a":{"isNull":true}},{"a":{"isNotNull":true}}]')
    expect(JSON.stringify([exists('a'), exists('a', false)])).toBe('[{"a":{"isNotNull":true}},{"a":{"isNull":true}}]')
  })

  // F6 of the older contract: they matched nothing.
  test('21, F6, H26: what SQL would never match is refused', () => {
    expect(code(() => gt('a', null as never))).toMatch(/^invalid_input: gt\('a', null\) is never true in SQL/)
    expect(code(() => eq('a', undefined as never))).toMatch(/^invalid_input: eq\('a', undefined\)/)
    expect(code(() => anyOf('a', [1, null as never]))).toMatch(/^invalid_input: anyOf\('a', \[…\]\): item 1 is null/)
    expect(code(() => notIn('a', [undefined as never]))).toMatch(/item 0 is undefined/)
    // biome-ignore lint/suspicious/noSparseArray: a list with a hole is the matter.
    expect(code(() => anyOf('a', [1, , 2] as never))).toMatch(/item 1 is undefined/)
    expect(code(() => eq('a', Number.NaN))).toMatch(/^invalid_input: .*finite number/)
    expect(code(() => eq('a', new Date('x')))).toMatch(/the Date is invalid/)
    expect(code(() => eq('a', { b: 1 } as never))).toMatch(/^invalid_input/)
    expect(code(() => eq('a', 'x\0y'))).toMatch(/NUL/)
    expect(code(() => contains('a', '\uD800'))).toMatch(/surrogate/)
    expect(code(() => like('a', 'x\\'))).toMatch(/ends in a backslash/)
    expect(code(() => eq('', 1))).toMatch(/is not a column/)
  })

  test('a column of a table brings its type', () => {
    expect(code(() => eq(item.price, 5 as never))).toMatch(/the column is decimal, so compare it with a string/)
    expect(code(() => eq(item.price, '5,0'))).toMatch(/A decimal as a string/)
    expect(code(() => eq(item.at, '2024-01-01' as never))).toMatch(/with a Date/)
    expect(code(() => eq(item.number, 2.5))).toMatch(/with a whole number of 32 bits/)
    expect(code(() => eq(item.number, 2 ** 31))).toMatch(/with a whole number of 32 bits/)
    expect(code(() => gt(item.color, 'red'))).toMatch(/orders enum differently/)
    expect(code(() => eq(item.profile, { a: 1 } as never))).toMatch(/Use isNull/)
    expect(code(() => contains(item.number, '1'))).toMatch(/searches texts, and the column is integer/)
    expect(JSON.stringify(isNull(item.profile))).toBe('{"profile":{"isNull":true}}')
  })

  test('21: a filter is measured: neither depth nor size is without end', () => {
    let filter: Filter<never> = eq('a', 1)
    const deepen = (): void => {
      for (let i = 0; i < 200; i++) filter = not(and(filter, eq('b', i)))
    }
    expect(code(deepen)).toMatch(/nested more than 100 levels/)
    const many = Array.from({ length: 10_001 }, (_, i) => eq('a', i))
    expect(code(() => or(...many))).toMatch(/more than 10000 parts/)
    expect(columnsOf(and(eq('a', 1), or(eq('b', 1), not(isNull('a')))))).toEqual(['a', 'b'])
  })

  test('keepsAll() finds the filter that is none', () => {
    expect([and(), TRUE, not(FALSE), or(eq('a', 1), and()), notIn('a', [])].map(keepsAll)).toEqual(
      Array.from({ length: 5 }, () => true),
    )
    expect([eq('a', 1), FALSE, isNotNull('a')].map(keepsAll)).toEqual([false, false, false])
  })
})

// F1, F2 of the older contract: the body of a request became SQL, and an unknown operator no condition at all.
describe('21, F1, F2: nothing but the builders makes a filter', () => {
  const real = eq('id', 1)
  const Forged = real.constructor as new (tree?: unknown) => Filter<never>
  const forged: readonly (readonly [string, unknown])[] = [
    ['data of the form of a node', { kind: 'raw', expression: { node: {}, args: [] } }],
    ['data of the form of another library', { op: 'raw', sql: '1=1 OR 1=1' }],
    ['the JSON of a filter', JSON.parse(JSON.stringify(real))],
    ['a copy', { ...real }],
    ['a clone', structuredClone(real)],
    ['an object on the prototype', Object.create(Object.getPrototypeOf(real))],
    ['an object on a filter', Object.create(real)],
    ['one of its class', new Forged({ kind: 'constant', value: true })],
    ['an own __proto__', JSON.parse('{"__proto__":{"kind":"constant"}}')],
    ['null', null],
    ['nothing', undefined],
    ['a text', '1=1'],
    ['a list of filters', [real]],
    ['a proxy', new Proxy(real, {})],
  ]
  test.for(forged)('%s is none', ([, value]) => {
    expect(isFilter(value)).toBe(false)
    for (const use of [and, or, not, keepsAll, columnsOf] as ((filter: never) => unknown)[])
      expect(code(() => use(value as never))).toMatch(/^invalid_input: .* is not a filter/)
    expect(code(() => matches(value as never, {}))).toMatch(/^invalid_input: .* is not a filter/)
  })

  test('data whose constructor is no function is described', () => {
    const hostile = JSON.parse('{"constructor":{"name":{"toString":1}}}')
    expect(code(() => and(hostile))).toMatch(/^invalid_input: an object \(no prototype\) is not a filter/)
  })

  test('a filter is frozen', () => {
    expect(Object.isFrozen(real)).toBe(true)
    const values = [1, 2]
    const filter = anyOf('id', values)
    values.push(3)
    expect(JSON.stringify(filter)).toBe('{"id":{"in":[1,2]}}')
  })
})

describe('matches()', () => {
  const row = { a: 1, b: null, c: 'x' }
  test('unknown is not true, and its negation is not either', () => {
    expect(matches(eq('b', 1), row as never)).toBe(false)
    expect(matches(not(eq('b', 1)), row as never)).toBe(false)
    expect(matches(or(eq('b', 1), eq('a', 1)), row as never)).toBe(true)
    expect(matches(not(and(eq('b', 1), eq('a', 2))), row as never)).toBe(true)
    expect(matches(notIn('b', []), row as never)).toBe(true)
    expect(matches(notIn('b', [1]), row as never)).toBe(false)
    expect(matches(anyOf('a', []), row as never)).toBe(false)
  })

  test('what it cannot compare is an error', () => {
    expect(code(() => matches(eq('d', 1), row as never))).toMatch(/names 'd', which the row lacks/)
    expect(code(() => matches(eq('toString', 1), row as never))).toMatch(/which the row lacks/)
    expect(code(() => matches(eq('c', 1), row as never))).toMatch(/of another type/)
    expect(code(() => matches(contains('a', 'x'), row as never))).toMatch(/not a text/)
    expect(code(() => matches(raw(sql<boolean>`1 = 1`), row))).toMatch(/only a database evaluates/)
    expect(code(() => matches(eq('a', 1), null as never))).toMatch(/takes a row/)
    expect(code(() => matches(eq('a', 1), row, {} as never))).toMatch(/takes a table/)
  })

  test('decimals are numbers where the table says so', () => {
    expect(matches(gt('price', '9.5'), { price: '10.00' }, item)).toBe(true)
    expect(matches(eq('price', '10'), { price: '10.00' }, item)).toBe(true)
    expect(matches(gt(item.price, '9.5'), { price: '10.00' } as never)).toBe(true)
    expect(matches(lt('price', '-0.10'), { price: '-0.2' }, item)).toBe(true)
  })

  test('texts are ordered by code points', () => {
    expect(matches(gt('c', '\uFFFD'), { c: '😀' })).toBe(true)
    expect(matches(gt('c', 'a'), { c: 'Z' })).toBe(false)
    expect(matches(lte('c', 'ab'), { c: 'a' })).toBe(true)
  })

  test('a pattern with many wildcards is matched in little time', () => {
    const pattern = `${'%a'.repeat(40)}%b`
    const start = performance.now()
    expect(matches(like('c', pattern), { c: 'a'.repeat(20_000) })).toBe(false)
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  test('a number may equal a bigint', () => {
    expect(matches(gte('a', 9_007_199_254_740_992n), { a: 9_007_199_254_740_993n })).toBe(true)
    expect(matches(eq('a', 1n) as never, { a: 1 })).toBe(true)
  })
})

describe.each(grounds)('filters on $name', (ground) => {
  if (ground.missing !== undefined) {
    test.skip(`${ground.name}: ${ground.missing}`, () => {})
    return
  }
  let opened: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    opened = await open(ground)
  })
  afterAll(() => opened?.close())

  const titles = async (filter: Filter<{ title: string | null }>) => {
    const { db } = opened
    const query = db
      .selectFrom('item')
      .select('title')
      .distinct()
      .where(whereOf(db, filter, 'item'))
    return (await query.execute()).map(({ title }) => title).sort()
  }

  // F3, F4 of the older contract.
  test('21, F3, F4: like tells cases apart, and escapes; ilike folds A–Z alone', async () => {
    expect(await titles(like('title', 'a'))).toEqual(['a'])
    expect(await titles(ilike('title', 'A'))).toEqual(['A', 'a'])
    expect(await titles(iContains('title', 'É'))).toEqual(['É'])
    expect(await titles(iEq('title', 'ſk'))).toEqual(['ſK'])
    expect(await titles(like('title', 'a\\_b'))).toEqual(['a_b'])
    expect(await titles(like('title', 'a_b'))).toEqual(['a\\b', 'a_b', 'a|b'])
    expect(await titles(contains('title', '%'))).toEqual(['100%', 'aB%'])
    expect(await titles(contains('title', '\\'))).toEqual(['a\\b'])
    expect(await titles(startsWith('title', '[a]*'))).toEqual(['[a]*?'])
    expect(await titles(endsWith('title', '😀z'))).toEqual(['zZ😀z'])
    expect(await titles(like('title', '_'))).toEqual(['A', 'a', 'É', 'é', '\uFFFD', '😀'].sort())
    expect(await titles(like('title', ''))).toEqual([''])
    expect((await titles(like('title', '%_%'))).includes('')).toBe(false)
    expect((await titles(contains('title', ''))).includes(null)).toBe(false)
  })

  test('a longer text than Cloudflare takes as a pattern is searched', async () => {
    const long = 'x'.repeat(2_000)
    for (const search of [contains, iContains, startsWith, endsWith, iEq])
      expect(await titles(search('title', long))).toEqual([])
  })

  test('it stands in every clause, beside other conditions, under an alias and in a subquery', async () => {
    const { db } = opened
    const filter = and(between('number', -1, 7), contains('title', 'a'))
    const expected = ROWS.filter((row) => matches(filter, row, item)).map(({ id }) => id)
    expect(expected.length).toBeGreaterThan(1)
    const joined = await db
      .selectFrom('item as i')
      .innerJoin('item as other', 'other.id', 'i.id')
      .select('i.id')
      .where(whereOf(db, filter, 'item as i'))
      .where('i.id', '>', 0)
      .orderBy('i.id')
      .execute()
    expect(joined.map(({ id }) => id)).toEqual(expected)
    const aliased = item.as('x')
    const inner = await db
      .selectFrom(item)
      .select('item.id')
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom(aliased)
            .select('x.id')
            .whereRef('x.id', '=', 'item.id')
            .where(whereOf(db, filter, aliased)),
        ),
      )
      .orderBy('item.id')
      .execute()
    expect(inner.map(({ id }) => id)).toEqual(expected)
    const having = await db
      .selectFrom('item')
      .select((eb) => ['number', eb.fn.countAll().as('rows')])
      .groupBy('number')
      .having(whereOf(db, isNotNull('number')) as never)
      .execute()
    expect(having.every(({ number }) => number !== null)).toBe(true)
  })

  test('policies hold around it, and no text of it is refused', async () => {
    const { db } = opened
    const live = (await createExecutor(db, [tenant({ column: 'number' as never, tables: ['item'] })])).as({ tenant: 7 })
    const filter = or(iContains('title', 'A'), like('title', '%b%'), gt('title', ''), isNull('title'), ne('title', 'x'))
    const found = await live
      .selectFrom('item')
      .select(['number'])
      .where(whereOf(live, filter, item))
      .execute()
    expect(found.length).toBeGreaterThan(0)
    expect(new Set(found.map(({ number }) => number))).toEqual(new Set([7]))
  })

  test('an update and a delete take it', async () => {
    const { db } = opened
    await db.transaction().execute(async (tx) => {
      const filter = and(eq(item.id, 1), isNotNull('id'))
      await tx
        .updateTable('item')
        .set({ code: 'new' })
        .where(whereOf(tx, filter, item))
        .execute()
      expect(await tx.selectFrom('item').select('code').where('id', '=', 1).execute()).toEqual([{ code: 'new' }])
      await tx.deleteFrom('item').where(whereOf(tx, filter)).execute()
      expect(await tx.selectFrom('item').select('code').where('id', '=', 1).execute()).toEqual([])
      await tx
        .insertInto('item')
        .values(ROWS[0] as never)
        .execute()
    })
  })

  test('raw() stands beside the rest', async () => {
    const { db } = opened
    const filter = and(raw(sql<boolean>`id = 2 or id = 3`), lte('id', 2))
    const found = await db
      .selectFrom('item')
      .select('id')
      .where(whereOf(db, filter, 'item'))
      .execute()
    expect(found).toEqual([{ id: 2 }])
  })

  test('an unknown column and a wrong type are refused before anything runs', () => {
    const { db } = opened
    expect(code(() => whereOf(db, eq('nme', 'x'), 'item'))).toMatch(/names 'nme', which 'item' lacks/)
    expect(code(() => whereOf(db, eq('constructor', 'x'), item))).toMatch(/names 'constructor'/)
    expect(code(() => whereOf(db, eq('number', 'x'), 'item'))).toMatch(/the column is integer/)
    expect(code(() => whereOf(db, { id: 1 } as never, 'item'))).toMatch(/is not a filter/)
    expect(code(() => whereOf({} as never, TRUE))).toMatch(/takes a database first/)
  })
})
