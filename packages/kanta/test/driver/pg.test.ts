import pgLibrary from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import type { Driver } from '../../src/driver/index.ts'
import {
  copyFrom,
  copyTo,
  exactTimestamp,
  listen,
  type PgOptions,
  pg,
  postgresArray,
  postgresRange,
} from '../../src/driver/pg/index.ts'
import { KantaError, kanta, sql, table } from '../../src/index.ts'
import { serverDriverSuite } from '../conformance/server-driver.ts'
import { script } from '../engine/engine.ts'
import { postgres } from '../engine/postgres.ts'
import { postgresTexts } from './postgres-texts.ts'

serverDriverSuite('pg', { engine: postgres, texts: postgresTexts })

const server = inject('servers').postgres
const address = 'missing' in server ? undefined : server

const everything = table('everything', (c) => ({
  id: c.integer().primaryKey(),
  big: c.bigint().nullable(),
  real: c.real().nullable(),
  exact: c.decimal(12, 3).nullable(),
  text: c.text().nullable(),
  short: c.varchar(10).nullable(),
  yes: c.boolean().nullable(),
  day: c.date().nullable(),
  at: c.timestamp().nullable(),
  unix: c.timestamp({ mode: 'unix' }).nullable(),
  unixms: c.timestamp({ mode: 'unixms' }).nullable(),
  doc: c.json().nullable(),
  bytes: c.bytes().nullable(),
  uuid: c.uuid().nullable(),
  kind: c.enum(['a', "b'"]).nullable(),
}))

const row = (id: number) => ({
  id,
  big: 9007199254740993n,
  real: 1.5,
  exact: '12.500',
  text: 'tab\t line\n back\\ "quote" {a,b} NULL \\N',
  short: 'NULL',
  yes: id % 2 === 0,
  day: '2024-02-29',
  at: new Date('2024-02-29T12:00:00.123Z'),
  unix: new Date('2024-02-29T12:00:00Z'),
  unixms: new Date('2024-02-29T12:00:00.123Z'),
  doc: { a: [1, 'x"\\', null], b: { c: true } },
  bytes: new Uint8Array([0, 92, 39, 255]),
  uuid: '6f1c2f52-6c1e-4f6e-9d0a-0a1b2c3d4e5f',
  kind: "b'" as const,
})
const nothing = (id: number) => ({
  ...Object.fromEntries(Object.keys(row(id)).map((name) => [name, null])),
  id,
})

describe.skipIf(address === undefined)('pg', () => {
  let name: string
  let admin: pgLibrary.Client
  const ends: (() => unknown)[] = []
  const options = (more: PgOptions = {}): PgOptions => ({ ...address!, database: name, ...more })
  const open = <S extends object = { everything: typeof everything }>(
    more: PgOptions = {},
    schema: S = { everything } as unknown as S,
  ) => {
    const db = kanta({ driver: pg(options(more)), schema })
    ends.push(() => db.destroy())
    return db
  }
  const column = async (db: Parameters<ReturnType<typeof sql>['execute']>[0], text: string): Promise<unknown> =>
    Object.values((await sql.raw(text).execute(db)).rows[0] as object)[0]
  const codeOf = async (run: () => unknown): Promise<string> => {
    try {
      await run()
    } catch (error) {
      expect(error).toBeInstanceOf(KantaError)
      return (error as KantaError).code
    }
    return 'nothing'
  }

  beforeAll(async () => {
    name = `pg_${process.pid}_${Math.random().toString(36).slice(2)}`
    admin = new pgLibrary.Client({ ...address! })
    await admin.connect()
    await admin.query(`create database ${name}`)
    const db = open({}, { everything })
    await db.schema.createTable(everything).execute()
    await db.destroy()
  })
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
    await script(pg(options()), ['truncate everything'])
  })
  afterAll(async () => {
    await admin.query(`drop database ${name} with (force)`)
    await admin.end()
  })

  describe('prepared statements', () => {
    const prepared = (db: Parameters<typeof column>[0]) => column(db, 'select count(*) from pg_prepared_statements')

    test('are bounded, and the server forgets those that are left', async () => {
      const db = open({ max: 1, statementCache: 10 })
      for (let n = 0; n < 50; n++) await sql.raw(`select ${n} as n`).execute(db)
      expect(await prepared(db)).toBeLessThanOrEqual(10)
      for (let n = 0; n < 50; n++) expect(await column(db, `select ${n} as n`)).toBe(n)
    })

    test('are none with prepare: false', async () => {
      const db = open({ max: 1, prepare: false }, { everything })
      await db.insertInto('everything').values(row(700)).execute()
      expect(await db.selectFrom('everything').selectAll().where('id', '=', 700).execute()).toEqual([row(700)])
      await db.deleteFrom('everything').where('id', '=', 700).execute()
      expect(await prepared(db)).toBe(0)
    })

    test('asked at once on one connection, in a transaction, are kept apart', async () => {
      const connection = await pg(options()).connect('write')
      ends.push(() => connection.close())
      await connection.run('begin', [])
      const texts = [1, 2, 3].map((n) => `select ${n} as v`)
      for (let round = 0; round < 2; round++) {
        const stream = connection.stream('select i from generate_series(1, 3) i', [], 1)
        const asked = [...texts.map((text) => connection.all(text, [])), stream.next()]
        expect(await Promise.all(asked)).toEqual([[[1]], [[2]], [[3]], { done: false, value: [[1]] }])
        await stream.return!()
      }
      const twice = () => connection.all('select 5 as v', [])
      expect(await Promise.all([twice(), twice()])).toEqual([[[5]], [[5]]])
      const [wrong, right] = await Promise.allSettled([connection.all('selct 4', []), connection.all('select 4', [])])
      expect([wrong, right]).toMatchObject([{ reason: { code: '42601' } }, { reason: { code: '25P02' } }])
      await connection.run('rollback', [])
      expect(await connection.all('select 4', [])).toEqual([[4]])
    })

    test('that the server lost are made again', async () => {
      const db = open({ max: 1 })
      const query = () => sql`select ${1}::integer as v`.execute(db)
      await query()
      await sql`deallocate all`.execute(db)
      expect((await query()).rows).toEqual([{ v: 1 }])
    })

    test('of a table that another connection changed fail a transaction once, and then run', async () => {
      const db = open({ max: 1 })
      const other = open({ max: 1 })
      await sql`create table changing (a integer)`.execute(db)
      const read = (on: typeof db) => sql`select * from changing`.execute(on)
      await read(db)
      await sql`alter table changing add column b text`.execute(other)
      const error = await db
        .transaction()
        .execute((trx) => read(trx as never))
        .catch((cause: unknown) => cause)
      expect(error).toMatchObject({ code: 'serialization_failure' })
      expect((await read(db)).rows).toEqual([])
      await sql`drop table changing`.execute(db)
    })
  })

  describe('transactions', () => {
    test('one in which a statement failed is not committed, and says so', async () => {
      const db = open({ max: 1 })
      const ended = codeOf(() =>
        db.transaction().execute(async (trx) => {
          await sql`select 1 / 0`.execute(trx).catch(() => {})
        }),
      )
      expect(await ended).toBe('transaction')
      expect(await column(db, 'select 1')).toBe(1)
    })

    test('serialization failures', async () => {
      const db = open({ max: 2 }, { everything })
      await db.insertInto('everything').values(row(800)).execute()
      const code = await codeOf(() =>
        db
          .transaction()
          .setIsolationLevel('repeatable read')
          .execute(async (trx) => {
            await trx.selectFrom('everything').select('id').execute()
            await db.updateTable('everything').set({ text: 'other' }).where('id', '=', 800).execute()
            await trx.updateTable('everything').set({ text: 'own' }).where('id', '=', 800).execute()
          }),
      )
      expect(code).toBe('serialization_failure')
      await db.deleteFrom('everything').where('id', '=', 800).execute()
    })
  })

  test('what takes longer than the server waits', async () => {
    const db = open({ statementTimeout: 50 })
    expect(await codeOf(() => sql`select pg_sleep(20)`.execute(db))).toBe('timeout')
    expect(await codeOf(() => sql`set lock_timeout = 'x'`.execute(db))).toBe('query')
  })

  test('a server that is not there, a wrong user, a wrong database', async () => {
    for (const more of [{ port: 1 }, { database: 'nowhere' }]) {
      const db = open(more)
      expect(await codeOf(() => sql`select 1`.execute(db))).toBe('connection')
    }
  })

  describe('clients of the user', () => {
    test('of a pool are used, given back, and the pool is left open', async () => {
      const pool = new pgLibrary.Pool({ ...address!, database: name, max: 2 })
      ends.push(() => pool.end())
      for (let round = 0; round < 2; round++) {
        const db = kanta({ driver: pg(pool), schema: { everything } })
        expect(await Promise.all([1, 2, 3].map((n) => column(db, `select ${n}`)))).toEqual([1, 2, 3])
        await db.destroy()
        expect([pool.totalCount, pool.idleCount]).toEqual([2, 2])
      }
      // What Kanta prepared is known, and the library's own queries are not disturbed.
      expect((await pool.query('select 1::bigint as a')).rows).toEqual([{ a: '1' }])
    })

    test('come from a function', async () => {
      const db = open({ client: () => new pgLibrary.Client({ ...address!, database: name }), max: 1 })
      expect(await column(db, 'select current_database()')).toBe(name)
    })

    test('are seen by onConnect, which closes what it refuses', async () => {
      const seen: unknown[] = []
      const db = open({
        max: 1,
        onConnect: async (connection, client) => {
          seen.push(client)
          await connection.script("set application_name = 'seen'")
        },
      })
      expect(await column(db, 'show application_name')).toBe('seen')
      expect(seen).toEqual([expect.any(pgLibrary.Client)])
      const refused = open({ onConnect: () => Promise.reject(new Error('not you')) })
      await expect(sql`select 1`.execute(refused)).rejects.toMatchObject({
        code: 'connection',
        message: expect.stringContaining('not you'),
      })
    })
  })

  test.each([
    [{ max: 0 }, /max of pg\(\) is a whole number, 1 or more/],
    [{ statementCache: -1 }, /statementCache/],
    [{ statementTimeout: 1.5 }, /statementTimeout/],
    [{ prepare: 'no' }, /prepare of pg\(\) is true or false/],
    [{ types: {} }, /no option 'types'.*codecs/],
    [{ statement_timeout: 5 }, /Use statementTimeout/],
    [{ statementcache: 5 }, /Did you mean 'statementCache'/],
    [null, /takes a connection string/],
    [{ pool: {} }, /pool of pg\(\) is a pool/],
  ])('the options %j are refused', (given, message) => {
    expect(() => pg(given as never)).toThrow(message)
  })

  describe('values', () => {
    test('of every type, one row, several and many, come back as they went in', async () => {
      const db = open({}, { everything })
      for (const count of [1, 3, 1000]) {
        const rows = Array.from({ length: count }, (_, i) => (i % 5 === 4 ? nothing(i + 1) : row(i + 1)))
        const result = await db
          .insertInto('everything')
          .values(rows as never)
          .executeTakeFirst()
        expect(result).toMatchObject({ numInsertedOrUpdatedRows: BigInt(count) })
        expect(await db.selectFrom('everything').selectAll().orderBy('id').execute()).toEqual(rows)
        await db.deleteFrom('everything').execute()
      }
    })

    test('of an insert of many rows that do not fit name their row, and nothing is written', async () => {
      const db = open({}, { everything })
      const rows = [row(1), row(2), { ...row(3), yes: 1 as never }]
      await expect(db.insertInto('everything').values(rows).execute()).rejects.toMatchObject({
        code: 'invalid_input',
        message: expect.stringMatching(/^Row 2, column 'yes': A boolean is expected/),
      })
      const long = [row(1), { ...row(2), short: 'longer than ten' }]
      expect(await codeOf(() => db.insertInto('everything').values(long).execute())).toBe('invalid_input')
      expect(
        await codeOf(() =>
          db
            .insertInto('everything')
            .values([row(1), row(1)])
            .execute(),
        ),
      ).toBe('unique_violation')
      expect(await column(db, 'select count(*) from everything')).toBe(0)
    })

    test('of rows that leave out columns, with conflicts and returning', async () => {
      const db = open({}, { everything })
      const ids = await db
        .insertInto('everything')
        .values([{ id: 1, text: 'a' }, { id: 2, text: 'b' }, { id: 3 }] as never)
        .returning(['id', 'text'])
        .execute()
      expect(ids).toEqual([
        { id: 1, text: 'a' },
        { id: 2, text: 'b' },
        { id: 3, text: null },
      ])
      await db
        .insertInto('everything')
        .values([
          { id: 2, text: 'c' },
          { id: 4, text: 'd' },
        ] as never)
        .onConflict((oc) => oc.column('id').doUpdateSet((eb) => ({ text: eb.ref('excluded.text') })))
        .execute()
      expect(await db.selectFrom('everything').select('text').orderBy('id').execute()).toEqual(
        ['a', 'c', null, 'd'].map((text) => ({ text })),
      )
    })

    test('of lists are one parameter, of any type', async () => {
      const db = open({}, { everything })
      await db
        .insertInto('everything')
        .values([row(1), row(2)])
        .execute()
      const { at, big, uuid, bytes, kind, text } = row(1)
      const found = (query: { execute(): Promise<unknown[]> }) => query.execute().then((rows) => rows.length)
      const from = db.selectFrom('everything').select('id')
      expect(await found(from.where('id', 'in', [2, 3]))).toBe(1)
      expect(await found(from.where('at', 'in', [at]))).toBe(2)
      expect(await found(from.where('big', 'in', [big, 5n]))).toBe(2)
      expect(await found(from.where('uuid', 'in', [uuid]))).toBe(2)
      expect(await found(from.where('bytes', 'in', [bytes]))).toBe(2)
      expect(await found(from.where('kind', 'in', [kind]))).toBe(2)
      expect(await found(from.where('text', 'in', [text, 'NULL']))).toBe(2)
      expect(await found(from.where('yes', 'in', [true]))).toBe(1)
      expect(await found(from.where('id', 'in', []))).toBe(0)
      expect(await found(from.where('id', 'not in', []))).toBe(2)
      expect(await found(from.where('id', 'not in', [1]))).toBe(1)
      expect(from.where('id', 'in', [1, 2, 3]).compile()).toMatchObject({
        sql: 'select "id" from "everything" where "id" = any($1)',
        parameters: ['{1,2,3}'],
      })
    })

    test('computed by the database are of one type, whatever it uses', async () => {
      const db = open({}, { everything })
      await db
        .insertInto('everything')
        .values([row(1), row(2)])
        .execute()
      const [computed] = await db
        .selectFrom('everything')
        .select(({ fn }) => [
          fn.countAll().as('n'),
          fn.sum('id').as('ids'),
          fn.sum('big').as('big'),
          fn.sum('exact').as('exact'),
          fn.sum('real').as('real'),
          fn.avg('id').as('mean'),
          fn.max('at').as('at'),
        ])
        .execute()
      expect(computed).toEqual({
        n: 2,
        ids: 3,
        big: 18014398509481986n,
        exact: '25.000',
        real: 3,
        mean: 1.5,
        at: row(1).at,
      })
    })

    test('with microseconds, arrays and ranges by codecs', async () => {
      const special = table('special', (c) => ({
        id: c.integer().primaryKey(),
        at: c.custom('timestamptz', exactTimestamp),
        tags: c.custom('text[]', postgresArray<string>()),
        counts: c.custom('integer[]', postgresArray<number>()),
        days: c.custom('daterange', postgresRange<string>()),
      }))
      const db = open({}, { special })
      await db.schema.createTable(special).execute()
      const rows = [
        {
          id: 1,
          at: '2024-02-29T12:00:00.123456Z',
          tags: ['a', 'b "c" \\ {d}', ''],
          counts: [1, -2],
          days: { lower: '2024-01-01', upper: null, includesLower: true, includesUpper: false },
        },
        { id: 2, at: '2024-02-29T14:00:00+02:00', tags: [], counts: [], days: 'empty' as const },
      ]
      await db.insertInto('special').values(rows).execute()
      const found = await db.selectFrom('special').selectAll().orderBy('id').execute()
      expect(found).toEqual([rows[0], { ...rows[1], at: '2024-02-29T12:00:00Z' }])
      await db.schema.dropTable('special').execute()
    })

    test('that PostgreSQL cannot hold are refused', async () => {
      const db = open({}, { everything })
      for (const text of ['a\0b', 'half \ud83c']) {
        expect(
          await codeOf(() =>
            db
              .insertInto('everything')
              .values({ ...row(1), text })
              .execute(),
          ),
        ).toBe('invalid_input')
        expect(
          await codeOf(() =>
            db
              .insertInto('everything')
              .values([row(1), { ...row(2), text }])
              .execute(),
          ),
        ).toBe('invalid_input')
      }
      expect(await codeOf(() => sql.raw("select '\0'").execute(db))).toBe('invalid_input')
    })
  })

  describe('queries', () => {
    test('bind set operations in the order of the calls', async () => {
      const db = open()
      const one = (n: number) => db.selectNoFrom((eb) => eb.lit(n).as('n'))
      const numbers = async (query: { execute(): Promise<{ n: number }[]> }) =>
        (await query.execute()).map(({ n }) => n)
      expect(await numbers(one(1).union(one(2)).intersect(one(2)))).toEqual([2])
      expect(await numbers(one(1).except(one(1)).intersect(one(1)).union(one(3)))).toEqual([3])
      const last = db.selectFrom('everything').select('id as n').orderBy('id', 'desc').limit(1)
      await db
        .insertInto('everything')
        .values([row(1), row(2)])
        .execute()
      expect(await numbers(one(7).unionAll(last))).toEqual([7, 2])
    })

    test('of a common table expression with the name of the table that it reads', async () => {
      const db = open()
      await db.insertInto('everything').values(row(1)).execute()
      const read = db
        .with('everything', (qb) => qb.selectFrom('everything').select(['id', 'at']))
        .selectFrom('everything')
        .selectAll()
      expect(await read.execute()).toEqual([{ id: 1, at: row(1).at }])
      const moved = db
        .withSchema('public')
        .with('everything', (qb) => qb.selectFrom('everything').select('id'))
        .selectFrom('everything')
        .select('id')
      expect(moved.compile().sql).toBe(
        'with "everything" as (select "id" from "public"."everything") select "id" from "everything"',
      )
    })

    test('explained as text and as a document', async () => {
      const db = open()
      const query = db.selectFrom('everything').select('id').where('id', '=', 1)
      expect(await query.explain()).toEqual(
        expect.arrayContaining([{ 'QUERY PLAN': expect.stringContaining('Index') }]),
      )
      expect(await query.explain('json', sql`analyze`)).toEqual([
        { 'QUERY PLAN': [expect.objectContaining({ 'Execution Time': expect.any(Number) })] },
      ])
    })

    test('streamed, with a pool of one, in a transaction and outside', async () => {
      const db = open({ max: 1 })
      await db
        .insertInto('everything')
        .values(Array.from({ length: 250 }, (_, i) => row(i)))
        .execute()
      const from = db.selectFrom('everything').select('id').orderBy('id')
      for await (const { id } of from.stream(10)) if (id === 25) break
      await expect(
        (async () => {
          for await (const { id } of from.stream(10)) if (id === 25) throw new Error('enough')
        })(),
      ).rejects.toThrow('enough')
      const seen = await db.transaction().execute(async (trx) => {
        const ids: number[] = []
        for await (const { id } of trx.selectFrom('everything').select('id').orderBy('id').stream(10)) {
          ids.push(id)
          if (id % 100 === 0) await trx.updateTable('everything').set({ real: 0 }).where('id', '=', id).execute()
          if (id === 210) break
        }
        return ids.length
      })
      expect(seen).toBe(211)
      expect(await column(db, 'select count(*) from everything where real = 0')).toBe(3)
      expect(await column(db, "select count(*) from pg_cursors where name like 'kanta%'")).toBe(0)
    })
  })

  describe('copy', () => {
    const driver = (): Driver => pg(options())

    test('in and out, of every type', async () => {
      const rows = Array.from({ length: 5000 }, (_, i) => (i % 7 === 6 ? nothing(i) : row(i)))
      expect(await copyFrom(driver(), everything, rows)).toBe(5000)
      const found: unknown[] = []
      for await (const copied of copyTo(driver(), everything)) found.push(copied)
      expect(found.sort((a, b) => (a as { id: number }).id - (b as { id: number }).id)).toEqual(rows)
    })

    test('in from what comes slowly, some columns, by name', async () => {
      async function* slowly() {
        for (let id = 0; id < 3; id++) {
          await Promise.resolve()
          yield { id, text: `t${id}` }
        }
      }
      expect(await copyFrom(driver(), 'public.everything', slowly(), { columns: ['id', 'text'] })).toBe(3)
      const found: unknown[] = []
      for await (const copied of copyTo(driver(), 'everything', { columns: ['text'] })) found.push(copied)
      expect(found).toEqual([{ text: 't0' }, { text: 't1' }, { text: 't2' }])
    })

    test('in, all or nothing', async () => {
      const db = open({}, { everything })
      const many = Array.from({ length: 3000 }, (_, i) => row(i))
      expect(await codeOf(() => copyFrom(driver(), everything, [...many, row(1)]))).toBe('unique_violation')
      await expect(copyFrom(driver(), everything, [...many, { ...row(1), yes: 1 }])).rejects.toThrow(
        /^Row 3000, column 'yes': A boolean is expected/,
      )
      await expect(copyFrom(driver(), everything, [...many, { id: 5 }])).rejects.toThrow(
        /Row 3000 has no value for 'big'/,
      )
      async function* breaking() {
        yield* many
        throw new Error('the file ended')
      }
      await expect(copyFrom(driver(), everything, breaking())).rejects.toThrow('the file ended')
      const stop = new AbortController()
      async function* hanging() {
        yield row(1)
        stop.abort()
        await new Promise(() => {})
      }
      expect(await codeOf(() => copyFrom(driver(), everything, hanging(), { signal: stop.signal }))).toBe('cancelled')
      expect(await codeOf(() => copyFrom(driver(), 'nowhere', [{ a: 1 }], { columns: ['a'] }))).toBe('query')
      expect(await column(db, 'select count(*) from everything')).toBe(0)
      expect(await column(db, BUSY)).toBe(0)
    })

    test('out, left in its midst or aborted', async () => {
      const db = open({}, { everything })
      await sql`insert into everything (id, text) select i, repeat('x', 1000) from generate_series(1, 50000) i`.execute(
        db,
      )
      for await (const copied of copyTo(driver(), everything)) if (copied.id === 3) break
      const stop = new AbortController()
      const aborted = codeOf(async () => {
        for await (const copied of copyTo(driver(), everything, { signal: stop.signal })) {
          if (copied.id === 3) stop.abort()
        }
      })
      expect(await aborted).toBe('cancelled')
      expect(await column(db, BUSY)).toBe(0)
      let rows = 0
      for await (const _ of copyTo(driver(), everything)) {
        rows++
        // A reader that is slower than the server.
        if (rows % 5000 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      expect(rows).toBe(50_000)
    })

    test('takes a driver of pg and a table', async () => {
      expect(await codeOf(() => copyFrom(driver(), {}, []))).toBe('invalid_input')
      expect(await codeOf(() => copyFrom(driver(), 'everything', []))).toBe('invalid_input')
      expect(await codeOf(() => copyFrom(driver(), everything, [], { columns: ['nothing'] }))).toBe('invalid_input')
    })

    test('a signal stops one that waits for a lock', async () => {
      const locking = await driver().connect('write')
      try {
        await locking.script('begin; lock table everything')
        const stop = new AbortController()
        const stopped = codeOf(() => copyFrom(driver(), everything, [row(1)], { signal: stop.signal }))
        const waiting = `select 1 from pg_locks where not granted and relation = 'everything'::regclass`
        while ((await locking.all(waiting, [])).length === 0);
        stop.abort()
        expect(await stopped).toBe('cancelled')
      } finally {
        await locking.close()
      }
    })

    const BUSY = `select count(*) from pg_stat_activity where datname = current_database() and query like 'copy%' and state <> 'idle'`
  })

  describe('listening', () => {
    test('tells what is sent, and when something may have been missed', async () => {
      const db = open({ max: 1 })
      const heard: string[] = []
      let reconnections = 0
      const failed: KantaError[] = []
      await using _ = await listen(pg(options({ application_name: 'listening' })), 'Odd "channel"', {
        notified: ({ channel, payload }) => heard.push(`${channel}: ${payload}`),
        reconnected: () => {
          reconnections++
        },
        failed: (error) => failed.push(error),
      })
      const send = (text: string) => sql`select pg_notify(${'Odd "channel"'}, ${text})`.execute(db)
      await send('one')
      await vi.waitFor(() => expect(heard).toEqual(['Odd "channel": one']))
      await column(db, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'listening'")
      await vi.waitFor(() => expect(reconnections).toBe(1), { timeout: 5000 })
      expect(failed[0]).toMatchObject({ code: 'connection' })
      await send('two')
      await vi.waitFor(() => expect(heard.at(-1)).toBe('Odd "channel": two'))
    })

    test('to a server that is not there fails at once', async () => {
      expect(await codeOf(() => listen(pg(options({ port: 1 })), 'a', () => {}))).toBe('connection')
      expect(await codeOf(() => listen(pg(options()), '', () => {}))).toBe('invalid_input')
    })
  })
})
