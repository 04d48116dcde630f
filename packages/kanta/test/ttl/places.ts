import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import type { Place } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'

/** A database that these tests run on. */
export interface Ground {
  readonly name: string
  readonly dialect: string
  readonly missing?: string | undefined
  create(): Promise<Place>
}

const inMemory = (name: string, driver: () => Driver): Ground => ({
  name,
  dialect: 'sqlite',
  create: async () => ({ database: name, driver, drop: async () => {} }),
})

export const places: readonly Ground[] = [
  inMemory('sqlite', () => sqlite(':memory:')),
  inMemory('better-sqlite3', () => betterSqlite3(':memory:')),
  postgres,
  mariadbEngine,
]
