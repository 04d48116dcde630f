import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Driver } from '../../src/driver/index.ts'
import { type Hook, kanta, primaryKey, sql, table } from '../../src/index.ts'
import { createExecutor, ttl } from '../../src/plugins/index.ts'
import type { Place } from '../engine/engine.ts'
import { places } from './places.ts'

const START = Date.UTC(2030, 0, 1, 12, 0, 0, 500)
const at = (ms: number): Date => new Date(START + ms)

const session = table('session', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  expires_at: c.timestamp().nullable(),
}))
const seconds = table('seconds', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  expires_at: c.timestamp({ mode: 'unix' }).nullable(),
}))
const millis = table('millis', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  expires_at: c.timestamp({ mode: 'unixms' }).nullable(),
}))
const plain = table('plain', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  expires_at: c.integer().nullable(),
}))
const iso = table('iso', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  expires_at: c.varchar(40).nullable(),
}))
const visit = table('visit', (c) => ({ id: c.integer().primaryKey(), session_id: c.integer(), made_at: c.timestamp() }))
const pair = table(
  'pair',
  (c) => ({ a: c.integer(), b: c.integer(), gone: c.timestamp().nullable() }),
  (t) => [primaryKey([t.a, t.b])],
)
const schema = { session, seconds, millis, plain, iso, visit, pair }

describe.each(places)('rows expire on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Place
  let clock = START
  const now = (): Date => new Date(clock)
  const open = (driver: Driver) => kanta({ driver, schema })
  let base: ReturnType<typeof open>
  const TABLES = {
    session: { column: 'expires_at' },
    seconds: { column: 'expires_at' },
    millis: { column: 'expires_at' },
    plain: { column: 'expires_at', form: 'seconds' },
    iso: { column: 'expires_at', form: 'iso' },
    visit: { column: 'made_at', after: 1000 },
    pair: { column: 'gone' },
  } as const
  const executor = () => createExecutor(base, [ttl({ tables: TABLES, now, batch: 2 })])
  let db: Awaited<ReturnType<typeof executor>>

  beforeAll(async () => {
    place = await engine.create()
    base = open(place.driver())
    for (const one of Object.values(schema)) await base.schema.createTable(one).execute()
    db = await executor()
  })
  afterAll(async () => {
    await base?.destroy()
    await place?.drop()
  })

  const fill = async () => {
    clock = START
    for (const name of ['session', 'seconds', 'millis', 'plain', 'iso', 'visit'] as const)
      await base.deleteFrom(name).execute()
    const rows = <T>(of: (moment: Date) => T) =>
      (
        [
          ['past', -1],
          ['now', 0],
          ['soon', 1],
          ['later', 5000],
          ['never', undefined],
        ] as const
      ).map(([name, ms], i) => ({
        id: i + 1,
        name,
        expires_at: ms === undefined ? null : of(at(ms)),
      }))
    await base
      .insertInto('session')
      .values(rows((d) => d))
      .execute()
    await base
      .insertInto('seconds')
      .values(rows((d) => d))
      .execute()
    await base
      .insertInto('millis')
      .values(rows((d) => d))
      .execute()
    await base
      .insertInto('plain')
      .values(rows((d) => Math.floor(d.getTime() / 1000)))
      .execute()
    await base
      .insertInto('iso')
      .values(rows((d) => d.toISOString()))
      .execute()
  }
  const names = async (of: 'session' | 'seconds' | 'millis' | 'plain' | 'iso') =>
    (await db.selectFrom(of).select('name').orderBy('id').execute()).map((row) => row.name)

  test('TTL1, TTL2, TTL3: a null never expires, and each form of time is exact', async () => {
    await fill()
    for (const of of ['session', 'millis', 'iso'] as const)
      expect(await names(of), of).toEqual(['soon', 'later', 'never'])
    // What is stored in seconds has expired once its second has begun.
    for (const of of ['seconds', 'plain'] as const) expect(await names(of), of).toEqual(['later', 'never'])
    clock = START + 1
    expect(await names('session')).toEqual(['later', 'never'])
    clock = START - 1
    expect(await names('session')).toEqual(['now', 'soon', 'later', 'never'])
    clock = START - 500 - 1
    expect(await names('seconds')).toHaveLength(5)
  })

  test('TTL4: no write revives what has expired', async () => {
    await fill()
    const [updated] = await db
      .updateTable('session')
      .set({ expires_at: at(9000) })
      .execute()
    expect(updated!.numUpdatedRows).toBe(3n)
    const [deleted] = await db.deleteFrom('session').where('name', '=', 'past').execute()
    expect(deleted!.numDeletedRows).toBe(0n)
    const upsert = db.insertInto('session').values({ id: 1, name: 'again', expires_at: at(9000) })
    const revival =
      engine.dialect === 'mariadb'
        ? upsert.onDuplicateKeyUpdate({ expires_at: at(9000) })
        : upsert.onConflict((oc) => oc.column('id').doUpdateSet({ expires_at: at(9000) }))
    await expect(revival.execute()).rejects.toMatchObject({ code: 'policy' })
    expect(await base.selectFrom('session').select('expires_at').where('id', '=', 1).execute()).toEqual([
      { expires_at: at(-1) },
    ])
    expect(await db.sweepExpired()).toMatchObject({ session: 2 })
    await db
      .insertInto('session')
      .values({ id: 1, name: 'again', expires_at: at(9000) })
      .execute()
    expect(await names('session')).toEqual(['again', 'soon', 'later', 'never'])
  })

  test('TTL9: aggregates, joins, subqueries and common tables do not see them', async () => {
    await fill()
    const count = await db
      .selectFrom('session')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .execute()
    expect(Number(count[0]!.n)).toBe(3)
    await base
      .insertInto('visit')
      .values([
        { id: 1, session_id: 1, made_at: at(0) },
        { id: 2, session_id: 3, made_at: at(-1000) },
        { id: 3, session_id: 4, made_at: at(-999) },
      ])
      .execute()
    const joined = await db
      .selectFrom('visit')
      .leftJoin('session', 'session.id', 'visit.session_id')
      .select(['visit.id', 'session.name'])
      .orderBy('visit.id')
      .execute()
    expect(joined).toEqual([
      { id: 1, name: null },
      { id: 3, name: 'later' },
    ])
    const some = await db
      .with('all_of_them', (q) => q.selectFrom('session').select('id'))
      .selectFrom('visit')
      .select('id')
      .where('session_id', 'in', (eb) => eb.selectFrom('all_of_them').select('id'))
      .execute()
    expect(some).toEqual([{ id: 3 }])
    expect(await db.withExpired().selectFrom('session').select('id').execute()).toHaveLength(5)
  })

  test('TTL10: text that is no moment is neither hidden nor swept', async () => {
    await fill()
    await base.updateTable('iso').set({ expires_at: 'whenever' }).where('id', '=', 1).execute()
    expect(await names('iso')).toContain('past')
    await db.sweepExpired()
    expect(await base.selectFrom('iso').select('name').orderBy('id').execute()).toHaveLength(4)
  })

  test('sweeps delete what has expired and nothing else, batch by batch', async () => {
    await fill()
    const many = Array.from({ length: 25 }, (_, i) => ({ id: 100 + i, name: 'x', expires_at: at(-i) }))
    await base.insertInto('session').values(many).execute()
    await base
      .insertInto('pair')
      .values([
        { a: 1, b: 1, gone: at(-5) },
        { a: 1, b: 2, gone: null },
        { a: 2, b: 1, gone: at(5) },
      ])
      .execute()
    const lengths: number[] = []
    const count: Hook = {
      name: 'count',
      around: async (event, next) => {
        const result = await next()
        if (event.facts.kind === 'delete') lengths.push(event.exemptions.length)
        return result
      },
    }
    const counted = await createExecutor(base, [
      ttl({ tables: TABLES, now, batch: 10 }),
      { name: 'count', hooks: [count] },
    ])
    expect(await counted.sweepExpired()).toEqual({
      session: 27,
      seconds: 3,
      millis: 2,
      plain: 3,
      iso: 2,
      visit: 0,
      pair: 1,
    })
    // Three batches of the sessions; SQLite asks before it deletes.
    expect(lengths.length).toBe(engine.dialect === 'sqlite' ? 8 : 9)
    expect(lengths.every((length) => length === 1)).toBe(true)
    expect(await base.selectFrom('session').select('name').orderBy('id').execute()).toHaveLength(3)
    expect(await base.selectFrom('pair').select(['a', 'b']).orderBy('a').execute()).toEqual([
      { a: 1, b: 2 },
      { a: 2, b: 1 },
    ])
    expect(await db.sweepExpired()).toMatchObject({ session: 0 })
  })

  test('a sweep is never part of a transaction, and sees none', async () => {
    await fill()
    await expect(db.transaction().execute((trx) => trx.sweepExpired())).rejects.toMatchObject({ code: 'transaction' })
    await expect(db.connection().execute((held) => held.sweepExpired())).rejects.toMatchObject({ code: 'transaction' })
    let sweeping: Promise<unknown> | undefined
    const failing = db.transaction().execute(async (trx) => {
      await trx.insertInto('session').values({ id: 50, name: 'mine', expires_at: null }).execute()
      sweeping = db.sweepExpired()
      throw new Error('undone')
    })
    await expect(failing).rejects.toThrow('undone')
    expect(await sweeping).toMatchObject({ session: 2 })
    expect(await base.selectFrom('session').select('id').where('id', '<', 3).execute()).toEqual([])
  })

  test('opt-outs are told to hooks', async () => {
    const seen: unknown[] = []
    const watch: Hook = {
      name: 'watch',
      around: (event, next) => {
        seen.push(event.exemptions)
        return next()
      },
    }
    const watched = await createExecutor(base, [ttl({ tables: TABLES, now }), { name: 'watch', hooks: [watch] }])
    await watched.withExpired().selectFrom('session').select('id').execute()
    expect(seen).toEqual([[{ policy: 'ttl', mode: 'with expired' }]])
  })

  test('the clock of the database serves as well', async () => {
    const aged = { id: 1, name: 'old', expires_at: new Date(Date.now() - 60_000) }
    const young = { id: 2, name: 'new', expires_at: new Date(Date.now() + 60_000) }
    const byDatabase = await createExecutor(base, [ttl({ tables: TABLES, clock: 'database' })])
    for (const name of ['session', 'seconds', 'millis'] as const) {
      await base.deleteFrom(name).execute()
      await base.insertInto(name).values([aged, young]).execute()
      expect(await byDatabase.selectFrom(name).select('id').execute(), name).toEqual([{ id: 2 }])
    }
    for (const name of ['plain', 'iso'] as const) await base.deleteFrom(name).execute()
    const unix = (row: typeof aged) => ({ ...row, expires_at: Math.floor(row.expires_at.getTime() / 1000) })
    const text = (row: typeof aged) => ({ ...row, expires_at: row.expires_at.toISOString() })
    await base
      .insertInto('plain')
      .values([unix(aged), unix(young)])
      .execute()
    await base
      .insertInto('iso')
      .values([text(aged), text(young)])
      .execute()
    for (const name of ['plain', 'iso'] as const)
      expect(await byDatabase.selectFrom(name).select('id').execute(), name).toEqual([{ id: 2 }])
    expect(await byDatabase.sweepExpired()).toMatchObject({ session: 1, seconds: 1, millis: 1, plain: 1, iso: 1 })
  })

  test('TTL8: an index on the column serves reads and sweeps', async () => {
    await base.deleteFrom('session').execute()
    // PostgreSQL passes by a new index over rows that were changed, as long as anybody's older transaction runs.
    if (engine.dialect === 'postgres') await sql`truncate table session`.execute(base)
    await sql`create index session_expiry on session (expires_at)`.execute(base)
    const rows = Array.from({ length: 3000 }, (_, i) => ({
      id: i + 1,
      name: `n${i}`,
      expires_at: at(i < 2990 ? -1000 : 1000),
    }))
    await base.insertInto('session').values(rows).execute()
    await sql.raw(engine.dialect === 'mariadb' ? 'analyze table session' : 'analyze session').execute(base)
    clock = START
    const read = db.selectFrom('session').select('id').compile()
    expect(await indexOf(engine.dialect, base, read)).toMatch(/session_expiry/)
  })
})

/** The plan of a query, as text. */
async function indexOf(
  dialect: string,
  base: { executeQuery: unknown },
  query: { sql: string; parameters: readonly unknown[] },
) {
  const text = `${dialect === 'sqlite' ? 'explain query plan' : 'explain'} ${query.sql}`
  const run = base.executeQuery as (query: unknown) => Promise<{ rows: unknown[] }>
  return JSON.stringify((await run.call(base, { sql: text, parameters: query.parameters })).rows)
}
