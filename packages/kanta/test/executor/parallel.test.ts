import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Plugin } from '../../src/run/index.ts'
import { type Any, engines, openOn } from '../tenant/ground.ts'

/** Writes a line for each row that is written, in the same transaction. */
const keeping = (before: (statement: Any) => Promise<void> = async () => {}): Plugin => ({
  name: 'keeping',
  transactionHooks: [
    {
      name: 'keeping',
      joins: (facts) => facts.writes.includes('post'),
      async around(statement, next) {
        const db = statement.db as Any
        await before(statement)
        await db.insertInto('kept').values({ what: 'before' }).execute()
        const result = await next()
        await db.insertInto('kept').values({ what: 'after' }).execute()
        return result
      },
    },
  ],
})

describe.each(engines)('statements with transaction hooks at once on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let opened: Awaited<ReturnType<typeof openOn>>
  let base: Any
  beforeAll(async () => {
    opened = await openOn(engine, ['create table post (id int primary key)', 'create table kept (what varchar(10))'])
    base = opened.base
  })
  beforeEach(async () => {
    await base.deleteFrom('post').execute()
    await base.deleteFrom('kept').execute()
  })
  afterAll(() => opened?.close())
  const insert = (db: Any, id: number): Promise<unknown> => db.insertInto('post').values({ id }).execute()
  const count = async (db: Any, table: string): Promise<number> =>
    (await db.selectFrom(table).selectAll().execute()).length
  const counts = async (): Promise<readonly number[]> => [await count(base, 'post'), await count(base, 'kept')]

  test('take turns in a transaction and on a connection, in the order in which they were asked for', async () => {
    const db = base.withPlugins([keeping()])
    const work = async (held: Any): Promise<void> => {
      const seen = await Promise.all([insert(held, 1), count(held, 'post'), insert(held, 2), count(held, 'post')])
      expect([seen[1], seen[3]]).toEqual([1, 2])
    }
    await db.transaction().execute(work)
    expect(await counts()).toEqual([2, 4])
    await base.deleteFrom('post').execute()
    await db.connection().execute(work)
    expect(await counts()).toEqual([2, 8])
  })

  test('are all done before the commit, also those that nobody awaits', async () => {
    await base
      .withPlugins([keeping()])
      .transaction()
      .execute(async (trx: Any) => {
        void insert(trx, 1)
        void trx.updateTable('post').set({ id: 5 }).where('id', '=', 1).execute()
      })
    expect(await counts()).toEqual([1, 4])
    expect(await base.selectFrom('post').select('id').execute()).toEqual([{ id: 5 }])
  })

  test('are all undone with it', async () => {
    let running: Promise<unknown> | undefined
    const db = base.withPlugins([keeping()])
    const failing = db.transaction().execute(async (trx: Any) => {
      running = Promise.allSettled([insert(trx, 1), insert(trx, 2)])
      await turn()
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    await running
    expect(await counts()).toEqual([0, 0])
  })

  test('fail one by one', async () => {
    const db = base.withPlugins([keeping()])
    await db.transaction().execute(async (trx: Any) => {
      const done = await Promise.allSettled([insert(trx, 1), insert(trx, 1), insert(trx, 2)])
      expect(done.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    })
    expect(await counts()).toEqual([2, 4])
  })

  test('are refused while the transaction is cancelled, and nothing is left of them', async () => {
    const cancel = new AbortController()
    const db = base.withPlugins([keeping(async () => cancel.abort())])
    let done: Any
    const work = db.transaction().execute(
      async (trx: Any) => {
        done = Promise.allSettled([insert(trx, 1), insert(trx, 2), count(trx, 'post')])
        await done
      },
      { signal: cancel.signal },
    )
    await expect(work).rejects.toMatchObject({ code: 'cancelled' })
    expect((await done).map(({ status }: Any) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(await counts()).toEqual([0, 0])
    // The connection is as good as before.
    await insert(base, 3)
    expect(await counts()).toEqual([1, 0])
  })

  test('wait for a nested transaction no more than others do', async () => {
    const db = base.withPlugins([keeping()])
    await db.transaction().execute(async (trx: Any) => {
      const first = insert(trx, 1)
      const inner = trx.transaction().execute(async (nested: Any) => {
        await expect(insert(trx, 9)).rejects.toMatchObject({ code: 'transaction' })
        await Promise.all([insert(nested, 2), insert(nested, 3)])
      })
      await expect(insert(trx, 8)).rejects.toMatchObject({ code: 'transaction' })
      await Promise.all([first, inner])
      await insert(trx, 4)
    })
    expect(await counts()).toEqual([4, 8])
  })
})
