import { Miniflare } from 'miniflare'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { audit } from '../../src/audit/index.ts'
import { batch, withTransaction } from '../../src/dal/index.ts'
import { type D1Binding, d1 } from '../../src/driver/d1/index.ts'
import { libsql } from '../../src/driver/libsql/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { sql } from '../../src/index.ts'
import { softDelete, tenant } from '../../src/plugins/index.ts'
import { type Any, type Db, engines, makeWorld, openWorld, type World } from './ground.ts'

/** A database, and how many times a driver was asked to do something while work ran. */
interface Opened {
  readonly name: string
  readonly missing?: string | undefined
  open(): Promise<World & { readonly sent?: () => number }>
  readonly roundTrips?: boolean
}

/** The same driver, which counts what it sends. */
function counting(driver: Any): { driver: Any; sent: () => number } {
  let count = 0
  const connect = async (role: Any): Promise<Any> => {
    const connection = await driver.connect(role)
    return new Proxy(connection, {
      get(target, name) {
        const value = target[name]
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          if (['all', 'first', 'run', 'execute', 'batch', 'script'].includes(String(name))) count++
          return value.apply(target, args)
        }
      },
    })
  }
  return { driver: { ...driver, connect }, sent: () => count }
}

const counted = async (made: Any, drop?: () => Promise<void>): Promise<World & { sent: () => number }> => {
  const { driver, sent } = counting(made)
  return { ...(await makeWorld(driver, drop)), sent }
}

async function openD1(): Promise<World & { sent: () => number }> {
  const worker = new Miniflare({
    modules: true,
    script: 'export default { fetch() { return new Response() } }',
    d1Databases: { DB: 'DB' },
  })
  const { DB } = await worker.getBindings<{ DB: D1Binding }>()
  return counted(d1(DB), () => worker.dispose())
}

const opened: readonly Opened[] = [
  ...engines.map(({ name, missing, ...engine }) => ({
    name,
    missing,
    open: () => openWorld({ name, missing, ...engine } as Any),
  })),
  { name: 'libsql', open: () => counted(libsql(':memory:')), roundTrips: true },
  { name: 'D1', open: openD1, roundTrips: true },
]

describe.each(opened)('batch() on $name', ({ name, missing, open, roundTrips = false }) => {
  if (missing !== undefined) {
    test.skip(`${name}: ${missing}`, () => {})
    return
  }
  let world: World & { sent?: () => number }
  let db: Db
  beforeAll(async () => {
    world = await open()
    db = world.db
  })
  afterAll(() => world?.close())
  const nameOf = async (id: number) =>
    (await db.selectFrom('author').select('name').where('id', '=', id).executeTakeFirst())?.name

  test('gives what execute() of each gives, in order, with the values of their columns', async () => {
    const before = world.sent?.() ?? 0
    const [authors, updated, books, inserted] = await batch(db, [
      db.selectFrom('author').select(['id', 'born']).where('id', '=', 1),
      db.updateTable('author').set({ name: 'Ada' }).where('id', '=', 1),
      db.selectFrom('book').select(['price', 'extra']).where('author_id', '=', 1).orderBy('id'),
      db.insertInto('author').values({ id: 101, name: 'new', born: null, deleted_at: null }),
    ])
    if (roundTrips) expect(world.sent!() - before).toBe(1)
    expect(authors).toEqual([{ id: 1, born: new Date(Date.UTC(1901, 0)) }])
    expect(updated[0]!.numUpdatedRows).toBe(1n)
    expect(books).toEqual([
      { price: '1.50', extra: { tags: ['b'] } },
      { price: '2.00', extra: null },
    ])
    expect(inserted[0]!.numInsertedOrUpdatedRows).toBe(1n)
    expect(await nameOf(1)).toBe('Ada')
  })

  test('inserts of more rows than a statement takes', async () => {
    const rows = Array.from({ length: 150 }, (_, i) => ({ id: 1_000 + i, name: `n${i}`, born: null, deleted_at: null }))
    const [inserted, found] = await batch(db, [
      db.insertInto('author').values(rows),
      db.selectFrom('author').select('id').where('id', '>=', 1_000),
    ])
    expect(inserted[0]!.numInsertedOrUpdatedRows).toBe(150n)
    expect(found).toHaveLength(150)
  })

  test('all or nothing', async () => {
    const failing = batch(db, [
      db.updateTable('author').set({ name: 'Bea' }).where('id', '=', 1),
      db.insertInto('author').values({ id: 2, name: 'again', born: null, deleted_at: null }),
    ])
    await expect(failing).rejects.toMatchObject({ code: 'unique_violation' })
    expect(await nameOf(1)).toBe('Ada')
  })

  test('T4: the policies of the handles that queries were built from are in force', async () => {
    const live = db.withPlugins([
      softDelete({ tables: ['author'] }),
      tenant({ column: 'author_id', tables: ['book'], shared: ['author'], context: 'who' }),
    ]) as Any
    const mine = live.as({ who: 3 })
    const before = world.sent?.() ?? 0
    const [, living, all, books] = (await batch(live, [
      mine.deleteFrom('author').where('id', '=', 4),
      mine.selectFrom('author').select('id').where('id', 'in', [3, 4]),
      live.withDeleted().selectFrom('author').select('id').where('id', 'in', [3, 4]).orderBy('id'),
      mine.selectFrom('book').select('id').orderBy('id'),
    ])) as Any
    if (roundTrips) expect(world.sent!() - before).toBe(1)
    expect(living).toEqual([{ id: 3 }])
    expect(all).toEqual([{ id: 3 }, { id: 4 }])
    expect(books).toEqual([{ id: 6 }, { id: 7 }])
    await expect(batch(live, [live.selectFrom('book').selectAll()])).rejects.toMatchObject({ code: 'policy' })
  })

  test('hooks hear of each statement, a signal ends it, and what is empty sends nothing', async () => {
    world.statements()
    await batch(db, [db.selectFrom('author').select('id'), db.selectFrom('book').select('id')])
    expect(world.statements().filter((text) => text.startsWith('select'))).toHaveLength(2)
    expect(await batch(db, [])).toEqual([])
    expect(world.statements()).toEqual([])
    const signal = AbortSignal.abort(new Error('enough'))
    const query = db.updateTable('author').set({ name: 'x' })
    await expect(batch(db, [query], { signal })).rejects.toMatchObject({ code: 'cancelled' })
    expect(await nameOf(1)).toBe('Ada')
  })

  if (name === 'D1')
    test('transactions are unsupported there, and the error names batch()', async () => {
      const moved = withTransaction(db, async () => 1)
      await expect(moved).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('batch()') })
    })
  else
    test('inside a transaction it is a part of it', async () => {
      const moved = withTransaction(db, async (trx) => {
        await batch(trx, [trx.updateTable('author').set({ name: 'Cy' }).where('id', '=', 1)])
        const wrong = batch(trx, [
          trx.updateTable('author').set({ name: 'Dee' }).where('id', '=', 1),
          trx.insertInto('author').values({ id: 2, name: 'again', born: null, deleted_at: null }),
        ])
        await expect(wrong).rejects.toMatchObject({ code: 'unique_violation' })
        const [[row]] = await batch(trx, [trx.selectFrom('author').select('name').where('id', '=', 1)])
        expect(row).toEqual({ name: 'Cy' })
        throw new Error('undo')
      })
      await expect(moved).rejects.toThrow('undo')
      expect(await nameOf(1)).toBe('Ada')
    })
})

test('audit() records what a batch writes', async () => {
  const { db, close } = await makeWorld(libsql(':memory:'))
  const audited = db.withPlugins([audit({ tables: ['author'] })])
  await batch(audited, [
    audited.updateTable('author').set({ name: 'Ada' }).where('id', '=', 1),
    audited.selectFrom('author').select('name').where('id', '=', 1),
  ])
  expect(await audited.audit.history('author', { id: 1 })).toHaveLength(1)
  await close()
})

test('what is no query of this database is refused', async () => {
  const { db, close } = await makeWorld(sqlite(':memory:'))
  const other = await makeWorld(sqlite(':memory:'))
  const input = { code: 'invalid_input' }
  const query = db.selectFrom('author').select('id')
  await expect(batch(other.db, [query])).rejects.toMatchObject(input)
  await expect(batch(db, [sql`select 1` as Any])).rejects.toThrow(/item 0 is/)
  await expect(batch(db, [query.execute() as Any])).rejects.toMatchObject(input)
  await expect(batch(db, query as Any)).rejects.toMatchObject(input)
  await expect(db.transaction().execute((trx) => batch(trx, [query]))).rejects.toThrow(
    /another database or transaction/,
  )
  await expect(batch({} as Any, [query])).rejects.toMatchObject(input)
  await other.close()
  await close()
})
