import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, table } from '../../src/index.ts'
import { camelCase, capability, purge, softDelete, tenant, timestamps, version } from '../../src/plugins/index.ts'
import type { Plugin, StatementContext, TransactionHook } from '../../src/run/index.ts'
import { clock, fresh, onEngines, sql } from './ground.ts'

const folder = table('folder', (c) => ({
  id: c.integer().primaryKey(),
  tenant_id: c.integer(),
  deleted_at: c.timestamp().nullable(),
  deletion: c.uuid().nullable(),
}))
const file = table('file', (c) => ({
  id: c.integer().primaryKey(),
  tenant_id: c.integer(),
  folder_id: c.integer().references(() => folder.id),
  deleted_at: c.timestamp().nullable(),
  deletion: c.uuid().nullable(),
}))
const tables = { folder, file }

onEngines('soft delete beside other plugins', (ground) => {
  const open = () => {
    const base = kanta({ driver: ground.driver(), schema: tables })
    return { base, soft: softDelete({ now: clock(), cascade: true }) }
  }
  let { base, soft } = {} as ReturnType<typeof open>
  beforeAll(async () => {
    ;({ base, soft } = open())
    await fresh(base, tables)
  })
  afterAll(() => base.destroy())
  beforeEach(async () => {
    await base.deleteFrom('file').execute()
    await base.deleteFrom('folder').execute()
    await base
      .insertInto('folder')
      .values([
        { id: 1, tenant_id: 1 },
        { id: 2, tenant_id: 2 },
      ] as never)
      .execute()
    await base
      .insertInto('file')
      .values([
        { id: 1, tenant_id: 1, folder_id: 1 },
        // Of another tenant, though in this folder.
        { id: 2, tenant_id: 2, folder_id: 1 },
        { id: 3, tenant_id: 2, folder_id: 2 },
      ] as never)
      .execute()
  })
  const gone = async (name: 'folder' | 'file') =>
    (await base.selectFrom(name).select('id').where('deleted_at', 'is not', null).orderBy('id').execute())
      .map((row) => row.id)
      .join('')

  test('T10: a cascade and its undoing stay with the tenant', async () => {
    const all = capability('everything')
    const db = base.withPlugins([soft, tenant({ column: 'tenant_id', capability: all })])
    const [one, two] = [db.as({ tenant: 1 }), db.as({ tenant: 2 })]
    expect((await two.deleteFrom('folder').where('id', '=', 1).executeTakeFirst()).numDeletedRows).toBe(0n)
    await one.deleteFrom('folder').execute()
    expect([await gone('folder'), await gone('file')]).toEqual(['1', '1'])
    expect((await two.restore('folder').executeTakeFirst()).numUpdatedRows).toBe(0n)
    await two.deleteFrom('folder').execute()
    await one.restore('folder').execute()
    expect([await gone('folder'), await gone('file')]).toEqual(['2', '3'])
    await db.unscoped(all, 'clean up').restore('folder').execute()
    expect([await gone('folder'), await gone('file')]).toEqual(['', ''])
    await two.deleteFrom('folder').execute()
    expect(await purge(one, 'folder', { olderThan: new Date('2030-01-01') })).toEqual({ rows: {}, batches: 0, kept: 0 })
    expect(await purge(two, 'folder', { olderThan: new Date('2030-01-01') })).toMatchObject({
      rows: { folder: 1, file: 1 },
    })
  })

  test('H33: what other plugins write and see of updates they do of deletions, cascades and restorations, too', async () => {
    const seen: string[] = []
    const transactionHook: TransactionHook = {
      name: 'witness',
      joins: (facts) => facts.kind === 'update',
      around: async (statement: StatementContext, next) => {
        seen.push(
          `${statement.requestedKind} ${statement.facts.writes.join()} ${statement.exemptions.map((each) => each.mode).join()}`,
        )
        return next()
      },
    }
    const witness: Plugin = { name: 'witness', transactionHooks: [transactionHook] }
    const db = base.withPlugins([witness, soft])
    await db.deleteFrom('folder').where('id', '=', 1).execute()
    await db.restore('folder').where('id', '=', 1).execute()
    expect(seen).toEqual([
      'delete folder ',
      'update file cascade',
      'update folder restore',
      'update file restore,cascade',
    ])
    expect([await gone('folder'), await gone('file')]).toEqual(['', ''])
  })

  test('a transaction hook that fails takes the deletion and its cascade with it', async () => {
    const failing: Plugin = {
      name: 'failing',
      transactionHooks: [
        {
          name: 'failing',
          joins: (facts) => facts.writes.includes('file'),
          around: async (_, next) => {
            await next()
            throw new Error('no')
          },
        },
      ],
    }
    const db = base.withPlugins([failing, soft])
    await expect(db.deleteFrom('folder').execute()).rejects.toThrow('no')
    expect([await gone('folder'), await gone('file')]).toEqual(['', ''])
  })

  test('whoever holds the capability deletes for good', async () => {
    const held = capability('erase')
    const events: unknown[] = []
    const watch: Plugin = {
      name: 'watch',
      hooks: [{ name: 'watch', around: (event, next) => next().finally(() => events.push(event.exemptions)) }],
    }
    const db = base.withPlugins([softDelete({ capability: held }), watch])
    const open = db.unscoped(held, 'erasure')
    await open.deleteFrom('file').where('id', '=', 1).execute()
    expect(events.at(-1)).toEqual([{ policy: 'softDelete', reason: 'erasure' }])
    expect(await base.selectFrom('file').select('id').orderBy('id').execute()).toEqual([{ id: 2 }, { id: 3 }])
    expect(() => open.restore('file')).toThrow(/disables the policy/)
    expect(() => db.unscoped(capability('erase'), 'erasure')).toThrow(/disables no policy/)
  })

  test('a merge that deletes marks, with its cascade', async () => {
    if (ground.dialect !== 'postgres') return
    const db = base.withPlugins([soft])
    const ids = base.selectFrom('folder').select('id').where('id', '=', 1).as('gone')
    await db.mergeInto('folder').using(ids, 'gone.id', 'folder.id').whenMatched().thenDelete().execute()
    expect([await gone('folder'), await gone('file')]).toEqual(['1', '12'])
  })

  test('H12: a statement is run by whoever runs it', async () => {
    const by = base.withPlugins([softDelete({ now: clock() }), tenant({ column: 'tenant_id' })])
    const one = by.as({ tenant: 1 })
    const query = one.deleteFrom('file').where('id', 'in', [1, 2, 3])
    await by.as({ tenant: 2 }).executeQuery(query)
    expect(await gone('file')).toBe('23')
    expect((await query.executeTakeFirst()).numDeletedRows).toBe(1n)
  })

  test('without a cache of plans it is the same', async () => {
    vi.stubEnv('PLAN_CACHE', 'off')
    const fresh = kanta({ driver: ground.driver(), schema: tables })
    vi.unstubAllEnvs()
    if (ground.dialect === 'sqlite')
      for (const each of Object.values(tables)) await fresh.schema.createTable(each).execute()
    const db = fresh.withPlugins([soft])
    if (ground.dialect === 'sqlite') {
      await db.insertInto('folder').values({ id: 1, tenant_id: 1 }).execute()
      await db.insertInto('file').values({ id: 1, tenant_id: 1, folder_id: 1 }).execute()
    }
    const left = async () => (await db.selectFrom('file').select('id').where('folder_id', '=', 1).execute()).length
    const before = await left()
    for (let i = 0; i < 2; i++) {
      await db.deleteFrom('folder').where('id', '=', 1).execute()
      expect(await left()).toBe(0)
      await db.restore('folder').where('id', '=', 1).execute()
      expect(await left()).toBe(before)
    }
    await fresh.destroy()
  })

  test('two restorations and two deletions at once end as one', async () => {
    const db = base.withPlugins([soft])
    const twice = (work: () => Promise<unknown>) => Promise.all([work(), work()])
    await twice(() => db.deleteFrom('folder').where('id', '=', 1).execute())
    expect([await gone('folder'), await gone('file')]).toEqual(['1', '12'])
    const ids = await base.selectFrom('file').select('deletion').where('deletion', 'is not', null).distinct().execute()
    expect(ids).toHaveLength(1)
    await twice(() => db.restore('folder').execute())
    expect([await gone('folder'), await gone('file')]).toEqual(['', ''])
    expect(await base.selectFrom('file').select('id').where('deletion', 'is not', null).execute()).toEqual([])
  })
})

/** Columns of every form of a moment. */
const moment = table('moment', (c) => ({
  id: c.integer().primaryKey(),
  stamp: c.timestamp().nullable(),
  seconds: c.timestamp({ mode: 'unix' }).nullable(),
  milliseconds: c.timestamp({ mode: 'unixms' }).nullable(),
  day: c.date().nullable(),
  iso: c.text().nullable(),
  short: c.varchar(40).nullable(),
}))

onEngines('the mark', (ground) => {
  test('goes by the codec of its column, by either clock', async () => {
    const base = kanta({ driver: ground.driver(), schema: { moment } })
    await fresh(base, { moment })
    const at = new Date('2024-02-29T12:34:56.789Z')
    const expected = {
      stamp: at,
      seconds: new Date('2024-02-29T12:34:56Z'),
      milliseconds: at,
      day: '2024-02-29',
      iso: at.toISOString(),
      short: at.toISOString(),
    }
    let id = 0
    for (const column of Object.keys(expected) as (keyof typeof expected)[]) {
      id++
      await base
        .insertInto('moment')
        .values({ id } as never)
        .execute()
      const db = base.withPlugins([softDelete({ tables: ['moment'], column, now: () => at })])
      await db.deleteFrom('moment').where('id', '=', id).execute()
      expect(await db.selectFrom('moment').select('id').where('id', '=', id).execute()).toEqual([])
      const [row] = await base.selectFrom('moment').select(column).where('id', '=', id).execute()
      expect(row, column).toEqual({ [column]: expected[column] })
      expect(await purge(db, 'moment', { olderThan: new Date('2024-03-01') })).toMatchObject({ rows: { moment: 1 } })

      await base
        .insertInto('moment')
        .values({ id } as never)
        .execute()
      const own = base.withPlugins([softDelete({ tables: ['moment'], column, clock: 'database' })])
      await own.deleteFrom('moment').where('id', '=', id).execute()
      const [read] = await base.selectFrom('moment').select(column).where('id', '=', id).execute()
      const value = read![column] as Date | string
      const time = (typeof value === 'string' ? new Date(value) : value).getTime()
      if (typeof value === 'string' && column !== 'day')
        expect(value).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(Math.abs(Date.now() - time), `${column}: ${String(value)}`).toBeLessThan(
        column === 'day' ? 48 * 3_600_000 : 60_000,
      )
      await base.deleteFrom('moment').execute()
    }
    await base.destroy()
  })

  test('fits the types of moments without definitions, too, and cascades along given references', async () => {
    interface Bare {
      box: { boxId: number; deletedAt: unknown; deletion: string | null }
      item: { itemId: number; boxId: number; deletedAt: unknown; deletion: string | null }
    }
    const type = sql.raw({ sqlite: 'text', postgres: 'timestamptz', mariadb: 'datetime(3)' }[ground.dialect])
    for (const clock of ['database', 'client'] as const) {
      const base = kanta<Bare>({ driver: ground.driver() })
      for (const name of ['box', 'item']) await sql`drop table if exists ${sql.table(name)}`.execute(base)
      await sql`create table box (box_id integer, deleted_at ${type}, deletion varchar(40))`.execute(base)
      await sql`create table item (item_id integer, box_id integer, deleted_at ${type}, deletion varchar(40))`.execute(
        base,
      )
      const plugin = softDelete({
        tables: ['box', 'item'],
        column: 'deletedAt',
        clock,
        form: ground.dialect === 'sqlite' ? 'iso' : 'timestamp',
        cascade: { along: [{ table: 'item', columns: ['boxId'], references: { table: 'box', columns: ['boxId'] } }] },
      })
      const db = base.withPlugins([camelCase(), plugin])
      await db
        .insertInto('box')
        .values([{ boxId: 1 }, { boxId: 2 }] as never)
        .execute()
      await db
        .insertInto('item')
        .values([
          { itemId: 1, boxId: 1 },
          { itemId: 2, boxId: 2 },
        ] as never)
        .execute()
      await db.deleteFrom('box').where('boxId', '=', 1).execute()
      expect(await db.selectFrom('item').select('itemId').execute()).toEqual([{ itemId: 2 }])
      await db.restore('box').where('boxId', '=', 1).execute()
      expect(await db.selectFrom('item').select('itemId').orderBy('itemId').execute()).toEqual([
        { itemId: 1 },
        { itemId: 2 },
      ])
      await db.deleteFrom('box').execute()
      const keys = { box: ['boxId'], item: ['itemId', 'boxId'] }
      expect(await purge(db, 'box', { olderThan: new Date('2100-01-01'), keys })).toEqual({
        rows: { item: 2, box: 2 },
        batches: 1,
        kept: 0,
      })
      await base.destroy()
    }
  })
})

const shelf = table('shelf', (c) => ({
  id: c.integer().primaryKey(),
  created_at: c.timestamp().nullable(),
  updated_at: c.timestamp().nullable(),
  version: c.integer().nullable(),
  deleted_at: c.timestamp().nullable(),
  deletion: c.uuid().nullable(),
}))
const book = table('book', (c) => ({
  id: c.integer().primaryKey(),
  shelf_id: c.integer().references(() => shelf.id),
  updated_at: c.timestamp().nullable(),
  version: c.integer().nullable(),
  deleted_at: c.timestamp({ mode: 'unix' }).nullable(),
  deletion: c.uuid().nullable(),
}))

const page = table('page', (c) => ({
  id: c.integer().primaryKey(),
  book_id: c.integer().references(() => book.id),
  deleted_at: c.varchar(40).nullable(),
  deletion: c.uuid().nullable(),
}))

onEngines('timestamps and versions', (ground) => {
  test('H33: are written by deletions, cascades and restorations, once by each', async () => {
    const base = kanta({ driver: ground.driver(), schema: { shelf, book, page } })
    await fresh(base, { shelf, book, page })
    const now = clock()
    const db = base.withPlugins([softDelete({ now, cascade: true }), timestamps({ now }), version()])
    await db
      .insertInto('shelf')
      .values({ id: 1 } as never)
      .execute()
    await db
      .insertInto('book')
      .values({ id: 1, shelf_id: 1 } as never)
      .execute()
    const read = async (name: 'shelf' | 'book') =>
      base.selectFrom(name).select(['updated_at', 'version', 'deleted_at']).executeTakeFirstOrThrow()
    const made = [await read('shelf'), await read('book')]
    await db.deleteFrom('shelf').execute()
    const deleted = [await read('shelf'), await read('book')]
    await db.restore('shelf').execute()
    const restored = [await read('shelf'), await read('book')]
    for (const i of [0, 1]) {
      expect([made[i]!.version, deleted[i]!.version, restored[i]!.version]).toEqual([1, 2, 3])
      expect(deleted[i]!.updated_at!.getTime()).toBeGreaterThan(made[i]!.updated_at!.getTime())
      expect(restored[i]!.updated_at!.getTime()).toBeGreaterThan(deleted[i]!.updated_at!.getTime())
      expect(restored[i]!.deleted_at).toBe(null)
    }
    // One moment, in the form of each column.
    expect(deleted[1]!.deleted_at).toEqual(deleted[0]!.deleted_at)
    for (const options of [{ now }, { clock: 'database' }] as const) {
      const soft = base.withPlugins([softDelete({ ...options, cascade: true })])
      await base.deleteFrom('page').execute()
      await base
        .insertInto('page')
        .values({ id: 1, book_id: 1 } as never)
        .execute()
      await soft.deleteFrom('shelf').execute()
      const at = (await read('shelf')).deleted_at!
      const text = (await base.selectFrom('page').select('deleted_at').executeTakeFirstOrThrow()).deleted_at!
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(Math.abs(new Date(text).getTime() - at.getTime())).toBeLessThan('now' in options ? 1 : 60_000)
      await soft.restore('shelf').execute()
      expect(await soft.selectFrom('page').selectAll().execute()).toHaveLength(1)
    }
    await base.destroy()
  })
})

onEngines('soft delete in a schema', (ground) => {
  test('cascades there', async () => {
    if (ground.dialect !== 'postgres') return
    const base = kanta({ driver: ground.driver(), schema: tables })
    await sql`create schema archive`.execute(base)
    const own = base.withSchema('archive')
    for (const each of Object.values(tables)) await own.schema.createTable(each).execute()
    const db = own.withPlugins([softDelete({ now: clock(), cascade: true })])
    await db.insertInto('folder').values({ id: 1, tenant_id: 1 }).execute()
    await db.insertInto('file').values({ id: 1, tenant_id: 1, folder_id: 1 }).execute()
    await db.deleteFrom('folder').execute()
    expect(await db.selectFrom('file').selectAll().execute()).toEqual([])
    await db.restore('folder').execute()
    expect(await db.selectFrom('file').selectAll().execute()).toHaveLength(1)
    await db.deleteFrom('folder').execute()
    expect(await purge(db, 'folder', { olderThan: new Date('2030-01-01') })).toMatchObject({
      rows: { folder: 1, file: 1 },
    })
    await base.destroy()
  })
})

test.each([
  ['node:sqlite', () => sqlite(':memory:')],
  ['better-sqlite3', () => betterSqlite3(':memory:')],
])('on %s streams and cascades are the same', async (_, driver) => {
  const base = kanta({ driver: driver(), schema: tables })
  for (const each of Object.values(tables)) await base.schema.createTable(each).execute()
  const db = base.withPlugins([softDelete({ now: clock(), cascade: true })])
  await db
    .insertInto('folder')
    .values([
      { id: 1, tenant_id: 1 },
      { id: 2, tenant_id: 1 },
    ])
    .execute()
  await db.insertInto('file').values({ id: 1, tenant_id: 1, folder_id: 1 }).execute()
  const deleted: unknown[] = []
  for await (const row of db.deleteFrom('folder').where('id', '=', 1).returning('id').stream()) deleted.push(row)
  expect(deleted).toEqual([{ id: 1 }])
  const rows: unknown[] = []
  for await (const row of db.selectFrom('folder').select('id').stream(1)) rows.push(row)
  expect(rows).toEqual([{ id: 2 }])
  expect(await db.selectFrom('file').select('id').execute()).toEqual([])
  await base.destroy()
})
