import { describe, expect, test } from 'vitest'
import { Pool } from '../../src/connect/pool.ts'
import { PoolSession } from '../../src/connect/session.ts'
import type { Transaction } from '../../src/connect/transaction.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { beginTransaction } from '../../src/run/transact.ts'
import { type Faulty, faulty } from './faulty.ts'
import { Harness } from './harness.ts'

describe('a database that answers later', () => {
  /** A harness whose statements wait until `go` is called with the start of their text. */
  async function gated(): Promise<{ db: Harness; driver: Faulty; go(text: string): void; ran(): string[] }> {
    const driver = faulty(sqlite(':memory:'), { later: true })
    const db = new Harness(driver, { acquireTimeout: 2000 })
    await db.run('create table t (a integer primary key)')
    const from = driver.steps.length
    const gates = new Map<string, PromiseWithResolvers<void>>()
    const gate = (text: string) => {
      if (!gates.has(text)) gates.set(text, Promise.withResolvers<void>())
      return gates.get(text)!
    }
    driver.options = { later: true, gate: ({ sql }) => (/^(insert|release)/.test(sql) ? gate(sql).promise : undefined) }
    const insert = (a: number) => `insert into t values (${a})`
    return {
      db,
      driver,
      go: (text) => gate(/^\d+$/.test(text) ? insert(Number(text)) : text).resolve(),
      ran: () => driver.steps.slice(from).map(({ sql }) => sql),
    }
  }
  const add = (db: Harness, a: number, trx: Transaction) => db.run(`insert into t values (${a})`, trx.session)

  test('statements of a transaction take turns, and what was asked for before its end still runs', async () => {
    const { db, go, ran } = await gated()
    let all: Promise<unknown> | undefined
    const done = db.transaction((trx) => {
      all = Promise.all([add(db, 1, trx), add(db, 2, trx), add(db, 3, trx)])
    })
    for (const a of ['3', '2', '1']) go(a)
    await Promise.all([done, all])
    expect(ran()).toEqual([
      'begin immediate',
      'insert into t values (1)',
      'insert into t values (2)',
      'insert into t values (3)',
      'commit',
    ])
    await db.pool.destroy()
  })

  test('a nested one begins after what was asked for before, and what comes later is refused', async () => {
    const { db, go, ran } = await gated()
    await db.transaction(async (trx) => {
      const before = add(db, 1, trx)
      const nested = db.transaction((inner) => add(db, 2, inner), { in: trx.session })
      const after = add(db, 3, trx).catch((error) => error)
      go('2')
      go('1')
      go('release "kanta_1"')
      await Promise.all([before, nested])
      expect(await after).toMatchObject({ code: 'transaction' })
    })
    expect(ran()).toEqual([
      'begin immediate',
      'insert into t values (1)',
      'savepoint "kanta_1"',
      'insert into t values (2)',
      'release "kanta_1"',
      'commit',
    ])
    await db.pool.destroy()
  })

  test('a nested one that waits for its turn may be cancelled; the outer one goes on', async () => {
    const { db, go } = await gated()
    const controller = new AbortController()
    await db.transaction(async (trx) => {
      const before = add(db, 1, trx)
      const nested = db.transaction(() => 1, { in: trx.session, signal: controller.signal })
      controller.abort()
      await expect(nested).rejects.toMatchObject({ code: 'cancelled' })
      go('1')
      await before
      go('2')
      await add(db, 2, trx)
    })
    expect(await db.read('select a from t')).toEqual([1, 2])
    await db.pool.destroy()
  })

  test('the end of the outer one while a nested one waits for its turn, or commits', async () => {
    for (const at of ['turn', 'commit']) {
      const { db, go } = await gated()
      const controller = new AbortController()
      const calls: string[] = []
      let nested: Promise<unknown> | undefined
      const outer = db.transaction(
        async (trx) => {
          if (at === 'turn') add(db, 1, trx).catch(() => {})
          const started = Promise.withResolvers<void>()
          nested = db
            .transaction(
              (inner) => {
                inner.afterRollback(() => calls.push('inner'))
                setImmediate(started.resolve)
                return 1
              },
              { in: trx.session },
            )
            .catch((error) => error)
          if (at === 'commit') await started.promise
          controller.abort()
          // Only once the outer one is on its way out.
          setImmediate(() => {
            go('1')
            go('release "kanta_1"')
          })
          await new Promise(() => {})
        },
        { signal: controller.signal },
      )
      await expect(outer).rejects.toMatchObject({ code: 'cancelled' })
      expect(await nested).toMatchObject({ code: 'transaction' })
      expect(calls).toEqual(at === 'commit' ? ['inner'] : [])
      expect(await db.read('select a from t')).toEqual([])
      await db.pool.destroy()
    }
  })

  test('waiting for a turn has its limit too', async () => {
    const { db, go } = await gated()
    const trx = await beginTransaction(new PoolSession(new Pool(db.driver, { acquireTimeout: 1 })), db.driver)
    const first = add(db, 1, trx).catch((error) => error)
    await expect(trx.session.acquire('read', undefined)).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('The connection of a transaction did not become free within 1 ms'),
    })
    go('1')
    await first
    await trx.rollback()
    await db.pool.destroy()
  })
})
