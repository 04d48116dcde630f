import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Driver } from '../../src/driver/index.ts'
import { dialectOf } from '../../src/extend/index.ts'
import { kanta, sql } from '../../src/index.ts'
import { introspect } from '../../src/introspect/index.ts'
import { createExecutor } from '../../src/plugins/index.ts'
import {
  alterHistory,
  dropHistory,
  historyStatements,
  refreshHistory,
  startHistory,
  timeTravel,
} from '../../src/time-travel/index.ts'
import { type Ground, grounds, instant } from './engines.ts'

interface DB {
  city: { id: number; name: string; code: number | null }
  seat: { a: number; b: number; note: string }
}

async function open(ground: Ground, driver: Driver) {
  const base = kanta<DB>({ driver })
  for (const text of EMPTY[ground.name] ?? []) await sql.raw(text).execute(base)
  await sql`create table city (id int not null primary key, name varchar(50) not null, code int unique)`.execute(base)
  await base.insertInto('city').values({ id: 1, name: 'Helsinki', code: 1 }).execute()
  await startHistory(base, ['city'])
  return { base }
}

/** What empties a database of a server, which is quicker than to make another. */
const EMPTY: Partial<Record<Ground['name'], readonly string[]>> = {
  postgres: ['drop schema public cascade', 'create schema public'],
  mariadb: ['city', 'seat', 'keyless', 'taken', 'kanta_history'].map((table) => `drop table if exists ${table}`),
}

type Opened = Awaited<ReturnType<typeof open>>
const travel = ({ base }: Opened) => createExecutor(base, [timeTravel({ tables: ['city'] })])
const rows = async (db: Awaited<ReturnType<typeof travel>>, at: Date | string) =>
  (await db.asOf(at).selectFrom('city').selectAll().orderBy('id').execute()) as unknown[]

describe.each(grounds)('on $name', (ground) => {
  if (ground.missing !== undefined) {
    test.skip(ground.missing, () => {})
    return
  }
  const isNative = ground.name === 'mariadb'
  const on = (name: string, work: (all: Opened) => Promise<void>): void => {
    test(name, async () => {
      const isServer = EMPTY[ground.name] !== undefined
      const all = await open(ground, isServer ? place.driver() : (await ground.open()).driver())
      try {
        await work(all)
      } finally {
        await all.base.destroy()
      }
    })
  }
  let place: Awaited<ReturnType<Ground['open']>>
  beforeAll(async () => {
    place = await ground.open()
  })
  afterAll(() => place.drop())

  on('rows that were there are taken in, and nothing is begun twice', async (all) => {
    const { base } = all
    const there = instant()
    await base.deleteFrom('city').execute()
    const db = await travel(all)
    expect(await rows(db, there)).toEqual([{ id: 1, name: 'Helsinki', code: 1 }])
    await expect(startHistory(base, ['city'])).rejects.toMatchObject({ code: 'conflict' })
    await expect(startHistory(base, ['nothing'])).rejects.toMatchObject({ code: 'not_found' })
    await sql`create table keyless (n int)`.execute(base)
    await expect(startHistory(base, ['keyless'])).rejects.toMatchObject({ code: 'unsupported' })
    await sql`create table taken (id int primary key, history_from int)`.execute(base)
    await expect(startHistory(base, ['taken'])).rejects.toMatchObject({ code: 'unsupported' })
    const wants = createExecutor(base, [timeTravel({ tables: ['keyless'] as string[] })])
    await expect(wants).rejects.toMatchObject({ code: 'plugin', message: expect.stringMatching(/startHistory/) })
  })

  on('columns come, go and get other names', async (all) => {
    const { base } = all
    const first = instant()
    await alterHistory(base, ['city'], async (trx) => {
      await sql`alter table city add column mayor varchar(20) default 'nobody'`.execute(trx)
    })
    await sql`update city set name = 'Helsingfors', mayor = 'Juhana'`.execute(base)
    const second = instant()
    await alterHistory(
      base,
      ['city'],
      async (trx) => {
        await sql`alter table city rename column name to title`.execute(trx)
      },
      { renamed: { city: { name: 'title' } } },
    )
    await sql`update city set title = 'Stadi'`.execute(base)
    const third = instant()
    await alterHistory(base, ['city'], (trx) => sql`alter table city drop column mayor`.execute(trx))
    await sql`delete from city`.execute(base)
    const db = await travel(all)
    // MariaDB puts the default of a new column into what was before.
    expect(await rows(db, first)).toEqual([{ id: 1, title: 'Helsinki', code: 1 }])
    expect(await rows(db, second)).toEqual([{ id: 1, title: 'Helsingfors', code: 1 }])
    expect(await rows(db, third)).toEqual([{ id: 1, title: 'Stadi', code: 1 }])
    expect(await rows(db, new Date())).toEqual([])
    if (!isNative) {
      const kept = await sql<{ mayor: string }>`select mayor from city_history order by history_id`.execute(base)
      expect(kept.rows.map(({ mayor }) => mayor)).toEqual([null, 'nobody', 'Juhana', 'Juhana', ...[]])
    }
    await expect(alterHistory(base, ['city'], async () => {}, { renamed: { town: {} } })).rejects.toThrow(/town/)
  })

  on('a key may change its columns', async (all) => {
    const { base } = all
    if (isNative) return
    await sql`create table seat (a int not null, b int not null, note varchar(9), primary key (a, b))`.execute(base)
    await startHistory(base, ['seat'])
    await base
      .insertInto('seat')
      .values([
        { a: 1, b: 1, note: 'x' },
        { a: 1, b: 2, note: 'y' },
      ])
      .execute()
    const there = instant()
    // Keys change their places, at once where the database lets them.
    await base.updateTable('seat').set({ b: 3 }).where('b', '=', 1).execute()
    await base.updateTable('seat').set({ b: 1 }).where('b', '=', 2).execute()
    const db = await createExecutor(base, [timeTravel({ tables: ['seat'] })])
    const seats = (at: Date) => db.asOf(at).selectFrom('seat').selectAll().orderBy('b').execute()
    expect(await seats(there)).toEqual([
      { a: 1, b: 1, note: 'x' },
      { a: 1, b: 2, note: 'y' },
    ])
    expect(await seats(instant())).toEqual([
      { a: 1, b: 1, note: 'y' },
      { a: 1, b: 3, note: 'x' },
    ])
  })

  on('what was missed is made up for', async (all) => {
    const { base } = all
    if (isNative) return
    const first = instant()
    const off = {
      postgres: ['drop trigger city_history_rows on city', 'drop trigger city_history_truncate on city'],
      sqlite: ['insert', 'update', 'delete'].map((event) => `drop trigger city_history_${event}`),
    }
    for (const text of ground.name === 'postgres' ? off.postgres : off.sqlite) await sql.raw(text).execute(base)
    await expect(travel(all)).rejects.toMatchObject({
      code: 'plugin',
      message: expect.stringMatching(/refreshHistory/),
    })
    await base
      .insertInto('city')
      .values([
        { id: 2, name: 'Turku', code: 2 },
        { id: 3, name: 'Vaasa', code: 3 },
      ])
      .execute()
    await base.updateTable('city').set({ name: 'changed' }).where('id', '=', 1).execute()
    await refreshHistory(base, ['city'])
    await base.deleteFrom('city').where('id', '=', 3).execute()
    const db = await travel(all)
    expect(await rows(db, first)).toEqual([{ id: 1, name: 'Helsinki', code: 1 }])
    expect(await rows(db, instant())).toEqual([
      { id: 1, name: 'changed', code: 1 },
      { id: 2, name: 'Turku', code: 2 },
    ])
    const [one, other, ...more] = await db.versionsOf('city', { id: 1 })
    expect([one!.to, other!.to, more]).toEqual([other!.from, undefined, []])
  })

  on('a history is forgotten, and can begin again', async (all) => {
    const { base } = all
    const first = instant()
    await dropHistory(base, ['city'])
    await base.updateTable('city').set({ name: 'unseen' }).execute()
    instant()
    await startHistory(base, ['city'])
    const db = await travel(all)
    await expect(rows(db, first)).rejects.toThrow(/began at/)
    expect(await rows(db, instant())).toEqual([{ id: 1, name: 'unseen', code: 1 }])
    await dropHistory(base, ['city'])
    await expect(dropHistory(base, ['city'])).rejects.toMatchObject({ code: 'not_found' })
    await expect(refreshHistory(base, ['city'])).rejects.toMatchObject({ code: 'not_found' })
  })

  on('a clock that goes back makes no two versions of a row, and no gap', async (all) => {
    const { base } = all
    if (isNative) return
    // As if the last version had been written by a clock that is ahead.
    const ahead = (Date.now() + 3_600_000) * 1000
    await sql`update city_history set history_from = ${ahead}`.execute(base)
    await base.updateTable('city').set({ name: 'later' }).execute()
    await base.deleteFrom('city').execute()
    await base.insertInto('city').values({ id: 1, name: 'again', code: 1 }).execute()
    const { rows } = await sql<{ name: string; history_from: unknown; history_to: unknown }>`
      select name, history_from, history_to from city_history order by history_id`.execute(base)
    const times = rows.map((row) => [row.name, Number(row.history_from), Number(row.history_to)])
    // Where the clock counts milliseconds only, each version lasts a microsecond at least.
    const dialect = dialectOf(base as never)
    const step = dialect.name === 'sqlite' ? 1 : 0
    expect(times).toEqual([
      ['Helsinki', ahead, ahead + step],
      ['later', ahead + step, ahead + 2 * step],
      ['again', ahead + 2 * step, Number.MAX_SAFE_INTEGER],
    ])
  })

  on('what a transaction undid was never there', async (all) => {
    const { base } = all
    instant()
    const undone = base.transaction().execute(async (trx) => {
      await trx.updateTable('city').set({ name: 'undone' }).execute()
      throw new Error('undo')
    })
    await expect(undone).rejects.toThrow('undo')
    await base.transaction().execute(async (trx) => {
      await trx.updateTable('city').set({ name: 'kept' }).execute()
      const part = trx.transaction().execute(async (inner) => {
        await inner.updateTable('city').set({ name: 'part' }).execute()
        throw new Error('part')
      })
      await expect(part).rejects.toThrow('part')
    })
    const db = await travel(all)
    const versions = await db.versionsOf('city', { id: 1 })
    expect(versions.map(({ row }) => row.name)).toEqual(['Helsinki', 'kept'])
  })

  on('the statements by themselves make a history', async (all) => {
    const { base } = all
    await dropHistory(base, ['city'])
    await base.deleteFrom('city').execute()
    const { tables } = await introspect(base, { tables: { include: ['city'] } })
    const dialect = dialectOf(base as never)
    for (const text of historyStatements(tables[0]!, dialect)) await sql.raw(text).execute(base)
    await base.insertInto('city').values({ id: 5, name: 'Oulu', code: null }).execute()
    const there = instant()
    await base.deleteFrom('city').execute()
    expect(await rows(await travel(all), there)).toEqual([{ id: 5, name: 'Oulu', code: null }])
  })

  on('hostile names are names', async ({ base }) => {
    const name = `we"ir'd $kanta$ \`t\\able`
    const quote = isNative
      ? (text: string) => `\`${text.replaceAll('`', '``')}\``
      : (text: string) => `"${text.replaceAll('"', '""')}"`
    const column = `co"l'umn $$ \``
    await sql.raw(`create table ${quote(name)} (${quote(column)} int not null primary key, v int)`).execute(base)
    await startHistory(base, [name])
    const any = base as never as { insertInto(table: string): { values(row: object): { execute(): Promise<unknown> } } }
    await any
      .insertInto(name)
      .values({ [column]: 1, v: 2 })
      .execute()
    const at = instant()
    const db = await createExecutor(base, [timeTravel({ tables: [name] })])
    await sql.raw(`delete from ${quote(name)}`).execute(base)
    const past = db.asOf(at) as never as { selectFrom(table: string): { selectAll(): { execute(): Promise<unknown> } } }
    expect(await past.selectFrom(name).selectAll().execute()).toEqual([{ [column]: 1, v: 2 }])
  })
})
