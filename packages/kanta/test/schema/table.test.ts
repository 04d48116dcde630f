import { describe, expect, it } from 'vitest'
import { KantaError } from '../../src/error/index.ts'
import {
  AliasedColumn,
  aliasOf,
  Column,
  check,
  definitionOf,
  type Expression,
  foreignKey,
  index,
  isAliased,
  primaryKey,
  table,
  unique,
} from '../../src/table/index.ts'

const expression = {} as Expression<unknown>
const city = table(
  'city',
  (c) => ({
    id: c.integer().primaryKey(),
    name: c.text(),
    parent: c
      .integer()
      .nullable()
      .references(() => city.id, { onDelete: 'set null' }),
    country: c.text().references(() => country.cca2),
    rank: c.integer().default(0),
  }),
  (t) => [
    index([t.country, t.rank], { name: 'by_rank', unique: true, where: expression }),
    unique([t.name, t.country]),
  ],
)
const country = table('geo.country', (c) => ({
  cca2: c.varchar(2).primaryKey(),
  capital: c
    .integer()
    .nullable()
    .unique()
    .references(() => city.id),
  area: c.decimal(10, 2).check(expression),
  dense: c.boolean().generatedAs(expression, { stored: true }),
}))

const refusal = (make: () => unknown): string => {
  try {
    make()
  } catch (error) {
    expect(error).toBeInstanceOf(KantaError)
    return (error as KantaError).message
  }
  throw new Error('nothing was refused')
}

describe('a table', () => {
  it('keeps its definition beside its columns', () => {
    const it = definitionOf(city)!
    expect([it.name, it.schema, [...it.columns.keys()]]).toEqual([
      'city',
      undefined,
      ['id', 'name', 'parent', 'country', 'rank'],
    ])
    expect(it.primaryKey).toEqual(['id'])
    expect(it.columns.get('id')).toMatchObject({
      type: 'integer',
      generated: 'default',
      nullable: false,
      codec: undefined,
    })
    expect(it.columns.get('rank')).toMatchObject({ default: { value: 0 }, generated: undefined })
    expect(it.indexes).toEqual([{ name: 'by_rank', columns: ['country', 'rank'], unique: true, where: expression }])
    expect(it.uniques).toEqual([{ name: undefined, columns: ['name', 'country'] }])
    expect(Object.keys(city)).toEqual(['id', 'name', 'parent', 'country', 'rank'])
    expect(definitionOf({})).toBeUndefined()
    expect(definitionOf('city')).toBeUndefined()
  })

  it('may be in a schema', () => {
    expect(definitionOf(country)).toMatchObject({ name: 'country', schema: 'geo', primaryKey: ['cca2'] })
    expect(country.cca2).toMatchObject({ schema: 'geo', table: 'country', name: 'cca2' })
    expect(country.as('c').cca2).toMatchObject({ schema: undefined, table: 'c' })
    expect(definitionOf(country)!.columns.get('cca2')).toMatchObject({ type: 'varchar', typeArguments: [2] })
    expect(definitionOf(country)!.columns.get('area')).toMatchObject({ type: 'decimal', typeArguments: [10, 2] })
    expect(definitionOf(country)!.columns.get('dense')).toMatchObject({
      generated: 'always',
      generatedAs: { expression, stored: true },
    })
  })

  it('gathers the constraints of its columns', () => {
    const it = definitionOf(country)!
    expect(it.uniques).toEqual([{ name: undefined, columns: ['capital'] }])
    expect(it.checks).toEqual([{ name: undefined, expression }])
  })

  it('refers to itself and to later tables', () => {
    const keys = definitionOf(city)!.foreignKeys
    expect(
      keys.map((key) => [key.columns, key.references().table.name, key.references().columns, key.onDelete]),
    ).toEqual([
      [['parent'], 'city', ['id'], 'set null'],
      [['country'], 'country', ['cca2'], undefined],
    ])
  })

  it('takes an alias, the same object each time', () => {
    const c = city.as('c')
    expect(city.as('c')).toBe(c)
    expect([aliasOf(city), aliasOf(c), isAliased(city), isAliased(c)]).toEqual(['city', 'c', false, true])
    expect(definitionOf(c)).toBe(definitionOf(city))
    expect(c.name).toMatchObject({ table: 'c', name: 'name' })
    expect(c.name).toBeInstanceOf(Column)
    for (let i = 0; i < 1000; i++) city.as(`made${i}`)
    expect(aliasOf(city.as('made999'))).toBe('made999')
  })

  it('gives columns other names', () => {
    const title = city.name.as('title')
    expect(title).toBeInstanceOf(AliasedColumn)
    expect([title.column, title.alias]).toEqual([city.name, 'title'])
  })

  it('takes column names that objects inherit', () => {
    const odd = table('odd', (c) => ({ constructor: c.text(), toString: c.text(), columns: c.text(), name: c.text() }))
    expect([...definitionOf(odd)!.columns.keys()]).toEqual(['constructor', 'toString', 'columns', 'name'])
    expect((odd.constructor as unknown as Column).name).toBe('constructor')
  })

  it('takes keys of several columns', () => {
    const seat = table(
      'seat',
      (c) => ({ row: c.integer(), place: c.integer() }),
      (t) => [primaryKey([t.row, t.place])],
    )
    const ticket = table(
      'ticket',
      (c) => ({ row: c.integer(), place: c.integer() }),
      (t) => [
        foreignKey([t.row, t.place], () => [seat.row, seat.place], { name: 'seat_of' }),
        check('positive', expression),
      ],
    )
    expect(definitionOf(seat)!.primaryKey).toEqual(['row', 'place'])
    expect(definitionOf(seat)!.columns.get('row')!.generated).toBeUndefined()
    const [key] = definitionOf(ticket)!.foreignKeys
    expect(key).toMatchObject({ name: 'seat_of', columns: ['row', 'place'] })
    expect(key!.references()).toEqual({ table: definitionOf(seat), columns: ['row', 'place'] })
    expect(definitionOf(ticket)!.checks).toEqual([{ name: 'positive', expression }])
  })
})

describe('a wrong definition is refused', () => {
  const cases: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['no columns', () => table('t', () => ({})), /no columns/],
    ['no name', () => table('', (c) => ({ a: c.text() })), /needs a name/],
    ['an empty schema', () => table('.t', (c) => ({ a: c.text() })), /needs a name/],
    ['two dots', () => table('a.b.c', (c) => ({ a: c.text() })), /'schema\.table'/],
    ['a column without a name', () => table('t', (c) => ({ '': c.text() })), /empty name/],
    ['a column named as', () => table('t', (c) => ({ as: c.text() })), /cannot be named 'as'/],
    ['a column of something else', () => table('t', () => ({ a: 1 }) as never), /made with c/],
    [
      'two primary keys',
      () => table('t', (c) => ({ a: c.text().primaryKey(), b: c.text().primaryKey() })),
      /two primary keys/,
    ],
    ['a nullable key', () => table('t', (c) => ({ a: c.text().nullable().primaryKey() })), /cannot be nullable/],
    [
      'a nullable column in a key',
      () =>
        table(
          't',
          (c) => ({ a: c.text().nullable() }),
          (t) => [primaryKey([t.a])],
        ),
      /cannot be nullable/,
    ],
    [
      'both a default and a number',
      () => table('t', (c) => ({ a: c.integer().identity().default(1) })),
      /cannot have a default/,
    ],
    ['numbered text', () => table('t', (c) => ({ a: c.text().identity() })), /numbers integers/],
    ['an undefined default', () => table('t', (c) => ({ a: c.text().default(undefined as never) })), /undefined/],
    [
      'an index on no column',
      () =>
        table(
          't',
          (c) => ({ a: c.text() }),
          () => [index([])],
        ),
      /names no column/,
    ],
    [
      'an index on another table',
      () =>
        table(
          't',
          (c) => ({ a: c.text() }),
          () => [index([city.name])],
        ),
      /not a column of the table/,
    ],
    [
      'an index on an unknown column',
      () =>
        table(
          't',
          (c) => ({ a: c.text() }),
          (t) => [index([(t as any).b])],
        ),
      /not a column of the table/,
    ],
    [
      'a column twice in a key',
      () =>
        table(
          't',
          (c) => ({ a: c.text() }),
          (t) => [unique([t.a, t.a])],
        ),
      /twice/,
    ],
    [
      'something else as constraint',
      () =>
        table(
          't',
          (c) => ({ a: c.text() }),
          () => [{} as never],
        ),
      /made with primaryKey/,
    ],
    [
      'a reference without a function',
      () => table('t', (c) => ({ a: c.text().references(city.name as never) })),
      /takes a function/,
    ],
    ['an empty enum', () => table('t', (c) => ({ a: c.enum([]) })), /at least one value/],
    ['an enum value twice', () => table('t', (c) => ({ a: c.enum(['x', 'x']) })), /once/],
    ['a varchar of no length', () => table('t', (c) => ({ a: c.varchar(0) })), /at least 1/],
    ['an unknown timestamp mode', () => table('t', (c) => ({ a: c.timestamp({ mode: 'days' as never }) })), /'days'/],
    ['a custom type without a name', () => table('t', (c) => ({ a: c.custom('', {} as never) })), /SQL type/],
    ['an empty alias', () => city.as(''), /alias/],
    ['an unnamed check', () => check('', expression), /needs a name/],
  ]
  it.each(cases)('%s', (_, make, message) => expect(refusal(make)).toMatch(message))

  it('a reference to what is not a key of one table, when it is followed', () => {
    const wrong = table(
      't',
      (c) => ({ a: c.text().references(() => 'city.name'), b: c.text() }),
      (t) => [foreignKey([t.a, t.b], () => [city.name, country.cca2]), foreignKey([t.a], [city.name, city.id])],
    )
    const [first, second, third] = definitionOf(wrong)!.foreignKeys
    expect(refusal(() => first!.references())).toMatch(/has to give a column/)
    expect(refusal(() => second!.references())).toMatch(/more than one table/)
    expect(refusal(() => third!.references())).toMatch(/points to 2 columns/)
  })
})
