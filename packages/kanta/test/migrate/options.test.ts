import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, table } from '../../src/index.ts'
import { type Migrations, type MigratorOptions, migrator } from '../../src/migrate/index.ts'
import { VERSION } from '../../src/migrate/version.ts'
import { camelCase } from '../../src/plugins/index.ts'
import { names, steps, thrown } from './world.ts'

test('the version in the records is that of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(VERSION).toBe(version)
})

describe('what is wrong is refused', () => {
  const up = () => {}
  const db = kanta({ driver: sqlite(':memory:') })

  const options: [unknown, string][] = [
    [undefined, 'takes options'],
    [{}, 'migrations must be'],
    [{ migrations: {}, lockTimeout: 1 }, "has no option 'lockTimeout'"],
    [{ migrations: {}, tabel: 'x' }, "Did you mean 'table'?"],
    [{ migrations: {}, table: '' }, 'the table of migrations'],
    [{ migrations: {}, lock: { timeout: 0 } }, 'lock.timeout'],
    [{ migrations: {}, lock: { expire: 1 } }, "Did you mean 'expiry'?"],
    [{ migrations: {}, lock: { by: 'file' } }, "lock.by must be 'session' or 'row'"],
    [{ migrations: {}, allow: ['missed'] }, 'allow must be an array'],
    [{ migrations: {}, allow: 'missing' }, 'allow must be an array'],
    [{ migrations: {}, onProgress: true }, 'onProgress must be a function'],
  ]
  test.for(options)('option %o', ([given, message]) => {
    expect(() => migrator(db, given as MigratorOptions)).toThrow(message)
  })

  const migrations: [unknown, string][] = [
    [null, 'must be an object of migrations by name'],
    [{ a: null }, "'a' must be an object with up() and optionally down(), not null"],
    [{ a: {} }, "'a' has no function up"],
    [{ a: { up, dwon: up } }, "Did you mean 'down'?"],
    [{ a: { up, down: 1 } }, 'down of'],
    [{ a: { up, transaction: 'no' } }, 'transaction of'],
    [{ a: { up, foreignKeys: false } }, 'foreignKeys of'],
    [{ a: { up, foreignKeys: 'off', transaction: false } }, "has foreignKeys 'off' and transaction false"],
    [{ a: { up, checksum: '' } }, 'checksum of'],
    [{ '': { up } }, 'must have 1 to 255 characters'],
    [{ ['a'.repeat(256)]: { up } }, 'must have 1 to 255 characters'],
    [{ ' a': { up } }, 'without spaces around it'],
    [{ Ab: { up }, aB: { up } }, 'differ only in upper and lower case'],
  ]
  test.for(migrations)('migrations %o', async ([given, message]) => {
    const error = await thrown(migrator(db, { migrations: () => given as Migrations }).latest())
    expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringContaining(message) })
  })

  test('a call with what it does not take', async () => {
    const runner = migrator(db, { migrations: steps })
    expect((await thrown(runner.latest({ dryrun: true } as never))).message).toContain("Did you mean 'dryRun'?")
    expect((await thrown(runner.latest(1 as never))).message).toContain('must be an object')
  })

  test('what is no database, and a transaction', async () => {
    expect(() => migrator({} as never, { migrations: {} })).toThrow('takes a database')
    await db.transaction().execute(async (trx) => {
      expect(() => migrator(trx, { migrations: {} })).toThrow('not a transaction')
    })
  })
})

test('plugins, schemas and redaction of a database reach its migrations, and not the records', async () => {
  const city = table('city', (c) => ({ id: c.integer().primaryKey(), long_name: c.text() }))
  const sqls: string[] = []
  const db = kanta({
    driver: sqlite(':memory:'),
    plugins: [camelCase()],
    redact: true,
    log: (entry) => sqls.push(entry.sql),
  })
  const create = { up: (db: Parameters<typeof migrator>[0]) => db.schema.createTable(city).execute() }
  const insert = {
    up: (db: Parameters<typeof migrator>[0]) => db.insertInto('city').values({ longName: 'Turku' }).execute(),
  }
  const run = await migrator(db, { migrations: { a: create, b: insert } }).latest()
  expect(names(run)).toEqual(['up a', 'up b'])
  expect(run.results[1]!.statements[0]).toMatchObject({
    sql: 'insert into "city" ("long_name") values (?)',
    parameters: undefined,
  })
  expect(sqls).toHaveLength(2)
  await db.destroy()
})

test('a module is a migration, whatever else it exports', async () => {
  const db = kanta({ driver: sqlite(':memory:') })
  const text: string = 'data:text/javascript,export const up = () => {}; export const other = 1'
  const module = await import(/* @vite-ignore */ text)
  expect((await migrator(db, { migrations: { a: module } }).latest()).applied).toEqual(['a'])
  await db.destroy()
})
