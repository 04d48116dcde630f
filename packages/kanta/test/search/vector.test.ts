import { vector as pgvector } from '@electric-sql/pglite-pgvector'
import { getLoadablePath } from 'sqlite-vec'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { libsql } from '../../src/driver/libsql/index.ts'
import { pglite } from '../../src/driver/pglite/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import { camelCase, createExecutor, softDelete, tenant, ttl } from '../../src/plugins/index.ts'
import { searchSupport, vector, vectorBytes, vectorText } from '../../src/search/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { openPglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'

const DAY = new Date('2030-01-01T00:00:00.000Z')
const extensions = [getLoadablePath()]

interface Ground {
  readonly name: string
  readonly isPostgres: boolean
  open(): Promise<{ readonly driver: Driver; close(): Promise<void> }>
}

const grounds: readonly Ground[] = [
  {
    name: 'sqlite-vec with node:sqlite',
    isPostgres: false,
    open: async () => ({ driver: sqlite({ path: ':memory:', extensions }), close: async () => {} }),
  },
  {
    name: 'sqlite-vec with better-sqlite3',
    isPostgres: false,
    open: async () => ({ driver: betterSqlite3({ path: ':memory:', extensions }), close: async () => {} }),
  },
  {
    name: 'pgvector in PGlite',
    isPostgres: true,
    open: async () => {
      const database = await openPglite({ extensions: { vector: pgvector } })
      await database.exec('create extension vector')
      return { driver: pglite(database), close: () => database.close() }
    },
  },
]

describe.each(grounds)('search by vectors: $name', ({ isPostgres, open }) => {
  const article = table('article', (c) => ({
    id: c.integer().primaryKey(),
    tenant_id: c.integer(),
    made_at: c.timestamp(),
    deleted_at: c.timestamp().nullable(),
    expires_at: c.timestamp().nullable(),
    embedding: (isPostgres ? c.custom('vector(3)', vectorText(3)) : c.custom('blob', vectorBytes(3))).nullable(),
  }))
  const schema = { article }
  const start = (driver: Driver) => kanta({ driver, schema })
  let base: ReturnType<typeof start>
  let end: () => Promise<void>
  const executor = () =>
    createExecutor(base, [
      tenant({ column: 'tenant_id', tables: ['article'] }),
      softDelete({ tables: ['article'] }),
      ttl({ tables: { article: { column: 'expires_at' } }, now: () => DAY }),
      vector({ article: { column: 'embedding', dimensions: 3 } }),
    ])
  let db: Awaited<ReturnType<typeof executor>>

  beforeAll(async () => {
    const { driver, close } = await open()
    end = close
    base = start(driver)
    await base.schema.createTable(article).execute()
    db = await executor()
    const row = (id: number, tenant_id: number, embedding: readonly number[] | null, more: object = {}) => ({
      ...{ id, tenant_id, embedding, made_at: DAY, deleted_at: null, expires_at: null },
      ...more,
    })
    const rows = [
      row(1, 1, [1, 0, 0]),
      row(2, 1, [0.9, 0.1, 0]),
      row(3, 1, [0, 1, 0]),
      row(4, 1, [0, 0, 1]),
      row(5, 1, null),
      row(6, 1, [1, 0, 0], { deleted_at: DAY }),
      row(7, 1, [1, 0, 0], { expires_at: DAY }),
      row(8, 1, [0, 0, 0]),
      // More rows of another tenant are nearer than there are asked for.
      ...Array.from({ length: 200 }, (_, i) => row(100 + i, 2, [1, 0, i / 100_000])),
    ]
    await base.insertInto('article').values(rows).execute()
  }, 60_000)
  afterAll(async () => {
    await base?.destroy()
    await end?.()
  })

  test('T13, T14: the nearest of the rows that are visible, not those that are left of the nearest', async () => {
    const near = await db.as({ tenant: 1 }).nearest('article', [1, 0, 0], { k: 3 }).select(['id', 'distance']).execute()
    expect(near.map(({ id }) => id)).toEqual([1, 2, expect.any(Number)])
    expect(near[0]!.distance).toBeCloseTo(0, 6)
    expect(near[1]!.distance).toBeCloseTo(1 - 0.9 / Math.hypot(0.9, 0.1), 6)
    expect(near[2]!.distance).toBeCloseTo(1, 6)
    const all = await db.as({ tenant: 1 }).nearest('article', [1, 0, 0], { k: 100 }).select('id').execute()
    expect(all.map(({ id }) => id).sort()).toEqual([1, 2, 3, 4])
    await expect(db.nearest('article', [1, 0, 0], { k: 3 }).select('id').execute()).rejects.toMatchObject({
      code: 'policy',
    })
  })

  test('conditions come before the number of rows; columns are decoded', async () => {
    const near = db.as({ tenant: 1 }).nearest(article, [1, 0, 0], { k: 1 })
    expect(await near.where('id', '>', 1).select('id').execute()).toEqual([{ id: 2 }])
    expect(await near.where('distance', '>', 0.5).where('id', '<', 4).select('article.id').execute()).toEqual([
      { id: 3 },
    ])
    const [whole] = await near.selectAll().execute()
    expect(whole).toEqual({
      ...{ id: 1, tenant_id: 1, made_at: DAY, deleted_at: null, expires_at: null },
      embedding: Float32Array.of(1, 0, 0),
      distance: expect.any(Number),
    })
    const typed = Float32Array.of(0, 1, 0)
    expect(await db.as({ tenant: 1 }).nearest('article', typed, { k: 1 }).select('id').execute()).toEqual([{ id: 3 }])
  })

  test('distances between points', async () => {
    const points = await createExecutor(base, [
      vector({ article: { column: 'embedding', dimensions: 3, distance: 'l2' } }),
      camelCase(),
    ])
    const near = await points.nearest('article', [0, 0, 0], { k: 1 }).select(['id', 'distance']).execute()
    expect(near).toEqual([{ id: 8, distance: 0 }])
    const far = await points.nearest('article', [0, 3, 4], { k: 1 }).where('id', '=', 1).select('distance').execute()
    expect(far[0]!.distance).toBeCloseTo(Math.hypot(1, 3, 4), 5)
  })

  test('wrong vectors are refused before they reach the database', async () => {
    const one = db.as({ tenant: 1 })
    const wrong: readonly [unknown, unknown, RegExp][] = [
      [[1, 0], { k: 1 }, /3 dimensions/],
      [[1, 0, 0, 0], { k: 1 }, /3 dimensions/],
      [[1, Number.NaN, 0], { k: 1 }, /finite/],
      [[1, Number.POSITIVE_INFINITY, 0], { k: 1 }, /finite/],
      [[1, 1e39, 0], { k: 1 }, /finite/],
      [[1, '0', 0], { k: 1 }, /numbers/],
      [[1, undefined, 0], { k: 1 }, /numbers/],
      ['[1,0,0]', { k: 1 }, /array of numbers/],
      [[0, 0, 0], { k: 1 }, /no direction/],
      [[1, 0, 0], { k: 0 }, /how many rows/],
      [[1, 0, 0], { k: 1.5 }, /how many rows/],
      [[1, 0, 0], {}, /how many rows/],
      [[1, 0, 0], undefined, /object of options/],
      [[1, 0, 0], { k: 1, limit: 5 }, /no option 'limit'/],
    ]
    for (const [values, options, message] of wrong)
      expect(() => one.nearest('article', values as never, options as never), String(message)).toThrow(message)
    expect(() => one.nearest('other' as never, [1, 0, 0], { k: 1 })).toThrow(/no vectors/)
    await expect(
      base
        .insertInto('article')
        .values({ id: 9, tenant_id: 1, made_at: DAY, embedding: [1] })
        .execute(),
    ).rejects.toThrow(/3 dimensions/)
    expect(await searchSupport(base)).toMatchObject({ vector: true })
  })
})

const plain = table('plain', (c) => ({ id: c.integer().primaryKey(), embedding: c.text() }))
const given = vector({ plain: { column: 'embedding', dimensions: 3 } })

test('SQLite without sqlite-vec says so', async () => {
  const base = kanta({ driver: sqlite(':memory:'), schema: { plain } })
  expect(await searchSupport(base)).toEqual({ fullText: true, vector: false })
  await expect(createExecutor(base, [given])).rejects.toThrow(/sqlite-vec/)
  await base.destroy()
})

test('a database that loads no extensions refuses them', async () => {
  expect(() => libsql({ path: ':memory:', extensions })).toThrow(/loads no extensions/)
  expect(() => sqlite({ path: ':memory:', extensions: 'vec0' as never })).toThrow(/list of files/)
  const missing = kanta({ driver: sqlite({ path: ':memory:', extensions: ['/nowhere/vec0.so'] }) })
  await expect(sql`select 1`.execute(missing)).rejects.toMatchObject({ code: 'connection' })
  // Nothing else can be loaded by text.
  const db = kanta({ driver: sqlite({ path: ':memory:', extensions }) })
  await expect(sql`select load_extension('/nowhere/vec0.so')`.execute(db)).rejects.toThrow(/not authorized/)
  await db.destroy()
})

describe.each([postgres, mariadbEngine])('$name without vectors', (engine) => {
  test.skipIf(engine.missing !== undefined)(`says so${engine.missing ?? ''}`, async ({ skip }) => {
    const place = await engine.create()
    const base = kanta({ driver: place.driver(), schema: { plain } })
    try {
      if ((await searchSupport(base)).vector) skip('this server has vectors')
      await expect(createExecutor(base, [given])).rejects.toMatchObject({
        code: 'plugin',
        cause: { code: 'unsupported' },
      })
    } finally {
      await base.destroy()
      await place.drop()
    }
  })
})

test('wrong options are refused by name', () => {
  const wrong: readonly [unknown, RegExp][] = [
    [undefined, /takes the tables/],
    [{}, /takes the tables/],
    [{ a: {} }, /the column of 'a'/],
    [{ a: { column: 'e' } }, /dimensions of 'a'/],
    [{ a: { column: 'e', dimensions: 0 } }, /dimensions of 'a'/],
    [{ a: { column: 'e', dimensions: 3, distance: 'dot' } }, /distance of 'a'/],
    [{ a: { column: 'e', dimensions: 3, index: true } }, /no option 'index'/],
  ]
  for (const [tables, message] of wrong) expect(() => vector(tables as never)).toThrow(message)
})
