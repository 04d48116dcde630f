import { findPgbouncer, installPgbouncer, type Pgbouncer, startPgbouncer } from 'kanta-servers'
import pgLibrary from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { listen, type PgOptions, pg } from '../../src/driver/pg/index.ts'
import { type Database, kanta, sql, type TablesOf, table } from '../../src/index.ts'
import { migrator } from '../../src/migrate/index.ts'
import { ttl } from '../../src/plugins/index.ts'
import type { Place } from '../engine/engine.ts'
import { postgres } from '../engine/postgres.ts'

const missing = postgres.missing ?? installPgbouncer()
if (missing !== undefined) console.warn(missing)

const seen = table('seen', (c) => ({
  id: c.integer().primaryKey(),
  at: c.timestamp(),
  day: c.date().nullable(),
  ratio: c.real().nullable(),
}))

const schema = { seen }
type Db = Database<TablesOf<typeof schema>>

/** A moment and a number whose text depends on settings of the session. */
const ROW = { id: 1, at: new Date('2026-07-01T12:34:56.789Z'), day: null, ratio: 0.1 + 0.2 }

describe.skipIf(missing !== undefined || 'missing' in findPgbouncer())('behind PgBouncer', () => {
  const server = inject('servers').postgres
  let place: Place
  let direct: Db
  const poolers = new Map<'session' | 'transaction', Pgbouncer>()
  const opened: Db[] = []

  const optionsOf = (mode: 'session' | 'transaction', more: PgOptions = {}): PgOptions => {
    const { host, port } = poolers.get(mode)!
    return { host, port, user: 'postgres', database: place.database, max: 4, connectionTimeoutMillis: 10_000, ...more }
  }
  const open = (mode: 'session' | 'transaction', more: PgOptions = {}): Db => {
    const db = kanta({ driver: pg(optionsOf(mode, more)), schema })
    opened.push(db)
    return db
  }

  beforeAll(async () => {
    if ('missing' in server) throw new Error(server.missing)
    place = await postgres.create()
    // A server whose own settings are not those that Kanta reads values by.
    const admin = new pgLibrary.Client({ ...server, database: place.database })
    await admin.connect()
    await admin.query(`alter database ${place.database} set timezone = 'Europe/Helsinki'`)
    await admin.query(`alter database ${place.database} set datestyle = 'SQL, DMY'`)
    await admin.end()
    for (const mode of ['session', 'transaction'] as const)
      poolers.set(mode, await startPgbouncer({ server, mode, size: mode === 'session' ? 8 : 3 }))
    direct = kanta({ driver: place.driver({ max: 1 }), schema })
    await direct.schema.createTable(seen).execute()
    await direct.insertInto(seen).values(ROW).execute()
  })
  afterAll(async () => {
    for (const db of [...opened, direct]) await db.destroy()
    for (const pooler of poolers.values()) await pooler.stop()
    await place?.drop()
  })

  describe.each([
    ['session', {}],
    ['session', { pooler: 'session' }],
    ['transaction', { pooler: 'transaction' }],
  ] as const)('in %s mode, %j', (mode, options) => {
    test('runs statements, transactions, streams and bulk inserts of many clients at once', async () => {
      const handles = [open(mode, { max: 3, ...options }), open(mode, { max: 3, ...options })]
      const work = handles.flatMap((db, h) =>
        Array.from({ length: 12 }, async (_, i) => {
          const id = 1_000 + 100 * h + i
          await db.transaction().execute(async (tx) => {
            await tx
              .insertInto('seen')
              .values({ ...ROW, id })
              .execute()
            await tx.updateTable('seen').set({ ratio: i }).where('id', '=', id).execute()
          })
          const rows: unknown[] = []
          for await (const row of db
            .selectFrom('seen')
            .selectAll()
            .where('id', 'in', [1, id])
            .orderBy('id')
            .stream({ chunkSize: 1 }))
            rows.push(row)
          expect(rows).toEqual([ROW, { ...ROW, id, ratio: i }])
          expect(await db.deleteFrom('seen').where('id', '=', id).executeTakeFirst()).toEqual({ numDeletedRows: 1n })
        }),
      )
      await Promise.all(work)
      await Promise.all(handles.map((db) => db.destroy()))
    })

    test('reads values by the settings of Kanta on each connection of the server', async () => {
      const db = open(mode, { max: 4, ...options })
      // Four transactions at once, which the pooler gives to different connections, in turns.
      for (let turn = 0; turn < 5; turn++) {
        const reads = Array.from({ length: 4 }, () =>
          db.transaction().execute(async (tx) => {
            await sql`select pg_sleep(0.005)`.execute(tx)
            return tx
              .selectFrom('seen')
              .select([
                'at',
                'ratio',
                sql<string>`at::text`.as('text'),
                sql<string>`current_setting('TimeZone')`.as('zone'),
              ])
              .where('id', '=', 1)
              .executeTakeFirst()
          }),
        )
        for (const row of await Promise.all(reads))
          expect(row).toEqual({ at: ROW.at, ratio: ROW.ratio, text: '2026-07-01 12:34:56.789+00', zone: 'UTC' })
      }
      await db.destroy()
    })

    test('cancels a statement at the server', async () => {
      const db = open(mode, { max: 2, ...options })
      const started = performance.now()
      const run = db.selectNoFrom(sql`pg_sleep(20)`.as('slept')).execute({ signal: AbortSignal.timeout(200) })
      await expect(run).rejects.toMatchObject({ code: 'timeout' })
      expect(performance.now() - started).toBeLessThan(10_000)
      await expect(db.selectFrom('seen').select('id').execute()).resolves.toEqual([{ id: 1 }])
      await db.destroy()
    })
  })

  test('in session mode, locks and LISTEN need the word of the mode', async () => {
    await expect(listen(pg(optionsOf('session')), 'news', () => {})).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining("pg({ pooler: 'session' })"),
    })
    const heard: string[] = []
    const line = await listen(pg(optionsOf('session', { pooler: 'session' })), 'news', ({ payload }) =>
      heard.push(payload),
    )
    await sql`select pg_notify('news', 'first')`.execute(direct)
    await expect.poll(() => heard).toEqual(['first'])
    await line.close()
    const db = open('session', { pooler: 'session' })
    const migrations = { one: { up: (on: Db) => sql`create table by_session (id integer)`.execute(on) } }
    await migrator(db as never, { migrations: migrations as never }).up()
    await expect(sql`select * from by_session`.execute(direct)).resolves.toMatchObject({ rows: [] })
    await db.destroy()
  })

  test.each([[{}], [{ pooler: 'transaction' }]] as const)(
    'in transaction mode, what needs a session is refused before it runs, %j',
    async (options) => {
      await expect(listen(pg(optionsOf('transaction', options)), 'news', () => {})).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining('listen() needs a session of the server'),
      })
      const db = open('transaction', options)
      const migrations = { two: { up: async () => {} } }
      await expect(migrator(db as never, { migrations: migrations as never }).up()).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining("Set lock: { by: 'row' }"),
      })
      const expiring = db.withPlugins([ttl({ tables: { seen: { column: 'at', after: 60_000 } } } as never)])
      await expect((expiring as unknown as { sweepExpired(): Promise<unknown> }).sweepExpired()).rejects.toMatchObject({
        code: 'unsupported',
      })
      await db.destroy()
    },
  )

  test('in transaction mode, migrations run under the lock of a row', async () => {
    const db = open('transaction', { pooler: 'transaction' })
    const migrations = { three: { up: (on: Db) => sql`create table by_row (id integer)`.execute(on) } }
    await migrator(db as never, { migrations: migrations as never, table: 'row_record', lock: { by: 'row' } }).up()
    await expect(sql`select * from by_row`.execute(direct)).resolves.toMatchObject({ rows: [] })
    await db.destroy()
  })

  test('in transaction mode, a statement that one client prepared is never run for another', async () => {
    // Both number their statements from the start, and share connections of the server.
    const [one, other] = [open('transaction', { max: 3 }), open('transaction', { max: 3 })]
    const failures = new Set<string>()
    const expectOrFail = async (db: Db, n: number): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        try {
          const found = await db.transaction().execute(async (tx) => {
            const row = await tx.selectNoFrom(sql<number>`${n}::int`.as(`column_${n}`)).executeTakeFirst()
            await sql`select pg_sleep(0.001)`.execute(tx)
            return row
          })
          expect(found).toEqual({ [`column_${n}`]: n })
        } catch (error) {
          failures.add((error as Error).message)
        }
      }
    }
    await Promise.all([expectOrFail(one, 1), expectOrFail(other, 2), expectOrFail(one, 3), expectOrFail(other, 4)])
    for (const message of failures) expect(message).toContain("pg({ pooler: 'transaction' })")
    expect(failures.size).toBeGreaterThan(0)
    await Promise.all([one.destroy(), other.destroy()])
  })

  test.each(['session', 'transaction'] as const)(
    'in %s mode, settings of the start are refused by name',
    async (mode) => {
      for (const settings of [{ statementTimeout: 1_000 }, { options: '-c search_path=other' }]) {
        const db = open(mode, settings)
        await expect(db.selectFrom('seen').select('id').execute()).rejects.toMatchObject({
          code: 'connection',
          message: expect.stringMatching(/startup parameter.*ignore_startup_parameters/s),
        })
        await db.destroy()
      }
    },
  )

  test('a pooler without a free connection is an error of the connection, which may be tried again', async () => {
    const one = await startPgbouncer({
      server: server as never,
      mode: 'session',
      size: 1,
      settings: { query_wait_timeout: 1 },
    })
    const drivers = [0, 1].map(() => kanta({ driver: pg({ ...optionsOf('session'), port: one.port, max: 1 }), schema }))
    await drivers[0]!.selectFrom('seen').select('id').execute()
    await expect(drivers[1]!.selectFrom('seen').select('id').execute()).rejects.toMatchObject({
      code: 'connection',
      message: expect.stringContaining('query_wait_timeout'),
    })
    for (const db of drivers) await db.destroy()
    await one.stop()
  })

  test('in session mode, a search_path of onConnect holds for the connection', async () => {
    await sql`create schema other`.execute(direct)
    const db = open('session', { onConnect: (connection) => connection.script('set search_path = other') })
    await expect(db.selectNoFrom(sql<string>`current_schema()`.as('schema')).executeTakeFirst()).resolves.toEqual({
      schema: 'other',
    })
    await db.destroy()
  })
})
