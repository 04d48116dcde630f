import { type KantaOptions, kanta, sql } from 'kanta'
import { mariadb } from 'kanta/mysql2'
import { pg } from 'kanta/pg'
import { createExecutor } from 'kanta/plugins'
import { sqlite } from 'kanta/sqlite'
import { startHistory, timeTravel } from 'kanta/time-travel'
import { mariadbIsInstalled, startMariadb, startPostgres } from 'kanta-servers'
import { measure, type Report } from '../harness.ts'

export const about = 'time travel: writes with and without a history, point selects now and as of an instant'

interface DB {
  plain: { id: number; name: string; amount: number }
  kept: { id: number; name: string; amount: number }
}

const ROWS = 10_000

/** Two tables with the same rows; of one the history is kept, in which each row has three versions. */
async function open(driver: KantaOptions['driver']) {
  const base = kanta<DB>({ driver })
  for (const name of ['plain', 'kept'] as const) {
    await sql`create table ${sql.table(name)} (id int not null primary key, name varchar(40) not null, amount int not null)`.execute(
      base,
    )
    const rows = Array.from({ length: ROWS }, (_, id) => ({ id, name: `row ${id}`, amount: 0 }))
    await base.insertInto(name).values(rows).execute()
  }
  await startHistory(base, ['kept'])
  const db = await createExecutor(base, [timeTravel({ tables: ['kept'] })])
  for (let i = 0; i < 2; i++)
    await db
      .updateTable('kept')
      .set((eb) => ({ amount: eb('amount', '+', 1) }))
      .execute()
  const at = new Date()
  while (Date.now() <= at.getTime());
  const past = db.asOf(at)
  const update = (table: 'plain' | 'kept') => (i: number) =>
    db
      .updateTable(table)
      .set({ amount: i })
      .where('id', '=', i % ROWS)
      .execute()
  const find = (from: typeof db, table: 'plain' | 'kept') => (i: number) =>
    from
      .selectFrom(table)
      .select(['id', 'name'])
      .where('id', '=', i % ROWS)
      .execute()
  return { db, past, update, find }
}

async function* measureOn(name: string, driver: KantaOptions['driver'], rounds: number): AsyncIterable<Report> {
  const { db, past, update, find } = await open(driver)
  yield await measure(
    `point select, ${name}`,
    [
      { name: 'plain', run: find(db, 'plain') },
      { name: 'with history', run: find(db, 'kept') },
      { name: 'as of an instant', run: find(past, 'kept') },
    ],
    { rounds, targets: ['with history', 'as of an instant'].map((of) => ({ of, to: 'plain' })) },
  )
  yield await measure(
    `update of one row, ${name}`,
    [
      { name: 'plain', run: update('plain') },
      { name: 'with history', run: update('kept') },
    ],
    { rounds, targets: [{ of: 'with history', to: 'plain' }] },
  )
  await db.destroy()
}

export async function* run(rounds: number): AsyncIterable<Report> {
  yield* measureOn('SQLite in memory', sqlite(':memory:'), rounds)
  await using open = new AsyncDisposableStack()
  const postgres = open.adopt(await startPostgres(), (it) => it.stop())
  yield* measureOn('PostgreSQL', pg({ ...postgres, max: 1 }), rounds)
  if (mariadbIsInstalled() !== true) return
  const maria = open.adopt(await startMariadb(), (it) => it.stop())
  const { host, port, user, password, database } = maria
  yield* measureOn('MariaDB', mariadb({ host, port, user, password, database, max: 1 }), rounds)
}
