import { describe, expect, test } from 'vitest'
import type { Transaction } from '../../src/connect/transaction.ts'
import { onEachDatabase } from './each-database.ts'

onEachDatabase(({ add, db, rows }) => {
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
            const refused = {
              code: 'transaction',
              message: expect.stringContaining('Run this query on the inner handle'),
            }
            await expect(add(1, outer)).rejects.toMatchObject(refused)
            await expect(db.transaction(() => 1, { in: outer.session })).rejects.toMatchObject(refused)
            await expect(db.connection(() => 1, { in: outer.session })).rejects.toMatchObject(refused)
            await expect(outer.savepoint('x')).rejects.toMatchObject(refused)
            await expect(outer.commit()).rejects.toMatchObject({
              code: 'transaction',
              message: expect.stringContaining('Await that first'),
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
        message: expect.stringContaining('Await that first'),
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
})
