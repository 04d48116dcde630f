import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'

/** A database that keeps histories. */
export interface Ground {
  readonly name: 'sqlite' | 'better-sqlite3' | 'postgres' | 'mariadb'
  readonly missing?: string | undefined
  open(): Promise<{ driver(): Driver; drop(): Promise<void> }>
}

const nothing = async (): Promise<void> => {}

export const grounds: readonly Ground[] = [
  { name: 'sqlite', open: async () => ({ driver: () => sqlite(':memory:'), drop: nothing }) },
  { name: 'better-sqlite3', open: async () => ({ driver: () => betterSqlite3(':memory:'), drop: nothing }) },
  ...[postgres, mariadbEngine].map((engine) => ({
    name: engine.name as 'postgres' | 'mariadb',
    missing: engine.missing,
    open: async () => {
      const place = await engine.create()
      return { driver: () => place.driver(), drop: () => place.drop() }
    },
  })),
]

/** An instant after all that was written before, and before all that is written next. */
export function instant(): Date {
  const at = Date.now()
  while (Date.now() <= at);
  return new Date(at)
}
