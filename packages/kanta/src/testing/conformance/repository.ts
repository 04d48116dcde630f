import type { Driver } from '../../driver/index.ts'
import { KantaError } from '../../error/index.ts'
import { open } from '../../extend/internal/index.ts'
import type { Database } from '../../face/index.ts'
import { and, eq, gt, or } from '../../filter/index.ts'
import { repository } from '../../repository/index.ts'
import { sql } from '../../sql/index.ts'
import { type TablesOf, table } from '../../table/index.ts'
import { same } from './assert.ts'
import type { TestRunner } from './driver.ts'

const TABLE = 'kanta_conformance'

/** The table of the suite. */
const rowTable = table(TABLE, (c) => ({
  id: c.integer().primaryKey(),
  slug: c.varchar(40).unique(),
  status: c.varchar(20).default('new'),
  stock: c.integer().nullable(),
}))

/** The database of the suite, with its one table `kanta_conformance`. */
export type ConformanceDatabase = Database<TablesOf<{ kanta_conformance: typeof rowTable }>>

const repositoryOf = (db: ConformanceDatabase) => repository(db, rowTable)

/** The operations that the suite calls. */
export type ConformanceRepository = Pick<
  ReturnType<typeof repositoryOf>,
  | 'getById'
  | 'getByIds'
  | 'getOne'
  | 'getBySlug'
  | 'findAll'
  | 'getAll'
  | 'count'
  | 'exists'
  | 'distinct'
  | 'create'
  | 'createMany'
  | 'update'
  | 'updateMany'
  | 'delete'
  | 'deleteMany'
  | 'findOneAndUpdate'
  | 'getOrCreate'
  | 'upsert'
  | 'increment'
  | 'claim'
  | 'withTransaction'
  | 'isDuplicateKeyError'
>

/** A repository that is held to the contract, on a database. */
export interface RepositoryUnderTest {
  /** Makes the driver of a database in which the table `kanta_conformance` can be created. */
  make(): Driver | Promise<Driver>
  /** Makes the repository of the table; by default `repository(db, table)`. */
  repository?: ((db: ConformanceDatabase, rows: typeof rowTable) => ConformanceRepository) | undefined
  /** The abilities that it lacks, each with the reason. */
  readonly lacks?: { readonly transactions?: string } | undefined
}

/** More rows than one statement or one page has. */
const MANY = 1_500

/**
 * Tests that a repository keeps its contract: keys, reads, writes, filters, pages, transactions, and what it refuses.
 * It holds Kanta's own repositories to it on a driver of yours, or repositories that you build on them. It brings its
 * own assertions, so that it runs on any test runner.
 *
 * @example
 * ```ts
 * import { describe, test } from 'node:test'
 * import { sqlite } from 'kanta/sqlite'
 * import { repositoryConformance } from 'kanta/testing/conformance'
 *
 * export const suite = () => repositoryConformance({ describe, test }, { make: () => sqlite(':memory:') })
 * ```
 */
export function repositoryConformance({ describe, test }: TestRunner, it: RepositoryUnderTest): void {
  const { make, lacks = {}, repository: makeRepository = repositoryOf } = it
  const on = (name: string, body: (rows: ConformanceRepository) => Promise<void>): void => {
    test(name, async () => {
      const db = open({ driver: await make(), schema: { [TABLE]: rowTable } }) as unknown as ConformanceDatabase
      try {
        await sql.raw(`drop table if exists ${TABLE}`).execute(db as never)
        await db.schema.createTable(rowTable).execute()
        await body(makeRepository(db, rowTable))
      } finally {
        await sql.raw(`drop table if exists ${TABLE}`).execute(db as never)
        await db.destroy()
      }
    })
  }
  describe('repository', () => {
    describe('reads', () => tests(on, reads))
    describe('writes', () => tests(on, writes))
    describe('refusals', () => tests(on, refusals))
    if (lacks.transactions === undefined) describe('transactions', () => tests(on, transactions))
  })
}

type Body = (rows: ConformanceRepository) => Promise<void>

function tests(on: (name: string, body: Body) => void, bodies: Readonly<Record<string, Body>>): void {
  for (const [name, body] of Object.entries(bodies)) on(name, body)
}

const row = (id: number, more: object = {}) => ({ id, slug: `s${id}`, status: 'new', stock: id, ...more })

const fill = (rows: ConformanceRepository, count: number) =>
  rows.createMany(Array.from({ length: count }, (_, i) => row(i + 1)))

const reads: Readonly<Record<string, Body>> = {
  async 'of one row give it, or null'(rows) {
    await fill(rows, 3)
    same(await rows.getById(2), row(2))
    same(await rows.getById({ id: 2 }), row(2))
    same(await rows.getById(9), null)
    same(await rows.getOne(eq('slug', 's3')), row(3))
    same(await rows.getOne(eq('slug', 'none')), null)
    same(await rows.getBySlug('s1'), row(1))
    same(await rows.getBySlug('none'), null)
  },
  async 'of several keys give a map of those that are there'(rows) {
    await fill(rows, 3)
    same(
      [...(await rows.getByIds([3, 9, 1]))].toSorted(([a], [b]) => a - b),
      [
        [1, row(1)],
        [3, row(3)],
      ],
    )
    same((await rows.getByIds([])).size, 0)
  },
  async 'by a filter give values, in the order that is asked for'(rows) {
    await fill(rows, 4)
    const found = await rows.findAll(gt('stock', 1), { sort: [{ column: 'id', direction: 'desc' }], limit: 2 })
    same(
      found.map(({ id }) => id),
      [4, 3],
    )
    same(await rows.findAll(eq('id', 9)), [])
    same(await rows.count(gt('stock', 2)), 2)
    same([await rows.exists(eq('id', 4)), await rows.exists(eq('id', 5))], [true, false])
    same(await rows.distinct('status'), ['new'])
  },
  async 'of pages have 20 rows, and tell of the others'(rows) {
    await fill(rows, 45)
    const first = await rows.getAll()
    same([first.method, first.data.length, first.hasNext], ['offset', 20, true])
    const last = await rows.getAll({ page: 3, sort: [{ column: 'id' }] })
    same(
      last.data.map(({ id }) => id),
      [41, 42, 43, 44, 45],
    )
    same(last.hasNext, false)
  },
  async 'of pages by cursor give every row once'(rows) {
    await fill(rows, 23)
    const found: number[] = []
    for (let after: string | undefined, pages = 0; pages < 10; pages++) {
      const page = await rows.getAll({
        method: 'cursor',
        limit: 7,
        sort: [{ column: 'stock', direction: 'desc' }],
        after,
      })
      found.push(...page.data.map(({ id }) => id))
      after = (page as { next?: string | null }).next ?? undefined
      if (after === undefined) break
    }
    same(
      found,
      Array.from({ length: 23 }, (_, i) => 23 - i),
    )
  },
}

const writes: Readonly<Record<string, Body>> = {
  async 'create a row, with its defaults'(rows) {
    same(await rows.create({ id: 1, slug: 'a' }), { id: 1, slug: 'a', status: 'new', stock: null })
  },
  async 'create no row, or any number of rows'(rows) {
    same(await rows.createMany([]), [])
    same((await fill(rows, MANY)).length, MANY)
    same(await rows.count(), MANY)
  },
  async 'update the row of a key, and nothing else'(rows) {
    await fill(rows, 2)
    same(await rows.update(1, { status: 'sold' }), row(1, { status: 'sold' }))
    same(await rows.update(1, {}), row(1, { status: 'sold' }))
    same(await rows.update(9, { status: 'sold' }), null)
    same(await rows.getById(2), row(2))
  },
  async 'update and delete by a filter, and count'(rows) {
    await fill(rows, 5)
    same(await rows.updateMany(gt('stock', 3), { status: 'sold' }), 2)
    same(await rows.deleteMany(or(eq('status', 'sold'), eq('id', 1))), 3)
    same(await rows.count(), 2)
    same(await rows.findOneAndUpdate(eq('slug', 's2'), { stock: 7 }), row(2, { stock: 7 }))
    same(await rows.findOneAndUpdate(eq('slug', 'none'), { stock: 7 }), null)
  },
  async 'delete the row of a key, and give it'(rows) {
    await fill(rows, 2)
    same(await rows.delete(1), row(1))
    same(await rows.delete(1), null)
    same(await rows.count(), 1)
  },
  async 'get or create, once'(rows) {
    const made = await rows.getOrCreate({ slug: 'a' }, { id: 1, stock: 5 })
    const found = await rows.getOrCreate({ slug: 'a' }, { id: 2, stock: 6 })
    same([made.created, found.created, made.row, found.row], [true, false, found.row, made.row])
  },
  async 'insert or update by a unique key'(rows) {
    await rows.upsert({ id: 1, slug: 'a', stock: 1 }, { on: ['slug'] })
    same((await rows.upsert({ id: 1, slug: 'a', stock: 2 }, { on: ['slug'] })).stock, 2)
    same(await rows.count(), 1)
  },
  async 'add to a number at the database'(rows) {
    await fill(rows, 1)
    await Promise.all(Array.from({ length: 10 }, () => rows.increment(1, 'stock')))
    same((await rows.increment(1, 'stock', -1))?.stock, 10)
    same(await rows.increment(9, 'stock'), null)
  },
  async 'let one of several claim a row'(rows) {
    await fill(rows, 1)
    const claim = { field: 'status', from: 'new', to: 'taken' } as const
    const claims = await Promise.all(Array.from({ length: 5 }, () => rows.claim(1, claim)))
    same(
      claims.filter((each) => each !== null),
      [row(1, { status: 'taken' })],
    )
  },
}

const refusals: Readonly<Record<string, Body>> = {
  async 'of a key that is not whole'(rows) {
    await fill(rows, 1)
    for (const key of [undefined, {}, { id: undefined }, { id: 1, slug: 's1' }, { none: 1 }])
      same(await codeOf(rows.getById(key as never)), 'invalid_input')
    same(await codeOf(rows.delete(undefined as never)), 'invalid_input')
  },
  async 'of a filter that keeps all rows, in a write'(rows) {
    await fill(rows, 2)
    same(await codeOf(rows.deleteMany(and())), 'invalid_input')
    same(await codeOf(rows.updateMany(and(), { status: 'x' })), 'invalid_input')
    same(await codeOf(rows.findOneAndUpdate(and(), { status: 'x' })), 'invalid_input')
    same(await rows.count(eq('status', 'new')), 2)
  },
  async 'of another key, and of unknown columns'(rows) {
    await fill(rows, 1)
    same(await codeOf(rows.update(1, { id: 2 } as never)), 'invalid_input')
    same(await codeOf(rows.update(1, { none: 2 } as never)), 'invalid_input')
    same(await codeOf(rows.findAll(eq('none' as never, 1 as never))), 'invalid_input')
  },
  async 'of pages without a whole number'(rows) {
    for (const limit of [0, -1, 1.5, 1_001, Number.NaN]) same(await codeOf(rows.getAll({ limit })), 'invalid_input')
    for (const page of [0, 1.5]) same(await codeOf(rows.getAll({ page })), 'invalid_input')
  },
  async 'of a cursor that is not one'(rows) {
    same(await codeOf(rows.getAll({ method: 'cursor', after: 'no cursor' })), 'invalid_input')
  },
  async 'of a key that is there already, which can be told'(rows) {
    await fill(rows, 1)
    const error: unknown = await rows.create(row(1)).catch((cause: unknown) => cause)
    same(rows.isDuplicateKeyError(error), true)
    same(rows.isDuplicateKeyError(new Error('another')), false)
  },
}

const transactions: Readonly<Record<string, Body>> = {
  async 'keep all, or nothing'(rows) {
    await rows.withTransaction(async (inner) => void (await inner.create(row(1))))
    const lost = rows.withTransaction(async (inner) => {
      await inner.create(row(2))
      throw new Error('on purpose')
    })
    same(await lost.catch((error: Error) => error.message), 'on purpose')
    same(await rows.count(), 1)
  },
  async 'are around many rows'(rows) {
    await rows.create(row(MANY))
    same(await codeOf(fill(rows, MANY)), 'unique_violation')
    same(await rows.count(), 1)
  },
  async 'go on after a part that fails'(rows) {
    await rows.withTransaction(async (outer) => {
      await outer.create(row(1))
      const part = outer.withTransaction(async (inner) => {
        await inner.create(row(2))
        throw new Error('on purpose')
      })
      await part.catch(() => {})
      await outer.create(row(3))
    })
    same(await rows.findAll(undefined, { sort: [{ column: 'id' }] }), [row(1), row(3)])
  },
}

async function codeOf(run: Promise<unknown>): Promise<string> {
  try {
    await run
    return 'no error'
  } catch (error) {
    if (error instanceof KantaError) return error.code
    throw error
  }
}
