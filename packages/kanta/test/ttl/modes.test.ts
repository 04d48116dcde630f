import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import {
  camelCase,
  createExecutor,
  createTtlTriggers,
  dropTtlTriggers,
  type ExpiringTable,
  ttl,
} from '../../src/plugins/index.ts'
import type { Place } from '../engine/engine.ts'
import { withoutSchema } from '../without-schema.ts'
import { places } from './places.ts'

const MINUTE = 60_000
const ago = (ms: number): Date => new Date(Date.now() - ms)

const lease = table('lease', (c) => ({ id: c.integer().primaryKey(), endsAt: c.timestamp().nullable() }))
const token = table('token', (c) => ({ id: c.integer().primaryKey(), ends_at: c.timestamp().nullable() }))
/** Names that would be statements if they were text. */
const HOSTILE = `t"; drop table token; --`
const COLUMN = `e" or '1'='1` + '`'
const hostile = table(HOSTILE, (c) => ({ id: c.integer().primaryKey(), [COLUMN]: c.timestamp().nullable() }))
const schema = { lease, token, hostile }

describe.each(places)('modes of ttl on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Place
  const open = () => kanta({ driver: place.driver(), schema })
  let base: ReturnType<typeof open>

  beforeAll(async () => {
    place = await engine.create()
    base = open()
    await base.withPlugins([camelCase()]).schema.createTable(lease).execute()
    await base.schema.createTable(token).execute()
    await base.schema.createTable(hostile).execute()
    if (engine.dialect === 'mariadb') await sql`set global event_scheduler = on`.execute(base)
  })
  afterAll(async () => {
    await base?.destroy()
    await place?.drop()
  })

  const tokens = async () => (await base.selectFrom('token').select('id').orderBy('id').execute()).map(({ id }) => id)

  test('TTL5: the column is that of the program, whatever it is called in the database', async () => {
    const db = await createExecutor(base, [camelCase(), ttl({ tables: { lease: { column: 'endsAt' } } })])
    await db
      .insertInto('lease')
      .values([
        { id: 1, endsAt: ago(MINUTE) },
        { id: 2, endsAt: null },
      ])
      .execute()
    expect(await db.selectFrom('lease').selectAll().execute()).toEqual([{ id: 2, endsAt: null }])
    expect(await db.sweepExpired()).toEqual({ lease: 1 })
  })

  test('D1: names are quoted, whatever they hold', async () => {
    const tables = { [HOSTILE]: { column: COLUMN } }
    const db = await createExecutor(base, [ttl({ tables })])
    const rows = [
      { id: 1, [COLUMN]: ago(MINUTE) },
      { id: 2, [COLUMN]: null },
    ]
    await base
      .insertInto(HOSTILE)
      .values(rows as never)
      .execute()
    expect(await db.selectFrom(HOSTILE).select('id').execute()).toEqual([{ id: 2 }])
    expect(await db.sweepExpired()).toEqual({ [HOSTILE]: 1 })
    await createTtlTriggers(base, { tables })
    await dropTtlTriggers(base, [HOSTILE])
    expect(await tokens()).toEqual([])
  })

  test('a timer sweeps again and again, one sweep at a time, until the database is closed', async () => {
    await base.deleteFrom('token').execute()
    await base
      .insertInto('token')
      .values([
        { id: 1, ends_at: ago(MINUTE) },
        { id: 2, ends_at: null },
      ])
      .execute()
    const told: unknown[] = []
    let sweeps = 0
    let enough = (): void => {}
    const done = new Promise<void>((resolve) => {
      enough = resolve
    })
    const plugin = ttl({
      tables: { token: { column: 'ends_at' } },
      mode: 'scheduled',
      every: 1,
      onSweep: (deleted) => {
        told.push(deleted)
        sweeps++
        if (sweeps === 3) enough()
      },
    })
    const db = await createExecutor(base, [plugin])
    await done
    await plugin.onDestroy?.()
    const after = sweeps
    expect(told[0]).toEqual({ token: 1 })
    expect(told[1]).toEqual({ token: 0 })
    expect(await tokens()).toEqual([2])
    await db.selectFrom('token').select('id').execute()
    expect(sweeps).toBe(after)
  })

  test('TTL6: what fails in a sweep is told, and the next one is tried', async () => {
    const errors: unknown[] = []
    let enough = (): void => {}
    const done = new Promise<void>((resolve) => {
      enough = resolve
    })
    const plugin = ttl({
      tables: { missing_table: { column: 'at', form: 'seconds' } } as Record<string, ExpiringTable>,
      mode: 'scheduled',
      every: 1,
      onError: (error) => {
        errors.push(error)
        if (errors.length === 2) enough()
      },
    })
    await createExecutor(withoutSchema(base), [plugin])
    await done
    await plugin.onDestroy?.()
    expect(errors[0]).toMatchObject({ name: 'KantaError' })
    // A trigger that cannot be made is an error of starting the plugin, not of making it.
    const broken = ttl({
      tables: { missing_table: { column: 'at', form: 'seconds' } } as Record<string, ExpiringTable>,
      mode: 'trigger',
    })
    if (engine.dialect !== 'mariadb')
      await expect(createExecutor(withoutSchema(base), [broken])).rejects.toMatchObject({ code: 'plugin' })
  })

  // In SQLite a batch is one statement, and the file has one writer at a time.
  test.skipIf(engine.dialect === 'sqlite')('one sweeper at a time, over all connections', async () => {
    const db = await createExecutor(base, [ttl({ tables: { token: { column: 'ends_at' } } })])
    const key = engine.dialect === 'postgres'
    await base.connection().execute(async (held) => {
      const take = key
        ? sql`select pg_try_advisory_lock(hashtextextended('ttl', 0))`
        : sql`select get_lock(concat('kanta_', sha1(concat(coalesce(database(), ''), 'ttl'))), 0)`
      await take.execute(held)
      expect(await db.sweepExpired()).toBeUndefined()
      const free = key
        ? sql`select pg_advisory_unlock(hashtextextended('ttl', 0))`
        : sql`select release_lock(concat('kanta_', sha1(concat(coalesce(database(), ''), 'ttl'))))`
      await free.execute(held)
    })
    expect(await db.sweepExpired()).toMatchObject({ token: 0 })
  })

  test('the database deletes what has expired, and TTL7: a changed definition takes the place of the old one', async () => {
    await base.deleteFrom('token').execute()
    const start = (after: number, plugins: Parameters<typeof createExecutor>[1] = []) =>
      createExecutor(base, [
        ...plugins,
        ttl({ tables: { token: { column: 'ends_at', after } }, mode: 'trigger', every: 1000 }),
      ])
    await start(10 * MINUTE)
    const insert = (id: number, ms: number) =>
      base
        .insertInto('token')
        .values({ id, ends_at: ago(ms) })
        .execute()
    await insert(1, 20 * MINUTE)
    await insert(2, 5 * MINUTE)
    await insert(3, 0)
    const left = async (ids: readonly number[]): Promise<void> => {
      if (engine.dialect === 'mariadb') await expect.poll(tokens, { timeout: 8000, interval: 50 }).toEqual(ids)
      else expect(await tokens()).toEqual(ids)
    }
    await left([2, 3])
    // The same again changes nothing; another takes its place.
    await start(10 * MINUTE)
    await start(MINUTE)
    await insert(4, 0)
    await left([3, 4])
    await dropTtlTriggers(base, ['token'])
    await insert(5, 20 * MINUTE)
    expect(await tokens()).toEqual([3, 4, 5])
  })
})

test('wrong options are refused by name', () => {
  const tables = { session: { column: 'at' } }
  const wrong: readonly [unknown, RegExp][] = [
    [undefined, /object of options/],
    [{}, /tables whose rows expire/],
    [{ tables: {} }, /tables whose rows expire/],
    [{ tables: { session: {} } }, /the column of 'session'/],
    [{ tables: { session: { column: 'at', ttl: 5 } } }, /no option 'ttl'/],
    [{ tables: { session: { column: 'at', after: -1 } } }, /milliseconds/],
    [{ tables: { session: { column: 'at', form: 'days' } } }, /form/],
    [{ tables, mode: 'eager' }, /Unknown mode "eager"/],
    [{ tables, every: 0 }, /'every'/],
    [{ tables, every: Number.NaN }, /'every'/],
    [{ tables, batch: 1.5 }, /'batch'/],
    [{ tables, clock: 'wall' }, /Unknown clock "wall"/],
    [{ tables, now: 5 }, /now of ttl/],
    [{ tables, interval: 5 }, /no option 'interval'/],
  ]
  for (const [options, message] of wrong) expect(() => ttl(options as never)).toThrow(message)
})

test('a column that does not say what it holds is refused, as is a clock without time', async () => {
  const plain = table('plain', (c) => ({ id: c.integer().primaryKey(), at: c.integer() }))
  const db = kanta({
    driver: sqlite(':memory:'),
    schema: { plain },
    plugins: [ttl({ tables: { plain: { column: 'at' } } })],
  })
  await expect(db.selectFrom('plain').selectAll().execute()).rejects.toThrow(
    /does not know the form of the moments in 'plain.at'/,
  )
  await db.destroy()
  const now = () => new Date(Number.NaN)
  const stopped = kanta({
    driver: sqlite(':memory:'),
    schema: { plain },
    plugins: [ttl({ tables: { plain: { column: 'at', form: 'seconds' } }, now })],
  })
  await expect(stopped.selectFrom('plain').selectAll().execute()).rejects.toThrow(/Return a valid Date/)
  await stopped.destroy()
})
