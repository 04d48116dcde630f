import { findGalera, type GaleraCluster, type GaleraNode, startGalera } from 'kanta-servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClusterEvent, multiPrimary } from '../../src/driver/cluster.ts'
import { mariadb } from '../../src/driver/mysql2.ts'
import { type Database, KantaError, kanta, sql } from '../../src/index.ts'

const found = findGalera()

interface Tables {
  account: { id: number; balance: number }
  transfer: { id: number; payer: number; payee: number; amount: number }
}

const ACCOUNTS = 20
const START = 1_000
const WORKERS = 8

/** Numbers that look random and are the same in each run (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const codeOf = (error: unknown): string => (error instanceof KantaError ? error.code : String(error))

const nodeName = async (db: Database<Tables>): Promise<string> => {
  const row = await db.selectNoFrom(sql<string>`@@wsrep_node_name`.as('name')).executeTakeFirstOrThrow()
  return row.name
}

describe.skipIf('missing' in found)('three nodes of Galera', () => {
  let cluster: GaleraCluster
  let nodes: readonly GaleraNode[]
  let db: Database<Tables>
  const opened: Database<Tables>[] = []
  const events: ClusterEvent[] = []

  const driverOf = ({ host, port, user, password, database }: GaleraNode, max = 4) =>
    mariadb({ host, port, user, password, database, max })
  const open = (driver: ReturnType<typeof mariadb>): Database<Tables> => {
    const opening = kanta<Tables>({ driver })
    opened.push(opening)
    return opening
  }

  beforeAll(async () => {
    cluster = await startGalera(3)
    nodes = cluster.nodes
    db = open(
      multiPrimary(
        nodes.map((node) => driverOf(node)),
        { onEvent: (event) => events.push(event), retryAfter: 50 },
      ),
    )
    await sql`create table account (id integer primary key, balance integer not null) engine = innodb`.execute(db)
    await sql`create table transfer (id integer primary key, payer integer not null, payee integer not null,
      amount integer not null) engine = innodb`.execute(db)
    await db
      .insertInto('account')
      .values(Array.from({ length: ACCOUNTS }, (_, id) => ({ id, balance: START })))
      .execute()
  }, 60_000)

  afterAll(async () => {
    await Promise.all(opened.map((each) => each.destroy({ timeout: 5_000 })))
    await cluster?.stop()
  }, 60_000)

  /** The nodes that take a write each, when as many run at once as there are connections. */
  async function writers(): Promise<Set<string>> {
    const names = new Set<string>()
    let arrived = 0
    const most = db.transaction().retry({ attempts: 20 })
    let go: () => void
    const all = new Promise<void>((resolve) => {
      go = resolve
    })
    await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        most.execute(async (trx) => {
          await trx.updateTable('account').set({ balance: sql`balance` }).where('id', '=', i).execute()
          names.add(await nodeName(trx))
          arrived++
          if (arrived >= 12) go()
          await all
        }),
      ),
    )
    return names
  }

  test('any node takes writes', async () => {
    expect(await writers()).toEqual(new Set(nodes.map((node) => node.name)))
  })

  test('a read on any node sees what was written on another', async () => {
    const on = nodes.map((node) => open(multiPrimary([driverOf(node, 1)])))
    const missed: number[] = []
    for (let round = 0; round < 60; round++) {
      const [writer, reader, updater] = [round, round + 1, round + 2].map((i) => on[i % 3]!)
      await writer!.insertInto('transfer').values({ id: -1 - round, payer: 0, payee: 0, amount: 0 }).execute()
      const seen = await reader!.selectFrom('transfer').select('id').where('id', '=', -1 - round).executeTakeFirst()
      const deleted = await updater!.deleteFrom('transfer').where('id', '=', -1 - round).executeTakeFirst()
      if (seen === undefined || deleted.numDeletedRows !== 1n) missed.push(round)
    }
    expect(missed).toEqual([])
    const wait = (db: Database<Tables>) => db.selectNoFrom(sql<number>`@@wsrep_sync_wait`.as('wait')).execute()
    expect(await wait(on[0]!)).toEqual([{ wait: 7 }])
    const without = open(multiPrimary([driverOf(nodes[0]!, 1)], { readYourWrites: false }))
    expect(await wait(without)).toEqual([{ wait: 0 }])
  })

  test('of two transactions that wrote one row on two nodes one fails as a deadlock, and runs again', async () => {
    const [a, b] = nodes.slice(0, 2).map((node) => open(multiPrimary([driverOf(node, 1)])))
    const add = (trx: Database<Tables>, amount: number) =>
      trx.updateTable('account').set({ balance: sql`balance + ${amount}` }).where('id', '=', 0).execute()
    const first = await a!.startTransaction().execute()
    const second = await b!.startTransaction().execute()
    await add(first, 1)
    await add(second, 10)
    await first.commit().execute()
    const lost = await second.commit().execute().then(() => 'committed', codeOf)
    expect(lost).toBe('deadlock')
    expect(second.isRolledBack).toBe(true)
    let attempts = 0
    await b!.transaction().retry().execute(async (trx) => {
      attempts++
      await trx.selectFrom('account').select('balance').where('id', '=', 0).execute()
      // Behind its back, the first time.
      if (attempts === 1) await add(a!, 100)
      await add(trx, 1000)
    })
    expect(attempts).toBeGreaterThan(0)
    const row = await b!.selectFrom('account').select('balance').where('id', '=', 0).executeTakeFirstOrThrow()
    expect(row.balance).toBe(START + 1101)
    await b!.updateTable('account').set({ balance: START }).where('id', '=', 0).execute()
  })
})

if ('missing' in found) test.skip(found.missing, () => {})
