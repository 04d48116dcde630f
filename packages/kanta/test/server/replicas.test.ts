import { findPostgres, type PostgresServer, startPostgres, startReplica } from 'kanta-servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClusterEvent, replicated } from '../../src/driver/cluster/index.ts'
import { pg } from '../../src/driver/pg/index.ts'
import { type Database, kanta, sql } from '../../src/index.ts'
import { health } from '../../src/infra/index.ts'

const found = findPostgres()

interface Tables {
  account: { id: number; balance: number }
  note: { id: number; writer: number; at: number }
}

const SETTINGS = { wal_level: 'replica', max_wal_senders: 4, wal_keep_size: '64MB', synchronous_commit: 'on' }

/** Which of the servers answers. */
const portOf = async (db: Database<Tables>): Promise<number> => {
  const row = await db.selectNoFrom(sql<number>`inet_server_port()`.as('port')).executeTakeFirstOrThrow()
  return row.port
}

describe.skipIf('missing' in found)('PostgreSQL with two replicas', () => {
  const servers: PostgresServer[] = []
  const events: ClusterEvent[] = []
  let db: Database<Tables>
  const told = new Map<ClusterEvent['kind'], (() => void)[]>()
  const next = (kind: ClusterEvent['kind']): Promise<void> =>
    new Promise((resolve) => told.set(kind, [...(told.get(kind) ?? []), resolve]))

  const drivers = () => servers.map(({ host, port, user, database }) => pg({ host, port, user, database, max: 4 }))

  beforeAll(async () => {
    // A commit waits until one of the replicas has it, so that the one that is ahead can take over without a loss.
    const primary = await startPostgres({ settings: { ...SETTINGS, synchronous_standby_names: 'ANY 1 (*)' } })
    servers.push(primary, await startReplica(primary, { settings: SETTINGS }))
    servers.push(await startReplica(primary, { settings: SETTINGS }))
    const onEvent = (event: ClusterEvent): void => {
      events.push(event)
      for (const resolve of told.get(event.kind)?.splice(0) ?? []) resolve()
    }
    db = kanta<Tables>({ driver: replicated(drivers(), { onEvent, retryAfter: 50 }) })
    await sql`create table account (id integer primary key, balance integer not null)`.execute(db)
    await sql`create table note (id integer primary key, writer integer not null, at integer not null)`.execute(db)
  }, 60_000)

  afterAll(async () => {
    await db?.destroy({ timeout: 5_000 })
    for (const server of servers) await server.stop()
  }, 60_000)

  /** Opens databases until one reads from a server: connections that went to another machine stay there. */
  async function readFrom(port: number): Promise<void> {
    for (;;) {
      const other = kanta<Tables>({ driver: replicated(drivers(), { retryAfter: 50 }) })
      const ports = await Promise.all([1, 2, 3, 4].map(() => portOf(other)))
      await other.destroy()
      if (ports.includes(port)) return
    }
  }

  test('writes go to the primary, and what only reads to the replicas', async () => {
    await db.insertInto('account').values({ id: 1, balance: 10 }).execute()
    for (const server of [servers[1]!, servers[2]!]) await readFrom(server.port)
    expect(await db.transaction().execute((trx) => portOf(trx))).toBe(servers[0]!.port)
    expect(await db.selectFrom('account').selectAll().forUpdate().execute()).toEqual([{ id: 1, balance: 10 }])
  })

  test('health() tells of each machine, its role and its lag', async () => {
    const { status, body } = await health(db, { degraded: 60_000, unhealthy: 60_000, lag: 60_000, timeout: 30_000 })
    expect([status, body.status, body.reasons]).toEqual([200, 'healthy', []])
    expect(body.machines).toEqual([
      { number: 0, role: 'primary', isUp: true },
      { number: 1, role: 'replica', isUp: true, lag: expect.any(Number) },
      { number: 2, role: 'replica', isUp: true, lag: expect.any(Number) },
    ])
    expect(body.pool.readers).toMatchObject({ max: 8, waiting: 0 })
    const down = pg({ host: '127.0.0.1', port: 1, database: 'none', max: 1 })
    const partly = kanta<Tables>({ driver: replicated([...drivers(), down], { retryAfter: 50 }) })
    const { status: still, body: told } = await health(partly, { degraded: 60_000, unhealthy: 60_000, timeout: 30_000 })
    await partly.destroy()
    expect([still, told.status, told.reasons]).toEqual([200, 'degraded', ['Machine 3 does not answer.']])
  })

  const acknowledged: number[] = []

  /** The replica that has got the most of the log. */
  async function ahead(): Promise<number> {
    const positions = await Promise.all(
      [1, 2].map(async (number) => {
        const { host, port, user, database } = servers[number]!
        const one = kanta<Tables>({ driver: pg({ host, port, user, database, max: 1 }) })
        const position = sql<string>`pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')`.as('position')
        const row = await one.selectNoFrom(position).executeTakeFirstOrThrow()
        await one.destroy()
        return { number, position: BigInt(row.position) }
      }),
    )
    return positions.reduce((a, b) => (b.position > a.position ? b : a)).number
  }

  /** Each of some writers adds a note and reads it at once. Gives those that could not be read. */
  async function writeAndRead(from: number, rounds: number): Promise<{ missed: number[]; failed: unknown[] }> {
    const missed: number[] = []
    const failed: unknown[] = []
    const worker = async (writer: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        const id = from + writer * rounds + round
        try {
          await db
            .transaction()
            .retry({ attempts: 20, minDelay: 20 })
            .execute((trx) => trx.insertInto('note').values({ id, writer, at: round }).execute())
          acknowledged.push(id)
          const read = await db.selectFrom('note').select('id').where('id', '=', id).executeTakeFirst()
          if (read?.id !== id) missed.push(id)
        } catch (error) {
          failed.push(error)
        }
      }
    }
    await Promise.all(Array.from({ length: 4 }, (_, writer) => worker(writer)))
    return { missed, failed }
  }

  test('every read sees what was written before', async () => {
    expect(await writeAndRead(1_000, 50)).toEqual({ missed: [], failed: [] })
  })

  test('no write reaches a replica', async () => {
    const byText = await db.executeQuery({
      sql: 'update account set balance = balance + 1 where id = 1',
      parameters: [],
    })
    expect(byText.numAffectedRows).toBe(1n)
    // A function that writes, in what looks like a query: the replica refuses it, and the primary runs it.
    await sql`create sequence counter`.execute(db)
    expect(await db.selectNoFrom(sql<number>`nextval('counter')`.as('n')).execute()).toEqual([{ n: 1 }])
  })

  test('a replica that is killed is left out, no read fails, and it comes back', async () => {
    const down = next('down')
    const load = writeAndRead(10_000, 60)
    await servers[1]!.kill()
    await down
    expect(await load).toEqual({ missed: [], failed: [] })
    await servers[1]!.restart()
    await readFrom(servers[1]!.port)
  })

  test('when another becomes the primary, the writes follow, and none that was acknowledged is lost', async () => {
    const before = events.length
    const load = writeAndRead(20_000, 60)
    await servers[0]!.kill()
    const next = await ahead()
    servers[next]!.promote()
    const { missed, failed } = await load
    expect(missed).toEqual([])
    const kept = new Set((await db.selectFrom('note').select('id').execute()).map((row) => row.id))
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([])
    // Only what was being committed when the primary died may be unknown; nothing else fails.
    expect(
      failed.map((error) => (error as { code: string }).code).filter((code) => code !== 'unknown_outcome'),
    ).toEqual([])
    expect(events.slice(before)).toContainEqual({ kind: 'primary', node: next })
    await db.updateTable('account').set({ balance: 42 }).where('id', '=', 1).execute()
    expect(await db.selectFrom('account').select('balance').execute()).toEqual([{ balance: 42 }])
  }, 60_000)
})

if ('missing' in found) test.skip(found.missing, () => {})
