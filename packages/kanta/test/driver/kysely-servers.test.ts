import { MysqlDialect, PGliteDialect, PostgresDialect } from 'kysely'
import { PostgresJSDialect } from 'kysely-postgres-js'
import mysql2 from 'mysql2'
import pgLibrary from 'pg'
import Cursor from 'pg-cursor'
import postgresJs from 'postgres'
import { describe, expect, inject, test, vi } from 'vitest'
import type { Driver } from '../../src/driver/index.ts'
import { kyselyDialect } from '../../src/driver/kysely-dialect/index.ts'
import { exactTimestamp, postgresArray } from '../../src/driver/pg/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import { serverDriverSuite } from '../conformance/server-driver.ts'
import type { Engine } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { openPglite, pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'
import { mariadbTexts } from './mariadb-texts.ts'
import { postgresTexts } from './postgres-texts.ts'

// To make a database takes it seconds where the machine is busy.
vi.setConfig({ testTimeout: 60_000 })

const servers = inject('servers')

/** The same engine, reached by a dialect of Kysely. */
const by = (engine: Engine, driver: (database: string, max: number) => Driver): Engine => ({
  ...engine,
  create: async () => {
    const place = await engine.create()
    const made = new Map<number, Driver>()
    const end = async (): Promise<void> => {
      for (const one of made.values()) await one.close?.()
      await place.drop()
    }
    return {
      ...place,
      driver: ({ max = 4 } = {}) => {
        const known = made.get(max) ?? driver(place.database, max)
        made.set(max, known)
        return known
      },
      drop: end,
    }
  },
})

/** What is text for Kanta stays text. */
const asIs = { serialize: (text: unknown) => text, parse: (text: unknown) => text }
const types = {
  json: { to: 114, from: [114, 3802], ...asIs },
  date: { to: 1184, from: [1082, 1114, 1184], ...asIs },
}

const pgPool = (database: string, max: number): pgLibrary.Pool => {
  const pool = new pgLibrary.Pool({ ...(servers.postgres as object), database, max: max + 1 })
  pool.on('error', () => {})
  // Kysely's dialect listens to none, and an error that nobody hears ends the process.
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

const ways = {
  "Kysely's PostgresDialect over pg": by(postgres, (database, max) =>
    kyselyDialect(new PostgresDialect({ pool: pgPool(database, max), cursor: Cursor }), { connections: max }),
  ),
  'kysely-postgres-js over postgres': by(postgres, (database, max) => {
    const { missing: _, ...address } = servers.postgres as { missing?: string; host: string }
    const client = postgresJs({ ...address, database, max: max + 1, types, onnotice: () => {} })
    return kyselyDialect(new PostgresJSDialect({ postgres: client }), { connections: max })
  }),
  "Kysely's MysqlDialect over mysql2": by(mariadbEngine, (database, max) => {
    const pool = mysql2.createPool({
      ...(servers.mariadb as object),
      database,
      connectionLimit: max + 1,
      timezone: 'Z',
      supportBigNumbers: true,
    })
    return kyselyDialect(
      new MysqlDialect({ pool: pool as never, controlConnection: mysql2.createConnection as never }),
      { dialect: 'mariadb', connections: max },
    )
  }),
}

const byPglite = by(pglite, () => kyselyDialect(new PGliteDialect({ pglite: () => openPglite() })))

serverDriverSuite("Kysely's PGliteDialect", {
  engine: byPglite,
  texts: postgresTexts,
  lacks: {
    several: 'it has one connection, in this process',
    cancel: 'it has one connection, in this process',
    'shared streams': 'it has none, and reads all at once',
  },
})
serverDriverSuite("Kysely's PostgresDialect over pg", {
  engine: ways["Kysely's PostgresDialect over pg"],
  texts: postgresTexts,
  lacks: { 'shared streams': 'a cursor of pg-cursor has its connection for itself' },
})
serverDriverSuite('kysely-postgres-js over postgres, a dialect of a third party', {
  engine: ways['kysely-postgres-js over postgres'],
  texts: postgresTexts,
  lacks: {
    cancel: 'the dialect cannot kill what the server has not begun',
    'shared streams': 'a cursor of postgres has its connection for itself',
  },
})
serverDriverSuite("Kysely's MysqlDialect over mysql2", {
  engine: ways["Kysely's MysqlDialect over mysql2"],
  // A value is written into the text, where a fraction is a decimal.
  texts: { ...mariadbTexts, value: (_, type) => (type === 'float' ? '(? + 0e0)' : '?') },
  lacks: {
    'large integers': 'the library gives them as text, which cannot be told from text',
    booleans: 'they are small integers',
    'shared streams': 'a connection gives the rows of one statement to their end',
  },
})

const sample = table('sample', (c) => ({
  id: c.integer().primaryKey(),
  big: c.bigint(),
  exact: c.decimal(20, 4),
  at: c.timestamp(),
  day: c.date(),
  doc: c.json(),
  bytes: c.bytes(),
  uuid: c.uuid(),
  yes: c.boolean(),
  name: c.text(),
  real: c.real(),
}))
const rows = [
  {
    id: 1,
    big: 2n ** 63n - 1n,
    exact: '1234567890123456.7890',
    at: new Date('2024-07-02T03:04:05.678Z'),
    day: '2024-03-31',
    doc: { a: [1, null, 'x'] },
    bytes: new Uint8Array([0, 39, 92, 255]),
    uuid: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
    yes: true,
    name: "Jyväskylä '\\ ?",
    real: -1.5,
  },
  {
    ...{ id: 2, big: 5n, exact: '0.0001', at: new Date('1999-01-02T00:00:00Z'), day: '1999-12-31', doc: 'a text' },
    ...{ bytes: new Uint8Array(), uuid: '6f9619ff-8b86-4d01-b42d-00cf4fc96400', yes: false, name: '', real: 0 },
  },
]

const all = { ...ways, "Kysely's PGliteDialect": byPglite }

describe.each(Object.entries(all))('a database by %s', (_, engine) => {
  const { missing } = engine
  const on = missing === undefined ? test : test.skip
  const why = missing === undefined ? '' : ` (left out: ${missing})`
  const use = async (run: (db: ReturnType<typeof open>) => Promise<void>): Promise<void> => {
    const place = await engine.create()
    const db = open(place.driver({ max: 1 }))
    try {
      await db.schema.createTable(sample).execute()
      await run(db)
    } finally {
      await db.destroy()
      await place.drop().catch(() => {})
    }
  }
  const open = (driver: Driver) => kanta({ driver, schema: { sample } })

  on(`values of every type come back as they went in${why}`, () =>
    use(async (db) => {
      await db.insertInto(sample).values(rows).execute()
      expect(await db.selectFrom(sample).selectAll().orderBy('id').execute()).toEqual(rows)
      const streamed: unknown[] = []
      for await (const row of db.selectFrom(sample).selectAll().orderBy('id').stream(1)) streamed.push(row)
      expect(streamed).toEqual(rows)
      const found = await db.selectFrom(sample).select('id').where('big', 'in', [rows[0]!.big]).execute()
      expect(found).toEqual([{ id: 1 }])
      const counted = await sql<{ n: number }>`select count(*) as n from sample where name = ${rows[0]!.name}`.execute(
        db,
      )
      expect(counted.rows).toEqual([{ n: 1 }])
    }),
  )

  on(`a transaction with a failed statement, a savepoint and a level${why}`, () =>
    use(async (db) => {
      await db
        .transaction()
        .setIsolationLevel('serializable')
        .execute(async (trx) => {
          await trx.insertInto(sample).values(rows[0]!).execute()
          const inner = trx.transaction().execute((nested) => nested.insertInto(sample).values(rows[0]!).execute())
          await expect(inner).rejects.toMatchObject({ code: 'unique_violation', table: 'sample' })
        })
      expect(await db.selectFrom(sample).select('id').execute()).toEqual([{ id: 1 }])
      const stop = new Error('stop')
      const stopped = db.transaction().execute(async (trx) => {
        await trx.deleteFrom(sample).execute()
        throw stop
      })
      await expect(stopped).rejects.toBe(stop)
      expect(await db.selectFrom(sample).select('id').execute()).toEqual([{ id: 1 }])
    }),
  )
})

describe.each(Object.entries(all).filter(([, engine]) => engine.dialect === 'postgres'))(
  'PostgreSQL by %s',
  (_, engine) => {
    const on = engine.missing === undefined ? test : test.skip

    on(`types that only the server knows${engine.missing ?? ''}`, async () => {
      const place = await engine.create()
      const event = table('event', (c) => ({
        id: c.integer().primaryKey(),
        at: c.custom('timestamptz', exactTimestamp),
      }))
      const tags = table('tags', (c) => ({
        id: c.integer().primaryKey(),
        tags: c.custom('text[]', postgresArray<string>()),
      }))
      const db = kanta({ driver: place.driver({ max: 1 }), schema: { event, tags } })
      const one = async (text: string): Promise<unknown> =>
        Object.values(((await sql.raw(`select ${text} as v`).execute(db)).rows as object[])[0]!)[0]
      expect(await one("'5'::text")).toBe('5')
      expect(await one("'5'::bigint")).toBe(5)
      expect(await one("'5.10'::numeric")).toBe('5.10')
      expect(await one("date '2024-03-31'")).toBe('2024-03-31')
      expect(await one(`json '"a"'`)).toBe('"a"')
      expect(await one('array[1, 3]::bigint[]')).toEqual([1, 3])
      const nulls = await one("array['a', null]").catch((error: Error) => error)
      if (nulls instanceof Error) expect(nulls.message).toMatch(/null in the array/)
      else expect(nulls).toEqual(['a', null])
      expect(await one("array['a', 'b c']")).toEqual(['a', 'b c'])
      await expect(one('9007199254740993')).rejects.toMatchObject({ code: 'query' })
      // A change of the table is seen.
      await db.schema.createTable(tags).execute()
      await db
        .insertInto(tags)
        .values({ id: 1, tags: ['a', '{b}'] })
        .execute()
      expect(await db.selectFrom(tags).select('tags').execute()).toEqual([{ tags: ['a', '{b}'] }])
      // What the library cut off is never passed on as exact.
      await db.schema.createTable(event).execute()
      await db.insertInto(event).values({ id: 1, at: '2024-02-29T12:00:00.123456Z' }).execute()
      const isCut = (await one("timestamptz '2024-02-29 12:00:00+00'")) instanceof Date
      const exact = db.selectFrom(event).select('at').execute()
      if (isCut)
        await expect(exact).rejects.toMatchObject({ code: 'query', message: expect.stringContaining('A moment') })
      else expect(await exact).toEqual([{ at: '2024-02-29T12:00:00.123456Z' }])
      await db.destroy()
      await place.drop().catch(() => {})
    })

    on(`a commit of what failed is no success${engine.missing ?? ''}`, async () => {
      const place = await engine.create()
      const db = kanta({ driver: place.driver({ max: 1 }) })
      const ended = db.transaction().execute(async (trx) => {
        await sql`select 1 / 0`.execute(trx).catch(() => {})
      })
      await expect(ended).rejects.toMatchObject({ code: 'transaction' })
      const level = db
        .transaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute((trx) =>
          sql`select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as access`.execute(
            trx,
          ),
        )
      expect((await level).rows).toEqual([{ level: 'repeatable read', access: 'on' }])
      await db.destroy()
      await place.drop().catch(() => {})
    })
  },
)

test.skipIf('missing' in servers.postgres)('a library that changes what it is given is refused', async () => {
  const { missing: _, ...address } = servers.postgres as { missing?: string; host: string }
  const driver = kyselyDialect(new PostgresJSDialect({ postgres: postgresJs({ ...address, max: 1 }) }))
  await using db = kanta({ driver })
  await expect(sql`select 1`.execute(db)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('serialize'),
  })
})

describe.skipIf('missing' in servers.mariadb)('MariaDB by mysql2, which writes values into the text', () => {
  const open = (options: object, dialect: 'mariadb' | undefined) =>
    kanta({
      driver: kyselyDialect(
        new MysqlDialect({ pool: mysql2.createPool({ ...(servers.mariadb as object), ...options }) as never }),
        {
          dialect,
        },
      ),
    })

  test.each([
    ['another time zone', { timezone: '+05:00' }, 'mariadb', 'select 1', /timezone: 'Z'/],
    [
      'small integers as text',
      { supportBigNumbers: true, bigNumberStrings: true },
      'mariadb',
      'select 1',
      /bigNumberStrings/,
    ],
    ['another database than it looks like', {}, undefined, 'select 1', /dialect: 'mariadb'/],
    ['an integer that was rounded', {}, 'mariadb', 'select 9007199254740993', /more digits/],
  ] as const)('%s is refused', async (_, options, dialect, text, message) => {
    await using db = open({ timezone: 'Z', ...options }, dialect)
    await expect(sql.raw(text).execute(db)).rejects.toThrow(message)
  })

  test('the sign of a value inside of a string is refused', async () => {
    await using db = open({ timezone: 'Z' }, 'mariadb')
    await expect(sql`select '?' as a, ${1} as b`.execute(db)).rejects.toMatchObject({ code: 'invalid_input' })
    expect((await sql`select '?' as a`.execute(db)).rows).toEqual([{ a: '?' }])
  })
})
