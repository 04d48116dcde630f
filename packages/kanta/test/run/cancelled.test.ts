import { describe, expect, test } from 'vitest'
import { onEachDatabase } from './each-database.ts'

onEachDatabase(({ add, db, rows }) => {
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
})
