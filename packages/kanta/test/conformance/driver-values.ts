import { describe, expect, test } from 'vitest'
import { KantaError } from '../../src/error/index.ts'
import { all, explained, failure, type Ground, valuesOf } from './driver-ground.ts'

/** Values that go in and come out, and those that are refused. */
export function values({ driver, open }: Ground): void {
  describe('values', () => {
    const bytes = new Uint8Array([0, 1, 2, 255])
    test.each([
      ['null', null, 'null'],
      ['an integer', 12, 'real'],
      ['a fraction', -1.5, 'real'],
      ['minus zero', -0, 'real'],
      ['infinity', Number.POSITIVE_INFINITY, 'real'],
      ['a number beyond 53 bits', 2 ** 60, 'real'],
      ['a string', 'Jyväskylä 🇫🇮', 'text'],
      ['no letters', '', 'text'],
      ['NUL', 'a\0b', 'text'],
      ['bytes', bytes, 'blob'],
      ['a part of bytes', bytes.subarray(1, 3), 'blob'],
      ['no bytes', new Uint8Array(), 'blob'],
      ['a Buffer', Buffer.from('abc'), 'blob'],
    ])('%s', (_, value, type) => {
      const db = open()
      const [row] = all(db, 'select ? as v, typeof(?) as t', [value, value])
      expect(row![0] instanceof Uint8Array ? [...row![0]] : row![0]).toEqual(
        value instanceof Uint8Array ? [...value] : value,
      )
      expect(row![1]).toBe(type)
    })

    test('booleans are the integers 1 and 0', () => {
      expect(all(open(), 'select ? as a, ? as b, typeof(?) as c', [true, false, true])).toEqual([[1, 0, 'integer']])
      expect(all(open(), 'select ?', [true])).toEqual([[1]])
    })

    test('bigints, on the same text with and without', () => {
      const db = open()
      const most = 2n ** 63n - 1n
      expect(all(db, 'select ? as a, 2 as b, 1.5 as c', [most], true)).toEqual([[most, 2n, 1.5]])
      expect(all(db, 'select ? as a, 2 as b, 1.5 as c', [5n])).toEqual([[5, 2, 1.5]])
      expect(valuesOf(db.first('select ? as a, 2 as b, 1.5 as c', [-most - 1n], true))).toEqual([-most - 1n, 2n, 1.5])
      expect(valuesOf(db.first('select ? as a, 2 as b, 1.5 as c', [6], true))).toEqual([6, 2n, 1.5])
    })

    const detached = () => undefined
    test.each([
      ['undefined', undefined, /undefined.*null/],
      ['NaN', Number.NaN, /NaN.*null/],
      ['a Date', new Date(0), /a Date.*codec.*toISOString/],
      ['an object', { a: 1 }, /an object.*codec.*JSON\.stringify/],
      ['an empty object', {}, /an object.*codec/],
      ['an array', ['x'], /an array.*codec/],
      ['an empty array', [], /an array.*codec/],
      ['a Map', new Map(), /a Map.*codec/],
      ['a boxed string', Object('x'), /a String.*codec/],
      ['a function', detached, /a function/],
      ['a symbol', Symbol('x'), /a symbol/],
      ['a DataView', new DataView(new ArrayBuffer(2)), /a DataView.*new Uint8Array/],
      ['floats', new Float64Array(1), /a Float64Array.*new Uint8Array/],
      ['an ArrayBuffer', new ArrayBuffer(2), /an? ArrayBuffer.*new Uint8Array/],
      ['a bigint of 65 bits', 2n ** 63n, /bigint 9223372036854775808.*64 bits/],
      ['half a character', 'Oulu\ud83c', /surrogate.*toWellFormed/],
    ])('%s is refused with its position', (_, value, message) => {
      const db = open()
      for (const count of [1, 2, 3, 5]) {
        for (let at = 0; at < count; at++) {
          const parameters = Array.from({ length: count }, (_, i) => (i === at ? value : `v${i}`))
          const sql = `select ${Array(count).fill('?').join(', ')}`
          for (const act of [
            () => db.all(sql, parameters),
            () => db.first(sql, parameters),
            () => db.run(sql, parameters),
            () => db.execute(sql, parameters),
            () => db.stream(sql, parameters, 1),
          ]) {
            const error = failure(act) as KantaError
            expect(error).toBeInstanceOf(KantaError)
            expect(error.code).toBe('invalid_input')
            expect(error.message).toMatch(new RegExp(`^Parameter ${at + 1} is `))
            expect(error.message).toMatch(message)
          }
        }
      }
    })

    test('too few or too many, named and numbered parameters', () => {
      const db = open()
      const refused = (sql: string, parameters: unknown[]) => {
        const error = failure(() => db.all(sql, parameters)) as KantaError
        expect(error.code).toBe('invalid_input')
        return error.message
      }
      expect(refused('select ?, ?', [1])).toBe('The text takes 2 parameters, not 1. Give one value for each ?.')
      expect(refused('select ?', [1, 2])).toBe('The text takes 1 parameter, not 2. Give one value for each ?.')
      expect(refused('select 1', [null])).toMatch('takes 0 parameters, not 1')
      for (const parameter of [':a', '@a', '$a', '?1', '?12']) {
        expect(refused(`select 1 + ${parameter} + 2`, [1])).toContain(`the parameter ${parameter},`)
      }
      expect(failure(() => db.script('select ?'))).toMatchObject({ code: 'invalid_input' })
    })

    test('one statement at a time, and no text that SQLite would cut', () => {
      const db = open()
      const from = driver()
      expect(explained(from, () => db.all('select 1; select 2', []))).toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining('more than one statement'),
      })
      expect(all(db, ' select 1 ; -- and; no more\n /* ; */ ; ')).toEqual([[1]])
      expect(explained(from, () => db.all(' -- nothing', []))).toMatchObject({ code: 'invalid_input' })
      expect(explained(from, () => db.all("select '\0'", []))).toMatchObject({ code: 'invalid_input' })
      expect(explained(from, () => db.script("select '\0'"))).toMatchObject({ code: 'invalid_input' })
    })
  })
}
