import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ambient } from '../../src/ambient.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Database, kanta, sql } from '../../src/index.ts'

interface Tables {
  t: { a: number }
}

let db: Database<Tables>
beforeEach(async () => {
  db = ambient(kanta<Tables>({ driver: sqlite(':memory:') }))
  await sql`create table t (a integer primary key)`.execute(db)
})
afterEach(() => db.destroy())

// It has only the database, as code far from the transaction does.
const add = (a: number) => db.insertInto('t').values({ a }).execute()
const rows = async () => (await db.selectFrom('t').select('a').orderBy('a').execute()).map((row) => row.a)

describe('an ambient transaction', () => {
  test('takes in what its callback calls, and what that awaits', async () => {
    await db.transaction().execute(async () => {
      await add(1)
      await Promise.all([add(2), Promise.resolve().then(() => add(3))])
    })
    expect(await rows()).toEqual([1, 2, 3])
  })

  test('undoes all of it', async () => {
    const failed = db.transaction().execute(async () => {
      await add(1)
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(await rows()).toEqual([])
  })

  test('leaves those outside of it alone', async () => {
    const inside = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const transaction = db.transaction().execute(async () => {
      await add(1)
      inside.resolve()
      await go.promise
      return db.isTransaction
    })
    await inside.promise
    // The only connection is the transaction's, so this waits for its end rather than taking part in it.
    const outside = add(2)
    go.resolve()
    await transaction
    await outside
    expect(await rows()).toEqual([1, 2])
  })

  test('within another is a part of it that can fail by itself', async () => {
    await db.transaction().execute(async () => {
      await add(1)
      const part = db.transaction().execute(async () => {
        await add(2)
        throw new Error('part')
      })
      await expect(part).rejects.toThrow('part')
      await add(3)
    })
    expect(await rows()).toEqual([1, 3])
  })

  test('refuses work that outlives it', async () => {
    const go = Promise.withResolvers<void>()
    let late: Promise<unknown> | undefined
    await db.transaction().execute(async () => {
      late = go.promise.then(() => add(1))
    })
    go.resolve()
    await expect(late).rejects.toMatchObject({ code: 'transaction' })
    expect(await rows()).toEqual([])
  })

  test('calls back after the commit, outside of it', async () => {
    const seen: number[][] = []
    await db.transaction().execute(async (trx) => {
      trx.afterCommit(async () => seen.push(await rows()))
      await add(1)
    })
    expect(seen).toEqual([[1]])
  })

  test('is had only of a whole database', async () => {
    await db.transaction().execute(async (trx) => {
      expect(() => ambient(trx)).toThrow(/takes a whole database/)
    })
    expect(() => ambient({} as never)).toThrow(/what kanta\(\) gives/)
  })
})
