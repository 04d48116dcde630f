import { findPostgres, type PostgresServer, startPostgres, startReplica } from 'kanta-servers'
import pgLibrary from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ReplicatedOptions, replicated } from '../../src/driver/cluster/index.ts'
import type { Connection, Role } from '../../src/driver/index.ts'
import { pg } from '../../src/driver/pg/index.ts'
import { type Database, kanta, sql } from '../../src/index.ts'

const found = findPostgres()

interface Tables {
  note: { id: number }
}

const SETTINGS = { wal_level: 'replica', max_wal_senders: 4, wal_keep_size: '64MB', synchronous_commit: 'on' }

const driverOf = ({ host, port, user, database }: PostgresServer, max = 2) => pg({ host, port, user, database, max })

/** Which of the servers answers, in a way that is not the server's to refuse anywhere. */
const port = sql<number>`inet_server_port()`.as('port')

describe.skipIf('missing' in found)('a replica that lags behind', () => {
  let primary: PostgresServer
  let replica: PostgresServer
  let db: Database<Tables>
  let onReplica: Database<Tables>
  let onPrimary: Database<Tables>
  let opened: Database<Tables>[] = []
  let ids = 0

  const open = (options: ReplicatedOptions = {}): Database<Tables> => {
    const one = kanta<Tables>({ driver: replicated([driverOf(primary), driverOf(replica)], options) })
    opened.push(one)
    return one
  }
  const add = (to = db) => to.insertInto('note').values({ id: ++ids }).execute()
  const seen = async (from = db): Promise<number | undefined> =>
    (await from.selectFrom('note').select('id').where('id', '=', ids).executeTakeFirst())?.id
  const portOf = async (from: Pick<Database<Tables>, 'selectNoFrom'> = db) =>
    (await from.selectNoFrom(port).executeTakeFirstOrThrow()).port
  const pause = () => sql`select pg_wal_replay_pause()`.execute(onReplica)
  const resume = () => sql`select pg_wal_replay_resume()`.execute(onReplica)
  /** Waits until the replica has all that the primary has. */
  const caughtUp = async (): Promise<void> => {
    const read = sql<{ at: string }>`select pg_current_wal_flush_lsn()::text as at`
    const { at } = (await read.execute(onPrimary)).rows[0]!
    for (;;) {
      const { rows } = await sql<{ there: boolean }>`select pg_last_wal_replay_lsn() >= ${at}::pg_lsn as there`.execute(
        onReplica,
      )
      if (rows[0]!.there) return
    }
  }

  beforeAll(async () => {
    primary = await startPostgres({ settings: SETTINGS })
    replica = await startReplica(primary, { settings: SETTINGS })
    onReplica = kanta<Tables>({ driver: driverOf(replica, 1) })
    onPrimary = kanta<Tables>({ driver: driverOf(primary, 1) })
    await sql`create table note (id integer primary key)`.execute(onPrimary)
    await sql`create sequence counter`.execute(onPrimary)
  }, 60_000)
  afterAll(async () => {
    for (const one of [onReplica, onPrimary]) await one?.destroy()
    for (const server of [replica, primary]) await server?.stop()
  }, 60_000)
  beforeEach(async () => {
    await resume()
    await caughtUp()
    db = open()
  })
  afterEach(async () => {
    await resume()
    for (const one of opened) await one.destroy()
    opened = []
  })

  test('the primary answers what it has not got yet, and the replica again when it has', async () => {
    await pause()
    await add()
    expect(await seen()).toBe(ids)
    expect(await portOf()).toBe(primary.port)
    await resume()
    await caughtUp()
    expect(await portOf()).toBe(replica.port)
  })

  test('readYourWrites: false reads what the replica has', async () => {
    const own = open({ readYourWrites: false })
    await pause()
    await add(own)
    expect(await seen(own)).toBeUndefined()
    expect(await portOf(own)).toBe(replica.port)
  })

  test('what a stream wrote is seen as well', async () => {
    await seen()
    await pause()
    for await (const _ of db.insertInto('note').values({ id: ++ids }).returning('id').stream());
    expect(await seen()).toBe(ids)
  })

  test('a transaction that only reads stays where it began, streams included', async () => {
    const ports = async (trx: Database<Tables>) => {
      const streamed: number[] = []
      for await (const row of trx.selectNoFrom(port).stream()) streamed.push(row.port)
      return [await portOf(trx), ...streamed, await portOf(trx)]
    }
    const readOnly = db.transaction().setAccessMode('read only')
    await readOnly.execute(async (trx) => {
      expect(await portOf(trx)).toBe(replica.port)
      await pause()
      await add()
      expect(await ports(trx as never)).toEqual([replica.port, replica.port, replica.port])
    })
    await readOnly.execute(async (trx) => {
      expect(await portOf(trx)).toBe(primary.port)
      await resume()
      await caughtUp()
      expect(await ports(trx as never)).toEqual([primary.port, primary.port, primary.port])
    })
  })

  test('what a replica cannot do the primary does', async () => {
    const level = await db
      .transaction()
      .setAccessMode('read only')
      .setIsolationLevel('serializable')
      .execute((trx) => trx.selectNoFrom(sql<string>`current_setting('transaction_isolation')`.as('it')).execute())
    expect(level).toEqual([{ it: 'serializable' }])
    expect(await db.selectNoFrom(sql<number>`nextval('counter')`.as('n')).execute()).toEqual([{ n: 1 }])
    expect(await portOf()).toBe(replica.port)
  })

  test('what locks or writes in a query goes to the primary', async () => {
    await add()
    await db.selectFrom('note').selectAll().forUpdate().execute()
    const written = await db
      .with('added', (q) => q.insertInto('note').values({ id: ++ids }).returning('id'))
      .selectFrom('added')
      .select(['id', port])
      .execute()
    expect(written).toEqual([{ id: ids, port: primary.port }])
    expect(await seen()).toBe(ids)
  })

  test('a read does not wait for others to stop writing', async () => {
    const driver = driverOf(primary)
    /** While its connections are asked how far the log is, something is written. */
    const connect = async (role: Role): Promise<Connection> => {
      const connection = await driver.connect(role)
      const first = connection.first.bind(connection)
      return Object.assign(connection, {
        first: async (text: string, ...rest: [readonly unknown[], boolean?]) => {
          if (text.includes('pg_current_wal')) await add(own)
          return first(text, ...rest)
        },
      })
    }
    const own = kanta<Tables>({ driver: replicated([{ ...driver, connect }, driverOf(replica)]) })
    opened.push(own)
    await add(own)
    const id = ids
    expect(await own.selectFrom('note').select('id').where('id', '=', id).execute()).toEqual([{ id }])
  })

  test('a machine in whose place another answers is asked anew how far it is', async () => {
    const late = await startReplica(primary, { settings: SETTINGS })
    try {
      let at = replica
      const moving = pg({
        client: () => new pgLibrary.Client({ host: at.host, port: at.port, user: at.user, database: at.database }),
        max: 1,
      })
      const own = kanta<Tables>({ driver: replicated([driverOf(primary, 1), moving], { retryAfter: 1 }) })
      opened.push(own)
      const onLate = kanta<Tables>({ driver: driverOf(late, 1) })
      await sql`select pg_wal_replay_pause()`.execute(onLate)
      await add(own)
      expect(await seen(own)).toBe(ids)
      await caughtUp()
      expect(await portOf(own)).toBe(replica.port)
      at = late
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()`.execute(onReplica)
      // The first of them may find out that the connection is lost.
      for (let i = 0; i < 50; i++) expect(await seen(own)).toBe(ids)
      await onLate.destroy()
    } finally {
      await late.stop()
    }
  }, 60_000)

  test('destroy() closes every connection, everywhere', async () => {
    await pause()
    await Promise.all(Array.from({ length: 20 }, async () => [await add(), await seen()]))
    await resume()
    await Promise.all(Array.from({ length: 20 }, () => seen()))
    await db.destroy()
    for (const server of [onPrimary, onReplica]) {
      const others = sql<{ n: number }>`select count(*)::int as n from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()`
      // A process of the server ends a moment after its connection.
      for (;;) if ((await others.execute(server)).rows[0]!.n === 0) break
    }
  })
})

if ('missing' in found) test.skip(found.missing, () => {})
