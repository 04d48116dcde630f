import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Database, KantaError, kanta, sql } from '../../src/index.ts'

interface Tables {
  t: { a: number }
}

let db: Database<Tables>
beforeEach(async () => {
  db = kanta<Tables>({ driver: sqlite(':memory:') })
  await sql`create table t (a integer primary key)`.execute(db)
})
afterEach(() => db.destroy())

const quick = { minDelay: 0, maxDelay: 0 }
const deadlock = () => new KantaError('deadlock', 'Another was in the way.')

describe('retry()', () => {
  test('runs the whole transaction again, and keeps nothing of those that failed', async () => {
    let runs = 0
    const result = await db
      .transaction()
      .retry(quick)
      .execute(async (trx) => {
        runs++
        await trx.insertInto('t').values({ a: runs }).execute()
        if (runs < 3) throw deadlock()
        return 'done'
      })
    expect([result, runs]).toEqual(['done', 3])
    expect(await db.selectFrom('t').selectAll().execute()).toEqual([{ a: 3 }])
  })

  test('gives up after as many attempts as were allowed, with the last error', async () => {
    let runs = 0
    const failed = db
      .transaction()
      .retry({ attempts: 2, ...quick })
      .execute(async () => {
        runs++
        throw deadlock()
      })
    await expect(failed).rejects.toMatchObject({ code: 'deadlock' })
    expect(runs).toBe(2)
  })

  test('does not repeat what is the fault of the work, or may have been committed', async () => {
    for (const error of [
      new Error('mine'),
      new KantaError('unknown_outcome', '?'),
      new KantaError('after_commit', '?'),
    ]) {
      let runs = 0
      const failed = db
        .transaction()
        .retry(quick)
        .execute(async () => {
          runs++
          throw error
        })
      await expect(failed).rejects.toBe(error)
      expect(runs).toBe(1)
    }
  })

  test('leaves it to the outermost transaction', async () => {
    const runs = { outer: 0, inner: 0 }
    await db
      .transaction()
      .setIsolationLevel('serializable')
      .retry(quick)
      .setAccessMode('read write')
      .execute(async (trx) => {
        runs.outer++
        await trx
          .transaction()
          .retry(quick)
          .execute(async () => {
            runs.inner++
            if (runs.inner < 2) throw deadlock()
          })
      })
    expect(runs).toEqual({ outer: 2, inner: 2 })
  })

  test('stops waiting when its signal aborts', async () => {
    const controller = new AbortController()
    const failed = db
      .transaction()
      .retry({ minDelay: 1e9, maxDelay: 1e9 })
      .execute(
        async () => {
          setTimeout(() => controller.abort(new Error('enough')))
          throw deadlock()
        },
        { signal: controller.signal },
      )
    await expect(failed).rejects.toMatchObject({ code: 'cancelled', cause: new Error('enough') })
  })

  test('refuses settings that are none', () => {
    const retry = (options: unknown) => () => db.transaction().retry(options as never)
    expect(retry(0)).toThrow(/attempts/)
    expect(retry({ tries: 3 })).toThrow(/no option 'tries'/)
    expect(retry('often')).toThrow(/takes an object of options/)
  })
})
