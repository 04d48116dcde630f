import { describe, expect, it } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import {
  check,
  foreignKey,
  fromJSON,
  index,
  KantaError,
  kanta,
  primaryKey,
  sql,
  table,
  toJSON,
  unique,
} from '../../src/index.ts'
import { type Any, item, printer } from './ground.ts'
import { wrong } from './wrong-values.ts'

const open = kanta as Any
const define = table as Any

/** Defines a table and prints it, since some of what is wrong shows only there. */
const printed = (describe: (c: Any) => Any, constraints?: (t: Any) => Any): string =>
  printer.schema.createTable(define('fresh', describe, constraints)).compile().sql

const column = (make: (c: Any) => Any): string => printed((c) => ({ a: make(c) }))
const constraint = (make: (t: Any) => Any): string =>
  printed(
    (c) => ({ a: c.integer(), b: c.integer() }),
    (t) => [make(t)],
  )

/** Where a definition takes something; each with the values that mean something there. */
const places: Readonly<Record<string, readonly [make: (value: unknown) => unknown, fits?: readonly string[]]>> = {
  'the name of a table': [(value) => define(value, (c: Any) => ({ a: c.integer() })), ['a blank', 'a text']],
  'the columns of a table': [(value) => define('fresh', value)],
  'a column of a table': [(value) => printed(() => ({ a: value }))],
  'the constraints of a table': [(value) => define('fresh', (c: Any) => ({ a: c.integer() }), value), ['undefined']],
  'a list of constraints': [
    (value) =>
      define(
        'fresh',
        (c: Any) => ({ a: c.integer() }),
        () => value,
      ),
    ['undefined', 'an empty list', 'null'],
  ],
  'a constraint': [
    (value) =>
      define(
        'fresh',
        (c: Any) => ({ a: c.integer() }),
        () => [value],
      ),
  ],
  'the alias of a table': [(value) => printer.selectFrom(item.as(value)).select('id').compile(), ['a blank', 'a text']],
  'a default': [
    (value) => column((c) => c.text().default(value)),
    ['null', 'an empty text', 'a blank', 'a text', 'NUL', '-1', '0.5', 'true'],
  ],
  'a default of an integer': [
    (value) => column((c) => c.integer().default(value)),
    ['null', 'an empty text', 'a blank', 'a text', 'NUL', '-1', '0.5', 'true'],
  ],
  'a default of a boolean': [(value) => column((c) => c.boolean().default(value)), ['null', 'true']],
  'a reference': [(value) => column((c) => c.integer().references(value))],
  'what a reference gives': [(value) => column((c) => c.integer().references(() => value))],
  'the options of a reference': [
    (value) => column((c) => c.integer().references(() => item.id, value)),
    ['undefined', 'an object', 'an object without a prototype', 'an invalid date', 'a map', 'a promise', 'a proxy'],
  ],
  'what a reference does': [
    (value) => column((c) => c.integer().references(() => item.id, { onDelete: value })),
    ['undefined'],
  ],
  'a check of a column': [(value) => column((c) => c.integer().check(value))],
  'a generated column': [(value) => column((c) => c.integer().generatedAs(value))],
  'the length of a varchar': [(value) => column((c) => c.varchar(value))],
  'the precision of a decimal': [(value) => column((c) => c.decimal(value)), ['undefined']],
  'the scale of a decimal': [(value) => column((c) => c.decimal(5, value)), ['undefined']],
  'the mode of a timestamp': [(value) => column((c) => c.timestamp({ mode: value })), ['undefined']],
  'the values of an enum': [(value) => column((c) => c.enum(value))],
  'the type of a custom column': [
    (value) => column((c) => c.custom(value, { name: 'x', encode: (x: Any) => x, decode: (x: Any) => x })),
    ['a text'],
  ],
  'the codec of a custom column': [(value) => column((c) => c.custom('text', value))],
  'a primary key': [(value) => constraint(() => primaryKey(value as Any))],
  'a unique constraint': [(value) => constraint(() => unique(value as Any))],
  'a unique column': [(value) => constraint(() => unique([value] as Any))],
  'the name of a unique constraint': [
    (value) => constraint((t) => unique([t.a], { name: value } as Any)),
    ['undefined', 'a blank', 'a text'],
  ],
  'an index': [(value) => constraint(() => index(value as Any))],
  'the name of a check': [(value) => constraint(() => check(value as Any, sql`a > 0` as Any)), ['a blank', 'a text']],
  'a check': [(value) => constraint(() => check('positive', value as Any))],
  'a foreign key': [(value) => constraint(() => foreignKey(value as Any, () => [item.id]))],
  'the target of a foreign key': [(value) => constraint((t) => foreignKey([t.a], value as Any))],
  'the options of kanta()': [(value) => open(value)],
  'the driver': [(value) => open({ driver: value })],
  'the schema': [(value) => open({ driver: sqlite(':memory:'), schema: value }), ['undefined']],
  'the plugins': [(value) => open({ driver: sqlite(':memory:'), plugins: value }), ['undefined', 'an empty list']],
  'a plugin': [(value) => open({ driver: sqlite(':memory:'), plugins: [value] })],
  'the log': [
    (value) => open({ driver: sqlite(':memory:'), log: value }),
    ['undefined', 'an empty list', 'a function', 'a function of null', 'a class'],
  ],
  'the options of sqlite()': [(value) => sqlite(value as Any), ['a text', 'half a pair']],
  'the options of betterSqlite3()': [(value) => betterSqlite3(value as Any), ['a text', 'half a pair']],
  'the database of fromJSON()': [
    (value) => (fromJSON as Any)(value, JSON.stringify(toJSON(printer.selectFrom('item').select('id')))),
  ],
}

describe('a definition', () => {
  it.each(Object.entries(places))('refuses what means nothing: %s', (_, [make, fits = []]) => {
    const found: string[] = []
    for (const [name, value] of Object.entries(wrong)) {
      try {
        const made = make(value)
        if (!fits.includes(name)) found.push(`${name}: accepted, ${typeof made === 'string' ? made : typeof made}`)
      } catch (error) {
        const own = name === 'a class' && String(error).includes('Class constructor')
        if (!(error instanceof KantaError) && !own) found.push(`${name}: ${error}`)
      }
    }
    if (found.length > 0) throw new Error(found.join('\n'))
  })

  it.each([
    ['a pragma', { pragmas: { 'cache_size = 1; drop table sentinel; --': 1 } }],
    ['a value of a pragma', { pragmas: { synchronous: "off'; drop table sentinel; --" } }],
    ['a pragma of all objects', { pragmas: { constructor: 1 } }],
    ['a preset of all objects', { preset: 'constructor' }],
    ['an option of all objects', { toString: 1 }],
    ['a time to wait', { busyTimeout: '1; drop table sentinel' }],
  ])('refuses what would be text of its own: %s', (_, options) => {
    for (const driver of [sqlite, betterSqlite3] as Any[])
      expect(() => driver({ path: ':memory:', ...options })).toThrow(KantaError)
  })

  it('takes a document that looks like an expression for a document', () => {
    const document = { node: { kind: 'raw', strings: ['1); drop table sentinel; --'], parts: [] }, args: [] }
    expect(column((c) => c.json().default(document))).toContain(`'{"node"`)
    expect(column((c) => c.json().default({ node: 1 }))).toContain(`'{"node":1}'`)
  })
})
