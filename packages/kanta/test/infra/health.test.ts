import { describe, expect, test } from 'vitest'
import { pglite } from '../../src/driver/pglite/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, sql } from '../../src/index.ts'
import { health } from '../../src/infra/index.ts'
import { tenant } from '../../src/plugins/index.ts'
import { temporaryFolder } from '../conformance/folder.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { openPglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'

const folder = temporaryFolder()

const engines = [
  {
    name: 'SQLite',
    missing: undefined,
    create: async () => ({ driver: () => sqlite(folder.path('health.db')), drop: async () => {} }),
  },
  {
    name: 'PostgreSQL',
    missing: undefined,
    create: async () => {
      const database = await openPglite()
      return { driver: () => pglite(database), drop: async () => {} }
    },
  },
  { ...postgres, name: 'PostgreSQL' },
  { ...mariadbEngine, name: 'MariaDB' },
]

describe.each(engines)('$name', ({ name, missing, create }) => {
  test.skipIf(missing !== undefined)('a healthy database tells its version and its pool', async () => {
    const place = await create()
    const db = kanta({ driver: place.driver() })
    const { status, body, error } = await health(db, { degraded: 60_000, unhealthy: 60_000, timeout: 60_000 })
    expect([status, error]).toEqual([200, undefined])
    expect(body).toMatchObject({ status: 'healthy', reasons: [], database: name })
    expect(body.version).toMatch(/^\d+\.\d+/)
    expect(body.latency).toBeGreaterThan(0)
    expect(body.pool).toMatchObject({ inUse: 0, waiting: 0, held: [] })
    expect(JSON.parse(JSON.stringify(body))).toEqual(body)
    await db.destroy()
    await place.drop()
  })
})

describe('health()', () => {
  const open = () => kanta<{ t: { a: number } }>({ driver: sqlite(folder.path('one.db')), acquireTimeout: 60_000 })

  test('goes by the thresholds of the user', async () => {
    await using db = open()
    expect((await health(db, { degraded: 0, unhealthy: 60_000 })).body.status).toBe('degraded')
    expect((await health(db, { degraded: 0, unhealthy: 60_000 })).status).toBe(200)
    const { status, body } = await health(db, { degraded: 0, unhealthy: 0 })
    expect([status, body.status]).toEqual([503, 'unhealthy'])
    expect(body.reasons).toEqual([expect.stringMatching(/^A query took \d+ ms\.$/)])
  })

  test('tells what holds connections, and who waits', async () => {
    await using db = kanta({ driver: sqlite(':memory:') })
    const done = Promise.withResolvers<void>()
    const held = db.transaction().execute(() => done.promise)
    const waiting = [1, 2].map(() => sql`select 1`.execute(db))
    const { status, body } = await health(db, { timeout: 50 })
    expect([status, body.code]).toEqual([503, 'timeout'])
    expect(body.pool.held).toEqual([{ purpose: 'a transaction', milliseconds: expect.any(Number) }])
    expect(body.pool.waiting).toBeGreaterThanOrEqual(2)
    done.resolve()
    await Promise.all([held, ...waiting])
    expect((await health(db)).status).toBe(200)
  })

  test('never throws for a database that is dead or closed', async () => {
    const gone = kanta({ driver: sqlite('/nowhere/at/all.db') })
    const { status, body, error } = await health(gone)
    expect([status, body.status, body.code]).toEqual([503, 'unhealthy', 'connection'])
    expect(error?.message).toMatch(/nowhere/)
    expect(JSON.stringify(body)).not.toMatch(/nowhere/)
    const closed = open()
    await closed.destroy()
    expect((await health(closed)).body.code).toBe('closed')
  })

  test('goes past policies and needs no context', async () => {
    await using db = open()
    const live = db.withPlugins([tenant({ column: 'a', tables: ['t'] })])
    expect((await health(live)).status).toBe(200)
  })

  test('refuses what is no whole database, and wrong options', async () => {
    await using db = open()
    await expect(health({} as never)).rejects.toMatchObject({ code: 'invalid_input' })
    await db.transaction().execute((trx) => expect(health(trx as never)).rejects.toThrow(/whole database/))
    await expect(health(db, { degraded: '1' as never })).rejects.toThrow(/number for degraded/)
    await expect(health(db, { degrade: 1 } as never)).rejects.toThrow(/Did you mean 'degraded'/)
  })
})
