import { describe, expect, test } from 'vitest'
import { beginTransaction } from '../../src/run/transact.ts'
import { onEachDatabase } from './each-database.ts'

onEachDatabase(({ add, db, rows }) => {
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
        message: expect.stringMatching(/Unknown savepoint 'two.* Open savepoints: 'one'\./),
      })
      await add(4, trx)
      await trx.releaseSavepoint('one')
      await expect(trx.releaseSavepoint('one')).rejects.toMatchObject({
        message: expect.stringContaining('Open savepoints: none.'),
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
})
