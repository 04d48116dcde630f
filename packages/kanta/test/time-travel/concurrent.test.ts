import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kanta, sql } from '../../src/index.ts'
import { createExecutor } from '../../src/plugins/index.ts'
import { startHistory, timeTravel } from '../../src/time-travel/index.ts'
import { grounds, instant } from './engines.ts'

interface DB {
  account: { id: number; amount: number }
}

async function open(driver: Parameters<typeof kanta>[0]['driver']) {
  const base = kanta<DB>({ driver })
  await sql`create table account (id int not null primary key, amount int not null)`.execute(base)
  await base
    .insertInto('account')
    .values([1, 2, 3].map((id) => ({ id, amount: 100 })))
    .execute()
  await startHistory(base, ['account'])
  return createExecutor(base, [timeTravel({ tables: ['account'] })])
}

const servers = grounds.filter(({ name }) => name === 'postgres' || name === 'mariadb')

describe.each(servers)('transactions at once on $name', (ground) => {
  if (ground.missing !== undefined) {
    test.skip(ground.missing, () => {})
    return
  }
  let place: Awaited<ReturnType<typeof ground.open>>
  let db: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    place = await ground.open()
    db = await open(place.driver())
    instant()
  })
  afterAll(async () => {
    await db.destroy()
    await place.drop()
  })

  /** From one version of a row to the next there is no gap, and there are never two. */
  const expectNoGap = async (id: number): Promise<number[]> => {
    const versions = await db.versionsOf('account', { id })
    versions.forEach(({ to }, i) => expect(to, `version ${i} of ${id}`).toBe(versions[i + 1]?.from))
    return versions.map(({ row }) => row.amount)
  }

  test('a transaction that began earlier and came later takes nothing away', async () => {
    const early = await db.startTransaction().execute()
    await early.selectFrom('account').selectAll().where('id', '=', 3).execute()
    await db.updateTable('account').set({ amount: 1 }).where('id', '=', 1).execute()
    const between = instant()
    await early.updateTable('account').set({ amount: 2 }).where('id', '=', 1).execute()
    await early.commit().execute()
    expect(await expectNoGap(1)).toEqual([100, 1, 2])
    const [row] = await db.asOf(between).selectFrom('account').selectAll().where('id', '=', 1).execute()
    expect(row).toEqual({ id: 1, amount: 1 })
  })

  test('one that waits for another is after it', async () => {
    const waiting = {
      postgres:
        "select count(*) as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
      mariadb: "select count(*) as n from information_schema.innodb_trx where trx_state = 'LOCK WAIT'",
    }[ground.name as 'postgres' | 'mariadb']
    const isWaiting = async (): Promise<boolean> => {
      const { rows } = await sql.raw<{ n: number }>(waiting).execute(db)
      return Number(rows[0]!.n) > 0
    }
    const set = (on: Pick<typeof db, 'updateTable'>, amount: number) =>
      on.updateTable('account').set({ amount }).where('id', '=', 1).execute()
    const first = await db.startTransaction().execute()
    await set(first as never, 11)
    const second = set(db, 13)
    while (!(await isWaiting())) instant()
    await set(first as never, 12)
    await first.commit().execute()
    await second
    const amounts = await expectNoGap(1)
    // MariaDB goes by when a statement began, and the one that waited began before the other's second one.
    expect(amounts.slice(-2)).toEqual(ground.name === 'postgres' ? [12, 13] : [11, 13])
    const versions = await db.versionsOf('account', { id: 1 })
    // The first was there before its history.
    for (const { from, row } of versions.slice(1)) {
      const past = db.asOf(from).selectFrom('account').selectAll().where('id', '=', 1)
      expect(await past.execute(), from).toEqual([row])
    }
  })

  test('many that change the same rows', async () => {
    const task = async (i: number): Promise<void> => {
      const change = i % 2 === 0 ? 1 : -1
      await db.transaction().execute(async (trx) => {
        // In one order, so that nobody waits for each other.
        for (const [id, by] of [
          [2, change],
          [3, -change],
        ] as const)
          await trx
            .updateTable('account')
            .set((eb) => ({ amount: eb('amount', '+', by) }))
            .where('id', '=', id)
            .execute()
      })
    }
    await Promise.all(Array.from({ length: 24 }, (_, i) => task(i)))
    const sum = async (from: typeof db) =>
      (await from.selectFrom('account').where('id', '>', 1).selectAll().execute()).reduce(
        (all, { amount }) => all + amount,
        0,
      )
    expect(await sum(db)).toBe(200)
    expect(await sum(db.asOf(instant()))).toBe(200)
    for (const id of [2, 3]) await expectNoGap(id)
  })

  test.runIf(ground.name === 'postgres')('all of a transaction is of one instant', async () => {
    instant()
    await db.transaction().execute(async (trx) => {
      await trx.updateTable('account').set({ amount: 7 }).where('id', '=', 1).execute()
      instant()
      await trx.updateTable('account').set({ amount: 8 }).where('id', '=', 2).execute()
      await trx.updateTable('account').set({ amount: 9 }).where('id', '=', 1).execute()
    })
    const [one, two] = await Promise.all([1, 2].map((id) => db.versionsOf('account', { id })))
    expect(one!.at(-1)).toMatchObject({ row: { amount: 9 }, from: two!.at(-1)!.from })
    expect(one!.map(({ row }) => row.amount)).not.toContain(7)
  })
})
