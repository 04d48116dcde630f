import { afterAll, beforeAll, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import {
  type FilterOperator,
  filterOperators,
  matches,
  parseFilter,
  parseUrl,
  whereOf,
} from '../../src/filter/index.ts'
import { KantaError, kanta, table } from '../../src/index.ts'
import { problemOf } from '../../src/problem.ts'
import { item, ROWS } from './world.ts'

const TYPED: readonly FilterOperator[] = [
  'eq',
  'ne',
  'gt',
  'gte',
  'lt',
  'lte',
  'in',
  'notIn',
  'between',
  'isNull',
  'exists',
]
const ALLOWED = {
  table: item,
  filter: {
    id: TYPED,
    number: TYPED,
    big: TYPED,
    ratio: TYPED,
    price: TYPED,
    active: TYPED,
    day: TYPED,
    at: TYPED,
    title: filterOperators,
    key: ['eq', 'in'],
    color: ['eq'],
  },
} as const

/** The message of the refusal; anything but an `invalid_input` that blames the client fails the test. */
function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(KantaError)
    expect((error as KantaError).code).toBe('invalid_input')
    expect(problemOf(error).status).toBe(422)
    const { message } = error as KantaError
    expect(message.length).toBeLessThan(2_000)
    return message
  }
  throw new Error('It was taken.')
}

const parse = (input: unknown) => parseFilter(input, ALLOWED)
const deep = (depth: number, key: string): unknown =>
  JSON.parse(`${`{"${key}":[`.repeat(depth)}{}${']}'.repeat(depth)}`)

const bad: readonly (readonly [string, unknown, RegExp])[] = [
  ['the path of a value', { and: [{}, {}, {}, { price: { gt: 'x' } }] }, /^filter\.and\[3\]\.price\.gt: /],
  ['the path of an item', { or: [{ id: { in: [1, 'x'] } }] }, /^filter\.or\[0\]\.id\.in\[1\]: /],
  ['an unknown column', { nope: 1 }, /^filter\.nope: no such column/],
  ['a column of the table that is not listed', { profile: 1 }, /^filter\.profile: no such column/],
  ['__proto__', JSON.parse('{"__proto__":{"eq":1}}'), /^filter\.__proto__: no such column/],
  ['constructor', { constructor: { eq: 1 } }, /^filter\.constructor: /],
  ['toString', { toString: 1 }, /^filter\.toString: /],
  ['an operator of the prototype', { id: { constructor: 1 } }, /^filter\.id\.constructor: 'id' cannot be filtered so/],
  ['__proto__ as an operator', JSON.parse('{"id":{"__proto__":1}}'), /^filter\.id\.__proto__: /],
  ['an operator that is not listed', { color: { ne: 'red' } }, /^filter\.color\.ne: 'color' cannot be filtered so/],
  ['a shorthand that is not listed', { color: ['red'] }, /^filter\.color: 'color' cannot be filtered so/],
  ['a query operator', { id: { $ne: null } }, /^filter\.id\["\$ne"\]: /],
  ['a forged node', { op: 'raw', sql: '1=1' }, /^filter\.op: no such column/],
  ['a forged kind', { kind: 'constant', value: true }, /^filter\.kind: /],
  ['a forged node as a value', { id: { kind: 'raw' } }, /^filter\.id\.kind: /],
  ['no operator', { id: {} }, /^filter\.id: the condition names no operator/],
  ['a list as a filter', [], /^filter: give an object/],
  ['null as a filter', null, /^filter: /],
  ['a text as a filter', '{"id":1}', /^filter: /],
  ['an object as a junction', { and: { id: 1 } }, /^filter\.and: give a list/],
  ['null in a junction', { or: [null] }, /^filter\.or\[0\]: /],
  ['a list as a negation', { not: [] }, /^filter\.not: /],
  ['junctions without end', deep(2_000, 'and'), /nested more than 5 levels/],
  ['negations without end', JSON.parse(`${'{"not":'.repeat(2_000)}{}${'}'.repeat(2_000)}`), /nested more than 5/],
  ['too many parts', { or: Array.from({ length: 101 }, () => ({ id: 1 })) }, /more than 100 parts/],
  ['too many empty parts', { or: Array.from({ length: 100_000 }, () => ({})) }, /more than 100 parts/],
  ['a long list', { id: { in: Array.from({ length: 101 }, (_, i) => i) } }, /^filter\.id\.in: the list has 101/],
  ['a long text', { title: 'x'.repeat(100_000) }, /^filter\.title: the text has 100000 characters/],
  ['a long search', { title: { contains: 'x'.repeat(1_001) } }, /^filter\.title\.contains: the text has 1001/],
  ['many wildcards', { title: { like: '%a'.repeat(6) } }, /more than 5 '%'/],
  ['a pattern that ends in an escape', { title: { like: 'a\\' } }, /^filter\.title\.like: .*backslash/],
  ['NUL', { title: { eq: 'a\0b' } }, /^filter\.title\.eq: .*NUL/],
  ['half a character', { title: { contains: '\uD83D' } }, /surrogate/],
  ['null in an order', { id: { gt: null } }, /^filter\.id\.gt: /],
  ['null in a list', { id: { in: [null] } }, /^filter\.id\.in\[0\]: /],
  ['NaN', { ratio: Number.NaN }, /^filter\.ratio: give a number/],
  ['a number as text', { ratio: { gt: '1' } }, /^filter\.ratio\.gt: /],
  ['a whole number that is none', { id: 1.5 }, /^filter\.id: give a whole number/],
  ['a whole number that does not fit', { id: 2 ** 31 }, /32 bits/],
  ['a bigint that does not fit', { big: '9223372036854775808' }, /64 bits/],
  ['a decimal that is none', { price: '1e5' }, /^filter\.price: give a decimal/],
  ['a decimal that is a number without digits', { price: 1e300 }, /^filter\.price: give a decimal/],
  ['an object as a value', { id: { eq: { a: 1 } } }, /^filter\.id\.eq: /],
  ['an object as a text', { title: { contains: { toString: 1 } } }, /^filter\.title\.contains: give a text/],
  ['a day that is none', { day: '2024-02-30' }, /^filter\.day: /],
  ['a moment that is none', { at: '2024-02-30T00:00:00Z' }, /^filter\.at: /],
  ['a moment out of range', { at: '0000-01-01T00:00:00Z' }, /^filter\.at: /],
  ['a UUID that is none', { key: 'x' }, /^filter\.key: /],
  ['a word that the enum lacks', { color: 'pink' }, /^filter\.color: /],
  ['three bounds', { id: { between: [1, 2, 3] } }, /^filter\.id\.between: give the two bounds/],
  ['a text for a boolean', { active: 'true' }, /^filter\.active: /],
  ['a text for null', { id: { isNull: 'yes' } }, /^filter\.id\.isNull: /],
  ['a key that is long', { ['x'.repeat(100_000)]: 1 }, /^filter\["x{40}…"\]: /],
  ['a key with a line break', { 'a\nb': 1 }, /^filter\["a\\nb"\]: /],
  ['an instance of a class', new (class A {})(), /^filter: give an object/],
]

test.for(bad)('a filter with %s is refused', ([, input, message]) => {
  expect(refusal(() => parse(input))).toMatch(message)
})

test('what is allowed is read', () => {
  const text = (input: unknown): string => JSON.stringify(parse(input))
  expect(text({})).toBe('{}')
  expect(text({ or: [] })).toBe('{"or":[]}')
  expect(text({ id: 1, title: null, big: ['1', 2] })).toBe(
    '{"and":[{"id":{"eq":1}},{"title":{"isNull":true}},{"big":{"in":["1","2"]}}]}',
  )
  expect(text({ not: { price: { gt: '1', lte: 2.5 } } })).toBe(
    '{"not":{"and":[{"price":{"gt":"1"}},{"price":{"lte":"2.5"}}]}}',
  )
  expect(text({ at: { gte: '2024-02-29' } })).toBe('{"at":{"gte":"2024-02-29T00:00:00.000Z"}}')
  expect(text({ at: { lt: '2024-02-29T12:00:00+02:00' } })).toBe('{"at":{"lt":"2024-02-29T10:00:00.000Z"}}')
  expect(text({ id: { exists: true, isNull: false } })).toBe(
    '{"and":[{"id":{"isNotNull":true}},{"id":{"isNotNull":true}}]}',
  )
  expect(matches(parse({ id: { between: [1, 3] } }), ROWS[1] as never, item)).toBe(true)
})

test('mistakes of the program are not blamed on the client', () => {
  const mistakes: readonly (readonly [unknown, RegExp])[] = [
    [{ table: item, filter: { nme: ['eq'] } }, /has no column 'nme'/],
    [{ table: item, filter: { id: ['equals'] } }, /unknown operator "equals"/],
    [{ table: item, filter: { id: 'eq' } }, /are a list/],
    [{ table: item, filter: { id: ['like'] } }, /no common 'like'/],
    [{ table: item, filter: { color: ['gt'] } }, /no common 'gt'/],
    [{ table: item, filter: { profile: ['eq'] } }, /no common 'eq'/],
    [{ table: item }, /lists what may be filtered/],
    [{ table: 'item', filter: {} }, /Give a table/],
    [{ table: item, filter: {}, limits: { depht: 1 } }, /Did you mean 'depth'/],
    [{ table: item, filter: {}, limits: { depth: Number.NaN } }, /whole number from 0/],
    [{ table: item, filter: {}, allow: 1 }, /has no option 'allow'/],
  ]
  for (const [options, message] of mistakes) {
    let error: unknown
    try {
      parseFilter({}, options as never)
    } catch (caught) {
      error = caught
    }
    expect((error as KantaError).message).toMatch(message)
    expect(problemOf(error).status).toBe(500)
  }
  const named = table('named', (c) => ({ and: c.integer() }))
  expect(() => parseFilter({}, { table: named, filter: { and: ['eq'] } })).toThrow(/called 'and'/)
})

const URLS = { ...ALLOWED, sort: ['id', 'at'], maxLimit: 100, select: ['id', 'title'], search: true } as const
const url = (parameters: string) => parseUrl(new URLSearchParams(parameters), URLS)

const badUrls: readonly (readonly [string, string, RegExp])[] = [
  ['an unknown parameter', 'nope=1', /^url\.nope: no such parameter/],
  ['__proto__', '__proto__=1', /^url\.__proto__: /],
  ['__proto__ with an operator', '__proto__[eq]=1', /^url\["__proto__\[eq\]"\]: /],
  ['constructor', 'constructor[prototype]=1', /^url\["constructor\[prototype\]"\]: /],
  ['an operator of the prototype', 'id[toString]=1', /^id\.toString: 'id' cannot be filtered so/],
  ['brackets in brackets', 'id[eq][gt]=1', /^url\["id\[eq\]\[gt\]"\]: /],
  ['an open bracket', 'id[eq=1', /^url\["id\[eq"\]: /],
  ['the limit abc', 'limit=abc', /^limit: give a whole number from 1 to 100/],
  ['the limit NaN', 'limit=NaN', /^limit: /],
  ['the limit 0', 'limit=0', /^limit: /],
  ['a negative limit', 'limit=-1', /^limit: /],
  ['the limit 2.5', 'limit=2.5', /^limit: /],
  ['the limit 1e2', 'limit=1e2', /^limit: /],
  ['a limit past the most', 'limit=101', /^limit: /],
  ['an endless limit', 'limit=99999999999999999999999', /^limit: /],
  ['an empty limit', 'limit=', /^limit: the parameter is empty/],
  ['two limits', 'limit=1&limit=2', /^limit: the parameter is given more than once/],
  ['the page 0', 'page=0', /^page: /],
  ['a page without end', 'page=9999999999', /^page: /],
  ['a page and a cursor', 'page=1&after=x', /^after: give either 'page' or 'after'/],
  ['a long cursor', `after=${'x'.repeat(5_000)}`, /^after: the text has 5000/],
  ['a column that may not be sorted', 'sort=title', /^sort\.title: no such column/],
  ['a prototype to sort by', 'sort=-__proto__', /^sort\.__proto__: /],
  ['a column sorted twice', 'sort=id,-id', /^sort\.id: the column is named twice/],
  ['an empty sort', 'sort=id,', /^sort\[""\]: /],
  ['a column that may not be selected', 'select=id,profile', /^select\.profile: /],
  ['a long search', `search=${'x'.repeat(201)}`, /^search: the text has 201/],
  ['100 KB of one value', `title=${'x'.repeat(100_000)}`, /^url: the parameters have more than 16000 characters/],
  ['100 KB of names', `${'a'.repeat(100_000)}=1`, /^url: /],
  ['many parameters', Array.from({ length: 101 }, (_, i) => `id[eq]=${i}`).join('&'), /^url: there are more than 100/],
  ['a JSON filter that is none', 'filter={', /^filter: this is not JSON/],
  ['a JSON filter with a column that is not listed', 'filter={"nope":1}', /^filter\.nope: /],
  ['a JSON filter without end', `filter=${'['.repeat(15_000)}`, /^filter: /],
  [
    'a deep JSON filter',
    `filter=${encodeURIComponent(`${'{"not":'.repeat(50)}{}${'}'.repeat(50)}`)}`,
    /nested more than/,
  ],
  ['a long list', `id[in]=${Array.from({ length: 101 }, (_, i) => i).join(',')}`, /^id\.in: the list has 101/],
  ['a text in a list of numbers', 'id[in]=1,x', /^id\.in\[1\]: /],
  ['one bound', 'id[between]=1', /^id\.between: give the two bounds/],
  ['two values for one', 'id[gt]=1&id[gt]=2', /^url\["id\[gt\]"\]: the parameter is given more than once/],
  ['NUL', 'title[contains]=%00', /^title\.contains: .*NUL/],
  ['a number that is none', 'ratio[gt]=1..2', /^ratio\.gt: /],
  ['a number without end', 'ratio[gt]=1e999', /^ratio\.gt: /],
  ['a boolean that is none', 'active=yes', /^active\.eq: /],
]

test.for(badUrls)('a URL with %s is refused', ([, parameters, message]) => {
  expect(refusal(() => url(parameters))).toMatch(message)
})

test('100 KB of text as a whole are refused before they are parsed', () => {
  expect(refusal(() => parseUrl(`title=${'%61'.repeat(40_000)}`, URLS))).toMatch(/^url: /)
})

test('a URL is read', () => {
  const asked = url(
    'id[gt]=5&number[in]=1,2&title[contains]=x&active=true&big=9007199254740993&sort=-at,id&page=2&limit=10&select=id&search=two%20words',
  )
  expect(JSON.parse(JSON.stringify(asked))).toEqual({
    filter: {
      and: [
        { id: { gt: 5 } },
        { number: { in: [1, 2] } },
        { title: { contains: 'x' } },
        { active: { eq: true } },
        { big: { eq: '9007199254740993' } },
      ],
    },
    sort: [
      { column: 'at', direction: 'desc' },
      { column: 'id', direction: 'asc' },
    ],
    limit: 10,
    page: 2,
    select: ['id'],
    search: 'two words',
  })
  expect(JSON.parse(JSON.stringify(url('')))).toEqual({ filter: {}, sort: [], limit: 20 })
  expect(JSON.stringify(url('title[in]=a,b&title[in]=c').filter)).toBe('{"title":{"in":["a,b","c"]}}')
  expect(JSON.stringify(url('filter={"or":[{"id":1},{"id":2}]}&id[isNull]=false').filter)).toBe(
    '{"and":[{"or":[{"id":{"eq":1}},{"id":{"eq":2}}]},{"id":{"isNotNull":true}}]}',
  )
  const record = parseUrl({ id: '1', sort: 'id', limit: undefined, 'number[in]': ['1', '2'] }, URLS)
  expect(JSON.stringify(record.filter)).toBe('{"and":[{"id":{"eq":1}},{"number":{"in":[1,2]}}]}')
  expect(parseUrl('?limit=100', { ...URLS, defaultLimit: 5 }).limit).toBe(100)
  expect(parseUrl('', { ...URLS, maxLimit: 5 }).limit).toBe(5)
})

test('what is not allowed is no parameter', () => {
  const { select: _, search: __, ...few } = URLS
  expect(refusal(() => parseUrl('search=x', few))).toMatch(/^url\.search: no such parameter/)
  expect(refusal(() => parseUrl('select=id', few))).toMatch(/^url\.select: no such parameter/)
  expect(() => parseUrl('', { ...few, maxLimit: 1_001 })).toThrow(/'maxLimit' is 1001/)
  expect(() => parseUrl('', { ...few, maxLimit: Number.NaN })).toThrow(/'maxLimit' is NaN/)
  expect(() => parseUrl('', { ...few, sort: ['nope' as never] })).toThrow(/no column of the table/)
})

const open = () => kanta({ driver: sqlite(':memory:'), schema: { item } })
let db: ReturnType<typeof open>
beforeAll(async () => {
  db = open()
  await db.schema.createTable(item).execute()
})
afterAll(() => db.destroy())

test('whatever is taken runs', async () => {
  const texts = [`' or 1=1 --`, '"; drop table item', '\\', '%', '_', '`', '$1', '?', ':x', '\n']
  for (const text of texts)
    for (const op of ['eq', 'gt', 'contains', 'iStartsWith', 'endsWith', 'iEq'] as const) {
      const filter = parse({ title: { [op]: text } })
      const found = await db
        .selectFrom('item')
        .select('id')
        .where(whereOf(db, filter, item))
        .execute()
      expect(found).toEqual([])
    }
})
