import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kanta, table } from 'kanta'
import { commit } from 'kanta/commit'
import { mariadb } from 'kanta/mysql2'
import { pg } from 'kanta/pg'
import { sqlite } from 'kanta/sqlite'
import { startMariadb, startPostgres } from 'kanta-servers'
import { measure, type Report } from '../harness.ts'

export const about = 'commit(): one transaction over two databases against a transaction in each; recovery of 1,000'

const account = table('account', (c) => ({ id: c.integer().primaryKey(), balance: c.integer() }))
const open = (driver: ReturnType<typeof sqlite>) => kanta({ driver, schema: { account } })
type Bank = ReturnType<typeof open>
const PENDING = 1_000

const add = (db: Pick<Bank, 'updateTable'>, sum: number) =>
  db
    .updateTable('account')
    .set((eb) => ({ balance: eb('balance', '+', sum) }))
    .where('id', '=', 1)
    .execute()

async function filled(driver: ReturnType<typeof sqlite>): Promise<Bank> {
  const db = open(driver)
  await db.schema.createTable(account).execute()
  await db.insertInto('account').values({ id: 1, balance: 0 }).execute()
  return db
}

/** Commits in two databases by `commit()`, and in each by itself. */
async function* pair(title: string, a: Bank, b: Bank, rounds: number): AsyncIterable<Report> {
  const both = commit({ home: 'a', layers: { a, b } })
  const nothing = (): undefined => undefined
  try {
    yield await measure(
      `two databases, ${title}`,
      [
        {
          name: 'a transaction in each',
          async run() {
            await a.transaction().execute((trx) => add(trx, 1))
            await b.transaction().execute((trx) => add(trx, -1))
          },
          seen: nothing,
        },
        {
          name: 'commit()',
          run: () =>
            both.transaction(async (layers) => {
              await add(layers.a, 1)
              await add(layers.b, -1)
            }),
          seen: nothing,
        },
      ],
      { rounds, targets: [{ of: 'commit()', to: 'a transaction in each', max: 2.5 }] },
    )
  } finally {
    await both.close()
  }
}

/** Leaves transactions prepared in a server, as a program does that was killed, and recovers them. */
async function recovery(a: Bank, b: Bank): Promise<Report> {
  const dead = commit({ home: 'a', layers: { a, b }, lease: 60_000 })
  await dead.transaction(async (layers) => {
    await add(layers.a, 1)
    await add(layers.b, -1)
  })
  const text = <R>(db: Bank, sql: string) => db.executeQuery<R>({ sql, parameters: [] } as never)
  const { rows: pools } = await text<{ id: string }>(a, 'select id from kanta_commit_pool')
  const { rows: owners } = await text<{ owner: string }>(a, 'select owner from kanta_commit_owner')
  await b.connection().execute(async (one) => {
    for (let i = 0; i < PENDING; i++) {
      const name = `kanta:${pools[0]!.id}:${owners[0]!.owner}:${100 + i}:b`
      for (const sql of ['begin', `insert into account values (${2 + i}, 0)`, `prepare transaction '${name}'`])
        await text(one as never, sql)
    }
  })
  const lease = 200
  const other = commit({ home: 'a', layers: { a, b }, lease })
  const started = performance.now()
  const { rolledBack } = await other.recover()
  const time = performance.now() - started - lease
  await other.close()
  if (rolledBack.length !== PENDING) throw new Error(`${rolledBack.length} of ${PENDING} transactions were recovered.`)
  return {
    title: `recovery of ${PENDING} transactions that are prepared in PostgreSQL, without the lease`,
    unit: 'time',
    values: { kanta: [time * 1e6] },
    targets: [{ of: 'kanta', max: 5e9 }],
    notes: [],
  }
}

export async function* run(rounds: number): AsyncIterable<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'kanta-bench-'))
  const durable = { fsync: 'on', synchronous_commit: 'on', max_prepared_transactions: PENDING + 100 }
  const postgres = await startPostgres({ settings: durable })
  const maria = await startMariadb({
    settings: { 'innodb-flush-log-at-trx-commit': 1, 'innodb-flush-method': 'fsync' },
  })
  const file = (name: string) => sqlite({ path: join(folder, name), pragmas: { synchronous: 'full' } })
  const made: Bank[] = []
  const fill = async (driver: unknown): Promise<Bank> => {
    const db = await filled(driver as ReturnType<typeof sqlite>)
    made.push(db)
    return db
  }
  try {
    const { host, port, user, database } = postgres
    const server = await fill(pg({ host, port, user, database }))
    const { host: at, port: on, user: name, password, database: base } = maria
    const other = await fill(mariadb({ host: at, port: on, user: name, password, database: base }))
    yield* pair('SQLite files', await fill(file('a.db')), await fill(file('b.db')), rounds)
    yield* pair('SQLite and PostgreSQL', await fill(file('c.db')), server, rounds)
    yield* pair('PostgreSQL and MariaDB', server, other, rounds)
    yield await recovery(await fill(file('d.db')), server)
  } finally {
    for (const db of made) await db.destroy()
    await postgres.stop()
    await maria.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
