import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { crudSchemas } from '../../src/filter/index.ts'
import { primaryKey, sql, table } from '../../src/index.ts'
import { item } from './world.ts'

interface Validator {
  compile(schema: object): (value: unknown) => boolean
}
// By way of require(), since the package is CommonJS.
const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as {
  Ajv2020: new (options: object) => Validator
}
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { date: true, 'date-time': true, uuid: true } })
const valid = (schema: object, value: unknown): boolean => ajv.compile(schema)(value)

const product = table('product', (c) => ({
  id: c.integer().primaryKey(),
  title: c.varchar(5),
  price: c.decimal(6, 2),
  whole: c.decimal(4, 0).nullable(),
  total: c.bigint().default(0n),
  color: c.enum(['red', 'green']).nullable(),
  tags: c.json<string[]>(),
  active: c.boolean().default(true),
  made: c.timestamp().default(sql`current_timestamp`),
  day: c.date().nullable(),
  photo: c.bytes().nullable(),
  upper: c.text().generatedAs(sql`upper(title)`),
  deleted_at: c.timestamp().nullable(),
}))
const seat = table(
  'seat',
  (c) => ({ row: c.bigint(), place: c.integer(), name: c.text().nullable() }),
  (t) => [primaryKey([t.row, t.place])],
)

describe('crudSchemas()', () => {
  const schemas = crudSchemas(product, {
    omit: ['deleted_at'],
    hidden: ['deleted_at'],
    filter: { price: ['eq', 'gt', 'in'], title: ['contains'], color: ['isNull'] },
    sort: ['title', 'price'],
  })
  const row = { title: 'abc', price: '12.50', tags: ['x'] }

  test('a body that creates', () => {
    const { create } = schemas
    expect(create.required).toEqual(['title', 'price', 'tags'])
    expect(valid(create, row)).toBe(true)
    const taken = [
      ...[
        { color: null },
        { color: 'red' },
        { whole: '12' },
        { whole: null },
        { total: 5 },
        { total: '9007199254740993' },
      ],
      // D8 of the older contract: null and arrays were refused.
      ...[{ tags: [] }, { tags: { a: 1 } }, { tags: 'x' }, { day: '2024-02-29' }, { day: null }, { id: 7 }],
      ...[{ made: '2024-02-29T00:00:00Z' }, { title: '😀😀😀😀😀' }, { photo: 'AAEC' }, { price: '-9999.9' }],
    ]
    for (const each of taken) expect(valid(create, { ...row, ...each }), JSON.stringify(each)).toBe(true)
    const refused = [
      ...[{ color: 'blue' }, { whole: '1.5' }, { whole: '12345' }, { total: 'x' }, { total: 1.5 }, { active: 1 }],
      ...[{ title: 'abcdef' }, { title: null }, { price: 12.5 }, { price: '12.505' }, { price: '12345.00' }],
      ...[
        { upper: 'ABC' },
        { deleted_at: null },
        { nope: 1 },
        { id: 2 ** 31 },
        { id: 'x' },
        { made: null },
        { day: '' },
      ],
    ]
    for (const each of refused) expect(valid(create, { ...row, ...each }), JSON.stringify(each)).toBe(false)
    for (const name of ['title', 'price', 'tags'])
      expect(valid(create, Object.fromEntries(Object.entries(row).filter(([key]) => key !== name)))).toBe(false)
  })

  test('a body that updates has no key, no default, and something to do', () => {
    const { update } = schemas
    expect(valid(update, { title: 'x' })).toBe(true)
    expect(valid(update, { color: null })).toBe(true)
    for (const body of [{}, { id: 1 }, { upper: 'X' }, { deleted_at: null }, { title: null }])
      expect(valid(update, body), JSON.stringify(body)).toBe(false)
    expect(JSON.stringify(update)).not.toContain('default')
  })

  test('the path of a row holds its whole key', () => {
    expect(valid(schemas.params, { id: '7' })).toBe(true)
    for (const path of [{}, { id: 'x' }, { id: '1.5' }, { id: '1', more: '2' }])
      expect(valid(schemas.params, path)).toBe(false)
    const composite = crudSchemas(seat)
    expect(valid(composite.params, { row: '9007199254740993', place: '-2' })).toBe(true)
    expect(valid(composite.params, { row: '1' })).toBe(false)
    expect(composite.create.required).toEqual(['row', 'place'])
    expect(valid(composite.update, { row: 1 })).toBe(false)
  })

  test('a list has what parseUrl() reads', () => {
    const { listQuery } = schemas
    const query = { page: 1, limit: 100, sort: '-price,title', price: '1.00', 'price[gt]': '5', 'price[in]': '1,2' }
    expect(valid(listQuery, { ...query, 'title[contains]': 'x', 'color[isNull]': true })).toBe(true)
    expect(valid(listQuery, {})).toBe(true)
    for (const each of [{ page: 0 }, { limit: 101 }, { limit: 2.5 }, { sort: 'id' }, { 'title[eq]': 'x' }, { nope: 1 }])
      expect(valid(listQuery, each), JSON.stringify(each)).toBe(false)
  })

  test('a row as it is answered has all that is shown', () => {
    const properties = Object.keys(schemas.row.properties as object)
    expect(properties).toContain('upper')
    expect(properties).not.toContain('deleted_at')
    expect(schemas.row.required).toEqual(properties)
  })

  test('parts of an OpenAPI document', () => {
    const { openApi } = schemas
    expect(Object.keys(openApi.components.schemas)).toEqual(['Product', 'ProductCreate', 'ProductUpdate'])
    expect(openApi.pathParameters).toMatchObject([{ name: 'id', in: 'path', required: true }])
    expect(openApi.queryParameters.map(({ name }) => name)).toContain('price[gt]')
    expect(JSON.parse(JSON.stringify(openApi))).toEqual(openApi)
  })

  test('every type of column makes a schema that ajv takes', () => {
    const all = crudSchemas(item)
    for (const schema of [all.create, all.update, all.params, all.listQuery, all.row]) ajv.compile(schema)
  })

  test('mistakes of the program are refused', () => {
    expect(() => crudSchemas({} as never)).toThrow(/takes a table/)
    expect(() => crudSchemas(product, { omit: ['nope' as never] })).toThrow(/'omit' names "nope"/)
    expect(() => crudSchemas(product, { maxLimit: 0 })).toThrow(/'maxLimit' is 0/)
    expect(() => crudSchemas(product, { filter: { nope: ['eq'] } as never })).toThrow(/no column 'nope'/)
  })
})
