import { createClient } from '@libsql/client'
import { describe, expect, test } from 'vitest'
import { libsql } from '../../src/driver/libsql/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import { driverSuite } from '../conformance/driver.ts'
import { temporaryFolder } from '../conformance/folder.ts'
import { relatedSuite } from '../conformance/related.ts'
import { standIn } from './hrana.ts'

driverSuite('libsql', (options) => libsql(options), {
  instant: '@libsql/client answers later',
  infinity: '@libsql/client takes finite numbers only',
  nul: '@libsql/client reads text up to its first NUL',
  cursors: '@libsql/client reads all rows at once',
  readOnly: '@libsql/client opens files for writing',
})

describe('relations by libsql', () => relatedSuite(() => libsql(':memory:'), { transactions: true }))

const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text().unique(), people: c.bigint() }))

describe('a database by libsql', () => {
  const folder = temporaryFolder()
  const ways = {
    'in memory': () => libsql(':memory:'),
    'by its path': () => libsql(folder.path('by # path?.db')),
    'by a URL': () => libsql({ url: `file:${folder.path('url.db')}` }),
    'by a client': () => libsql(createClient({ url: `file:${folder.path('client.db')}`, intMode: 'bigint' })),
    'by a client in memory': () => libsql(createClient({ url: ':memory:', intMode: 'bigint' })),
  }

  test.each(Object.entries(ways))('%s', async (_, driver) => {
    await using db = kanta({ driver: driver(), schema: { city } })
    await db.schema.createTable(city).execute()
    const most = 2n ** 63n - 1n
    await db.insertInto(city).values({ id: 1, name: 'Oulu', people: most }).execute()
    const stop = new Error('stop')
    await expect(
      db.transaction().execute(async (trx) => {
        await trx.insertInto(city).values({ id: 2, name: 'Turku', people: 5n }).execute()
        await expect(
          trx
            .transaction()
            .execute((inner) => inner.insertInto(city).values({ id: 3, name: 'Oulu', people: 5n }).execute()),
        ).rejects.toMatchObject({ code: 'unique_violation', table: 'city', columns: ['name'] })
        expect(await trx.selectFrom(city).select('id').orderBy('id').execute()).toEqual([{ id: 1 }, { id: 2 }])
        throw stop
      }),
    ).rejects.toBe(stop)
    expect(await db.selectFrom(city).selectAll().execute()).toEqual([{ id: 1, name: 'Oulu', people: most }])
    await expect(sql`select people from city`.execute(db)).rejects.toMatchObject({
      code: 'query',
      message: expect.stringMatching(/9223372036854775807.*bigint/),
    })
    await db.transaction().execute((trx) => trx.updateTable(city).set({ people: 7n }).execute())
    const streamed: unknown[] = []
    for await (const row of db.selectFrom(city).select('people').stream()) streamed.push(row)
    expect(streamed).toEqual([{ people: 7n }])
  })

  test.each(Object.entries(ways))(
    '%s: what is for reading only cannot write, and others can afterwards',
    async (_, driver) => {
      await using db = kanta({ driver: driver(), schema: { city } })
      await db.schema.createTable(city).execute()
      const insert = (id: number) => ({ id, name: `city ${id}`, people: 1n })
      await expect(
        db
          .transaction()
          .setAccessMode('read only')
          .execute((trx) => trx.insertInto(city).values(insert(1)).execute()),
      ).rejects.toMatchObject({ code: 'read_only' })
      await db.insertInto(city).values(insert(2)).execute()
      expect(await db.selectFrom(city).select('id').execute()).toEqual([{ id: 2 }])
    },
  )

  test.each(Object.entries(ways))('%s: many rows are all there, or none', async (_, driver) => {
    await using db = kanta({ driver: driver(), schema: { city } })
    await db.schema.createTable(city).execute()
    const rows = Array.from({ length: 1_000 }, (_, id) => ({ id, name: `city ${id}`, people: BigInt(id) }))
    const [result] = await db.insertInto(city).values(rows).execute()
    expect(result).toMatchObject({ numInsertedOrUpdatedRows: 1000n })
    await db.deleteFrom(city).execute()
    await expect(
      db
        .insertInto(city)
        .values([...rows, rows[0]!])
        .execute(),
    ).rejects.toMatchObject({ code: 'unique_violation' })
    expect(await db.selectFrom(city).select('id').execute()).toEqual([])
    const returned = await db.insertInto(city).values(rows).returning('id').execute()
    expect(returned.map(({ id }) => id)).toEqual(rows.map(({ id }) => id))
  })

  test('the hooks of a batch see each statement, and one that throws stops all', async () => {
    const seen: string[] = []
    let stop = false
    const watch = {
      name: 'watch',
      hooks: [
        {
          name: 'watch',
          around: async (event: { sql: string }, next: () => Promise<unknown>) => {
            seen.push(event.sql)
            if (stop && seen.length === 2) throw new Error('not this one')
            return next()
          },
        },
      ],
    }
    await using db = kanta({ driver: libsql(':memory:'), schema: { city }, plugins: [watch] })
    await db.schema.createTable(city).execute()
    const rows = Array.from({ length: 300 }, (_, id) => ({ id, name: `city ${id}`, people: 1n }))
    seen.length = 0
    await db.insertInto(city).values(rows).execute()
    expect(seen.length).toBeGreaterThan(1)
    await db.deleteFrom(city).execute()
    seen.length = 0
    stop = true
    await expect(db.insertInto(city).values(rows).execute()).rejects.toThrow('not this one')
    stop = false
    expect(await db.selectFrom(city).select('id').execute()).toEqual([])
  })

  test('a transaction that the database ended by itself is over', async () => {
    await using db = kanta({ driver: libsql(':memory:'), schema: { city } })
    await db.schema.createTable(city).execute()
    await db.insertInto(city).values({ id: 1, name: 'Oulu', people: 1n }).execute()
    await expect(
      db.transaction().execute(async (trx) => {
        await trx.insertInto(city).values({ id: 2, name: 'Turku', people: 1n }).execute()
        await sql`insert or rollback into city values (1, 'x', 1)`.execute(trx).catch(() => {})
        await trx.selectFrom(city).selectAll().execute()
      }),
    ).rejects.toMatchObject({ code: 'transaction' })
    expect(await db.selectFrom(city).select('id').execute()).toEqual([{ id: 1 }])
  })

  test('a transaction as text, inside connection()', async () => {
    await using db = kanta({ driver: libsql(':memory:'), schema: { city } })
    await db.schema.createTable(city).execute()
    await db.connection().execute(async (held) => {
      await sql`/* now */ begin immediate`.execute(held)
      await held.insertInto(city).values({ id: 1, name: 'Oulu', people: 1n }).execute()
      await sql`rollback`.execute(held)
    })
    expect(await db.selectFrom(city).select('id').execute()).toEqual([])
    await expect(sql`begin`.execute(db)).rejects.toMatchObject({ code: 'transaction' })
    await expect(sql`savepoint a`.execute(db)).rejects.toMatchObject({ code: 'transaction' })
    await db.insertInto(city).values({ id: 1, name: 'Oulu', people: 1n }).execute()
  })
})

test('a client that gives numbers is refused, and one that is lent stays open', async () => {
  const numbers = createClient({ url: ':memory:' })
  await using db = kanta({ driver: libsql(numbers) })
  await expect(sql`select 1`.execute(db)).rejects.toMatchObject({
    code: 'invalid_input',
    message: expect.stringContaining("intMode: 'bigint'"),
  })
  await db.destroy()
  expect(numbers.closed).toBe(false)
  numbers.close()
})

test('the preset read-only is refused', () => {
  expect(() => libsql({ path: 'x.db', preset: 'read-only' })).toThrow(/kanta\/sqlite/)
})

describe('a database over HTTP, by a stand-in that speaks the protocol (not run against a server of libSQL)', () => {
  const folder = temporaryFolder()

  test('statements, transactions, savepoints and batches', async () => {
    const server = await standIn(folder.path('served.db'))
    try {
      await using db = kanta({ driver: libsql({ url: server.url }), schema: { city } })
      await db.schema.createTable(city).execute()
      const most = 2n ** 63n - 1n
      expect(await db.insertInto(city).values({ id: 1, name: 'Oulu', people: most }).execute()).toMatchObject([
        { insertId: 1n, numInsertedOrUpdatedRows: 1n },
      ])
      await expect(db.insertInto(city).values({ id: 2, name: 'Oulu', people: 1n }).execute()).rejects.toMatchObject({
        code: 'unique_violation',
        table: 'city',
        columns: ['name'],
      })
      const stop = new Error('stop')
      await db.transaction().execute(async (trx) => {
        await trx.insertInto(city).values({ id: 3, name: 'Turku', people: 1n }).execute()
        const inner = trx.transaction().execute(async (nested) => {
          await nested.deleteFrom(city).execute()
          throw stop
        })
        await expect(inner).rejects.toBe(stop)
      })
      await expect(
        db.transaction().execute(async (trx) => {
          await trx.deleteFrom(city).execute()
          throw stop
        }),
      ).rejects.toBe(stop)
      await expect(
        db
          .transaction()
          .setAccessMode('read only')
          .execute((trx) => trx.deleteFrom(city).execute()),
      ).rejects.toMatchObject({ code: 'read_only' })
      const rows = Array.from({ length: 600 }, (_, i) => ({ id: i + 10, name: `city ${i}`, people: 1n }))
      await expect(
        db
          .insertInto(city)
          .values([...rows, rows[0]!])
          .execute(),
      ).rejects.toMatchObject({ code: 'unique_violation' })
      expect(await db.selectFrom(city).selectAll().orderBy('id').execute()).toEqual([
        { id: 1, name: 'Oulu', people: most },
        { id: 3, name: 'Turku', people: 1n },
      ])
      expect(await db.insertInto(city).values(rows).execute()).toMatchObject([{ numInsertedOrUpdatedRows: 600n }])
      await expect(
        db.transaction().execute(async (trx) => {
          await sql`insert or rollback into city values (1, 'x', 1)`.execute(trx).catch(() => {})
        }),
      ).rejects.toMatchObject({ code: 'transaction' })
    } finally {
      // Each statement and transaction has closed its stream.
      expect(server.streams.size).toBe(0)
      server.stop()
    }
  })
})
