import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Codec, definitionOf, type SqlValue, table } from '../../src/table/index.ts'

const every = table('every', (c) => ({
  boolean: c.boolean(),
  bigint: c.bigint(),
  decimal: c.decimal(),
  money: c.decimal(5, 2),
  date: c.date(),
  timestamp: c.timestamp(),
  unix: c.timestamp({ mode: 'unix' }),
  unixms: c.timestamp({ mode: 'unixms' }),
  json: c.json(),
  bytes: c.bytes(),
  uuid: c.uuid(),
  color: c.enum(['red', 'green']),
}))
const codec = (name: string): Codec => definitionOf(every)!.columns.get(name)!.codec!
const stored = (value: unknown): Exclude<SqlValue, null> => value as Exclude<SqlValue, null>

describe('codecs', () => {
  const roundTrips: readonly (readonly [string, unknown, SqlValue])[] = [
    ['boolean', true, 1],
    ['boolean', false, 0],
    ['bigint', 9223372036854775807n, 9223372036854775807n],
    ['bigint', -9223372036854775808n, -9223372036854775808n],
    ['decimal', '-12345678901234567890.0123456789', '-12345678901234567890.0123456789'],
    ['money', '999.99', '999.99'],
    ['money', '000999.9900', '000999.9900'],
    ['date', '2024-02-29', '2024-02-29'],
    ['timestamp', new Date('2024-02-29T12:34:56.789Z'), '2024-02-29T12:34:56.789Z'],
    ['unix', new Date('2024-02-29T12:34:56Z'), 1709210096],
    ['unixms', new Date('1969-12-31T23:59:59.999Z'), -1],
    ['json', { a: [1, null, 'x'] }, '{"a":[1,null,"x"]}'],
    ['json', 'text', '"text"'],
    ['bytes', Uint8Array.of(0, 255), Uint8Array.of(0, 255)],
    ['uuid', '0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f', '0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f'],
    ['color', 'green', 'green'],
  ]
  it.each(roundTrips)('%s writes %o as %o and reads it back', (name, value, sql) => {
    expect(codec(name).encode(value)).toEqual(sql)
    expect(codec(name).decode(stored(sql))).toEqual(value)
  })

  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    ['boolean', 1, /^A boolean is expected, not the number 1\.$/],
    ['boolean', 'true', /not the string 'true'/],
    ['bigint', 1, /^A bigint is expected, not the number 1\.$/],
    ['bigint', 2n ** 63n, /does not fit in 64 bits/],
    ['bigint', -(2n ** 63n) - 1n, /does not fit in 64 bits/],
    ['decimal', 1.5, /^A decimal as a string such as '12\.50' is expected, not the number 1\.5\.$/],
    ['decimal', '1e5', /decimal/],
    ['decimal', '', /decimal/],
    ['money', '1000.00', /more digits than decimal\(5, 2\)/],
    ['money', '0.001', /more digits/],
    ['date', '2023-02-29', /date/],
    ['date', '2024-2-9', /date/],
    ['date', new Date(0), /not a Date/],
    ['timestamp', new Date(Number.NaN), /^A valid Date is expected, not an invalid Date\.$/],
    ['timestamp', '2024-01-01', /^A Date is expected/],
    ['timestamp', new Date(Date.UTC(10000, 0)), /four digits/],
    ['timestamp', new Date(-1e14), /four digits/],
    ['unix', new Date(Number.NaN), /valid Date/],
    ['unixms', 5, /Date/],
    ['json', undefined, /JSON value/],
    ['json', () => 1, /^A JSON value is expected, not a function\.$/],
    ['bytes', [1], /^A Uint8Array is expected, not an array\.$/],
    ['uuid', 'x', /UUID/],
    ['color', 'blue', /^One of 'red', 'green' is expected, not the string 'blue'\.$/],
  ]
  it.each(refused)('%s refuses to write %o', (name, value, message) => {
    expect(() => codec(name).encode(value)).toThrow(message)
  })

  it('refuses what the database should not hold', () => {
    expect(() => codec('boolean').decode(2)).toThrow('The database holds the number 2 where a boolean is expected.')
    expect(() => codec('date').decode('yesterday')).toThrow('date')
    expect(() => codec('timestamp').decode('noon')).toThrow('timestamp')
    expect(() => codec('timestamp').decode('2024-13-01')).toThrow('timestamp')
    expect(() => codec('bigint').decode(1.5)).toThrow('integer')
    expect(() => codec('unix').decode('1')).toThrow('timestamp')
    expect(() => codec('bytes').decode('00')).toThrow('bytes')
    expect(() => codec('uuid').decode(1)).toThrow('UUID')
    expect(() => codec('color').decode(1)).toThrow('string')
    expect(() => codec('decimal').decode(Uint8Array.of(1))).toThrow('decimal')
  })

  it('reads the forms in which databases write a moment, as UTC where they name no zone', () => {
    const moment = new Date('2024-02-29T12:34:56.000Z')
    for (const text of [
      '2024-02-29 12:34:56',
      '2024-02-29T12:34:56Z',
      '2024-02-29 12:34:56+00',
      '2024-02-29 14:34:56+02:00',
      '2024-02-29 07:04:56.000000-0530',
    ]) {
      expect(codec('timestamp').decode(text)).toEqual(moment)
    }
    expect(codec('timestamp').decode('2024-02-29')).toEqual(new Date('2024-02-29T00:00:00Z'))
    expect(codec('timestamp').decode('2024-02-29 12:34:56.789123')).toEqual(new Date('2024-02-29T12:34:56.789Z'))
    expect(codec('unix').decode(1709210096n)).toEqual(moment)
  })

  it('reads what JSON documents hold', () => {
    expect([codec('boolean').fromJson!(1), codec('boolean').fromJson!(false)]).toEqual([true, false])
    expect(codec('bigint').fromJson!('9223372036854775807')).toBe(9223372036854775807n)
    expect(codec('decimal').fromJson!('1.10')).toBe('1.10')
    expect(codec('timestamp').fromJson!('2024-02-29T12:34:56.000Z')).toEqual(new Date('2024-02-29T12:34:56Z'))
    expect(codec('bytes').fromJson!('00FF')).toEqual(Uint8Array.of(0, 255))
    expect(() => codec('bytes').fromJson!('0')).toThrow('hexadecimal')
    expect(codec('json').fromJson!('a')).toBe('a')
    expect(codec('color').fromJson!('red')).toBe('red')
    expect(['bigint', 'decimal', 'bytes', 'json', 'boolean'].map((name) => codec(name).json)).toEqual([
      'text',
      'text',
      'hex',
      'json',
      undefined,
    ])
    expect([codec('bigint').bigint, codec('unix').bigint]).toEqual([true, undefined])
  })

  it('keeps every moment, bigint, document and byte', () => {
    const four = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    })
    const same = (name: string, value: unknown): void => {
      expect(codec(name).decode(stored(codec(name).encode(value)))).toEqual(value)
    }
    fc.assert(fc.property(four, (value) => same('timestamp', value)))
    fc.assert(fc.property(four, (value) => same('unixms', value)))
    fc.assert(
      fc.property(four, four, (a, b) => {
        const text = [a, b].map((d) => codec('timestamp').encode(d) as string)
        expect(Math.sign(text[0]! < text[1]! ? -1 : text[0]! > text[1]! ? 1 : 0)).toBe(
          Math.sign(a.getTime() - b.getTime()),
        )
      }),
    )
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => same('bigint', value)))
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = codec('json').encode(value)
        expect(codec('json').decode(stored(text))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
    fc.assert(fc.property(fc.uint8Array(), (value) => same('bytes', value)))
    fc.assert(fc.property(four, (value) => same('date', value.toISOString().slice(0, 10))))
  })
})
