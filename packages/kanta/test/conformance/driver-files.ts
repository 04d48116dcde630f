import { afterEach, describe, expect, test } from 'vitest'
import type { Connection, Driver, Role } from '../../src/driver/index.ts'
import { explained, type Lacks, type Make, type MakeOptions, testOf } from './driver-ground.ts'
import { temporaryFolder } from './folder.ts'

/** What only files have: several connections, presets, and failures of the file itself. */
export function severalConnections(name: string, make: Make, lacks: Lacks): void {
  describe(`${name} (several connections)`, () => {
    const folder = temporaryFolder()
    const opened: Connection[] = []
    afterEach(async () => {
      for (const connection of opened.splice(0)) await connection.close()
    })
    const connect = async (driver: Driver, role: Role = 'write'): Promise<Connection> => {
      const connection = await driver.connect(role)
      opened.push(connection)
      return connection
    }
    const value = async (on: Connection, sql: string): Promise<unknown> =>
      Object.values((await on.first(sql, [])) as object)[0]

    test('a reader neither waits for an open write nor sees it', async () => {
      const driver = make({ path: folder.path('readers.db'), busyTimeout: 0 })
      const reader = await connect(driver, 'read')
      const writer = await connect(driver)
      await writer.script('create table t (a); insert into t values (1)')
      await writer.run('begin immediate', [])
      await writer.run('insert into t values (2)', [])
      expect(await value(reader, 'select count(*) from t')).toBe(1)
      const stream = reader.stream('select a from t', [], 1)
      await stream.next()
      await writer.run('commit', [])
      await stream.return!()
      expect(await value(reader, 'select count(*) from t')).toBe(2)
    })

    test('a reader cannot write', async () => {
      const driver = make({ path: folder.path('readers.db') })
      const reader = await connect(driver, 'read')
      await (await connect(driver)).script('create table t (a)')
      expect(await explained(driver, () => reader.run('insert into t values (1)', []))).toMatchObject({
        code: 'read_only',
      })
      expect(await explained(driver, () => reader.script('create table u (a)'))).toMatchObject({ code: 'read_only' })
    })

    test('locks of others are busy', async () => {
      const path = folder.path('busy.db')
      const driver = make({ path, busyTimeout: 0 })
      const [one, two] = [await connect(driver), await connect(make({ path, busyTimeout: 0 }))]
      await one.script('create table t (a)')
      await one.run('begin immediate', [])
      expect(await explained(driver, () => two.run('begin immediate', []))).toMatchObject({
        code: 'busy',
        message: expect.stringContaining('busyTimeout'),
      })
      await one.run('commit', [])
      await two.run('begin', [])
      await two.all('select * from t', [])
      await one.run('insert into t values (1)', [])
      expect(await explained(driver, () => two.run('insert into t values (2)', []))).toMatchObject({
        code: 'busy',
        message: expect.stringContaining('whole transaction again'),
      })
    })

    test('the presets of what is written', async () => {
      const pragmas = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout', 'query_only']
      const of = async (connection: Promise<Connection>) => {
        const values: unknown[] = []
        for (const pragma of pragmas) values.push(await value(await connection, `pragma ${pragma}`))
        return values
      }
      const path = folder.path('presets.db')
      const production = make({ path })
      expect(production.limits).toEqual({ write: 1, read: 4 })
      expect(await of(connect(production))).toEqual(['wal', 1, 1, 5000, 0])
      expect(await of(connect(production, 'read'))).toEqual(['wal', 1, 1, 5000, expect.any(Number)])
      const fast = make({ path: folder.path('test.db'), preset: 'test' })
      expect(fast.limits).toEqual({ write: 1, read: 0 })
      expect(await of(connect(fast))).toEqual(['memory', 0, 1, 5000, 0])
      expect(make({ path: ':memory:' }).limits).toEqual({ write: 1, read: 0 })
      expect(await of(connect(make({ path: ':memory:' })))).toEqual(['memory', 1, 1, 5000, 0])
    })

    testOf(lacks, ['readOnly'], 'a read-only database needs the access mode read only', async () => {
      const path = folder.path('read-only.db')
      await (await connect(make({ path }))).script('create table t (a)')
      const driver = make({ path, preset: 'read-only' })
      const connection = await connect(driver)
      expect(await explained(driver, () => connection.run('insert into t values (1)', []))).toMatchObject({
        code: 'read_only',
      })
      expect(await explained(driver, () => connection.run('begin immediate', []))).toMatchObject({
        code: 'read_only',
        message: expect.stringContaining('access mode read only'),
      })
    })

    test('files that cannot be opened', async () => {
      const failing = (options: MakeOptions, role: Role = 'write') => {
        const driver = make(options)
        return explained(driver, () => driver.connect(role))
      }
      const nowhere = `${folder.path('no')}/folder/x.db`
      expect(await failing({ path: nowhere })).toMatchObject({
        code: 'connection',
        message: expect.stringMatching(/^The database '.*x\.db' cannot be opened\. .*folder/),
      })
      expect(await failing({ path: nowhere }, 'read')).toMatchObject({ code: 'connection' })
      expect(await failing({ path: new URL(import.meta.url).pathname })).toMatchObject({
        code: 'connection',
        message: expect.stringContaining('not a SQLite database'),
      })
    })

    testOf(lacks, ['readOnly'], 'a read-only database has its settings, and has to be there', async () => {
      const path = folder.path('presets.db')
      await (await connect(make({ path }))).script('create table t (a)')
      const readOnly = await connect(make({ path, preset: 'read-only', busyTimeout: 7 }))
      expect(await value(readOnly, 'pragma query_only')).toBe(1)
      expect(await value(readOnly, 'pragma busy_timeout')).toBe(7)
      const missing = make({ path: folder.path('missing.db'), preset: 'read-only' })
      expect(await explained(missing, () => missing.connect('write'))).toMatchObject({ code: 'connection' })
    })

    test('the first reader of a new file finds an empty database', async () => {
      const driver = make({ path: folder.path('new.db') })
      const reader = await connect(driver, 'read')
      expect(await value(reader, 'select count(*) from sqlite_schema')).toBe(0)
      await (await connect(driver)).script('create table t (a)')
      expect(await value(reader, 'select count(*) from sqlite_schema')).toBe(1)
    })
  })
}
