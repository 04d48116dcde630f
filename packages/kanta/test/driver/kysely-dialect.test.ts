import { createClient } from '@libsql/client'
import Database from 'better-sqlite3'
import { MssqlDialect, MysqlDialect, PostgresDialect, SqliteDialect } from 'kysely'
import { LibsqlDialect } from 'kysely-libsql'
import { describe, expect, test } from 'vitest'
import { kyselyDialect } from '../../src/driver/kysely-dialect/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import { connectionSuite } from '../conformance/driver.ts'

const LATER = 'a dialect of Kysely answers later'
const COLUMNS = 'a dialect of Kysely gives rows as objects, and no columns beside them'

/** A database whose integers are bigints, so that none is rounded. */
function exact(): Database.Database {
  const database = new Database(':memory:')
  database.pragma('foreign_keys = on')
  return database.defaultSafeIntegers(true)
}

const ways = {
  "Kysely's SqliteDialect": () => new SqliteDialect({ database: exact() }),
  'kysely-libsql': () => new LibsqlDialect({ client: createClient({ url: ':memory:', intMode: 'bigint' }) as never }),
}

const lacks = {
  instant: LATER,
  columnNames: COLUMNS,
  counts: 'a dialect of Kysely for SQLite counts no rows that are returned',
  cursors: 'a text has no structure of Kysely, without which its drivers do not stream',
  greeting: 'the dialect itself can see its connections',
}

describe("Kysely's SqliteDialect over better-sqlite3", () => {
  connectionSuite(() => kyselyDialect(ways["Kysely's SqliteDialect"]()), 'memory', lacks)
})

describe('kysely-libsql, a dialect of a third party', () => {
  connectionSuite(() => kyselyDialect(ways['kysely-libsql']()), 'memory', {
    ...lacks,
    infinity: '@libsql/client takes finite numbers only',
    nul: '@libsql/client cuts text at it',
    checks: 'what the library of a dialect does with values is not known here',
  })
})

const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text().unique(), people: c.bigint() }))

describe.each(Object.entries(ways))('a database by %s', (_, dialect) => {
  const open = async () => {
    const db = kanta({ driver: kyselyDialect(dialect()), schema: { city } })
    await db.schema.createTable(city).execute()
    return db
  }

  test('queries, results and errors are those of any driver', async () => {
    await using db = await open()
    const rows = [
      { id: 1, name: 'Oulu', people: 2n ** 63n - 1n },
      { id: 2, name: 'Turku', people: 5n },
    ]
    expect(await db.insertInto(city).values(rows).execute()).toMatchObject([{ numInsertedOrUpdatedRows: 2n }])
    expect(await db.selectFrom(city).selectAll().orderBy('id').execute()).toEqual(rows)
    expect(await db.updateTable(city).set({ people: 6n }).where('id', '=', 2).execute()).toMatchObject([
      { numUpdatedRows: 1n },
    ])
    expect(await db.deleteFrom(city).where('id', '=', 2).returning('people').execute()).toEqual([{ people: 6n }])
    await expect(db.insertInto(city).values(rows).execute()).rejects.toMatchObject({
      code: 'unique_violation',
      table: 'city',
    })
    await expect(sql`select people from city`.execute(db)).rejects.toMatchObject({
      code: 'query',
      message: expect.stringContaining('9223372036854775807'),
    })
    const streamed: unknown[] = []
    for await (const row of db.selectFrom(city).select('name').stream()) streamed.push(row)
    expect(streamed).toEqual([{ name: 'Oulu' }])
  })

  test('transactions are those of the dialect, with savepoints inside of them', async () => {
    await using db = await open()
    const stop = new Error('stop')
    await expect(
      db.transaction().execute(async (trx) => {
        await trx.insertInto(city).values({ id: 1, name: 'Oulu', people: 1n }).execute()
        throw stop
      }),
    ).rejects.toBe(stop)
    await db
      .transaction()
      .setIsolationLevel('serializable')
      .execute(async (trx) => {
        await trx.insertInto(city).values({ id: 2, name: 'Turku', people: 1n }).execute()
        const inner = trx.transaction().execute(async (nested) => {
          await nested.insertInto(city).values({ id: 3, name: 'Vaasa', people: 1n }).execute()
          throw stop
        })
        await expect(inner).rejects.toBe(stop)
      })
    const held = await db.startTransaction().execute()
    await held.deleteFrom(city).execute()
    await held.rollback().execute()
    expect(await db.selectFrom(city).select('id').execute()).toEqual([{ id: 2 }])
  })

  test('many rows are all there, or none', async () => {
    await using db = await open()
    const rows = Array.from({ length: 1_000 }, (_, id) => ({ id, name: `city ${id}`, people: 1n }))
    await expect(
      db
        .insertInto(city)
        .values([...rows, rows[0]!])
        .execute(),
    ).rejects.toMatchObject({ code: 'unique_violation' })
    expect(await db.selectFrom(city).select('id').execute()).toEqual([])
    await db.insertInto(city).values(rows).execute()
    expect(await db.selectFrom(city).select('id').execute()).toHaveLength(1_000)
  })

  test('what the dialect cannot keep is refused', async () => {
    await using db = await open()
    await expect(
      db
        .transaction()
        .setAccessMode('read only')
        .execute(async () => 1),
    ).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('reading only') })
    await expect(
      db
        .transaction()
        .setIsolationLevel('read committed')
        .execute(async () => 1),
    ).rejects.toMatchObject({ code: 'unsupported' })
    await expect(sql`begin immediate`.execute(db)).rejects.toMatchObject({ code: 'transaction' })
    await expect(sql`begin`.execute(db)).rejects.toMatchObject({ code: 'transaction' })
    expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
  })
})

test('an integer that the library rounded is refused', async () => {
  const database = new Database(':memory:')
  await using db = kanta({ driver: kyselyDialect(new SqliteDialect({ database })) })
  await expect(sql`select 9007199254740993`.execute(db)).rejects.toMatchObject({
    code: 'query',
    message: expect.stringContaining('text'),
  })
})

test('the database is destroyed with the dialect, and only if it was used', async () => {
  const database = new Database(':memory:')
  const unused = kanta({ driver: kyselyDialect(new SqliteDialect({ database })) })
  await unused.destroy()
  expect(database.open).toBe(true)
  const used = kanta({ driver: kyselyDialect(new SqliteDialect({ database })) })
  await sql`select 1`.execute(used)
  await used.destroy()
  expect(database.open).toBe(false)
})

test('what is no dialect, and what is a wrong option', () => {
  expect(() => kyselyDialect({} as never)).toThrow(/written for Kysely/)
  const nameOf = (dialect: never) => kyselyDialect(dialect).dialect.name
  expect(nameOf(new PostgresDialect({ pool: {} as never }) as never)).toBe('postgres')
  expect(nameOf(new MysqlDialect({ pool: {} as never }) as never)).toBe('mysql')
  const tarn = { Pool: class {}, options: {} }
  expect(nameOf(new MssqlDialect({ tarn, tedious: {} } as never) as never)).toBe('mssql')
  const dialect = new SqliteDialect({ database: new Database(':memory:') })
  expect(() => kyselyDialect(dialect, { dialect: 'sqlit' as never })).toThrow(/There are sqlite/)
  expect(() => kyselyDialect(dialect, { connections: 0 })).toThrow(/1 or more/)
  expect(() => kyselyDialect(dialect, { connections: 2 })).toThrow(/one connection/)
  expect(() => kyselyDialect(dialect, { conections: 2 } as never)).toThrow(/no option 'conections'/)
})
