import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { betterSqlite3 } from '../../src/driver/better-sqlite3.ts'
import type { Driver } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite.ts'

/** A database that migrations are tested on. */
export interface Engine {
  readonly name: string
  /** Whether a transaction can undo `create table`. */
  readonly transactionalDdl: boolean
  /** A place of its own for a test, empty. It is text, so that a child process can be told. */
  place(): Promise<string>
  /** Reaches a place. */
  driver(place: string): Driver
  /** Removes a place, when all that reached it are closed. */
  remove(place: string): Promise<void>
}

const sqliteEngine = (name: string, driver: (path: string) => Driver): Engine => ({
  name,
  transactionalDdl: true,
  place: async () => join(mkdtempSync(join(tmpdir(), 'kanta-migrate-')), 'test.db'),
  driver,
  remove: async (place) => rmSync(join(place, '..'), { recursive: true, force: true }),
})

/** To add one, add its line; every test of `migrate/` runs on each. */
export const engines: readonly Engine[] = [
  sqliteEngine('node:sqlite', (path) => sqlite(path)),
  sqliteEngine('better-sqlite3', (path) => betterSqlite3(path)),
]

export const engineOf = (name: string): Engine => engines.find((engine) => engine.name === name)!
