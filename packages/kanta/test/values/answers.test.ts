import { describe, expect, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { fromJSON, kanta, sql, table, toJSON } from '../../src/index.ts'
import { camelCase } from '../../src/plugins/index.ts'
import { schemaBuilder } from '../../src/schema/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'

interface Opened {
  readonly driver: Driver
  drop(): Promise<void>
}

const ENGINES: readonly (readonly [name: string, missing: string | undefined, open: () => Promise<Opened>])[] = [
  ['node:sqlite', undefined, async () => ({ driver: sqlite(':memory:'), drop: async () => {} })],
  ['better-sqlite3', undefined, async () => ({ driver: betterSqlite3(':memory:'), drop: async () => {} })],
  ...[postgres, mariadbEngine].map(
    (engine) =>
      [
        engine.name,
        engine.missing,
        async () => {
          const place = await engine.create()
          return { driver: place.driver(), drop: () => place.drop() }
        },
      ] as const,
  ),
]

const run = table('run', (c) => ({ id: c.integer().primaryKey(), at: c.integer() }))
const log = table('log', (c) => ({ id: c.integer().primaryKey(), at: c.integer(), day: c.date().nullable() }))

describe.each(ENGINES.filter(([, missing]) => missing === undefined))('%s', (name, _, open) => {
  async function withRuns(work: (db: any) => Promise<void>): Promise<void> {
    const { driver, drop } = await open()
    const db = kanta({ driver, schema: { run, log } })
    try {
      await db.schema.createTable(run).execute()
      await db.schema.createTable(log).execute()
      await db
        .insertInto('run')
        .values([10, 20, 30, 40].map((at, i) => ({ id: i + 1, at })))
        .execute()
      await work(db)
    } finally {
      await db.destroy()
      await drop()
    }
  }
  const before = (db: any) => db.selectFrom('run').select('at').where('at', '<', 25).orderBy('at', 'desc').limit(1)
  const after = (db: any) => db.selectFrom('run').select('at').where('at', '>=', 25).orderBy('at').limit(1)
  const values = (rows: readonly any[]) => rows.map(({ at }) => at)

  test('order and limit of the left part of a union stay with it', () =>
    withRuns(async (db) => {
      const both = before(db).unionAll(after(db))
      for (let i = 0; i < 2; i++) expect(values(await both.execute()).sort()).toEqual([20, 30])
      expect(values(await both.orderBy('at', 'desc').execute())).toEqual([30, 20])
      expect(values(await both.orderBy('at', 'desc').limit(1).execute())).toEqual([30])
      expect(values(await both.orderBy('at').limit(1).unionAll(before(db)).execute())).toEqual([20, 20])
      expect(values(await before(db).except(after(db)).execute())).toEqual([20])
      expect(
        values(
          await before(db)
            .intersect(db.selectFrom('run').select('at').where('at', '>', 15))
            .execute(),
        ),
      ).toEqual([20])
      const offset = db.selectFrom('run').select('at').orderBy('at').limit(1).offset(1)
      expect(values(await offset.union(after(db)).orderBy('at').execute())).toEqual([20, 30])
    }))

  test('and in with, in subqueries, in inserts and in stored queries', () =>
    withRuns(async (db) => {
      const both = () => before(db).unionAll(after(db))
      const inWith = db
        .with('both', () => both())
        .selectFrom('both')
        .select('at')
        .orderBy('at')
      expect(values(await inWith.execute())).toEqual([20, 30])
      const shared = db
        .with('early', () => db.selectFrom('run').select('at').where('at', '<', 35))
        .selectFrom('early')
        .select('at')
        .orderBy('at', 'desc')
        .limit(1)
        .unionAll((eb: any) => eb.selectFrom('early').select('at').where('at', '=', 10))
      expect(values(await shared.orderBy('at').execute())).toEqual([10, 30])
      const derived = db.selectFrom(both().as('b')).select('b.at').where('b.at', '>', 20)
      expect(values(await derived.execute())).toEqual([30])
      const inside = db.selectFrom('run').select('at').where('at', 'in', both()).orderBy('at')
      expect(values(await inside.execute())).toEqual([20, 30])
      await db.insertInto('log').columns(['at']).expression(both()).execute()
      expect(values(await db.selectFrom('log').select('at').orderBy('at').execute())).toEqual([20, 30])
      const stored = JSON.parse(JSON.stringify(toJSON(both())))
      expect(values(await fromJSON(db, stored).execute()).sort()).toEqual([20, 30])
    }))

  test('an expression with a value is one where it is grouped or ordered by', () =>
    withRuns(async (db) => {
      const grouped = (by: number) =>
        db
          .selectFrom('run')
          .select((eb: any) => [eb('at', '%', by).as('rest'), eb.fn.countAll().as('n')])
          .groupBy((eb: any) => eb('at', '%', by))
          .orderBy((eb: any) => eb('at', '%', by))
      expect(await grouped(20).execute()).toEqual([
        { rest: 0, n: 2 },
        { rest: 10, n: 2 },
      ])
      expect(await grouped(30).execute()).toEqual([
        { rest: 0, n: 1 },
        { rest: 10, n: 2 },
        { rest: 20, n: 1 },
      ])
      const distinct = db
        .selectFrom('run')
        .select((eb: any) => eb('at', '%', 20).as('rest'))
        .distinct()
        .orderBy((eb: any) => eb('at', '%', 20))
      expect(await distinct.execute()).toEqual([{ rest: 0 }, { rest: 10 }])
    }))

  test('a query that is awaited without execute() says so', () =>
    withRuns(async (db) => {
      const builder = schemaBuilder(db as never) as any
      const queries: Record<string, unknown> = {
        select: db.selectFrom('run').selectAll(),
        insert: db.insertInto('run').values({ id: 9, at: 1 }),
        update: db.updateTable('run').set({ at: 1 }),
        delete: db.deleteFrom('run'),
        raw: sql`select 1`,
        create: db.schema.createTable(run).ifNotExists(),
        schema: builder.dropTable('run'),
      }
      for (const [kind, query] of Object.entries(queries)) {
        await expect((async () => await query)(), kind).rejects.toThrow('Call .execute()')
        await expect(Promise.all([query]), kind).rejects.toThrow('must not be async')
      }
      await expect(db.transaction().execute(async (trx: any) => trx.deleteFrom('run'))).rejects.toThrow(
        'Call .execute()',
      )
      expect(await db.selectFrom('run').select('id').execute()).toHaveLength(4)
    }))

  test('values that a database would change are refused, one row or many', () =>
    withRuns(async (db) => {
      const wrong: readonly Record<string, unknown>[] = [
        { at: 1.5 },
        { at: Number.NaN },
        { at: 2 ** 31 },
        { at: '5' },
        { at: true },
        { at: 1, day: '0000-01-01' },
        { at: 1, day: '2024-02-30' },
      ]
      for (const row of wrong) {
        await expect(db.insertInto('log').values(row).execute()).rejects.toMatchObject({ code: 'invalid_input' })
        await expect(
          db
            .insertInto('log')
            .values([
              { at: 1, day: null },
              { day: null, ...row },
            ])
            .execute(),
        ).rejects.toMatchObject({ code: 'invalid_input' })
        await expect(db.updateTable('log').set(row).execute()).rejects.toMatchObject({ code: 'invalid_input' })
        await expect(
          db
            .insertInto('log')
            .columns(Object.keys(row))
            .expression((eb: any) => eb.selectNoFrom(Object.entries(row).map(([key, value]) => eb.val(value).as(key))))
            .execute(),
        ).rejects.toMatchObject({ code: 'invalid_input' })
      }
      expect(await db.selectFrom('log').selectAll().execute()).toEqual([])
    }))

  test.runIf(name === 'mariadb')('insertId is that of the first row, however many there are', () =>
    withRuns(async (db) => {
      for (const n of [1, 2, 3, 5, 7, 100, 5000]) {
        const [{ insertId }] = await db
          .insertInto('log')
          .values(Array.from({ length: n }, (_, i) => ({ at: i + n * 10_000 })))
          .execute()
        const first = await db
          .selectFrom('log')
          .select('id')
          .where('at', '=', n * 10_000)
          .executeTakeFirstOrThrow()
        expect(Number(insertId)).toBe(first.id)
      }
    }),
  )

  test('the name of a column comes back as it was asked', () =>
    withRuns(async (db) => {
      await sql.raw('create table account (id integer primary key, user_id integer, home_url varchar(20))').execute(db)
      const camel = db.withPlugins([camelCase()])
      await camel.insertInto('account').values({ id: 1, userID: 7, homeURL: '/me' }).execute()
      const query = camel.selectFrom('account').select(['userID', 'homeURL', 'id as accountID'])
      expect(await query.execute()).toEqual([{ userID: 7, homeURL: '/me', accountID: 1 }])
      expect(await camel.selectFrom(query.as('a')).select('a.userID').execute()).toEqual([{ userID: 7 }])
      expect(await camel.selectFrom('account').selectAll().execute()).toEqual([{ id: 1, userId: 7, homeUrl: '/me' }])
      const account = table('account', (c) => ({
        id: c.integer().primaryKey(),
        userID: c.integer(),
        homeURL: c.varchar(20),
      }))
      const known = kanta({ driver: sqlite(':memory:'), schema: { account }, plugins: [camelCase()] })
      await known.schema.createTable(account).execute()
      await known
        .insertInto('account')
        .values([
          { userID: 7, homeURL: '/me' },
          { userID: 8, homeURL: '/you' },
        ])
        .execute()
      expect(await known.selectFrom('account').selectAll().where('userID', '=', 7).execute()).toEqual([
        { id: 1, userID: 7, homeURL: '/me' },
      ])
      expect(await known.insertInto('account').values({ userID: 9, homeURL: '/it' }).returningAll().execute()).toEqual([
        { id: 3, userID: 9, homeURL: '/it' },
      ])
      await known.destroy()
    }))
})

describe('what was prepared before a change of tables', () => {
  const people = (db: any) => db.selectFrom('person').selectAll().execute()
  const names = (rows: readonly object[]) => Object.keys(rows[0]!)

  test.each([postgres, pglite].filter(({ missing }) => missing === undefined))(
    'is prepared anew in the same transaction, on $name',
    async (engine) => {
      const place = await engine.create()
      const db = kanta<any>({ driver: place.driver({ max: 1 }) })
      try {
        await sql`create table person (id integer primary key)`.execute(db)
        await sql`insert into person values (1)`.execute(db)
        await db.transaction().execute(async (trx) => {
          expect(names(await people(trx))).toEqual(['id'])
          await sql`alter table person add column age integer`.execute(trx)
          expect(names(await people(trx))).toEqual(['id', 'age'])
          await sql`do $$ begin alter table person drop column age; end $$`.execute(trx)
          expect(names(await people(trx))).toEqual(['id'])
        })
        const undone = new Error('undone')
        const undo = db.transaction().execute(async (trx) => {
          await sql`alter table person add column name text`.execute(trx)
          expect(names(await people(trx))).toEqual(['id', 'name'])
          throw undone
        })
        await expect(undo).rejects.toBe(undone)
        await db.transaction().execute(async (trx) => expect(names(await people(trx))).toEqual(['id']))
        const controlled = await db.startTransaction().execute()
        const inside = await controlled.savepoint('one').execute()
        await sql`alter table person add column name text`.execute(inside)
        expect(names(await people(inside))).toEqual(['id', 'name'])
        await inside.rollbackToSavepoint('one').execute()
        expect(names(await people(inside))).toEqual(['id'])
        await controlled.rollback().execute()
      } finally {
        await db.destroy()
        await place.drop()
      }
    },
  )
})

describe('moments on SQLite', () => {
  const session = table('session', (c) => ({
    id: c.integer().primaryKey(),
    at: c.timestamp().default(sql`CURRENT_TIMESTAMP`),
  }))

  test.each([
    ['node:sqlite', () => sqlite(':memory:')],
    ['better-sqlite3', () => betterSqlite3(':memory:')],
  ] as const)('current_timestamp has the form of a Date that is written, on %s', async (_, driver) => {
    const db = kanta({ driver: driver(), schema: { session } })
    await db.schema.createTable(session).execute()
    const start = new Date(Date.now() - 5)
    await db.insertInto('session').values({ id: 1 }).execute()
    await db.insertInto('session').values({ id: 2, at: sql<Date>`current_timestamp` }).execute()
    await db
      .insertInto('session')
      .values([{ id: 3, at: new Date() }])
      .execute()
    await db.updateTable('session').set({ at: sql<Date>` Current_Timestamp ` }).where('id', '=', 3).execute()
    const young = db.selectFrom('session').select('id').where('at', '>=', start)
    expect(await young.execute()).toHaveLength(3)
    expect(await young.where('at', '<=', sql<Date>`current_timestamp`).execute()).toHaveLength(3)
    const { rows } = await sql<{ at: string }>`select at from session`.execute(db)
    for (const { at } of rows) expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    const builder = schemaBuilder(db as never)
    await builder
      .createTable('log')
      .addColumn('at', 'text', (c) => c.defaultTo(sql`current_timestamp`))
      .addColumn('n', 'integer')
      .execute()
    await sql`insert into log (n) values (1)`.execute(db)
    expect((await sql<{ at: string }>`select at from log`.execute(db)).rows[0]!.at).toMatch(/T.*Z$/)
    await db.destroy()
  })
})

test('JSON refuses what it would make null of', async () => {
  const doc = table('doc', (c) => ({ id: c.integer().primaryKey(), body: c.json<unknown>() }))
  const db = kanta({ driver: sqlite(':memory:'), schema: { doc } })
  await db.schema.createTable(doc).execute()
  for (const body of [Number.NaN, { a: [1, Number.POSITIVE_INFINITY] }, [{ x: Number.NaN }]])
    await expect(db.insertInto('doc').values({ body }).execute()).rejects.toThrow(/JSON has no/)
  await db
    .insertInto('doc')
    .values({ body: { a: null } })
    .execute()
  await db.destroy()
})

test.each([
  ['node:sqlite', () => sqlite(':memory:')],
  ['better-sqlite3', () => betterSqlite3(':memory:')],
] as const)('a condition beside a number is a number, on %s', async (_, driver) => {
  const db: any = kanta({ driver: driver(), schema: { run } })
  await db.schema.createTable(run).execute()
  await db.insertInto('run').values({ id: 5, at: 7 }).execute()
  const truth = db.selectFrom('run').select((eb: any) => eb('id', '=', 5).as('x'))
  const number = db.selectFrom('run').select((eb: any) => eb.ref('at').as('x'))
  const value = db.selectFrom('run').select((eb: any) => eb.val(3).as('x'))
  const found = async (query: any): Promise<unknown> => (await query.execute()).map((row: any) => row.x)
  expect(await found(truth.unionAll(truth))).toEqual([true, true])
  expect(await found(truth.unionAll(number))).toEqual([1, 7])
  expect(await found(number.unionAll(truth))).toEqual([7, 1])
  expect(await found(truth.unionAll(value))).toEqual([1, 3])
  expect(
    await found(
      db
        .with('c', () => truth.unionAll(number))
        .selectFrom('c')
        .selectAll(),
    ),
  ).toEqual([1, 7])
  const coalesced = (eb: any) => eb.fn.coalesce('at', eb('id', '=', 5)).as('x')
  expect(await found(db.selectFrom('run').select(coalesced))).toEqual([7])
  const chosen = (eb: any) =>
    eb
      .case()
      .when('id', '=', 5)
      .then(2)
      .else(eb('id', '=', 5))
      .end()
      .as('x')
  expect(await found(db.selectFrom('run').select(chosen))).toEqual([2])
  await db.destroy()
})
