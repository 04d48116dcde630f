import { type CacheOptions, cache, memoryStore } from '../../src/cache/index.ts'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { foreignKey, kanta, table } from '../../src/index.ts'
import { createExecutor } from '../../src/plugins/index.ts'
import type { Engine } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'
import type { Any } from '../security/ground.ts'

export const country = table('country', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))

export const city = table(
  'city',
  (c) => ({
    id: c.integer().primaryKey(),
    name: c.text(),
    country: c.integer().nullable(),
    tenant_id: c.integer().default(1),
    deleted_at: c.timestamp().nullable(),
  }),
  (t) => [foreignKey([t.country], () => [country.id], { onDelete: 'cascade' })],
)

export const note = table('note', (c) => ({ id: c.integer().primaryKey(), text: c.text() }))

export const schema = { country, city, note }

/** A library in memory of this process, which has nothing to clean up. */
const inMemory = (name: string, driver: () => Driver): Engine => ({
  name,
  dialect: 'sqlite' as never,
  create: async () => ({ database: ':memory:', driver, drop: async () => {} }),
})

export const engines: readonly Engine[] = [
  inMemory('node:sqlite', () => sqlite(':memory:')),
  inMemory('better-sqlite3', () => betterSqlite3(':memory:')),
  postgres,
  mariadbEngine,
]

export const isSqlite = (engine: Engine): boolean => engine.name.includes('sqlite')

/** A clock that a test moves. */
export class Clock {
  time = Date.UTC(2026, 0, 1)
  readonly now = (): Date => new Date(this.time)
}

/** A database with the tables and some rows. */
export async function fill(base: Any): Promise<void> {
  for (const each of [country, city, note]) await base.schema.createTable(each).execute()
  await base
    .insertInto('country')
    .values([
      { id: 1, name: 'Finland' },
      { id: 2, name: 'Estonia' },
    ])
    .execute()
  await base
    .insertInto('city')
    .values([
      { id: 1, name: 'Turku', country: 1 },
      { id: 2, name: 'Tartu', country: 2 },
    ])
    .execute()
  await base.insertInto('note').values({ id: 1, text: 'first' }).execute()
}

export interface World {
  readonly base: Any
  readonly db: Any
  readonly clock: Clock
}

/** A database with a cache over one without. */
export async function world(driver: Driver, options: Partial<CacheOptions> = {}, plugins: Any[] = []): Promise<World> {
  const base: Any = kanta({ driver, schema })
  await fill(base)
  return over(base, options, plugins)
}

export async function over(base: Any, options: Partial<CacheOptions> = {}, plugins: Any[] = []): Promise<World> {
  const clock = new Clock()
  const plugin = cache({ store: memoryStore(), ttl: 60_000, now: clock.now, ...options })
  return { base, db: await createExecutor(base, [...plugins, plugin] as Any), clock }
}

/** Whether a read was answered from the store. */
export async function isHit(db: Any, read: () => Promise<unknown>): Promise<boolean> {
  const before = db.cache.stats()
  await read()
  const after = db.cache.stats()
  if (after.hits + after.misses + after.shared !== before.hits + before.misses + before.shared + 1)
    throw new Error(`It was neither a hit nor a miss: ${JSON.stringify({ before, after })}`)
  return after.hits > before.hits
}
