import { getEventListeners } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { pglite } from '../../src/driver/pglite/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Database, type ErrorCode, KantaError, kanta, type Plugin, sql } from '../../src/index.ts'
import { breaker, bulkhead, retry, silentLogger, timeouts } from '../../src/infra/index.ts'
import { createExecutor } from '../../src/plugins/index.ts'
import { temporaryFolder } from '../conformance/folder.ts'
import { openPglite } from '../engine/pglite.ts'

interface Tables {
  t: { a: number }
}

const folder = temporaryFolder()

const engines = [
  { name: 'sqlite', driver: async () => sqlite(folder.path('infra.db')) },
  { name: 'pglite', driver: async () => pglite(await openPglite()) },
]

const failing = (code: ErrorCode) => new KantaError(code, 'for the test')

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    (error: unknown) => (error instanceof KantaError ? error.code : String(error)),
  )

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** A promise, and what resolves it. */
const gate = () => Promise.withResolvers<void>()

describe.each(engines)('$name', ({ driver }) => {
  let base: Database<Tables>
  beforeAll(async () => {
    base = kanta<Tables>({ driver: await driver(), logger: silentLogger })
  })
  beforeEach(async () => {
    await sql`drop table if exists t`.execute(base)
    await sql`create table t (a integer primary key)`.execute(base)
  })
  afterAll(() => base.destroy())

  /** Makes statements fail with these codes, one after the other, once they have a connection. */
  const failWith = (codes: ErrorCode[]): Plugin => ({
    name: 'failing',
    priority: -1,
    hooks: [
      {
        name: 'failing',
        around: async (_, next) => {
          const code = codes.shift()
          if (code !== undefined) throw failing(code)
          return next()
        },
      },
    ],
  })

  describe('retry', () => {
    test('a statement is run again after a passing error, with a wait', async () => {
      const told: string[] = []
      const db = base.withPlugins([
        retry({ minDelay: 1, onRetry: ({ error, operation }) => told.push(`${operation.kind} ${error.code}`) }),
        failWith(['deadlock', 'busy', 'serialization_failure']),
      ])
      await db.insertInto('t').values({ a: 1 }).execute()
      expect(told).toEqual(['statement deadlock', 'statement busy', 'statement serialization_failure'])
      expect(await base.selectFrom('t').selectAll().execute()).toEqual([{ a: 1 }])
    })

    test.for<[ErrorCode, string]>([
      ['unknown_outcome', 'insert'],
      ['connection', 'insert'],
      ['unique_violation', 'insert'],
      ['timeout', 'select'],
      ['cancelled', 'select'],
      ['policy', 'select'],
      ['query', 'select'],
    ])('%s of %s is not', async ([code, kind]) => {
      const codes: ErrorCode[] = [code]
      const db = base.withPlugins([retry({ minDelay: 1 }), failWith(codes)])
      const work =
        kind === 'insert' ? db.insertInto('t').values({ a: 1 }).execute() : db.selectFrom('t').selectAll().execute()
      expect(await codeOf(work)).toBe(code)
      expect(await base.selectFrom('t').selectAll().execute()).toEqual([])
    })

    test('a read is run again on another connection', async () => {
      const db = base.withPlugins([retry({ minDelay: 1 }), failWith(['connection'])])
      expect(await db.selectFrom('t').selectAll().execute()).toEqual([])
    })

    test('a transaction is run again as a whole; one with retry() by its own numbers; connection() never', async () => {
      const db = base.withPlugins([retry({ attempts: 3, minDelay: 1 })])
      let runs = 0
      const work = async (trx: Database<Tables>) => {
        runs++
        await trx.insertInto('t').values({ a: runs }).execute()
        throw failing('serialization_failure')
      }
      expect(await codeOf(db.transaction().execute(work as never))).toBe('serialization_failure')
      expect(runs).toBe(3)
      runs = 0
      const own = db
        .transaction()
        .retry({ attempts: 2, minDelay: 1 })
        .execute(work as never)
      expect([await codeOf(own), runs]).toEqual(['serialization_failure', 2])
      runs = 0
      expect(await codeOf(db.connection().execute(work as never))).toBe('serialization_failure')
      expect(runs).toBe(1)
    })

    test('a nested transaction is not run again by itself', async () => {
      const db = base.withPlugins([retry({ attempts: 2, minDelay: 1 })])
      const runs: string[] = []
      await codeOf(
        db.transaction().execute(async (trx) => {
          runs.push('outer')
          await trx.transaction().execute(async () => {
            runs.push('inner')
            throw failing('deadlock')
          })
        }),
      )
      expect(runs).toEqual(['outer', 'inner', 'outer', 'inner'])
    })

    test('the share of retries is bounded (semantic 22)', async () => {
      let retries = 0
      const db = base.withPlugins([
        retry({ attempts: 10, minDelay: 0, maxDelay: 0, budget: { share: 0.1, reserve: 3 }, onRetry: () => retries++ }),
      ])
      for (let i = 0; i < 50; i++)
        await codeOf(
          db.transaction().execute(async () => {
            throw failing('deadlock')
          }),
        )
      expect(retries).toBeGreaterThan(3)
      expect(retries).toBeLessThanOrEqual(3 + 50 * 0.1)
    })

    test('a signal ends the wait', async () => {
      const db = base.withPlugins([retry({ minDelay: 60_000, maxDelay: 60_000 }), failWith(['deadlock'])])
      const stop = new AbortController()
      setTimeout(() => stop.abort(), 20)
      expect(await codeOf(db.selectFrom('t').selectAll().execute({ signal: stop.signal }))).toBe('cancelled')
    })

    test('a stream that has begun, and a transaction that its caller ends, are not begun again', async () => {
      const db = base.withPlugins([retry({ minDelay: 1 })])
      await base.insertInto('t').values({ a: 1 }).execute()
      const rows: unknown[] = []
      for await (const row of db.selectFrom('t').selectAll().stream()) rows.push(row)
      expect(rows).toEqual([{ a: 1 }])
      const trx = await db.startTransaction().execute()
      await trx.insertInto('t').values({ a: 2 }).execute()
      await trx.rollback().execute()
      expect(await base.selectFrom('t').selectAll().execute()).toEqual([{ a: 1 }])
    })
  })

  describe('breaker (semantic 22, H53)', () => {
    const trial = (db: Database<Tables>, code?: ErrorCode) =>
      codeOf(
        db.transaction().execute(async () => {
          if (code !== undefined) throw failing(code)
        }),
      )

    test('opens after failures in a row, and a success in between begins the count again', async () => {
      const states: string[] = []
      const db = base.withPlugins([
        breaker({ failures: 3, probeAfter: 60_000, onChange: (state) => states.push(state) }),
      ])
      for (const code of ['connection', 'timeout', undefined, 'busy', 'connection'] as const) await trial(db, code)
      expect(states).toEqual([])
      expect(await trial(db, 'unknown_outcome')).toBe('unknown_outcome')
      expect(states).toEqual(['open'])
      const error = await db
        .selectFrom('t')
        .selectAll()
        .execute()
        .catch((it) => it)
      expect(error).toMatchObject({ code: 'connection', cause: { code: 'unknown_outcome' } })
      expect(error.message).toMatch(/circuit breaker is open/)
    })

    test('what is not a failure of the database is not counted', async () => {
      const states: string[] = []
      const db = base.withPlugins([breaker({ failures: 1, onChange: (state) => states.push(state) })])
      await db.insertInto('t').values({ a: 1 }).execute()
      expect(await codeOf(db.insertInto('t').values({ a: 1 }).execute())).toBe('unique_violation')
      for (const code of ['policy', 'cancelled', 'deadlock', 'invalid_input', 'query', 'closed'] as const)
        expect(await trial(db, code)).toBe(code)
      await expect(
        db.transaction().execute(async () => {
          throw new Error('of the program')
        }),
      ).rejects.toThrow('of the program')
      expect(states).toEqual([])
    })

    test('half-open, a query asks the database, and whoever comes waits for its answer', async () => {
      const states: string[] = []
      const db = base.withPlugins([breaker({ failures: 1, probeAfter: 20, onChange: (state) => states.push(state) })])
      await trial(db, 'connection')
      expect(await trial(db)).toBe('connection')
      await pause(30)
      expect(await Promise.all([1, 2, 3].map(() => trial(db)))).toEqual(['nothing', 'nothing', 'nothing'])
      expect(states).toEqual(['open', 'half-open', 'closed'])
    })

    test('an operation that lasts does not keep it half-open', async () => {
      const states: string[] = []
      const db = base.withPlugins([breaker({ failures: 1, probeAfter: 10, onChange: (state) => states.push(state) })])
      await trial(db, 'connection')
      await pause(20)
      const trx = await db.startTransaction().execute()
      expect(states.at(-1)).toBe('closed')
      await trx.rollback().execute()
    })

    test('half-open, a failure after the answer counts anew', async () => {
      const states: string[] = []
      const db = base.withPlugins([breaker({ failures: 1, probeAfter: 10, onChange: (state) => states.push(state) })])
      await trial(db, 'connection')
      await pause(20)
      expect(await trial(db, 'timeout')).toBe('timeout')
      expect(states).toEqual(['open', 'half-open', 'closed', 'open'])
      await pause(20)
      expect(await trial(db, 'check_violation')).toBe('check_violation')
      expect(states.at(-1)).toBe('closed')
    })

    test('half-open, those who wait go by their signals', async () => {
      const db = base.withPlugins([breaker({ failures: 1, probeAfter: 10 })])
      await trial(db, 'connection')
      await pause(20)
      // It holds the connection that the query which asks waits for.
      const done = gate()
      const held = Promise.all(Array.from({ length: 20 }, () => base.connection().execute(() => done.promise)))
      await pause(5)
      const waiting = db
        .selectFrom('t')
        .selectAll()
        .execute({ signal: AbortSignal.timeout(10) })
      expect(await codeOf(waiting)).toBe('timeout')
      done.resolve()
      await held
      expect(await trial(db)).toBe('nothing')
    })

    test('callbacks that fail do not fail the operation', async () => {
      const fail = () => {
        throw new Error('of the callback')
      }
      const throwing = base.withPlugins([
        breaker({ failures: 1, onChange: fail }),
        retry({ minDelay: 1, onRetry: fail }),
      ])
      expect(await trial(throwing, 'timeout')).toBe('timeout')
      const rejecting = base.withPlugins([breaker({ failures: 1, onChange: async () => fail() })])
      expect(await trial(rejecting, 'connection')).toBe('connection')
      const again = base.withPlugins([retry({ minDelay: 1, onRetry: async () => fail() }), failWith(['deadlock'])])
      expect(await codeOf(again.selectFrom('t').selectAll().execute())).toBe('nothing')
    })

    test('does nothing inside a transaction', async () => {
      const db = base.withPlugins([breaker({ failures: 1 }), failWith(['connection'])])
      await db.transaction().execute(async (trx) => {
        expect(await codeOf(trx.insertInto('t').values({ a: 1 }).execute())).toBe('connection')
        await trx.insertInto('t').values({ a: 2 }).execute()
      })
      expect(await base.selectFrom('t').selectAll().execute()).toEqual([{ a: 2 }])
    })

    test('does not count the refusals of a bulkhead', async () => {
      const states: string[] = []
      const db = base.withPlugins([
        breaker({ failures: 1, onChange: (state) => states.push(state) }),
        bulkhead({ report: { limit: 1, waiting: 0 } }),
      ])
      const done = gate()
      const first = db
        .bulkhead('report')
        .transaction()
        .execute(() => done.promise)
      await pause(5)
      expect(
        await codeOf(
          db
            .bulkhead('report')
            .transaction()
            .execute(async () => {}),
        ),
      ).toBe('busy')
      done.resolve()
      await first
      expect(states).toEqual([])
    })
  })

  describe('timeouts', () => {
    test('end a transaction, which is rolled back, and take the signal of the caller', async () => {
      const db = base.withPlugins([timeouts({ transaction: 20 })])
      const late = db.transaction().execute(async (trx) => {
        await trx.insertInto('t').values({ a: 1 }).execute()
        await pause(60)
      })
      expect(await codeOf(late)).toBe('timeout')
      const stop = new AbortController()
      const cancelled = db.transaction().execute(() => pause(50), { signal: stop.signal })
      stop.abort()
      expect(await codeOf(cancelled)).toBe('cancelled')
      expect(await base.selectFrom('t').selectAll().execute()).toEqual([])
    })

    test('do not touch what ends in time', async () => {
      const db = base.withPlugins([timeouts({ statement: 10_000, stream: 10_000, connection: 10_000 })])
      await db.insertInto('t').values({ a: 1 }).execute()
      const rows: unknown[] = []
      for await (const row of db.selectFrom('t').selectAll().stream()) rows.push(row)
      expect(rows).toEqual([{ a: 1 }])
      expect(await db.connection().execute((one) => one.selectFrom('t').selectAll().execute())).toEqual([{ a: 1 }])
    })

    test('that no timer can wait for are none', async () => {
      for (const limit of [2 ** 31, Number.POSITIVE_INFINITY]) {
        const db = base.withPlugins([timeouts({ transaction: limit })])
        expect(await codeOf(db.transaction().execute(() => pause(10)))).toBe('nothing')
      }
    })

    test('leave nothing behind at a signal that all operations share', async () => {
      const db = base.withPlugins([timeouts({ statement: 10_000 })])
      const { signal } = new AbortController()
      for (let i = 0; i < 5; i++) await db.selectFrom('t').selectAll().execute({ signal })
      expect(getEventListeners(signal, 'abort')).toEqual([])
    })

    test('refuse what is no limit', () => {
      expect(() => timeouts({ statement: 0 })).toThrow(/number for statement/)
      expect(() => timeouts({ statment: 1 } as never)).toThrow(/Did you mean 'statement'/)
    })
  })

  describe('bulkhead', () => {
    test('reports wait for each other, and nothing else waits for them', async () => {
      const db = await createExecutor(base, [bulkhead({ report: 1 })])
      const done = gate()
      const order: string[] = []
      const held = db
        .bulkhead('report')
        .connection()
        .execute(async () => {
          order.push('first')
          await done.promise
        })
      await pause(5)
      const second = db
        .bulkhead('report')
        .connection()
        .execute(async () => void order.push('second'))
      await pause(5)
      expect(order).toEqual(['first'])
      done.resolve()
      await Promise.all([held, second])
      expect(order).toEqual(['first', 'second'])
    })

    test('the line is bounded, and goes by signals and by time', async () => {
      const db = base.withPlugins([bulkhead({ report: { limit: 1, waiting: 2, timeout: 30 } })])
      const reports = db.bulkhead('report')
      const done = gate()
      const held = reports.transaction().execute(() => done.promise)
      await pause(5)
      const stop = new AbortController()
      const cancelled = codeOf(reports.selectFrom('t').selectAll().execute({ signal: stop.signal }))
      const late = codeOf(reports.selectFrom('t').selectAll().execute())
      await pause(1)
      expect(await codeOf(reports.selectFrom('t').selectAll().execute())).toBe('busy')
      stop.abort()
      expect([await cancelled, await late]).toEqual(['cancelled', 'timeout'])
      done.resolve()
      await held
      expect(await codeOf(reports.selectFrom('t').selectAll().execute())).toBe('nothing')
    })

    test('a place is given back however the work ends', async () => {
      const reports = base.withPlugins([bulkhead({ report: 1 })]).bulkhead('report')
      for await (const _ of reports.selectFrom('t').selectAll().stream()) break
      const trx = await reports.startTransaction().execute()
      await trx.rollback().execute()
      await codeOf(
        reports
          .selectFrom('nowhere' as 't')
          .selectAll()
          .execute(),
      )
      expect(await codeOf(reports.selectFrom('t').selectAll().execute())).toBe('nothing')
    })

    test('a name that is not there is refused', () => {
      const db = base.withPlugins([bulkhead({ report: 1 })])
      expect(() => db.bulkhead('reprot' as 'report')).toThrow(/There are: report/)
      expect(() => bulkhead({ report: 1.5 })).toThrow(/whole number for limit, not 1.5/)
      expect(() => bulkhead({ report: {} } as never)).toThrow(/number for limit/)
      expect(() => breaker({ failures: 1.5 })).toThrow(/whole number for failures/)
      expect(() => bulkhead({})).toThrow(/bulkhead\(\{ report: 2 \}\)/)
    })
  })
})
