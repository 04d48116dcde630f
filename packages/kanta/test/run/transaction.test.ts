import { describe, expect, test } from 'vitest'
import type { Transaction } from '../../src/connect/transaction.ts'
import type { IsolationLevel } from '../../src/dialect/index.ts'
import { onEachDatabase } from './each-database.ts'

onEachDatabase(({ add, db, place, rows }) => {
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
        () => kept.session.acquire('read', undefined),
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
      expect(() => kept.session.tryAcquire('read')).toThrow('has been committed')

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
          message: expect.stringContaining('The database has ended this transaction'),
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
})
