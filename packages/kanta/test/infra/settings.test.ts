import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { pglite } from '../../src/driver/pglite/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, sql } from '../../src/index.ts'
import { checkSettings } from '../../src/infra/index.ts'
import { temporaryFolder } from '../conformance/folder.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { openPglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'

const folder = temporaryFolder()

const found = async (db: Parameters<typeof checkSettings>[0]): Promise<Record<string, string>> =>
  Object.fromEntries((await checkSettings(db)).map(({ setting, severity, value }) => [setting, `${severity} ${value}`]))

describe('checkSettings()', () => {
  test('SQLite: as Kanta opens it nothing hurts, and what does is found', async () => {
    await using good = kanta({ driver: sqlite(folder.path('good.db')) })
    expect(await found(good)).toEqual({})
    await using memory = kanta({ driver: sqlite(':memory:') })
    expect(await found(memory)).toEqual({})
    const pragmas = { foreign_keys: false, journal_mode: 'delete', synchronous: 'off' } as const
    await using bad = kanta({ driver: betterSqlite3({ path: folder.path('bad.db'), pragmas, busyTimeout: 0 }) })
    await sql`create table a (id integer primary key)`.execute(bad)
    await sql`create table b (a integer references a (id))`.execute(bad)
    await sql`insert into b values (1)`.execute(bad)
    expect(await found(bad)).toEqual({
      foreign_keys: 'error 0',
      'broken references': 'error 1',
      journal_mode: 'warning delete',
      synchronous: 'error 0',
      busy_timeout: 'warning 0',
    })
    expect(new Database(folder.path('bad.db')).pragma('journal_mode', { simple: true })).toBe('delete')
  })

  test('PGlite and PostgreSQL: what loses commits, and too few connections', async () => {
    await using inProcess = kanta({ driver: pglite(await openPglite()) })
    expect(Object.keys(await found(inProcess))).toContain('idle_in_transaction_session_timeout')
  })

  test.skipIf(postgres.missing !== undefined)(
    'PostgreSQL: the servers of these tests are made to be quick',
    async () => {
      const place = await postgres.create()
      const db = kanta({ driver: place.driver({ max: 4 }) })
      expect(await found(db)).toMatchObject({ fsync: 'error off', synchronous_commit: 'warning off' })
      const many = kanta({ driver: place.driver({ max: 100_000 }) })
      expect((await found(many)).max_connections).toMatch(/^warning \d+$/)
      await sql`create table t (a integer)`.execute(db)
      await sql`insert into t values (1), (1)`.execute(db)
      await sql`create unique index concurrently t_a on t (a)`.execute(db).catch(() => {})
      expect((await found(db))['invalid indexes']).toBe('warning 1')
      await db.destroy()
      await many.destroy()
      await place.drop()
    },
  )

  test.skipIf(mariadbEngine.missing !== undefined)('MariaDB: engines without transactions, the SQL mode', async () => {
    const place = await mariadbEngine.create()
    const db = kanta({ driver: place.driver() })
    const before = await found(db)
    for (const setting of ['sql_mode', 'autocommit', 'time_zone', 'foreign_key_checks'])
      expect(before[setting]).toBe(undefined)
    expect(before['tables without transactions']).toBe(undefined)
    await sql`create table t (a integer) engine = MyISAM`.execute(db)
    expect((await found(db))['tables without transactions']).toBe('error 1')
    await db.destroy()
    await place.drop()
  })

  test('refuses what is no whole database', async () => {
    await expect(checkSettings({} as never)).rejects.toThrow(/whole database/)
  })
})
