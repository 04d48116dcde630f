import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { libsql } from '../../src/driver/libsql/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, table } from '../../src/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'

/** Prices in two scales beside numbers of other types. */
export const item = table('item', (c) => ({
  id: c.integer().primaryKey(),
  price: c.decimal(10, 2),
  rate: c.decimal(8, 4),
  other: c.decimal(10, 2).nullable(),
  quantity: c.integer(),
  weight: c.real(),
}))

export const line = table('line', (c) => ({ id: c.integer().primaryKey(), price: c.decimal(12, 3) }))

export const schema = { item, line }

interface Ground {
  readonly name: string
  readonly missing?: string | undefined
  create(): Promise<{ driver(): Driver; drop(): Promise<void> }>
}

const memory = (name: string, driver: () => Driver): Ground => ({
  name,
  create: async () => ({ driver, drop: async () => {} }),
})

/** The libraries of SQLite, and each other engine. */
export const grounds: readonly Ground[] = [
  memory('node:sqlite', () => sqlite(':memory:')),
  memory('better-sqlite3', () => betterSqlite3(':memory:')),
  memory('libsql', () => libsql({ url: ':memory:' })),
  pglite,
  postgres,
  mariadbEngine,
]

export const open = (driver: Driver) => kanta({ driver, schema })
export type Open = ReturnType<typeof open>
