import { type Proxy, startProxy } from 'kanta-servers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Database, KantaError, kanta, sql } from '../../src/index.ts'
import {
  type BreakerState,
  breaker,
  gracefulShutdown,
  health,
  retry,
  silentLogger,
  timeouts,
} from '../../src/infra/index.ts'
import { type Server, servers } from '../server/servers.ts'

interface Tables {
  t: { a: number }
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    (error: unknown) => (error instanceof KantaError ? error.code : String(error)),
  )

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe.each(servers)('$name', (server: Server) => {
  describe.skipIf(server.missing !== undefined)('behind a proxy that fails', () => {
    let proxy: Proxy
    let direct: Database<Tables>
    let base: Database<Tables>
    let close: () => Promise<void>
    let another: (max: number) => Database<Tables>

    beforeEach(async () => {
      const place = await server.create()
      proxy = await startProxy(place.address)
      direct = kanta<Tables>({ driver: place.driver(place.address, 2) })
      another = (max) => kanta<Tables>({ driver: place.driver(place.address, max), logger: silentLogger })
      base = kanta<Tables>({ driver: place.driver(proxy, 4), acquireTimeout: 2_000, logger: silentLogger })
      await sql`create table t (a integer primary key)`.execute(direct)
      close = async () => {
        for (const db of [base, direct]) await db.destroy({ timeout: 1_000 }).catch(() => {})
        await proxy.close()
        await place.drop()
      }
    })
    afterEach(() => close())

    const rows = async () => (await direct.selectFrom('t').select('a').orderBy('a').execute()).map(({ a }) => a)

    test.for(['cut', 'reset'] as const)('%s: the service goes on, and nothing is written twice', async (fault) => {
      const db = base.withPlugins([
        breaker({ failures: 50, probeAfter: 50 }),
        retry({ attempts: 6, minDelay: 5, maxDelay: 100, budget: { reserve: 1_000 } }),
      ])
      const acknowledged: number[] = []
      const unknown: number[] = []
      let failing = true
      const write = async (from: number): Promise<void> => {
        for (let a = from; a < from + 60; a++) {
          const work =
            a % 2 === 0
              ? db.insertInto('t').values({ a }).execute()
              : db.transaction().execute((trx) => trx.insertInto('t').values({ a }).execute())
          const code = await codeOf(work)
          if (code === 'nothing') acknowledged.push(a)
          else unknown.push(a)
          // A second write of the same row would be a violation of its key.
          expect(['nothing', 'unknown_outcome', 'connection']).toContain(code)
        }
      }
      const faults = (async () => {
        while (failing) {
          await pause(15)
          proxy[fault]()
        }
      })()
      await Promise.all([1_000, 2_000, 3_000].map(write))
      failing = false
      await faults
      // Each connection hears that it was lost.
      await pause(50)
      const found = await rows()
      expect(new Set(found).size).toBe(found.length)
      expect(acknowledged.filter((a) => !found.includes(a))).toEqual([])
      expect(found.filter((a) => !acknowledged.includes(a) && !unknown.includes(a))).toEqual([])
      expect(await codeOf(db.insertInto('t').values({ a: 1 }).execute())).toBe('nothing')
    })

    test('a machine that takes no connections: the breaker opens, refuses at once, and closes again', async () => {
      const states: BreakerState[] = []
      const db = base.withPlugins([
        breaker({ failures: 3, probeAfter: 200, onChange: (state) => states.push(state) }),
        timeouts({ statement: 100 }),
      ])
      await db.selectFrom('t').selectAll().execute()
      proxy.cut()
      proxy.stall()
      // The connections that were cut first, then those that are not made.
      for (let i = 0; i < 12 && states.length === 0; i++) await codeOf(db.selectFrom('t').selectAll().execute())
      expect(states).toEqual(['open'])
      const started = performance.now()
      expect(await codeOf(db.insertInto('t').values({ a: 1 }).execute())).toBe('connection')
      expect(performance.now() - started).toBeLessThan(50)
      proxy.cut()
      proxy.thaw()
      let code = ''
      for (let i = 0; i < 50 && code !== 'nothing'; i++) {
        await pause(50)
        code = await codeOf(db.selectFrom('t').selectAll().execute())
      }
      expect([code, states.at(-1)]).toEqual(['nothing', 'closed'])
      expect(await rows()).toEqual([])
    })

    test('a slow network: a time limit ends the wait, and the database is degraded or unhealthy', async () => {
      await base.selectFrom('t').selectAll().execute()
      proxy.delay(60)
      const { status, body } = await health(base, { degraded: 50, unhealthy: 10_000 })
      expect([status, body.status]).toEqual([200, 'degraded'])
      expect((await health(base, { degraded: 10, unhealthy: 50 })).status).toBe(503)
      proxy.delay(0)
      expect((await health(base, { degraded: 10_000, unhealthy: 10_000 })).status).toBe(200)
    })

    test('a server that answers nothing: health() answers in time all the same', async () => {
      await base.selectFrom('t').selectAll().execute()
      proxy.freeze()
      const started = performance.now()
      const { status, body } = await health(base, { timeout: 200 })
      expect([status, body.status, body.code]).toEqual([503, 'unhealthy', 'timeout'])
      expect(performance.now() - started).toBeLessThan(1_000)
      proxy.thaw()
      proxy.cut()
    })

    test('a write whose connection is lost is not run again (semantic 22)', async () => {
      const retried: unknown[] = []
      const db = base.withPlugins([retry({ minDelay: 1, onRetry: (it) => retried.push(it) })])
      await db.selectFrom('t').selectAll().execute()
      const cut = proxy.cutAfter('insert into')
      expect(await codeOf(db.insertInto('t').values({ a: 1 }).execute())).toBe('unknown_outcome')
      await cut
      expect(retried).toEqual([])
      expect([[], [1]]).toContainEqual(await rows())
    })

    test('shutdown under load loses no acknowledged write, and leaves no connection (H54)', async () => {
      const db = another(4)
      const order: string[] = []
      const live = db.withPlugins([
        { name: 'last', onInit: () => {}, onDestroy: () => void order.push('plugin') },
        retry(),
      ])
      const acknowledged: number[] = []
      const codes = new Set<string>()
      let stopped = false
      const write = async (from: number): Promise<void> => {
        for (let a = from; !stopped; a++) {
          const code = await codeOf(
            a % 3 === 0
              ? live.transaction().execute(async (trx) => {
                  await trx.insertInto('t').values({ a }).execute()
                  await pause(2)
                })
              : live.insertInto('t').values({ a }).execute(),
          )
          codes.add(code)
          if (code === 'nothing') acknowledged.push(a)
          if (code === 'closed') return
        }
      }
      const load = [1_000, 100_000, 200_000, 300_000, 400_000, 500_000].map(write)
      await pause(100)
      const shutDown = gracefulShutdown(live, {
        timeout: 20_000,
        intake: async () => {
          order.push('intake')
          await pause(50)
          order.push('intake ended')
        },
      })
      const first = shutDown()
      expect([shutDown.isStarted, shutDown() === first]).toEqual([true, true])
      await first
      stopped = true
      await Promise.all(load)
      expect(order).toEqual(['intake', 'intake ended', 'plugin'])
      expect([...codes].filter((code) => code !== 'nothing' && code !== 'closed')).toEqual([])
      const found = await rows()
      expect(acknowledged.length).toBeGreaterThan(10)
      expect(acknowledged.filter((a) => !found.includes(a))).toEqual([])
      expect(found).toHaveLength(acknowledged.length)
      const { rows: busy } = await direct.executeQuery<{ n: number }>({ sql: server.busy, parameters: [] } as never)
      expect(Number(busy[0]!.n)).toBe(0)
    })
  })
})
