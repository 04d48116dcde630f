import { describe, expect, test } from 'vitest'
import { kanta, sql } from '../../src/index.ts'
import { createExecutor } from '../../src/plugins/index.ts'
import { startHistory, timeTravel } from '../../src/time-travel/index.ts'
import { type Ground, grounds, instant } from './engines.ts'

interface DB {
  one: { id: number; code: number | null; name: string }
  two: { a: number; b: string; one_id: number | null; amount: number }
}

/** https://en.wikipedia.org/wiki/Linear_congruential_generator, with the numbers of Numerical Recipes. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

async function world(ground: Ground) {
  const { driver, drop } = await ground.open()
  const base = kanta<DB>({ driver: driver() })
  await sql`create table one (id int not null primary key, code int unique, name varchar(20) not null)`.execute(base)
  await sql`create table two (a int not null, b varchar(5) not null, one_id int, amount int not null, primary key (a, b),
    foreign key (one_id) references one (id) on delete cascade on update cascade)`.execute(base)
  await base
    .insertInto('one')
    .values([0, 1, 2].map((id) => ({ id, code: id, name: 'first' })))
    .execute()
  await startHistory(base, ['one', 'two'])
  const db = await createExecutor(base, [timeTravel({ tables: ['one', 'two'] })])
  const end = async (): Promise<void> => {
    await db.destroy()
    await drop()
  }
  return { base, db, end }
}

type World = Awaited<ReturnType<typeof world>>
type Db = World['db']

/** One write, some of which the database refuses. */
async function write(db: Db, base: World['base'], ground: Ground, pick: (below: number) => number): Promise<void> {
  const id = pick(8)
  const code = pick(3) === 0 ? null : pick(6)
  const name = `name ${pick(100)}`
  const b = 'xyz'[pick(3)]!
  const row = { a: pick(4), b, one_id: pick(3) === 0 ? null : id, amount: pick(50) }
  const isMaria = ground.name === 'mariadb'
  const isSqlite = ground.name !== 'postgres' && !isMaria
  const writes: (() => Promise<unknown>)[] = [
    () => db.insertInto('one').values({ id, code, name }).execute(),
    () =>
      db
        .insertInto('one')
        .values([
          { id, code, name },
          { id: id + 1, code: null, name },
        ])
        .execute(),
    () => db.insertInto('two').values(row).execute(),
    () => db.updateTable('one').set({ name }).where('id', '>', id).execute(),
    () =>
      db
        .updateTable('one')
        .set({ id: pick(8) })
        .where('id', '=', id)
        .execute(),
    () => db.updateTable('two').set({ amount: row.amount }).execute(),
    () => db.updateTable('two').set({ b }).where('a', '=', row.a).execute(),
    () => db.deleteFrom('one').where('id', '=', id).execute(),
    () => db.deleteFrom('two').where('amount', '>', 40).execute(),
    () =>
      isMaria
        ? db.insertInto('one').values({ id, code, name }).onDuplicateKeyUpdate({ name }).execute()
        : db
            .insertInto('one')
            .values({ id, code, name })
            .onConflict((oc) => oc.column('id').doUpdateSet({ name, code }))
            .execute(),
    () =>
      db
        .insertInto('two')
        .columns(['a', 'b', 'one_id', 'amount'])
        .expression(db.selectFrom('one').select((eb) => ['id', eb.val(b).as('b'), 'id as one_id', eb.val(1).as('n')]))
        .execute(),
    () => sql`update two set amount = amount + 1, b = ${b} where a = ${row.a}`.execute(base),
    () => sql`delete from one where id < ${pick(3)}`.execute(base),
    ...(isSqlite
      ? [
          () => sql`insert or replace into one (id, code, name) values (${id}, ${code}, ${name})`.execute(base),
          () => sql`update or replace one set code = ${code} where id = ${id}`.execute(base),
          () => sql`update or replace one set id = ${pick(8)} where id = ${id}`.execute(base),
          () => sql`insert or ignore into one (id, code, name) values (${id}, ${code}, ${name})`.execute(base),
        ]
      : isMaria
        ? [() => sql`replace into one (id, code, name) values (${id}, ${code}, ${name})`.execute(base)]
        : [() => sql`truncate two`.execute(base)]),
  ]
  await writes[pick(writes.length)]!()
}

describe.each(grounds)('on $name', (ground) => {
  if (ground.missing !== undefined) {
    test.skip(ground.missing, () => {})
    return
  }
  test.each([20_261, 77])('what was is what had been read then (seed %d)', async (seed) => {
    const pick = random(seed)
    const { base, db, end } = await world(ground)
    const read = async (from: Db) => ({
      one: await from.selectFrom('one').selectAll().orderBy('id').execute(),
      two: await from.selectFrom('two').selectAll().orderBy('a').orderBy('b').execute(),
      joined: await from
        .selectFrom('two as t')
        .leftJoin('one as o', 'o.id', 't.one_id')
        .select(['t.a', 't.b', 'o.name', 'o.code'])
        .orderBy('t.a')
        .orderBy('t.b')
        .execute(),
    })
    const known: { at: Date; rows: Awaited<ReturnType<typeof read>> }[] = []
    let written = 0
    let refused = 0
    const attempt = (work: () => Promise<unknown>): Promise<unknown> =>
      work().then(
        () => written++,
        () => refused++,
      )
    for (let i = 0; i < 150; i++) {
      if (pick(4) > 0) await attempt(() => write(db, base, ground, pick))
      else {
        await attempt(() =>
          db.transaction().execute(async (trx) => {
            for (let n = pick(4); n >= 0; n--) await write(trx as Db, trx as never, ground, pick)
            if (pick(2) === 0) throw new Error('rolled back')
          }),
        )
      }
      // Now and then several writes are of one instant, or nearly.
      if (pick(3) > 0) known.push({ rows: await read(db), at: instant() })
    }
    expect(written).toBeGreaterThan(50)
    expect(refused).toBeGreaterThan(5)
    for (const { at, rows } of known) expect(await read(db.asOf(at)), `as of ${at.toISOString()}`).toEqual(rows)
    await end()
  })
})
