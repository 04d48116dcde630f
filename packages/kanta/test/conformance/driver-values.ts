import { describe, expect, test } from 'vitest'
import { KantaError } from '../../src/error/index.ts'
import { all, explained, type Feature, failure, type Ground, testOf, valuesOf } from './driver-ground.ts'

/** Values that go in and come out, and those that are refused. */
export function values({ driver, lacks, open }: Ground): void {
  describe('values', () => {
    const bytes = new Uint8Array([0, 1, 2, 255])
    const stored: readonly (readonly [name: string, value: unknown, type: string, lacking?: Feature])[] = [
      ['null', null, 'null'],
      ['an integer', 12, 'real'],
      ['a fraction', -1.5, 'real'],
      ['minus zero', -0, 'real', 'minusZero'],
      ['infinity', Number.POSITIVE_INFINITY, 'real', 'infinity'],
      ['a number beyond 63 bits', 2 ** 70, 'real'],
      ['a string', 'Jyväskylä 🇫🇮', 'text'],
      ['no letters', '', 'text'],
      ['NUL', 'a\0b', 'text', 'nul'],
      ['bytes', bytes, 'blob'],
      ['a part of bytes', bytes.subarray(1, 3), 'blob'],
      ['no bytes', new Uint8Array(), 'blob'],
      ['a Buffer', Buffer.from('abc'), 'blob'],
    ]
    for (const [name, value, type, lacking] of stored) {
      testOf(lacks, lacking === undefined ? [] : [lacking], name, async () => {
        const db = await open()
        const [row] = await all(db, 'select ? as v, typeof(?) as t', [value, value])
        expect(row![0] instanceof Uint8Array ? [...row![0]] : row![0]).toEqual(
          value instanceof Uint8Array ? [...value] : value,
        )
        if (type !== 'real' || lacks.reals === undefined) expect(row![1]).toBe(type)
      })
    }

    for (const [name, value, lacking] of [
      ['infinity', Number.NEGATIVE_INFINITY, 'infinity'],
      ['NUL', 'a\0b', 'nul'],
      ['a bigint beyond 53 bits', 2n ** 53n + 1n, 'bigints'],
    ] as const) {
      if (lacks[lacking] === undefined) continue
      testOf(lacks, ['checks'], `${name} is refused, since ${lacks[lacking]}`, async () => {
        const db = await open()
        expect(await failure(() => db.all('select ?, ?', [1, value]))).toMatchObject({
          code: 'invalid_input',
          message: expect.stringMatching(/^Parameter 2 /),
        })
      })
    }

    testOf(lacks, ['reals'], 'booleans are integers', async () => {
      expect(await all(await open(), 'select typeof(?) as a', [true])).toEqual([['integer']])
    })

    test('booleans are 1 and 0', async () => {
      expect(await all(await open(), 'select ? as a, ? as b', [true, false])).toEqual([[1, 0]])
      expect(await all(await open(), 'select ?', [true])).toEqual([[1]])
    })

    testOf(lacks, ['instant'], 'answers are there at once', async () => {
      const db = await open()
      const sql = 'select 1 as a'
      for (const answer of [db.all(sql, []), db.first(sql, []), db.run(sql, []), db.execute(sql, []), db.script('')]) {
        expect(answer).not.toBeInstanceOf(Promise)
      }
    })

    testOf(lacks, ['bigints'], 'bigints, on the same text with and without', async () => {
      const db = await open()
      const most = 2n ** 63n - 1n
      const sql = 'select ? as a, 2 as b, 1.5 as c'
      expect(await all(db, sql, [most], true)).toEqual([[most, 2n, 1.5]])
      expect(await all(db, sql, [5n])).toEqual([[5, 2, 1.5]])
      expect(valuesOf(await db.first(sql, [-most - 1n], true))).toEqual([-most - 1n, 2n, 1.5])
      const [six, ...others] = valuesOf(await db.first(sql, [6], true))
      expect(Number(six)).toBe(6)
      expect(others).toEqual([2n, 1.5])
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
    ])('%s is refused with its position', async (_, value, message) => {
      const db = await open()
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
            const error = (await failure(act)) as KantaError
            expect(error).toBeInstanceOf(KantaError)
            expect(error.code).toBe('invalid_input')
            expect(error.message).toMatch(new RegExp(`^Parameter ${at + 1} is `))
            expect(error.message).toMatch(message)
          }
        }
      }
    })

    test('too few or too many, named and numbered parameters', async () => {
      const db = await open()
      const refused = async (sql: string, parameters: unknown[]) => {
        const error = (await failure(() => db.all(sql, parameters))) as KantaError
        expect(error.code).toBe('invalid_input')
        return error.message
      }
      expect(await refused('select ?, ?', [1])).toBe('The text takes 2 parameters, not 1. Give one value for each ?.')
      expect(await refused('select ?', [1, 2])).toBe('The text takes 1 parameter, not 2. Give one value for each ?.')
      expect(await refused('select 1', [null])).toMatch('takes 0 parameters, not 1')
      for (const parameter of [':a', '@a', '$a', '?1', '?12']) {
        expect(await refused(`select 1 + ${parameter} + 2`, [1])).toContain(`the parameter ${parameter},`)
      }
      expect(await failure(() => db.script('select ?'))).toMatchObject({ code: 'invalid_input' })
    })

    test('one statement at a time, and no text that SQLite would cut', async () => {
      const db = await open()
      const from = driver()
      expect(await explained(from, () => db.all('select 1; select 2', []))).toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining('more than one statement'),
      })
      expect(await all(db, ' select 1 ; -- and; no more\n /* ; */ ; ')).toEqual([[1]])
      expect(await explained(from, () => db.all(' -- nothing', []))).toMatchObject({ code: 'invalid_input' })
      expect(await explained(from, () => db.all("select '\0'", []))).toMatchObject({ code: 'invalid_input' })
      expect(await explained(from, () => db.script("select '\0'"))).toMatchObject({ code: 'invalid_input' })
    })
  })
}
