import { AsyncLocalStorage } from 'node:async_hooks'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { cache, memoryStore } from '../../src/cache/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { tablePolicy } from '../../src/guard/index.ts'
import { KantaError, kanta, prepare, sql } from '../../src/index.ts'
import { capability, createExecutor } from '../../src/plugins/index.ts'
import { DatabaseHandle, exempt, type Plugin, type QueryEvent, sessionOf, settingsOf } from '../../src/run/index.ts'
import type { Engine, Place } from '../engine/engine.ts'
import type { Any } from '../security/ground.ts'
import { engines, fill, isHit, over } from './ground.ts'

const reports = capability('reports')

/** Rows of the tenant of the context, and no tombstones; made here, so that these tests are about the cache alone. */
const tenancy: Plugin = {
  name: 'tenancy',
  policies: [
    tablePolicy({
      name: 'tenancy',
      opens: (held) => held === reports,
      rule: (table) =>
        table.name === 'city'
          ? {
              sees: (row, _use, runValues) => ({
                kind: 'binary',
                left: row('tenant_id'),
                op: '=',
                right: runValues.context('tenant') as never,
              }),
            }
          : undefined,
    }),
  ],
}

const living = (mode: 'live' | 'with') =>
  tablePolicy({
    name: 'living',
    rule: (table) =>
      table.name === 'city' && mode === 'live'
        ? {
            sees: (row) => ({
              kind: 'binary',
              left: row('deleted_at'),
              op: 'is',
              right: { kind: 'word', text: 'null' },
            }),
          }
        : undefined,
  })
const live = living('live')
const withDead = living('with')
const tombstones: Plugin = {
  name: 'tombstones',
  policies: [live],
  extend: (db: Any) => ({
    withDeleted: () =>
      exempt(db, 'with deleted', (policy) => (policy === live ? withDead : policy), [
        { policy: 'living', mode: 'with deleted' },
      ]),
  }),
}

const seen: QueryEvent[] = []
let isDenied = false
/** Comes after the cache in the list, and still around it. */
const gate: Plugin = {
  name: 'gate',
  priority: -10,
  hooks: [
    {
      name: 'gate',
      around: (event, next) => {
        seen.push(event)
        if (isDenied) throw new KantaError('policy', 'denied at the gate')
        return next()
      },
    },
  ],
}

describe.each(engines)('a hit never passes by a policy on $name', (engine: Engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Place
  let base: Any
  let db: Any

  beforeAll(async () => {
    place = await engine.create()
    base = (kanta as Any)({ driver: place.driver(), schema: (await import('./ground.ts')).schema })
    await fill(base)
    await base.updateTable('city').set({ tenant_id: 2 }).where('id', '=', 2).execute()
    await base
      .insertInto('city')
      .values({ id: 3, name: 'Viipuri', deleted_at: new Date(0) })
      .execute()
    db = (await over(base, {}, [tenancy, tombstones])).db.withPlugins([gate])
  })
  afterAll(async () => {
    await base?.destroy()
    await place?.drop()
  })
  beforeEach(async () => {
    isDenied = false
    seen.length = 0
    await db.cache.clear()
  })

  const names = async (of: Any): Promise<string[]> =>
    (await of.cached().selectFrom('city').select('name').orderBy('id').execute()).map((row: Any) => row.name)

  test('each tenant has its own results, numbers and texts too (R1, R8)', async () => {
    const one = db.as({ tenant: 1 })
    const two = db.as({ tenant: 2 })
    for (let i = 0; i < 2; i++) {
      expect(await names(one)).toEqual(['Turku'])
      expect(await names(two)).toEqual(['Tartu'])
    }
    expect(await isHit(db, () => names(one))).toBe(true)
    // What is not in the statement is in the key as well.
    expect(await isHit(db, () => names(db.as({ tenant: 1, role: 'admin' })))).toBe(false)
    expect(await isHit(db, () => names(db.as({ tenant: 1, role: ['admin'] })))).toBe(false)
    expect(await isHit(db, () => names(db.as({ role: 'admin', tenant: 1 })))).toBe(true)
  })

  test('a context that is missing is an error, though the result is there (R1)', async () => {
    await names(db.as({ tenant: 1 }))
    await expect(names(db)).rejects.toMatchObject({ code: 'policy' })
    await expect(names(db.as({ role: 'admin' }))).rejects.toMatchObject({ code: 'policy' })
  })

  test('one query that is run in two contexts, and prepared, is read for each (R1, R2)', async () => {
    const query = db.as({ tenant: 1 }).cached().selectFrom('city').select('name').orderBy('id')
    expect(await query.execute()).toEqual([{ name: 'Turku' }])
    const other = await db.as({ tenant: 2 }).cached().executeQuery(query)
    expect(other.rows).toEqual([{ name: 'Tartu' }])
    const prepared = (of: Any) =>
      prepare(of.cached(), (slot: Any) => of.selectFrom('city').select('name').where('id', '<', slot('id')))
    expect(await prepared(db.as({ tenant: 1 })).execute({ id: 3 })).toEqual([{ name: 'Turku' }])
    expect(await prepared(db.as({ tenant: 2 })).execute({ id: 3 })).toEqual([{ name: 'Tartu' }])
  })

  test('opt-outs have results of their own, and their writes are seen by all (R5, R6)', async () => {
    const one = db.as({ tenant: 1 })
    const all = db.unscoped(reports, 'report')
    expect(await names(one)).toEqual(['Turku'])
    expect(await names(one.withDeleted())).toEqual(['Turku', 'Viipuri'])
    expect(await names(all)).toEqual(['Turku', 'Tartu'])
    expect(await names(all.withDeleted())).toEqual(['Turku', 'Tartu', 'Viipuri'])
    expect(await names(one)).toEqual(['Turku'])
    // An unscoped write leaves no scoped read stale, nor the other way about.
    await all.updateTable('city').set({ name: 'Turku!' }).where('id', '=', 1).execute()
    expect(await names(one)).toEqual(['Turku!'])
    expect(await names(all)).toEqual(['Turku!', 'Tartu'])
    await one.updateTable('city').set({ name: 'Turku' }).where('id', '=', 1).execute()
    expect(await names(all)).toEqual(['Turku', 'Tartu'])
    expect(await names(db.as({ tenant: 2 }))).toEqual(['Tartu'])
  })

  test('hooks of other plugins are around the cache, whatever their place in the list (C6)', async () => {
    const one = db.as({ tenant: 1 })
    await names(one)
    expect(await isHit(db, () => names(one))).toBe(true)
    expect(seen.length).toBe(2)
    isDenied = true
    await expect(names(one)).rejects.toThrow('denied at the gate')
  })

  test('SQL text stays refused', async () => {
    await expect(sql`select * from city`.execute(db.as({ tenant: 1 }).cached())).rejects.toMatchObject({
      code: 'policy',
    })
  })
})

test('the context of the running code is part of the key', async () => {
  const base: Any = (kanta as Any)({ driver: sqlite(':memory:'), schema: (await import('./ground.ts')).schema })
  await fill(base)
  const { db } = await over(base, {}, [tenancy])
  const storage = new AsyncLocalStorage<{ tenant: number }>()
  const shop: Any = new DatabaseHandle({ ...settingsOf(db), ambientContext: () => storage.getStore() }, sessionOf(db))
  const read = () => shop.cached().selectFrom('city').select('id').orderBy('id').execute()
  expect(await storage.run({ tenant: 1 }, read)).toEqual([{ id: 1 }, { id: 2 }])
  expect(await storage.run({ tenant: 2 }, read)).toEqual([])
  expect(await storage.run({ tenant: 1 }, read)).toEqual([{ id: 1 }, { id: 2 }])
  expect(db.cache.stats()).toMatchObject({ hits: 1, misses: 2 })
  await expect(read()).rejects.toMatchObject({ code: 'policy' })
  await base.destroy()
})

test('50 tasks of 5 tenants at once get their own rows', async () => {
  const base: Any = (kanta as Any)({ driver: sqlite(':memory:'), schema: (await import('./ground.ts')).schema })
  await fill(base)
  for (let i = 10; i < 15; i++)
    await base
      .insertInto('city')
      .values({ id: i, name: `of ${i}`, tenant_id: i })
      .execute()
  const { db } = await over(base, {}, [tenancy])
  const task = async (i: number): Promise<void> => {
    const tenant = 10 + (i % 5)
    for (let round = 0; round < 5; round++) {
      const rows = await db.as({ tenant }).cached().selectFrom('city').select('name').execute()
      expect(rows).toEqual([{ name: `of ${tenant}` }])
      if (i % 7 === 0)
        await db
          .as({ tenant })
          .updateTable('city')
          .set({ country: round % 2 })
          .execute()
    }
  }
  await base.updateTable('city').set({ country: null }).execute()
  await base.insertInto('country').values({ id: 0, name: 'none' }).execute()
  await Promise.all(Array.from({ length: 50 }, (_, i) => task(i)))
  await base.destroy()
})

test('what a plugin reads itself is not cached', async () => {
  const base: Any = (kanta as Any)({ driver: sqlite(':memory:'), schema: (await import('./ground.ts')).schema })
  await fill(base)
  const reader: Plugin = {
    name: 'reader',
    transactionHooks: [
      {
        name: 'reader',
        joins: (facts) => facts.kind === 'insert',
        around: async (statement, next) => {
          await (statement.db as Any).selectFrom('note').selectAll().execute()
          return next()
        },
      },
    ],
  }
  const plugin = cache({ store: memoryStore(), ttl: 1000, tables: ['note'] })
  const db: Any = await createExecutor(base, [reader, plugin] as Any)
  for (let i = 0; i < 3; i++) await db.insertInto('city').values({ name: 'x' }).execute()
  expect(db.cache.stats()).toMatchObject({ hits: 0, misses: 0, bypassed: 0 })
  await base.destroy()
})
