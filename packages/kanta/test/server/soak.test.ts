import { type Proxy, startProxy } from 'kanta-servers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Database, KantaError, kanta, sql } from '../../src/index.ts'
import { type Server, servers } from './servers.ts'

interface Tables {
  t: { a: number }
}

/** Numbers that look like chance and are the same each time: a linear congruential generator. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** What may go wrong with work that is stopped, cut off, or stands in the way of other work. */
const EXPECTED = [
  'cancelled',
  'timeout',
  'connection',
  'unknown_outcome',
  'transaction',
  'closed',
  'unique_violation',
  'deadlock',
]

describe.each(servers)('$name', (server: Server) => {
  describe.skipIf(server.missing !== undefined)('much at once, of which much fails', () => {
    let proxy: Proxy
    let db: Database<Tables>
    let direct: Database<Tables>
    let close: () => Promise<void>
    const unhandled: unknown[] = []
    const note = (error: unknown): void => {
      unhandled.push(error)
    }

    beforeEach(async () => {
      unhandled.length = 0
      process.on('unhandledRejection', note)
      const place = await server.create()
      proxy = await startProxy(place.address)
      direct = kanta<Tables>({ driver: place.driver(place.address, 1) })
      await sql`create table t (a integer primary key)`.execute(direct)
      db = kanta<Tables>({ driver: place.driver(proxy, 4), acquireTimeout: 60_000 })
      close = async () => {
        await db.destroy({ timeout: 1_000 }).catch(() => {})
        await direct.destroy()
        await proxy.close()
        await place.drop()
        process.off('unhandledRejection', note)
      }
    }, 30_000)
    afterEach(() => close())

    /** The sessions of the other database, and how many of them do something or are in a transaction. */
    const busy = async (): Promise<number> => {
      const { rows } = await direct.executeQuery<{ n: number }>({ sql: server.busy, parameters: [] })
      return Number(rows[0]!.n)
    }

    const add = (a: number, to: Pick<Database<Tables>, 'insertInto'>, signal?: AbortSignal) =>
      to.insertInto('t').values({ a }).execute({ signal })

    type Work = (i: number, signal: AbortSignal | undefined) => Promise<unknown>
    const works: readonly Work[] = [
      (_, signal) => db.selectNoFrom(sql<number>`1`.as('x')).execute({ signal }),
      (_, signal) => db.selectNoFrom(sql.raw<number>(server.sleeping(0.005)).as('x')).execute({ signal }),
      (i, signal) => add(i, db, signal),
      (_, signal) => add(-1, db, signal),
      (i, signal) => db.transaction().execute((trx) => add(i, trx), { signal }),
      (i, signal) =>
        db.transaction().execute(
          async (trx) => {
            await add(i, trx)
            await trx.selectNoFrom(sql.raw<number>(server.sleeping(0.005)).as('x')).execute()
            if (i % 3 === 0) throw new KantaError('cancelled', 'By the work itself.')
          },
          { signal },
        ),
      (i, signal) =>
        db.transaction().execute(
          async (trx) => {
            await add(i, trx)
            await trx
              .transaction()
              .execute(async (inner) => {
                await add(-i, inner)
                throw new KantaError('cancelled', 'By the work itself.')
              })
              .catch(() => {})
            await trx
              .transaction()
              .execute(async (inner) => {
                await add(-1, inner)
              })
              .catch(() => {})
            await Promise.all([
              trx.selectFrom('t').selectAll().limit(3).execute(),
              trx.selectFrom('t').selectAll().limit(2).execute(),
            ])
          },
          { signal },
        ),
      async (_, signal) => {
        for await (const _row of db.selectFrom('t').selectAll().stream({ chunkSize: 2, signal }))
          if (_row.a % 5 === 4) break
      },
      (_, signal) =>
        db.transaction().execute(
          async (trx) => {
            const rows = trx.selectFrom('t').selectAll().stream({ chunkSize: 2 })
            await rows.next()
          },
          { signal },
        ),
      async (i) => {
        await using trx = await db.startTransaction().setIsolationLevel('serializable').execute()
        await add(i, trx)
        if (i % 2 === 0) await trx.commit().execute()
      },
      (_, signal) =>
        db
          .transaction()
          .setAccessMode('read only')
          .execute((trx) => trx.selectFrom('t').selectAll().limit(1).execute(), { signal }),
      (_, signal) => db.connection().execute((one) => one.selectFrom('t').selectAll().limit(1).execute(), { signal }),
    ]

    test('leaves every connection as it was, and lets nothing escape', async () => {
      const next = chance(7)
      const unexpected: unknown[] = []
      let done = 0
      const one = async (i: number): Promise<void> => {
        const kind = next()
        const controller = new AbortController()
        const after = Math.floor(next() * 400)
        const signal = kind < 0.2 ? AbortSignal.timeout(after) : kind < 0.4 ? controller.signal : undefined
        const timer = kind >= 0.2 && kind < 0.4 ? setTimeout(() => controller.abort(), after) : undefined
        try {
          await works[Math.floor(next() * works.length)]!(i + 1, signal)
        } catch (error) {
          if (!(error instanceof KantaError) || !EXPECTED.includes(error.code)) unexpected.push(String(error))
        } finally {
          clearTimeout(timer)
          if (++done % 150 === 0 && done < 800) proxy.cut()
        }
      }
      await Promise.all(Array.from({ length: 1_000 }, (_, i) => one(i)))
      expect(unexpected).toEqual([])
      expect(unhandled).toEqual([])
      // Whoever was cut off the server notices by itself.
      while ((await busy()) > 0);
      for (const result of await Promise.all(
        Array.from({ length: 40 }, () => db.selectNoFrom(sql<number>`1`.as('x')).execute()),
      ))
        expect(result).toEqual([{ x: 1 }])
      await db.transaction().execute((trx) => add(1_000_000, trx))
      expect(await busy()).toBe(0)
      await db.destroy()
    }, 60_000)

    test('a signal that comes as its statement ends does not hit the next', async () => {
      const next = chance(11)
      for (let i = 0; i < 400; i++) {
        const controller = new AbortController()
        const slow = db
          .selectNoFrom(sql.raw<number>(server.sleeping(0.002)).as('x'))
          .execute({ signal: controller.signal })
        const timer = setTimeout(() => controller.abort(), 1 + next() * 4)
        await slow.catch(() => {})
        clearTimeout(timer)
        await Promise.all([1, 2, 3, 4].map(() => db.selectNoFrom(sql<number>`1`.as('x')).execute()))
      }
      expect(unhandled).toEqual([])
    }, 60_000)
  })
  if (server.missing !== undefined) test.skip(server.missing, () => {})
})
