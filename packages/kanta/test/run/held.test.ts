import { describe, expect, test } from 'vitest'
import { KantaError } from '../../src/error/index.ts'
import { beginTransaction } from '../../src/run/transact.ts'
import { onEachDatabase } from './each-database.ts'
import { Harness } from './harness.ts'

onEachDatabase(({ add, db, make, place, rows }) => {
  describe('connection()', () => {
    test('holds one connection for its work', async () => {
      const result = await db.connection(async (session) => {
        await db.run('create temp table here (a); insert into here values (1)', session)
        expect(await db.read('select a from here', session)).toEqual([1])
        await db.transaction((trx) => add(1, trx), { in: session })
        return 'done'
      })
      expect(result).toBe('done')
      expect(await rows()).toEqual([1])
    })

    test('inside a transaction is a part of it', async () => {
      await db
        .transaction(async (trx) => {
          await db.connection(
            async (session) => {
              expect(session.inTransaction).toBe(true)
              await db.run('insert into t values (1)', session)
              await db.transaction((inner) => add(2, inner), { in: session })
            },
            { in: trx.session },
          )
          expect(await rows(trx.session)).toEqual([1, 2])
          throw new Error('undo')
        })
        .catch(() => {})
      expect(await rows()).toEqual([])
    })

    test('a transaction left open as text is rolled back and is an error', async () => {
      const failed = db.connection((session) => db.run('begin; insert into t values (1)', session))
      await expect(failed).rejects.toMatchObject({
        code: 'transaction',
        message: expect.stringContaining('left a transaction open'),
      })
      const thrown = db.connection(async (session) => {
        await db.run('begin; insert into t values (1)', session)
        throw new Error('mine')
      })
      await expect(thrown).rejects.toThrow('mine')
      expect(await rows()).toEqual([])
    })

    test('a transaction left open by its own hands is rolled back and is an error', async () => {
      const failed = db.connection(async (session) => {
        const trx = await beginTransaction(session, db.driver)
        await add(1, trx)
      })
      await expect(failed).rejects.toMatchObject({
        code: 'transaction',
        message: expect.stringContaining('left a transaction open'),
      })
      expect(await rows()).toEqual([])
    })

    test('its session ends with it, and its signal ends it', async () => {
      const kept = await db.connection((session) => session)
      await expect(db.run('select 1', kept)).rejects.toMatchObject({ code: 'closed' })
      const controller = new AbortController()
      const failed = db.connection(
        async (session) => {
          await db.run('insert into t values (1)', session)
          controller.abort()
          await new Promise(() => {})
        },
        { signal: controller.signal },
      )
      await expect(failed).rejects.toMatchObject({ code: 'cancelled' })
      expect(await rows()).toEqual([1])
    })
  })

  describe('streams', () => {
    test('a session says whether it can hold one', async () => {
      expect(db.session.canHoldStream).toBe(place === 'file')
      await db.transaction((trx) => expect(trx.session.canHoldStream).toBe(db.driver.sharesStreams))
    })

    test.runIf(place === 'file')('one on a file does not hold up a write, and gives its connection back', async () => {
      await db.run('insert into t values (1), (2), (3)')
      let closed = 0
      const loan = await db.session.lease('read', undefined)
      const cursor = loan.connection.stream('select a from t order by a', [], 1)
      await cursor.next()
      await add(4)
      await db.transaction((trx) => add(5, trx))
      expect(Object.values((await cursor.next()).value![0] as object)).toEqual([2])
      await cursor.return!()
      closed++
      loan.end()
      loan.end()
      expect(await rows()).toEqual([1, 2, 3, 4, 5])
      expect(closed).toBe(1)
    })

    test('one in a transaction is closed before its end', async () => {
      await db.run('insert into t values (1), (2), (3)')
      const closed: string[] = []
      await db.transaction(async (trx) => {
        const loan = await trx.session.lease('read', undefined, () => {
          closed.push('closed')
          cursor.return!()
        })
        const cursor = loan.connection.stream('select a from t order by a', [], 1)
        await cursor.next()
        // Others run meanwhile where the driver can, and wait for the end of the stream where it cannot.
        if (db.driver.sharesStreams) await add(4, trx)
        else expect(trx.session.tryAcquire('write')).toBeUndefined()
        expect(closed).toEqual([])
      })
      expect(closed).toEqual(['closed'])
      await db.run('drop table t; create table t (a)')
    })

    test('one whose closing fails does not keep the connection', async () => {
      await db.transaction(async (trx) => {
        await trx.session.lease('read', undefined, () => {
          throw new Error('no')
        })
      })
      await add(1)
    })
  })

  test('the database may be destroyed while a transaction runs: it ends first', async () => {
    const other = new Harness(make(':memory:'))
    await other.run('create table t (a)')
    let destroyed: Promise<void> | undefined
    await other.transaction(async (trx) => {
      destroyed = other.pool.destroy()
      await other.run('insert into t values (1)', trx.session)
      expect(await other.read('select a from t', trx.session)).toEqual([1])
      await expect(other.run('select 1')).rejects.toBeInstanceOf(KantaError)
    })
    await destroyed
  })
})
