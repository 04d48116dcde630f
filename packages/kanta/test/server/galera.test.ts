import { findGalera, type GaleraCluster, type GaleraNode, startGalera } from 'kanta-servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClusterEvent, multiPrimary } from '../../src/driver/cluster/index.ts'
import { mariadb } from '../../src/driver/mysql2/index.ts'
import { type Database, KantaError, kanta, sql } from '../../src/index.ts'

const found = findGalera()

interface Tables {
  account: { id: number; balance: number }
  transfer: { id: number; payer: number; payee: number; amount: number }
}

const ACCOUNTS = 20
const START = 1_000
/** As many as there are connections, so that none of them rests. */
const WORKERS = 12

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

  /** The nodes at which as many transactions write as there are connections, all of them open at once. */
  async function writers(): Promise<string[]> {
    const names = new Set<string>()
    const all = new Set<number>()
    let open: () => void
    const allOpen = new Promise<void>((resolve) => {
      open = resolve
    })
    const write = async (trx: Database<Tables>, id: number): Promise<void> => {
      await trx.updateTable('account').set({ balance: sql`balance` }).where('id', '=', id).execute()
      names.add(await nodeName(trx))
      all.add(id)
      if (all.size === WORKERS) open()
      await allOpen
    }
    const ids = Array.from({ length: WORKERS }, (_, id) => id)
    const retrying = db.transaction().retry({ attempts: 20 })
    await Promise.all(ids.map((id) => retrying.execute((trx) => write(trx, id))))
    return [...names].sort()
  }

  const namesOf = (some: readonly GaleraNode[]): string[] => some.map((node) => node.name).sort()

  test('any node takes writes', async () => {
    expect(await writers()).toEqual(namesOf(nodes))
  })

  test('a read on any node sees what was written on another', async () => {
    const on = nodes.map((node) => open(multiPrimary([driverOf(node, 1)])))
    const missed: number[] = []
    for (let round = 0; round < 60; round++) {
      const [writer, reader, updater] = [round, round + 1, round + 2].map((i) => on[i % 3]!)
      await writer!
        .insertInto('transfer')
        .values({ id: -1 - round, payer: 0, payee: 0, amount: 0 })
        .execute()
      const seen = await reader!
        .selectFrom('transfer')
        .select('id')
        .where('id', '=', -1 - round)
        .executeTakeFirst()
      const deleted = await updater!
        .deleteFrom('transfer')
        .where('id', '=', -1 - round)
        .executeTakeFirst()
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
      trx
        .updateTable('account')
        .set({ balance: sql`balance + ${amount}` })
        .where('id', '=', 0)
        .execute()
    const first = await a!.startTransaction().execute()
    const second = await b!.startTransaction().execute()
    await add(first, 1)
    await add(second, 10)
    await first.commit().execute()
    const lost = await second
      .commit()
      .execute()
      .then(() => 'committed', codeOf)
    expect(lost).toBe('deadlock')
    expect(second.isRolledBack).toBe(true)
    let attempts = 0
    await b!
      .transaction()
      .retry()
      .execute(async (trx) => {
        attempts++
        await add(trx, 1000)
        // Behind its back, once.
        if (attempts === 1) await add(a!, 100)
      })
    expect(attempts).toBe(2)
    const row = await b!.selectFrom('account').select('balance').where('id', '=', 0).executeTakeFirstOrThrow()
    expect(row.balance).toBe(START + 1101)
    await b!.updateTable('account').set({ balance: START }).where('id', '=', 0).execute()
  })

  interface Load {
    readonly acknowledged: Set<number>
    /** Those of which it was not known whether they were kept, and whether they were found. */
    readonly looked: Map<number, boolean>
    /** What was thrown and is neither retried nor looked up. */
    readonly failed: unknown[]
    /** How often a transaction was undone and run again. */
    again: number
  }

  /** Workers that transfer amounts between accounts, of which four are much used. */
  async function transferAll(
    seed: number,
    first: number,
    count: number,
    reached: (acknowledged: number) => void,
  ): Promise<Load> {
    const load: Load = { acknowledged: new Set(), looked: new Map(), failed: [], again: 0 }
    let next = first
    const work = async (worker: number): Promise<void> => {
      const random = randomOf(seed + worker)
      const account = (): number => Math.floor(random() * (random() < 0.7 ? 4 : ACCOUNTS))
      while (next < first + count) {
        const id = next++
        const payer = account()
        const payee = (payer + 1 + Math.floor(random() * (ACCOUNTS - 1))) % ACCOUNTS
        try {
          await transfer({ id, payer, payee, amount: 1 + Math.floor(random() * 9) }, load)
          load.acknowledged.add(id)
          reached(load.acknowledged.size)
        } catch (error) {
          if (codeOf(error) !== 'unknown_outcome') load.failed.push(error)
          else load.looked.set(id, await isKept(id))
        }
      }
    }
    await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)))
    return load
  }

  function transfer(row: Tables['transfer'], load: Load): Promise<void> {
    return db
      .transaction()
      .retry({ attempts: 100, minDelay: 2, maxDelay: 100 })
      .execute(async (trx) => {
        trx.afterRollback(() => load.again++)
        const add = (id: number, amount: number) =>
          trx
            .updateTable('account')
            .set({ balance: sql`balance + ${amount}` })
            .where('id', '=', id)
            .execute()
        await add(row.payer, -row.amount)
        await add(row.payee, row.amount)
        await trx.insertInto('transfer').values(row).execute()
      })
  }

  const isKept = (id: number): Promise<boolean> =>
    db
      .transaction()
      .retry({ attempts: 100, minDelay: 2, maxDelay: 100 })
      .execute(async (trx) => {
        const row = await trx.selectFrom('transfer').select('id').where('id', '=', id).executeTakeFirst()
        return row !== undefined
      })

  /** The balances, and those that the kept transfers say, on each node that runs. */
  async function balancesOn(node: GaleraNode): Promise<{ balances: number[]; said: number[]; kept: Set<number> }> {
    const on = open(multiPrimary([driverOf(node, 1)]))
    const accounts = await on.selectFrom('account').select('balance').orderBy('id').execute()
    const transfers = await on.selectFrom('transfer').selectAll().execute()
    const said = Array.from({ length: ACCOUNTS }, () => START)
    for (const { payer, payee, amount } of transfers) {
      said[payer]! -= amount
      said[payee]! += amount
    }
    return { balances: accounts.map((row) => row.balance), said, kept: new Set(transfers.map((row) => row.id)) }
  }

  test('a node that is killed costs no transfer that was acknowledged, and comes back', async () => {
    const seed = 20_261
    let killing: Promise<void> | undefined
    const before = events.length
    const load = await transferAll(seed, 0, 600, (acknowledged) => {
      if (acknowledged === 200) killing = nodes[2]!.kill()
    })
    await killing
    const { acknowledged, looked, failed, again } = load
    console.info(
      `seed ${seed}: ${acknowledged.size} transfers acknowledged, ${again} conflicts run again, outcome unknown of ${looked.size}`,
    )
    expect(failed).toEqual([])
    expect(again).toBeGreaterThan(0)
    expect(acknowledged.size + looked.size).toBe(600)
    expect(events.slice(before)).toContainEqual(expect.objectContaining({ kind: 'down', node: 2 }))
    const expected = new Set([...acknowledged, ...[...looked].flatMap(([id, kept]) => (kept ? [id] : []))])
    await nodes[2]!.restart()
    for (const node of nodes) {
      const { balances, said, kept } = await balancesOn(node)
      expect(kept, node.name).toEqual(expected)
      expect(balances, node.name).toEqual(said)
      expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(ACCOUNTS * START)
    }
    // Connections that went to the others meanwhile give way.
    await expect.poll(writers, { timeout: 10_000 }).toEqual(namesOf(nodes))
    expect(events.slice(before)).toContainEqual({ kind: 'up', node: 2 })
  }, 60_000)

  test('a node that is cut off from the others is left out, and comes back', async () => {
    const cut = (isolated: 0 | 1): Promise<unknown> =>
      sql`set global wsrep_provider_options = ${sql.lit(`gmcast.isolate=${isolated}`)}`.execute(
        open(driverOf(nodes[1]!, 1)),
      )
    const alone = open(driverOf(nodes[1]!, 1))
    const answer = (): Promise<string> =>
      alone
        .selectFrom('account')
        .select('id')
        .execute()
        .then(() => 'answers', codeOf)
    const before = events.length
    const amid = await open(multiPrimary([driverOf(nodes[1]!, 1)]))
      .startTransaction()
      .execute()
    const write = () => amid.updateTable('account').set({ balance: 0 }).where('id', '=', 1).execute()
    await write()
    try {
      await cut(1)
      await expect.poll(answer, { timeout: 10_000 }).toBe('connection')
      expect(await write().then(() => 'written', codeOf)).toBe('connection')
      expect(
        await amid
          .commit()
          .execute()
          .then(() => 'committed', codeOf),
      ).toBe('connection')
      const load = await transferAll(20_262, 1_000, 200, () => {})
      expect(load.failed).toEqual([])
      expect(events.slice(before)).toContainEqual(expect.objectContaining({ kind: 'down', node: 1 }))
      expect(await writers()).toEqual(namesOf([nodes[0]!, nodes[2]!]))
    } finally {
      await cut(0)
    }
    await expect.poll(answer, { timeout: 20_000 }).toBe('answers')
    await expect.poll(writers, { timeout: 10_000 }).toEqual(namesOf(nodes))
  }, 60_000)
})

if ('missing' in found) test.skip(found.missing, () => {})
