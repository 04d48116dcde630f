import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { cache, memoryStore } from '../../src/cache/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import { sandbox } from '../../src/testing/index.ts'
import { postgres } from '../engine/postgres.ts'
import { engines } from '../relations/ground.ts'
import type { Any } from '../tenant/ground.ts'

const item = table('item', (c) => ({ id: c.integer().primaryKey(), name: c.varchar(40).unique() }))

describe.each(engines)('$name', (engine) => {
  describe.skipIf(engine.missing !== undefined)('sandbox()', () => {
    let place: Any
    let db: Any
    let box: Any
    beforeAll(async () => {
      place = await engine.create()
      db = kanta({ driver: place.driver(), schema: { item }, acquireTimeout: 2_000 })
      await db.schema.createTable(item).execute()
      await db.insertInto('item').values({ name: 'before' }).execute()
    })
    afterEach(async () => {
      await box?.end()
      expect(await names(db)).toEqual(['before'])
    })
    afterAll(async () => {
      await db?.destroy()
      await place?.drop()
    })
    const names = async (on: Any): Promise<string[]> =>
      (await on.selectFrom('item').select('name').orderBy('id').execute()).map((row: Any) => row.name)
    const add = (on: Any, name: string): Promise<unknown> => on.insertInto('item').values({ name }).execute()

    test('statements and transactions are undone at the end (semantic 24)', async () => {
      {
        await using it = await sandbox(db)
        await add(it.db, 'a')
        await (it.db as Any).transaction().execute((trx: Any) => add(trx, 'b'))
        expect(await names(it.db)).toEqual(['before', 'a', 'b'])
        expect(it.db.isTransaction).toBe(false)
      }
      expect(await names(db)).toEqual(['before'])
    })

    test('a transaction that fails undoes its own work only', async () => {
      box = await sandbox(db)
      await add(box.db, 'a')
      const failing = box.db.transaction().execute(async (trx: Any) => {
        expect(trx.isTransaction).toBe(true)
        await add(trx, 'b')
        throw new Error('on purpose')
      })
      await expect(failing).rejects.toThrow('on purpose')
      expect(await names(box.db)).toEqual(['before', 'a'])
    })

    test('a statement that fails leaves the rest', async () => {
      box = await sandbox(db)
      await add(box.db, 'a')
      await expect(add(box.db, 'a')).rejects.toMatchObject({ code: 'unique_violation' })
      await expect(sql.raw('select nothing from nowhere').execute(box.db)).rejects.toThrow()
      await add(box.db, 'b')
      const caught = box.db.transaction().execute(async (trx: Any) => {
        await add(trx, 'c')
        await add(trx, 'c')
      })
      await expect(caught).rejects.toMatchObject({ code: 'unique_violation' })
      expect(await names(box.db)).toEqual(['before', 'a', 'b'])
    })

    test('nested transactions and savepoints (semantic 24)', async () => {
      box = await sandbox(db)
      await box.db.transaction().execute(async (trx: Any) => {
        await add(trx, 'a')
        await trx
          .transaction()
          .execute(async (inner: Any) => {
            await add(inner, 'b')
            throw new Error('inner')
          })
          .catch(() => {})
        await add(trx, 'c')
      })
      const trx = await box.db.startTransaction().execute()
      await add(trx, 'd')
      const saved = await trx.savepoint('here').execute()
      await add(saved, 'e')
      await saved.rollbackToSavepoint('here').execute()
      await trx.commit().execute()
      expect(await names(box.db)).toEqual(['before', 'a', 'c', 'd'])
    })

    test('callbacks run after the commit of the code, and not after its rollback', async () => {
      box = await sandbox(db)
      const calls: string[] = []
      await box.db.transaction().execute(async (trx: Any) => {
        await add(trx, 'a')
        trx.afterCommit(() => calls.push('committed'))
      })
      await box.db
        .transaction()
        .execute(async (trx: Any) => {
          trx.afterCommit(() => calls.push('never'))
          trx.afterRollback(() => calls.push('rolled back'))
          throw new Error('x')
        })
        .catch(() => {})
      expect(calls).toEqual(['committed', 'rolled back'])
    })

    test('transactions take turns', async () => {
      box = await sandbox(db)
      const order: string[] = []
      const run = (name: string): Promise<void> =>
        box.db.transaction().execute(async (trx: Any) => {
          order.push(`${name} begins`)
          await add(trx, name)
          await new Promise((resolve) => setTimeout(resolve, 10))
          order.push(`${name} ends`)
        })
      await Promise.all([run('a'), run('b')])
      expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
      expect(await names(box.db)).toEqual(['before', 'a', 'b'])
    })

    test('begin and commit as text', async () => {
      box = await sandbox(db)
      await box.db.connection().execute(async (held: Any) => {
        await sql.raw(engine.dialect === 'mariadb' ? 'start transaction' : 'begin').execute(held)
        await add(held, 'a')
        await sql.raw('/* done */ commit').execute(held)
        await sql.raw(engine.dialect === 'mariadb' ? 'start transaction' : 'begin').execute(held)
        await add(held, 'b')
        await sql.raw('rollback').execute(held)
      })
      expect(await names(box.db)).toEqual(['before', 'a'])
    })

    test('what is left open at the end is undone', async () => {
      box = await sandbox(db, { timeout: 50 })
      const trx = await box.db.startTransaction().execute()
      await add(trx, 'leaked')
      await box.end()
      await expect(add(trx, 'late')).rejects.toThrow()
      await expect(add(box.db, 'late')).rejects.toMatchObject({ code: 'closed' })
    })

    test('the end waits for work that runs', async () => {
      box = await sandbox(db)
      const work = box.db.transaction().execute(async (trx: Any) => {
        await add(trx, 'a')
        await new Promise((resolve) => setTimeout(resolve, 30))
        await add(trx, 'b')
        return names(trx)
      })
      await new Promise((resolve) => setTimeout(resolve, 5))
      await box.end()
      expect(await work).toEqual(['before', 'a', 'b'])
    })

    test('streams', async () => {
      box = await sandbox(db)
      for (const name of ['a', 'b', 'c']) await add(box.db, name)
      const found: string[] = []
      for await (const row of box.db.selectFrom('item').select('name').orderBy('id').stream()) found.push(row.name)
      expect(found).toEqual(['before', 'a', 'b', 'c'])
    })

    test('a cache keeps nothing of it', async () => {
      const cached: Any = db.withPlugins([cache({ store: memoryStore(), ttl: 60_000, tables: ['item'] })])
      expect(await names(cached)).toEqual(['before'])
      box = await sandbox(cached)
      await add(box.db, 'a')
      expect(await names(box.db)).toEqual(['before', 'a'])
      await box.end()
      expect(await names(cached)).toEqual(['before'])
    })

    test('reset() begins anew', async () => {
      box = await sandbox(db)
      await add(box.db, 'a')
      await box.reset()
      expect(await names(box.db)).toEqual(['before'])
      await add(box.db, 'a')
      expect(await names(box.db)).toEqual(['before', 'a'])
    })

    test.skipIf(engine.dialect === 'sqlite' || engine.name === 'pglite')(
      'the end cancels what still runs',
      async () => {
        box = await sandbox(db, { timeout: 50 })
        const sleeping = sql
          .raw(engine.dialect === 'mariadb' ? 'select sleep(10)' : 'select pg_sleep(10)')
          .execute(box.db)
        const outcome = sleeping.catch(() => {})
        await new Promise((resolve) => setTimeout(resolve, 30))
        const started = performance.now()
        await box.end()
        expect(performance.now() - started).toBeLessThan(5_000)
        await outcome
      },
    )

    test.skipIf(engine.dialect !== 'postgres')('a transaction that is prepared would leave the sandbox', async () => {
      box = await sandbox(db)
      await add(box.db, 'a')
      await expect(sql.raw("prepare transaction 'x'").execute(box.db)).rejects.toMatchObject({ code: 'unsupported' })
      expect(await names(box.db)).toEqual(['before', 'a'])
    })

    test.skipIf(engine.dialect !== 'mariadb')('statements that commit by themselves are refused', async () => {
      box = await sandbox(db)
      await add(box.db, 'a')
      for (const text of [
        'create table other (id int)',
        ' /* x */ drop table item',
        'truncate item',
        'lock tables item read',
      ])
        await expect(sql.raw(text).execute(box.db)).rejects.toMatchObject({ code: 'unsupported' })
      await sql.raw('create temporary table other (id int)').execute(box.db)
      await sql.raw('drop temporary table other').execute(box.db)
      expect(await names(box.db)).toEqual(['before', 'a'])
    })

    test.skipIf(engine.dialect === 'mariadb')('tables that are created are undone', async () => {
      box = await sandbox(db)
      await sql.raw('create table other (id integer)').execute(box.db)
      await box.end()
      await expect(sql.raw('select * from other').execute(db)).rejects.toThrow()
    })
  })
})

test.skipIf(postgres.missing !== undefined)(
  '50 at once on PostgreSQL leave no row, and are reset quickly',
  { timeout: 60_000 },
  async () => {
    const place = await postgres.create()
    const db: Any = kanta({ driver: place.driver({ max: 50 }), schema: { item } })
    await db.schema.createTable(item).execute()
    const times: number[] = []
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        await using box = await sandbox(db)
        const on = box.db as Any
        await on
          .insertInto('item')
          .values({ name: `a${n}` })
          .execute()
        await on.transaction().execute((trx: Any) =>
          trx
            .insertInto('item')
            .values({ name: `b${n}` })
            .execute(),
        )
        expect(await on.selectFrom('item').selectAll().execute()).toHaveLength(2)
      }),
    )
    expect(await db.selectFrom('item').selectAll().execute()).toEqual([])
    await using box = await sandbox(db)
    for (let n = 0; n < 20; n++) {
      await (box.db as Any)
        .insertInto('item')
        .values({ name: `c${n}` })
        .execute()
      const started = performance.now()
      await box.reset()
      times.push(performance.now() - started)
    }
    times.sort((a, b) => a - b)
    console.log(`reset: ${times[10]!.toFixed(2)} ms`)
    await box.end()
    await db.destroy()
    await place.drop()
  },
)
