import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Coordinator, commit } from '../../src/commit/index.ts'
import { move } from './account.ts'
import { type Bank, type KindName, kinds, openBank } from './layers.ts'

const groups: readonly (readonly KindName[])[] = [
  ['sqlite', 'sqlite'],
  ['sqlite', 'postgres'],
  ['mariadb', 'postgres'],
  ['pglite', 'sqlite', 'pglite'],
  ['postgres', 'mariadb', 'sqlite', 'sqlite'],
]

describe.each(groups.map((names) => ({ names, title: names.join(', ') })))('home and others: $title', ({ names }) => {
  const missing = names.map((name) => kinds[name].missing).find((reason) => reason !== undefined)
  describe.skipIf(missing !== undefined)(missing ?? 'commit()', () => {
    let bank: Bank
    let shared: Coordinator<Bank['databases']>
    beforeEach(async () => {
      bank = await openBank(names)
      shared = commit({ home: 'a', layers: bank.databases, lease: 500 })
    })
    afterEach(async () => {
      await shared.close()
      await bank.end()
    })
    const last = String.fromCharCode(96 + names.length)
    const all = (value: number) => Object.fromEntries(names.map((_, i) => [String.fromCharCode(97 + i), value]))

    test('what is written in several is committed in all, and nothing is left over', async () => {
      const result = await shared.transaction(async (layers) => {
        await move('a', last, 30)(layers)
        return 'done'
      })
      expect(result).toBe('done')
      expect(await bank.balances()).toEqual({ ...all(100), a: 70, [last]: 130 })
      await shared.transaction(move(last, 'a', 30))
      await shared.close()
      expect(await bank.leftovers()).toEqual(all(0))
      expect(await bank.balances()).toEqual(all(100))
    })

    test('an error undoes it in all', async () => {
      const failure = new Error('no')
      const running = shared.transaction(async (layers) => {
        await move('a', last, 30)(layers)
        throw failure
      })
      await expect(running).rejects.toBe(failure)
      expect(await bank.balances()).toEqual(all(100))
      await shared.close()
      expect(await bank.leftovers()).toEqual(all(0))
    })

    test('what only one has written is its own transaction', async () => {
      await shared.transaction(async (layers) => {
        await layers[last]!.updateTable('account').set({ balance: 1 }).execute()
      })
      expect((await bank.balances())[last]).toBe(1)
      expect((await shared.status()).decided).toEqual([])
    })

    test('a layer alone writes nothing of commits', async () => {
      await shared.transaction((layers) => layers[last]!.updateTable('account').set({ balance: 1 }).execute(), {
        layers: [last],
      })
      expect((await bank.balances())[last]).toBe(1)
      // The home was not even asked.
      const { rows } = await bank.databases[last]!.executeQuery<{ n: number }>({
        sql: 'select count(*) as n from kanta_commit',
        parameters: [],
      } as never)
      expect(Number(rows[0]!.n)).toBe(0)
      await expect(
        bank.databases.a!.executeQuery({ sql: 'select 1 from kanta_commit_owner', parameters: [] } as never),
      ).rejects.toMatchObject({ code: 'query' })
    })

    test('a snapshot shows one state', async () => {
      await shared.transaction(move('a', last, 30))
      const read = () =>
        shared.snapshot(async (layers) => {
          const rows = await Promise.all(
            Object.values(layers).map((db) => db.selectFrom('account').select('balance').execute()),
          )
          return rows.flat().reduce((sum, { balance }) => sum + balance, 0)
        })
      expect(await read()).toBe(100 * names.length)
      await shared.transaction(move('a', last, 30))
      expect(await read()).toBe(100 * names.length)
    })

    test('savepoints of the callback are its own', async () => {
      await shared.transaction(async (layers) => {
        const undone = layers[last]!.transaction().execute(async (trx) => {
          await trx.updateTable('account').set({ balance: 5 }).execute()
          throw new Error('part')
        })
        await expect(undone).rejects.toThrow('part')
        await move('a', last, 10)(layers)
      })
      expect(await bank.balances()).toEqual({ ...all(100), a: 90, [last]: 110 })
    })

    test('a transaction inside it that is open when the callback returns undoes it in all', async () => {
      const running = shared.transaction(async (layers) => {
        await move('a', last, 10)(layers)
        await layers[last]!.startTransaction().execute()
      })
      await expect(running).rejects.toMatchObject({ code: 'transaction' })
      expect(await bank.balances()).toEqual(all(100))
      await shared.close()
      expect(await bank.leftovers()).toEqual(all(0))
    })

    test('a text that would end the transaction of one database is refused', async () => {
      const running = shared.transaction((layers) =>
        layers[last]!.executeQuery({ sql: 'commit', parameters: [] } as never),
      )
      await expect(running).rejects.toMatchObject({ code: 'transaction' })
      expect(await bank.balances()).toEqual(all(100))
    })
  })
})
