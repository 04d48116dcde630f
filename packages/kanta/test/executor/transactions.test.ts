import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Database, KantaError, kanta, sql } from '../../src/index.ts'
import { createExecutor, softDelete, tenant, timestamps } from '../../src/plugins/index.ts'
import { problemOf } from '../../src/problem.ts'
import type { Engine, Place } from '../engine/engine.ts'
import { postgres } from '../engine/postgres.ts'

// The holes of predecessors that concern transactions and errors under plugins, by their numbers.

interface Tables {
  post: { id: number; owner: number; title: string; updated_at: string; created_at: string; deleted_at: string | null }
}
type Db = Database<Tables>

const base: Db = kanta<Tables>({ driver: sqlite(':memory:') })
let db: Db
afterAll(() => base.destroy())
beforeEach(async () => {
  await sql`drop table if exists post`.execute(base)
  await sql`create table post (id integer primary key, owner integer not null, title text unique,
    created_at text, updated_at text, deleted_at text)`.execute(base)
  const plugins = [
    softDelete({ tables: ['post'] }),
    tenant({ column: 'owner', tables: ['post'] }),
    timestamps({ tables: ['post'] }),
  ]
  db = ((await createExecutor(base, plugins)) as unknown as Db).as({ tenant: 1 })
})

const add = (to: Pick<Db, 'insertInto'>, id: number) =>
  to
    .insertInto('post')
    .values({ id, title: `title ${id}` } as never)
    .execute()
const ids = async (from: Pick<Db, 'selectFrom'> = db) =>
  (await from.selectFrom('post').select('id').orderBy('id').execute()).map(({ id }) => id)

describe.each([postgres])('on $name', (engine: Engine) => {
  test.skipIf(engine.missing !== undefined)(
    'H16: the isolation level that is asked for is the one that is had',
    async () => {
      const place: Place = await engine.create()
      const open = kanta<Tables>({ driver: place.driver(), plugins: [timestamps({ tables: ['post'] })] })
      const level = await open
        .transaction()
        .setIsolationLevel('serializable')
        .execute((trx) =>
          trx.selectNoFrom(sql<string>`current_setting('transaction_isolation')`.as('level')).executeTakeFirstOrThrow(),
        )
      expect(level).toEqual({ level: 'serializable' })
      await open.destroy()
      await place.drop()
    },
  )
})

test('H17, T4: what is done in a transaction is undone with it, and is under its policies', async () => {
  const failed = db.transaction().execute(async (trx) => {
    await add(trx, 1)
    expect(await ids(trx)).toEqual([1])
    throw new Error('undo')
  })
  await expect(failed).rejects.toThrow('undo')
  expect(await ids()).toEqual([])
})

test('H18, TX3: many rows, deletes and reads keep their policies in a transaction and in one inside of it', async () => {
  await db.transaction().execute(async (trx) => {
    await add(trx, 1)
    await trx.transaction().execute(async (inner) => {
      await inner
        .insertInto('post')
        .values(Array.from({ length: 3000 }, (_, i) => ({ id: i + 2, title: `many ${i}` })) as never)
        .execute()
      await inner.deleteFrom('post').where('id', '>', 2).execute()
      expect(await ids(inner)).toEqual([1, 2])
    })
  })
  const { rows } = await sql<{
    n: number
    owner: number
  }>`select count(*) as n, owner from post group by owner`.execute(base)
  expect(rows).toEqual([{ n: 3001, owner: 1 }])
})

test('H19: a transaction goes inside another, whatever is between', async () => {
  await db.transaction().execute((trx) =>
    trx
      .withSchema('main')
      .transaction()
      .execute((inner) => add(inner, 1)),
  )
  expect(await ids()).toEqual([1])
})

test('H20: of two transactions that are begun inside of one at once, neither undoes the other', async () => {
  await db.transaction().execute(async (trx) => {
    const good = trx.transaction().execute((inner) => add(inner, 1))
    const bad = trx.transaction().execute(async (inner) => {
      await add(inner, 2)
      throw new Error('undo')
    })
    const ended = await Promise.allSettled([good, bad])
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  })
  expect(await ids()).toEqual([1])
})

test('TX1, TX2, TX4: transactions that overlap wait for each other, and share nothing', async () => {
  const tasks = Array.from({ length: 20 }, (_, i) =>
    db.transaction().execute(async (trx) => {
      await add(trx, i)
      if (i % 2 === 1) throw new Error('undo')
    }),
  )
  const outside = add(db, 100)
  await Promise.allSettled(tasks)
  await outside
  expect(await ids()).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 100])
})

test('H23: callbacks after the commit run after it, and not after a rollback', async () => {
  const told: string[] = []
  await db.transaction().execute(async (trx) => {
    trx.afterCommit(async () => told.push(`committed with ${(await ids()).length}`))
    await add(trx, 1)
  })
  const failed = db.transaction().execute(async (trx) => {
    trx.afterCommit(() => told.push('never'))
    trx.afterRollback(() => told.push('rolled back'))
    await add(trx, 2)
    throw new Error('undo')
  })
  await expect(failed).rejects.toThrow('undo')
  expect(told).toEqual(['committed with 1', 'rolled back'])
})

test('H57, R11: an error keeps its cause and its columns, and what is answered of it keeps SQL to itself', async () => {
  await add(db, 1)
  const error: unknown = await db
    .insertInto('post')
    .values({ id: 2, title: 'title 1' } as never)
    .execute()
    .catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(KantaError)
  expect(error).toMatchObject({ code: 'unique_violation', table: 'post', columns: ['title'] })
  expect((error as KantaError).cause).toBeInstanceOf(Error)
  expect(JSON.stringify(problemOf(error))).not.toMatch(/insert|post|SQLITE|title 1/i)
})

test('T12: an order of plugins that cannot be is an error, not a warning', async () => {
  const first = { name: 'first', dependencies: ['second'] }
  const second = { name: 'second', dependencies: ['first'] }
  await expect(createExecutor(base, [first, second])).rejects.toMatchObject({ code: 'plugin' })
})

test('R9: a list of hooks that its owner changes while one runs is the list that was given', async () => {
  const told: string[] = []
  const hooks = ['one', 'two', 'three'].map((name) => ({
    name,
    around: async (_: unknown, next: () => Promise<unknown>) => {
      told.push(name)
      hooks.splice(0)
      return next()
    },
  }))
  await ids(base.withPlugins([{ name: 'changing', hooks }]).as({}))
  expect(told).toEqual(['one', 'two', 'three'])
})

test('X1, X2: a delete and a restoration are of the tenant who asks, however the row is told', async () => {
  await add(db, 1)
  const other = db.as({}) // the same tenant; another begins from the database without one
  expect(await ids(other)).toEqual([1])
  const plugins = [softDelete({ tables: ['post'] }), tenant({ column: 'owner', tables: ['post'] })]
  const executor = await createExecutor(base, plugins)
  const stranger = executor.as({ tenant: 2 }) as unknown as Db & {
    restore(table: 'post'): ReturnType<Db['updateTable']>
  }
  const [gone] = await stranger.deleteFrom('post').where('id', '=', 1).execute()
  expect(gone!.numDeletedRows).toBe(0n)
  await db.deleteFrom('post').where('id', '=', 1).execute()
  await (stranger.restore('post') as never as { execute(): Promise<unknown> }).execute()
  expect(await ids()).toEqual([])
})
