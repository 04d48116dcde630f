import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import type { Connection } from '../../src/driver/index.ts'
import { defaults, presets, sqlite } from '../../src/driver/sqlite/index.ts'
import { temporaryFolder } from '../conformance/folder.ts'

const makers = [
  ['sqlite', sqlite],
  ['betterSqlite3', betterSqlite3],
] as const

describe.each(makers)('the options of %s', (name, make) => {
  const folder = temporaryFolder()
  const message = (options: unknown): string => {
    try {
      ;(make as (options: unknown) => unknown)(options)
    } catch (error) {
      expect(error).toMatchObject({ name: 'KantaError', code: 'invalid_input' })
      return (error as Error).message
    }
    throw new Error('It was not refused.')
  }
  const pragma = (options: Parameters<typeof sqlite>[0], pragma: string): unknown => {
    const connection = (make as typeof sqlite)(options).connect('write') as Connection
    try {
      return Object.values(connection.first(`pragma ${pragma}`, []) as object)[0]
    } finally {
      connection.close()
    }
  }

  test.each([[undefined], [null], [''], ['  '], [{}], [{ path: undefined }], [42]])('no path: %j', (options) => {
    expect(message(options)).toContain(`${name} needs the path of a database`)
  })

  test('paths that would open something else', () => {
    expect(message(' cities.db')).toContain('starts or ends with space')
    expect(message('a\0b')).toContain('NUL')
    expect(message(new URL('https://example.com/cities.db'))).toContain('opens files')
    expect(message(new URL('file:///cities.db?mode=ro'))).toContain('Give ?mode=ro as options')
    for (const path of ['file::memory:', 'file:x.db', 'file:x?mode=memory&cache=shared']) {
      expect(message(path)).toContain('is a URI')
    }
  })

  test('a misspelt option, preset or pragma names the right one', () => {
    expect(message({ path: ':memory:', bussyTimeout: 5 })).toContain(
      `no option 'bussyTimeout'. Did you mean 'busyTimeout'?`,
    )
    expect(message({ path: ':memory:', verbose: true })).toContain("no option 'verbose'. It takes: path, preset")
    expect(message({ path: 'x.db', preset: 'prodution' })).toContain(
      "no preset 'prodution'. Did you mean 'production'?",
    )
    expect(message({ path: 'x.db', preset: 'toString' })).toContain("no preset 'toString'")
    expect(message({ path: 'x.db', pragmas: { cach_size: 5 } })).toContain("Did you mean 'cache_size'?")
    expect(message({ path: 'x.db', pragmas: { constructor: 5 } })).toContain("no pragma 'constructor'")
    expect(message({ path: 'x.db', pragmas: { busy_timeout: 5 } })).toContain('by the option busyTimeout')
    expect(message({ path: 'x.db', pragmas: { query_only: true } })).toContain("by the preset 'read-only'")
  })

  test.each([
    [{ synchronous: 'ofF' }, 'synchronous takes one of off, normal, full, extra'],
    [{ synchronous: "off; drop table t; '" }, 'takes one of'],
    [{ 'cache_size = 1; drop table t; --': 1 }, 'no pragma'],
    [{ cache_size: '5; drop table t' }, 'cache_size takes a whole number'],
    [{ cache_size: 1.5 }, 'takes a whole number'],
    [{ foreign_keys: 1 }, 'foreign_keys takes true or false, not 1'],
    [{ foreign_keys: { toString: () => 'on' } }, 'takes true or false'],
  ])('no pragma enters a text unchecked: %j', (pragmas, expected) => {
    expect(message({ path: ':memory:', pragmas })).toContain(expected)
  })

  test.each([
    [{ busyTimeout: -1 }],
    [{ busyTimeout: 1.5 }],
    [{ busyTimeout: Number.NaN }],
    [{ busyTimeout: '5' }],
    [{ readers: -1 }],
    [{ statementCache: 1 }],
    [{ statementCache: Number.POSITIVE_INFINITY }],
  ])('a number out of range: %j', (options) => {
    expect(message({ path: 'x.db', ...options })).toMatch(/is a whole number, \d or more, not /)
  })

  test('readers only where they help', () => {
    const readers = (options: object): number => (make as typeof sqlite)({ path: 'x.db', ...options }).limits.read
    expect(readers({})).toBe(defaults.readers)
    expect(readers({ readers: 0 })).toBe(0)
    expect(readers({ readers: 9 })).toBe(9)
    expect(readers({ preset: 'read-only' })).toBe(4)
    expect(readers({ preset: 'test' })).toBe(0)
    expect(readers({ preset: 'test', pragmas: { journal_mode: 'wal' } })).toBe(4)
    expect(readers({ pragmas: { journal_mode: 'delete' } })).toBe(0)
    expect(readers({ pragmas: { locking_mode: 'exclusive' } })).toBe(0)
    expect(readers({ path: ':memory:' })).toBe(0)
    expect(message({ path: ':memory:', readers: 2 })).toContain('a database in memory')
    expect(message({ path: 'x.db', readers: 2, pragmas: { journal_mode: 'delete' } })).toContain('write-ahead log')
    expect(message({ path: ':memory:', preset: 'read-only' })).toContain('Name a file')
  })

  test('pragmas of the user replace those of the preset', () => {
    const path = folder.path('x.db')
    expect(pragma({ path, pragmas: { cache_size: -65536 } }, 'cache_size')).toBe(-65536)
    expect(pragma({ path, pragmas: { foreign_keys: false } }, 'foreign_keys')).toBe(0)
    expect(pragma({ path, pragmas: { synchronous: 'full' } }, 'synchronous')).toBe(2)
    expect(pragma({ path: ':memory:' }, 'foreign_keys')).toBe(1)
    const sized = {
      path: folder.path('y.db'),
      pragmas: { page_size: 8192, auto_vacuum: 'full', encoding: 'UTF-16le' },
    } as const
    const connection = (make as typeof sqlite)(sized).connect('write') as Connection
    connection.script('create table t (a)')
    for (const [pragma, value] of [
      ['page_size', 8192],
      ['auto_vacuum', 1],
      ['encoding', 'UTF-16le'],
      ['journal_mode', 'wal'],
    ]) {
      expect(Object.values(connection.first(`pragma ${pragma}`, []) as object)).toEqual([value])
    }
    connection.close()
  })

  test('a path may be a URL, and hold spaces', () => {
    const url = pathToFileURL(folder.path('two words.db'))
    expect(pragma(url, 'journal_mode')).toBe('wal')
    expect(pragma({ path: url }, 'journal_mode')).toBe('wal')
  })

  test('the presets are what the documentation says', () => {
    expect(presets.production.journal_mode).toBe('wal')
    expect(defaults.busyTimeout).toBe(5000)
  })
})
