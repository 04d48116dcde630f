import { afterEach, describe, expect, test } from 'vitest'
import type { Connection, Driver, Role } from '../../src/driver/index.ts'
import { explained, type Make, type MakeOptions } from './driver-ground.ts'
import { temporaryFolder } from './folder.ts'

/** What only files have: several connections, presets, and failures of the file itself. */
export function severalConnections(name: string, make: Make): void {
  describe(`${name} (several connections)`, () => {
    const folder = temporaryFolder()
    const opened: Connection[] = []
    afterEach(() => {
      for (const connection of opened.splice(0)) connection.close()
    })
    const connect = (driver: Driver, role: Role = 'write'): Connection => {
      const connection = driver.connect(role) as Connection
      opened.push(connection)
      return connection
    }
    const value = (on: Connection, sql: string): unknown => Object.values(on.first(sql, []) as object)[0]
    test('a reader neither waits for an open write nor sees it', () => {
      const driver = make({ path: folder.path('readers.db'), busyTimeout: 0 })
      const reader = connect(driver, 'read')
      const writer = connect(driver)
      writer.script('create table t (a); insert into t values (1)')
      writer.run('begin immediate', [])
      writer.run('insert into t values (2)', [])
      expect(value(reader, 'select count(*) from t')).toBe(1)
      const stream = reader.stream('select a from t', [], 1)
      stream.next()
      writer.run('commit', [])
      stream.return!()
      expect(value(reader, 'select count(*) from t')).toBe(2)
    })

    test('a reader cannot write', () => {
      const driver = make({ path: folder.path('readers.db') })
      const reader = connect(driver, 'read')
      connect(driver).script('create table t (a)')
      expect(explained(driver, () => reader.run('insert into t values (1)', []))).toMatchObject({ code: 'read_only' })
      expect(explained(driver, () => reader.script('create table u (a)'))).toMatchObject({ code: 'read_only' })
    })

    test('locks of others are busy', () => {
      const path = folder.path('busy.db')
      const driver = make({ path, busyTimeout: 0 })
      const [one, two] = [connect(driver), connect(make({ path, busyTimeout: 0 }))]
      one.script('create table t (a)')
      one.run('begin immediate', [])
      expect(explained(driver, () => two.run('begin immediate', []))).toMatchObject({
        code: 'busy',
        message: expect.stringContaining('busyTimeout'),
      })
      one.run('commit', [])
      two.run('begin', [])
      two.all('select * from t', [])
      one.run('insert into t values (1)', [])
      expect(explained(driver, () => two.run('insert into t values (2)', []))).toMatchObject({
        code: 'busy',
        message: expect.stringContaining('whole transaction again'),
      })
    })

    test('the presets', () => {
      const pragmas = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout', 'query_only']
      const of = (connection: Connection) => pragmas.map((pragma) => value(connection, `pragma ${pragma}`))
      const path = folder.path('presets.db')
      const production = make({ path })
      expect(production.limits).toEqual({ write: 1, read: 4 })
      expect(of(connect(production))).toEqual(['wal', 1, 1, 5000, 0])
      expect(of(connect(production, 'read'))).toEqual(['wal', 1, 1, 5000, 0])
      const readOnly = make({ path, preset: 'read-only', busyTimeout: 7 })
      expect(of(connect(readOnly))).toEqual(['wal', expect.any(Number), 1, 7, 1])
      const test = make({ path: folder.path('test.db'), preset: 'test' })
      expect(test.limits).toEqual({ write: 1, read: 0 })
      expect(of(connect(test))).toEqual(['memory', 0, 1, 5000, 0])
      expect(make({ path: ':memory:' }).limits).toEqual({ write: 1, read: 0 })
      expect(of(connect(make({ path: ':memory:' })))).toEqual(['memory', 1, 1, 5000, 0])
    })

    test('a read-only database needs the access mode read only', () => {
      const path = folder.path('read-only.db')
      connect(make({ path })).script('create table t (a)')
      const driver = make({ path, preset: 'read-only' })
      const connection = connect(driver)
      expect(explained(driver, () => connection.run('insert into t values (1)', []))).toMatchObject({
        code: 'read_only',
      })
      expect(explained(driver, () => connection.run('begin immediate', []))).toMatchObject({
        code: 'read_only',
        message: expect.stringContaining('access mode read only'),
      })
    })

    test('files that cannot be opened', () => {
      const failing = (options: MakeOptions, role: Role = 'write') => {
        const driver = make(options)
        return explained(driver, () => driver.connect(role))
      }
      const nowhere = `${folder.path('no')}/folder/x.db`
      expect(failing({ path: nowhere })).toMatchObject({
        code: 'connection',
        message: expect.stringMatching(/^The database '.*x\.db' cannot be opened\. .*folder/),
      })
      expect(failing({ path: nowhere }, 'read')).toMatchObject({ code: 'connection' })
      expect(failing({ path: folder.path('missing.db'), preset: 'read-only' })).toMatchObject({ code: 'connection' })
      expect(failing({ path: new URL(import.meta.url).pathname })).toMatchObject({
        code: 'connection',
        message: expect.stringContaining('not a SQLite database'),
      })
    })

    test('the first reader of a new file finds an empty database', () => {
      const driver = make({ path: folder.path('new.db') })
      const reader = connect(driver, 'read')
      expect(value(reader, 'select count(*) from sqlite_schema')).toBe(0)
      connect(driver).script('create table t (a)')
      expect(value(reader, 'select count(*) from sqlite_schema')).toBe(1)
    })
  })
}
