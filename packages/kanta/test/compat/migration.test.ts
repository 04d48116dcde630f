import { promises as fs } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import * as npm from 'kysely'
import * as npmMigration from 'kysely/migration'
import { describe, expect, test } from 'vitest'
import * as own from '../../src/compat/kysely.ts'
import * as ownMigration from '../../src/compat/migration.ts'
import { openPglite } from '../engine/pglite.ts'
import type { Db, K } from './programs.ts'
import { world } from './world.ts'

type M = typeof npmMigration
const libraries = [
  [own as unknown as K, ownMigration as unknown as M],
  [npm, npmMigration],
] as const

const open = {
  SQLite: (k: K): Db => new k.Kysely({ dialect: new k.SqliteDialect({ database: world() }) }),
  PGlite: (k: K): Db => new k.Kysely({ dialect: new k.PGliteDialect({ pglite: (() => openPglite()) as never }) }),
}

const migration = (name: string, fails = false): npmMigration.Migration => ({
  async up(db) {
    await npm.sql`create table ${npm.sql.raw(name)} (id integer)`.execute(db)
    if (fails) throw new Error(`${name} fails`)
  },
  async down(db) {
    await npm.sql`drop table ${npm.sql.raw(name)}`.execute(db)
  },
})
const raw = (k: K, name: string, fails = false): npmMigration.Migration => ({
  up: async (db) => {
    await k.sql.raw(`create table ${name} (id integer)`).execute(db)
    if (fails) throw new Error(`${name} fails`)
  },
  down: async (db) => void (await k.sql.raw(`drop table ${name}`).execute(db)),
})

describe.each(Object.keys(open) as (keyof typeof open)[])('%s', { timeout: 60_000 }, (engine) => {
  // A PGlite takes seconds to begin, so that it is asked only for what its transactions change.
  const only: typeof test = engine === 'SQLite' ? test : ((() => {}) as never)

  /** What a program does with a migrator of each library. */
  async function both(run: (migrator: npmMigration.Migrator, db: Db, m: M) => Promise<unknown>, props: object = {}) {
    const results: unknown[] = []
    for (const [k, m] of libraries) {
      const db = open[engine](k)
      const all = { m2: raw(k, 'm2'), m1: raw(k, 'm1'), m3: raw(k, 'm3', 'fails' in props) }
      const provider = { getMigrations: async () => all }
      const migrator = new m.Migrator({ db, provider, ...props })
      const result = await run(migrator, db, m)
      const tables = (await db.introspection.getTables()).map(({ name }) => name).filter((name) => name.startsWith('m'))
      const infos = (await migrator.getMigrations()).map(({ name, executedAt }) => [name, executedAt instanceof Date])
      results.push(
        JSON.parse(
          JSON.stringify([result, tables, infos], function (this: Record<string, unknown>, key, value) {
            return this[key] instanceof Error ? this[key].message : value
          }),
        ),
      )
      await db.destroy()
    }
    expect(results[0]).toEqual(results[1])
  }

  test('to the latest, twice', () => both(async (m) => [await m.migrateToLatest(), await m.migrateToLatest()]))
  only('up and down', () =>
    both(async (m) => [
      await m.migrateUp(),
      await m.migrateUp(),
      await m.migrateDown(),
      await m.migrateDown(),
      await m.migrateDown(),
    ]),
  )
  only('to one, forth and back', () =>
    both(async (m) => [await m.migrateTo('m2'), await m.migrateTo('m3'), await m.migrateTo('m1')]),
  )
  only('to none', () =>
    both(async (m, _, { NO_MIGRATIONS }) => [await m.migrateToLatest(), await m.migrateTo(NO_MIGRATIONS)]),
  )
  only('to one that is not there', () => both((m) => m.migrateTo('m9')))
  test('that fails', () => both((m) => m.migrateToLatest(), { fails: true }))
  test('that fails, without a transaction', () =>
    both((m) => m.migrateToLatest({ disableTransactions: true }), { fails: true }))
  only('in tables of other names', () =>
    both((m) => m.migrateToLatest(), { migrationTableName: 'done', migrationLockTableName: 'done_lock' }),
  )
  only('in another order', () =>
    both((m) => m.migrateToLatest(), { nameComparator: (a: string, b: string) => (a < b ? 1 : -1) }),
  )
  only('that is missing or comes too late', () =>
    both(async (first, db, m) => {
      const none = new m.Migrator({ db, provider: { getMigrations: async () => ({}) } })
      await first.migrateTo('m2')
      const late = { m0: migration('m0'), m1: migration('m1'), m2: migration('m2') }
      const unordered = new m.Migrator({ db, provider: { getMigrations: async () => late } })
      const errors = [await none.migrateToLatest(), await unordered.migrateToLatest()]
      return errors.map(({ error, results }) => [
        String(error).replace(/New migrations.*|^\w+: /g, ''),
        results ?? null,
      ])
    }),
  )
})

test('what runs later is recorded as later, whatever the clock says', async () => {
  const [k, m] = libraries[0]
  const db = open.SQLite(k)
  const some = (...names: string[]) => ({
    getMigrations: async () => Object.fromEntries(names.map((name) => [name, raw(k, name)])),
  })
  const ahead = new Date(Date.now() + 3_600_000).toISOString()
  await new m.Migrator({ db, provider: some('a') }).migrateToLatest()
  await k.sql`update kysely_migration set timestamp = ${ahead}`.execute(db)
  await new m.Migrator({ db, provider: some('a', 'b') }).migrateToLatest()
  const { error } = await new m.Migrator({ db, provider: some('a', 'b', 'c') }).migrateToLatest()
  expect(error).toBeUndefined()
  await db.destroy()
})

test('a database that Kysely migrated goes on', async () => {
  const database = world()
  const close = database.close
  database.close = () => database
  const theirs = new npm.Kysely<never>({ dialect: new npm.SqliteDialect({ database }) })
  await new npmMigration.Migrator({
    db: theirs,
    provider: { getMigrations: async () => ({ a: raw(npm, 'a') }) },
  }).migrateToLatest()
  const ours = new own.Kysely<never>({ dialect: new own.SqliteDialect({ database: database as never }) })
  const k = own as unknown as K
  const provider = { getMigrations: async () => ({ a: raw(k, 'a'), b: raw(k, 'b') }) as never }
  const { error, results } = await new ownMigration.Migrator({ db: ours as never, provider }).migrateToLatest()
  expect({ error, results }).toEqual({
    error: undefined,
    results: [{ migrationName: 'b', direction: 'Up', status: 'Success' }],
  })
  close.call(database)
})

test('FileMigrationProvider', async () => {
  const folder = await fs.mkdtemp(path.join(tmpdir(), 'kanta-'))
  try {
    await fs.writeFile(path.join(folder, 'b.mjs'), 'export async function up() {}')
    await fs.writeFile(path.join(folder, 'a.js'), 'export default { async up() {}, async down() {} }')
    await fs.writeFile(path.join(folder, 'c.d.ts'), '')
    await fs.writeFile(path.join(folder, 'd.sql'), '')
    await fs.writeFile(path.join(folder, 'e.mjs'), 'export const x = 1')
    const found = await Promise.all(
      libraries.map(async ([, m]) => {
        const ignored: unknown[] = []
        const provider = new m.FileMigrationProvider({
          fs,
          path,
          migrationFolder: folder,
          onFileIgnored: (...file) => ignored.push(file),
        })
        return [Object.keys(await provider.getMigrations()).sort(), ignored.sort()]
      }),
    )
    expect(found[0]).toEqual(found[1])
    expect(found[0]![0]).toEqual(['a', 'b'])
  } finally {
    await fs.rm(folder, { recursive: true })
  }
})
