import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { IsolationLevel } from '../../src/dialect/index.ts'
import { betterSqlite3 } from '../../src/driver/better-sqlite3.ts'
import type { Driver } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite.ts'
import { KantaError } from '../../src/error/index.ts'
import { Pool } from '../../src/run/pool.ts'
import { PoolSession } from '../../src/run/session.ts'
import { beginTransaction } from '../../src/run/transact.ts'
import type { Transaction } from '../../src/run/transaction.ts'
import { temporaryFolder } from '../conformance/folder.ts'
import { type Faulty, faulty } from './faulty.ts'
import { Harness } from './harness.ts'

const drivers: readonly [string, (path: string) => Driver][] = [
  ['node:sqlite', (path) => sqlite({ path, busyTimeout: 0 })],
  ['better-sqlite3', (path) => betterSqlite3({ path, busyTimeout: 0 })],
  ['answers later', (path) => faulty(sqlite({ path, busyTimeout: 0 }), { later: true })],
]
const cases = drivers.flatMap(([name, make]) => ['memory', 'file'].map((place) => [name, place, make] as const))

describe.each(cases)('%s (%s)', (_name, place, make) => {
  const folder = temporaryFolder()
  let db: Harness
  beforeEach(async () => {
    db = new Harness(make(place === 'memory' ? ':memory:' : folder.path('transaction.db')), { acquireTimeout: 2000 })
    await db.run('create table t (a integer primary key)')
  })
  // It hangs, and fails, if any connection has not been given back.
  afterEach(() => db.pool.destroy())

  const rows = (session = db.session as Transaction['session'] | Harness['session']) =>
    db.read('select a from t order by a', session)
  const add = (a: number, transaction?: Transaction) => db.run(`insert into t values (${a})`, transaction?.session)

  describe('with a callback', () => {
    test('commits when it returns, and gives what it returned', async () => {
      const result = await db.transaction(async (trx) => {
        await add(1, trx)
        expect(await rows(trx.session)).toEqual([1])
        return 'done'
      })
      expect(result).toBe('done')
      expect(await rows()).toEqual([1])
    })

    test('rolls back when it throws, and throws the very same', async () => {
      const error = new Error('no')
      const thrown = await db
        .transaction(async (trx) => {
          await add(1, trx)
          throw error
        })
        .catch((thrown) => thrown)
      expect(thrown).toBe(error)
      expect(Object.keys(error)).toEqual([])
      await expect(db.transaction(() => Promise.reject('text'))).rejects.toBe('text')
      await expect(
        db.transaction(() => {
          throw undefined
        }),
      ).rejects.toBeUndefined()
      expect(await rows()).toEqual([])
    })

    test('a statement that failed may be caught, and the rest is kept', async () => {
      await db.transaction(async (trx) => {
        await add(1, trx)
        await expect(add(1, trx)).rejects.toThrow()
        await add(2, trx)
      })
      expect(await rows()).toEqual([1, 2])
    })

    test('nothing runs in it once it ended', async () => {
      const kept = await db.transaction((trx) => trx)
      expect(kept).toMatchObject({ isOpen: false, isCommitted: true, isRolledBack: false })
      for (const act of [
        () => add(1, kept),
        () => kept.session.wait('read', undefined),
        () => kept.session.reserve('write', 'x', undefined),
        () => db.transaction(() => 1, { in: kept.session }),
        () => kept.commit(),
        () => kept.rollback(),
        () => kept.savepoint('a'),
      ]) {
        await expect(act()).rejects.toMatchObject({
          code: 'transaction',
          message: expect.stringContaining('has been committed'),
        })
      }
      expect(() => kept.afterCommit(() => {})).toThrow('has been committed')
      expect(() => kept.session.take('read')).toThrow('has been committed')

      let other: Transaction | undefined
      await db
        .transaction((trx) => {
          other = trx
          throw 1
        })
        .catch(() => {})
      expect(other).toMatchObject({ isOpen: false, isCommitted: false, isRolledBack: true })
      await expect(add(1, other)).rejects.toMatchObject({ message: expect.stringContaining('has been rolled back') })
      expect(await rows()).toEqual([])
    })

    test('other work waits, and never gets inside', async () => {
      const release = Promise.withResolvers<void>()
      const inside = Promise.withResolvers<void>()
      const order: string[] = []
      const first = db.transaction(async (trx) => {
        await add(1, trx)
        inside.resolve()
        await release.promise
        await add(2, trx)
        order.push('transaction')
        throw new Error('undo')
      })
      await inside.promise
      const outside = add(3).then(() => order.push('statement'))
      const second = db.transaction((trx) => add(4, trx)).then(() => order.push('second'))
      release.resolve()
      await expect(first).rejects.toThrow('undo')
      await Promise.all([outside, second])
      expect(order).toEqual(['transaction', 'statement', 'second'])
      expect(await rows()).toEqual([3, 4])
    })

    test.runIf(place === 'file')('a read outside neither waits nor sees what is not committed', async () => {
      await db.transaction(async (trx) => {
        await add(1, trx)
        expect(await rows()).toEqual([])
        expect(await rows(trx.session)).toEqual([1])
      })
      expect(await rows()).toEqual([1])
    })

    test('a database left out of a transaction by itself refuses the rest of it', async () => {
      await db.run("create trigger no before insert on t when new.a = 9 begin select raise(rollback, 'gone'); end")
      const failed = db.transaction(async (trx) => {
        await add(1, trx)
        await expect(add(9, trx)).rejects.toThrow('gone')
        // Outside of any transaction by now: this would stay.
        await expect(add(2, trx)).rejects.toMatchObject({
          code: 'transaction',
          message: expect.stringContaining('by itself'),
        })
      })
      await expect(failed).rejects.toMatchObject({
        code: 'transaction',
        message: expect.stringContaining('not committed'),
      })
      expect(await rows()).toEqual([])
      const error = await db.transaction((trx) => add(9, trx)).catch((error) => error)
      expect(error.message).toBe('gone')
      expect(error.suppressed).toBeUndefined()
      await expect(db.transaction((trx) => db.run('commit', trx.session))).rejects.toMatchObject({
        code: 'transaction',
      })
    })

    test('a commit that fails is rolled back', async () => {
      await db.run('create table child (a references t(a) deferrable initially deferred)')
      const calls: string[] = []
      const failed = db.transaction(async (trx) => {
        trx.afterCommit(() => calls.push('commit'))
        trx.afterRollback(() => calls.push('rollback'))
        await db.run('insert into child values (7)', trx.session)
      })
      await expect(failed).rejects.toMatchObject({ code: 'foreign_key_violation', sql: 'commit' })
      expect(calls).toEqual(['rollback'])
      expect(await db.read('select a from child')).toEqual([])
    })
  })

  describe('settings', () => {
    test.each(['serializable', 'snapshot', 'repeatable read'] as IsolationLevel[])(
      '%s is what it always is',
      async (isolation) => {
        await db.transaction((trx) => add(1, trx), { settings: { isolation } })
        expect(await rows()).toEqual([1])
      },
    )

    test.each(['read committed', 'read uncommitted', 'chaos'] as IsolationLevel[])(
      '%s is refused with the alternative',
      async (isolation) => {
        await expect(db.transaction(() => 1, { settings: { isolation } })).rejects.toMatchObject({
          code: 'unsupported',
          message: expect.stringContaining("ask for 'serializable'"),
        })
      },
    )

    test('read only refuses to write, and leaves no trace on the connection', async () => {
      await add(1)
      const settings = { access: 'read only' } as const
      expect(await db.transaction((trx) => rows(trx.session), { settings })).toEqual([1])
      const failure = await db.transaction((trx) => add(2, trx), { settings }).catch((error) => error)
      expect(db.driver.explainError(failure)).toMatchObject({ code: 'read_only' })
      await add(3)
      expect(await rows()).toEqual([1, 3])
    })

    test.runIf(place === 'file')('read only does not wait for a writer, and stays at what it first saw', async () => {
      await db
        .transaction(async (writer) => {
          await add(1, writer)
          await db.transaction(
            async (reader) => {
              expect(await rows(reader.session)).toEqual([])
              await writer.commit()
              expect(await rows()).toEqual([1])
              expect(await rows(reader.session)).toEqual([])
            },
            { settings: { access: 'read only' } },
          )
        })
        .catch((error) =>
          expect(error).toMatchObject({ code: 'transaction', message: expect.stringContaining('committed') }),
        )
      expect(await rows()).toEqual([1])
    })

    test('nested ones have those of the outermost', async () => {
      await db.transaction(
        async (trx) => {
          await db.transaction(() => 1, { in: trx.session, settings: { access: 'read write' } })
          await expect(
            db.transaction(() => 1, { in: trx.session, settings: { access: 'read only' } }),
          ).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('outermost') })
          await expect(
            db.transaction(() => 1, { in: trx.session, settings: { isolation: 'serializable' } }),
          ).rejects.toMatchObject({ code: 'unsupported' })
          await add(1, trx)
        },
        { settings: { access: 'read write' } },
      )
      expect(await rows()).toEqual([1])
    })
  })

  describe('nested', () => {
    test('is a savepoint: it is undone alone, or with all', async () => {
      await db.transaction(async (outer) => {
        await add(1, outer)
        await db.transaction((inner) => add(2, inner), { in: outer.session })
        await db
          .transaction(
            async (inner) => {
              await add(3, inner)
              await db.transaction((innermost) => add(4, innermost), { in: inner.session })
              expect(await rows(inner.session)).toEqual([1, 2, 3, 4])
              throw new Error('undo')
            },
            { in: outer.session },
          )
          .catch(() => {})
        expect(await rows(outer.session)).toEqual([1, 2])
        await add(5, outer)
      })
      expect(await rows()).toEqual([1, 2, 5])
      await db
        .transaction(async (outer) => {
          await db.transaction((inner) => add(6, inner), { in: outer.session })
          throw new Error('undo')
        })
        .catch(() => {})
      expect(await rows()).toEqual([1, 2, 5])
    })

    test('while it is open, the outer one refuses statements and others', async () => {
      await db.transaction(async (outer) => {
        await db.transaction(
          async (inner) => {
            const refused = { code: 'transaction', message: expect.stringContaining('Run this on the inner handle') }
            await expect(add(1, outer)).rejects.toMatchObject(refused)
            await expect(db.transaction(() => 1, { in: outer.session })).rejects.toMatchObject(refused)
            await expect(db.connection(() => 1, { in: outer.session })).rejects.toMatchObject(refused)
            await expect(outer.savepoint('x')).rejects.toMatchObject(refused)
            await expect(outer.commit()).rejects.toMatchObject({
              code: 'transaction',
              message: expect.stringContaining('Await that before'),
            })
            await add(2, inner)
          },
          { in: outer.session },
        )
        await add(3, outer)
      })
      expect(await rows()).toEqual([2, 3])
    })

    test('several at the same time are refused, not mixed', async () => {
      const results = await db.transaction((outer) =>
        Promise.allSettled([1, 2, 3].map((a) => db.transaction((inner) => add(a, inner), { in: outer.session }))),
      )
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
      expect(await rows()).toEqual([1])
    })

    test('that nobody awaits is undone with the outer one', async () => {
      const calls: string[] = []
      const never = Promise.withResolvers<void>()
      let lost: Promise<unknown> | undefined
      let lostTransaction: Transaction | undefined
      const failed = db.transaction(async (outer) => {
        const started = Promise.withResolvers<void>()
        lost = db
          .transaction(
            async (inner) => {
              lostTransaction = inner
              inner.afterRollback(() => calls.push('inner'))
              await add(1, inner)
              started.resolve()
              await never.promise
              await add(2, inner)
            },
            { in: outer.session },
          )
          .catch((error) => error)
        await started.promise
      })
      await expect(failed).rejects.toMatchObject({
        code: 'transaction',
        message: expect.stringContaining('Await that before'),
      })
      expect(lostTransaction).toMatchObject({ isOpen: false, isRolledBack: true })
      never.resolve()
      expect(await lost).toMatchObject({ code: 'transaction', message: expect.stringContaining('rolled back') })
      expect(calls).toEqual(['inner'])
      expect(await rows()).toEqual([])
    })
  })

  describe('callbacks after it', () => {
    test('run once, in order, when the outermost is committed and its connection is free', async () => {
      const calls: unknown[] = []
      await db.transaction(async (outer) => {
        outer.afterCommit(async () => calls.push(1, await rows()))
        await db.transaction(
          async (inner) => {
            inner.afterCommit(() => calls.push(2))
            inner.afterRollback(() => calls.push('never'))
            await add(1, inner)
          },
          { in: outer.session },
        )
        await db
          .transaction(
            (inner) => {
              inner.afterCommit(() => calls.push('never'))
              inner.afterRollback(() => calls.push('inner'))
              throw new Error('undo')
            },
            { in: outer.session },
          )
          .catch(() => {})
        expect(calls).toEqual(['inner'])
        outer.afterCommit(() => add(3).then(() => calls.push(3)))
        outer.afterRollback(() => calls.push('never'))
      })
      expect(calls).toEqual(['inner', 1, [1], 2, 3])
      expect(await rows()).toEqual([1, 3])
    })

    test('of a rollback run for the nested ones that were kept until then', async () => {
      const calls: unknown[] = []
      await db
        .transaction(async (outer) => {
          outer.afterRollback(async () => calls.push(1, await rows()))
          await db.transaction(
            (inner) => {
              inner.afterRollback(() => calls.push(2))
              inner.afterCommit(() => calls.push('never'))
              return add(1, inner)
            },
            { in: outer.session },
          )
          throw new Error('undo')
        })
        .catch(() => {})
      expect(calls).toEqual([1, [], 2])
    })

    test('one that fails does not hide that it is committed, nor the result, nor the others', async () => {
      const calls: number[] = []
      const failed = db.transaction(async (trx) => {
        await add(1, trx)
        trx.afterCommit(() => {
          throw new Error('mail')
        })
        trx.afterCommit(() => {
          calls.push(2)
        })
        trx.afterCommit(() => Promise.reject(new Error('log')))
        return 42
      })
      await expect(failed).rejects.toMatchObject({
        code: 'after_commit',
        message: expect.stringMatching(/is committed.*mail/),
        cause: new Error('mail'),
        suppressed: new Error('log'),
        result: 42,
      })
      expect(calls).toEqual([2])
      expect(await rows()).toEqual([1])
    })

    test('one of a rollback that fails is kept on the first error', async () => {
      const failed = db.transaction((trx) => {
        trx.afterRollback(() => {
          throw new Error('second')
        })
        trx.afterRollback(() => {
          throw new Error('third')
        })
        throw new Error('first')
      })
      const error = await failed.catch((error) => error)
      expect(error.message).toBe('first')
      expect(error.suppressed).toMatchObject({ message: 'second', suppressed: { message: 'third' } })
    })
  })

  describe('cancelled', () => {
    test('before it begins: it takes nothing', async () => {
      const reason = new Error('never mind')
      let ran = false
      const failed = db.transaction(
        () => {
          ran = true
        },
        { signal: AbortSignal.abort(reason) },
      )
      await expect(failed).rejects.toMatchObject({ code: 'cancelled', cause: reason })
      expect(ran).toBe(false)
    })

    test('while it waits', async () => {
      const controller = new AbortController()
      await db.transaction(async (trx) => {
        const waiting = db.transaction(() => 1, { signal: controller.signal })
        controller.abort(new Error('enough'))
        await expect(waiting).rejects.toMatchObject({ code: 'cancelled', cause: new Error('enough') })
        await add(1, trx)
      })
      expect(await rows()).toEqual([1])
    })

    test('meanwhile: it is rolled back at once, and its later work is refused', async () => {
      const controller = new AbortController()
      const go = Promise.withResolvers<void>()
      const later = Promise.withResolvers<unknown>()
      const calls: string[] = []
      const failed = db.transaction(
        async (trx) => {
          trx.afterRollback(() => calls.push('rolled back'))
          await add(1, trx)
          controller.abort(new Error('enough'))
          await go.promise
          later.resolve(await add(2, trx).catch((error) => error))
          throw new Error('nobody hears this')
        },
        { signal: controller.signal },
      )
      await expect(failed).rejects.toMatchObject({ code: 'cancelled', cause: new Error('enough') })
      expect(calls).toEqual(['rolled back'])
      expect(await rows()).toEqual([])
      go.resolve()
      expect(await later.promise).toMatchObject({
        code: 'transaction',
        message: expect.stringContaining('rolled back'),
      })
    })

    test('with a nested one open: both are undone', async () => {
      const controller = new AbortController()
      const calls: string[] = []
      const inner = Promise.withResolvers<unknown>()
      const failed = db.transaction(
        async (outer) => {
          outer.afterRollback(() => calls.push('outer'))
          await db
            .transaction(
              async (nested) => {
                nested.afterRollback(() => calls.push('inner'))
                await add(1, nested)
                controller.abort()
                await new Promise(setImmediate)
                await add(2, nested)
              },
              { in: outer.session },
            )
            .catch((error) => {
              inner.resolve(error)
              throw error
            })
        },
        { signal: controller.signal },
      )
      await expect(failed).rejects.toMatchObject({ code: 'cancelled' })
      expect(await inner.promise).toMatchObject({ code: 'transaction' })
      expect(calls).toEqual(['outer', 'inner'])
      expect(await rows()).toEqual([])
    })

    test('after the last word it is too late', async () => {
      const controller = new AbortController()
      await db.transaction(
        async (trx) => {
          trx.afterCommit(() => controller.abort())
          await add(1, trx)
        },
        { signal: controller.signal },
      )
      expect(await rows()).toEqual([1])
    })
  })

  describe('in its own hands', () => {
    const begin = () => beginTransaction(db.session, db.driver)

    test('committed, rolled back, or left: then it is rolled back', async () => {
      const first = await begin()
      await add(1, first)
      expect(first).toMatchObject({ isOpen: true, isCommitted: false, isRolledBack: false })
      await first.commit()
      expect(first).toMatchObject({ isOpen: false, isCommitted: true, isRolledBack: false })
      const second = await begin()
      await add(2, second)
      await second.rollback()
      expect(second).toMatchObject({ isOpen: false, isCommitted: false, isRolledBack: true })
      {
        await using third = await begin()
        await add(3, third)
      }
      {
        await using fourth = await begin()
        await add(4, fourth)
        await fourth.commit()
      }
      expect(await rows()).toEqual([1, 4])
    })

    test('savepoints', async () => {
      const trx = await begin()
      await add(1, trx)
      await trx.savepoint('one')
      await add(2, trx)
      await trx.savepoint('two "quoted"; drop table t')
      await add(3, trx)
      await trx.rollbackToSavepoint('two "quoted"; drop table t')
      expect(await rows(trx.session)).toEqual([1, 2])
      await trx.rollbackToSavepoint('one')
      await expect(trx.rollbackToSavepoint('two "quoted"; drop table t')).rejects.toMatchObject({
        code: 'transaction',
        message: expect.stringMatching(/no savepoint 'two.* Open are: 'one'\./),
      })
      await add(4, trx)
      await trx.releaseSavepoint('one')
      await expect(trx.releaseSavepoint('one')).rejects.toMatchObject({
        message: expect.stringContaining('Open are: none.'),
      })
      await trx.savepoint('one')
      await trx.commit()
      expect(await rows()).toEqual([1, 4])
    })

    test('savepoints of names that the database would mix up are refused', async () => {
      const trx = await begin()
      await trx.savepoint('a')
      for (const name of ['a', 'A']) await expect(trx.savepoint(name)).rejects.toMatchObject({ code: 'transaction' })
      for (const name of ['', 'kanta_0', 'KANTA_1', undefined as unknown as string]) {
        await expect(trx.savepoint(name)).rejects.toMatchObject({ code: 'invalid_input' })
      }
      await trx.rollback()
    })

    test('callbacks go back to a savepoint as well', async () => {
      const calls: string[] = []
      const trx = await begin()
      trx.afterCommit(() => calls.push('commit 1'))
      trx.afterRollback(() => calls.push('rollback 1'))
      await trx.savepoint('a')
      trx.afterCommit(() => calls.push('commit 2'))
      trx.afterRollback(() => calls.push('rollback 2'))
      await trx.rollbackToSavepoint('a')
      expect(calls).toEqual(['rollback 2'])
      trx.afterCommit(() => calls.push('commit 3'))
      await trx.commit()
      expect(calls).toEqual(['rollback 2', 'commit 1', 'commit 3'])
    })

    test('a nested one inside, in its own hands too', async () => {
      const outer = await begin()
      const inner = await beginTransaction(outer.session, db.driver)
      await add(1, inner)
      await expect(outer.commit()).rejects.toMatchObject({ code: 'transaction' })
      expect(outer.isOpen).toBe(true)
      await inner.rollback()
      const second = await beginTransaction(outer.session, db.driver)
      await add(2, second)
      await outer.rollback()
      expect(second).toMatchObject({ isOpen: false, isRolledBack: true })
      await expect(second.commit()).rejects.toMatchObject({ code: 'transaction' })
      await second[Symbol.asyncDispose]()
      expect(await rows()).toEqual([])
    })

    test('two ends at the same time: the first counts', async () => {
      const trx = await begin()
      await add(1, trx)
      const ends = await Promise.allSettled([trx.commit(), trx.rollback(), trx.commit()])
      expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
      expect(await rows()).toEqual([1])
    })
  })

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
        message: expect.stringContaining('left it open'),
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
        message: expect.stringContaining('left it open'),
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
      const loan = await db.session.lend('read', undefined)
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
        const loan = await trx.session.lend('read', undefined, () => {
          closed.push('closed')
          cursor.return!()
        })
        const cursor = loan.connection.stream('select a from t order by a', [], 1)
        await cursor.next()
        // Others run meanwhile where the driver can, and wait for the end of the stream where it cannot.
        if (db.driver.sharesStreams) await add(4, trx)
        else expect(trx.session.take('write')).toBeUndefined()
        expect(closed).toEqual([])
      })
      expect(closed).toEqual(['closed'])
      await db.run('drop table t; create table t (a)')
    })

    test('one whose closing fails does not keep the connection', async () => {
      await db.transaction(async (trx) => {
        await trx.session.lend('read', undefined, () => {
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
    await expect(trx.session.wait('read', undefined)).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('The connection of a transaction did not become free in 1 ms'),
    })
    go('1')
    await first
    await trx.rollback()
    await db.pool.destroy()
  })
})
