import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Coordinator, commit } from '../../src/commit/index.ts'
import { sql } from '../../src/index.ts'
import { type Bank, kinds, openBank } from './layers.ts'

describe.each(['sqlite', 'postgres', 'mariadb'] as const)('locks in %s', (home) => {
  const other = home === 'sqlite' ? 'sqlite' : 'postgres'
  const missing = kinds[home].missing ?? kinds[other].missing
  describe.skipIf(missing !== undefined)(missing ?? 'lock()', () => {
    let bank: Bank
    let one: Coordinator<Bank['databases']>
    let two: Coordinator<Bank['databases']>
    beforeEach(async () => {
      bank = await openBank([home, other])
      one = commit({ home: 'a', layers: bank.databases })
      two = commit({ home: 'a', layers: bank.another() })
    })
    afterEach(async () => {
      await one.close()
      await two.close()
      await bank.end()
    })

    test('one program has it, and the token rises', async () => {
      const first = await one.lock('report')
      await expect(two.lock('report', { timeout: 0 })).rejects.toMatchObject({ code: 'timeout' })
      await expect(one.lock('report', { timeout: 20 })).rejects.toMatchObject({ code: 'timeout' })
      await first.release()
      await first.release()
      await using second = await two.lock('report', { timeout: 5_000 })
      expect(second.token).toBe(first.token + 1n)
    })

    test('those of one program get it in the order in which they ask', async () => {
      const order: number[] = []
      await Promise.all(
        [1, 2, 3, 4].map(async (number) => {
          await using _lock = await one.lock('line')
          order.push(number)
        }),
      )
      expect(order).toEqual([1, 2, 3, 4])
    })

    test('a signal ends the waiting', async () => {
      await using _held = await one.lock('report')
      const signal = AbortSignal.timeout(20)
      await expect(two.lock('report', { signal })).rejects.toMatchObject({ code: 'timeout' })
      await expect(one.lock('report', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
    })

    test.each(['a', 'b'])('what its former holder writes in %s is refused', async (layer) => {
      const write = (who: typeof one, lock: typeof first, balance: number) =>
        who.transaction((layers) => layers[layer]!.updateTable('account').set({ balance }).execute(), { locks: [lock] })
      const first = await one.lock('account', { ttl: 60_000 })
      await write(one, first, 1)
      // It is taken over, as after its time.
      await sql`update kanta_lock set owner = null`.execute(bank.databases.a!)
      await using second = await two.lock('account')
      await write(two, second, 2)
      await expect(write(one, first, 3)).rejects.toMatchObject({ code: 'lock_lost' })
      expect((await bank.balances())[layer]).toBe(2)
      await first.release()
      await write(two, second, 4)
      expect((await bank.balances())[layer]).toBe(4)
    })

    test('a holder that does not renew it loses it', async () => {
      const held = await one.lock('report', { ttl: 200 })
      const lost = new Promise<void>((resolve) => held.signal.addEventListener('abort', () => resolve()))
      await sql`update kanta_lock set token = token + 1`.execute(bank.databases.a!)
      await lost
      expect(held.signal.reason).toMatchObject({ code: 'lock_lost' })
    })
  })
})

test.each([
  [{ home: 'x', layers: {} }, /home takes the name of one of the layers/],
  [{ home: 'a', layers: { a: {} } }, /takes a whole database/],
  [{ home: 'a b', layers: { 'a b': {} } }, /1 to 16 letters/],
  [{ home: 'a', layers: {}, lesae: 1 }, /no option 'lesae'/],
])('wrong options are refused: %o', (options, message) => {
  expect(() => commit(options as never)).toThrow(message)
})

test.each([
  [{ isolation: "serializable'; drop table account; --" }, /isolation takes one of/],
  [{ locks: [undefined] }, /locks takes a list of locks/],
  [{ layers: [] }, /layers takes a list of names/],
  [{ layers: ['x'] }, /There is no layer "x"/],
])('wrong options of a transaction are refused: %o', async (options, message) => {
  const bank = await openBank(['sqlite', 'sqlite'])
  const shared = commit({ home: 'a', layers: bank.databases })
  await expect((async () => shared.transaction(async () => {}, options as never))()).rejects.toThrow(message)
  await shared.close()
  await bank.end()
})
