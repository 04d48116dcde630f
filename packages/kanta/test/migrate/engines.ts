import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { libsql } from '../../src/driver/libsql/index.ts'
import { mariadb } from '../../src/driver/mysql2/index.ts'
import { pg } from '../../src/driver/pg/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { script } from '../engine/engine.ts'
import type { Servers } from '../engine/servers.ts'

/** A database that migrations are tested on. */
export interface Engine {
  readonly name: string
  readonly dialect: Driver['dialect']['name']
  /** Whether a transaction can undo `create table`. */
  readonly transactionalDdl: boolean
  /** Why it cannot be run on this machine. */
  missing(servers: Servers): string | undefined
  /** A place of its own for a test, empty. It is text, so that a child process can be told. */
  place(servers: Servers): Promise<string>
  /** Reaches a place. */
  driver(place: string): Driver
  /** Removes a place, when all that reached it are closed. */
  remove(place: string): Promise<void>
}

const sqliteEngine = (name: string, driver: (path: string) => Driver): Engine => ({
  name,
  dialect: 'sqlite',
  transactionalDdl: true,
  missing: () => undefined,
  place: async () => join(mkdtempSync(join(tmpdir(), 'kanta-migrate-')), 'test.db'),
  driver,
  remove: async (place) => rmSync(join(place, '..'), { recursive: true, force: true }),
})

let made = 0

/** An engine with a server, on which a place is a database. */
const serverEngine = (
  engine: Pick<Engine, 'name' | 'dialect' | 'transactionalDdl'> & { readonly server: keyof Servers },
  connect: (address: object, max: number) => Driver,
): Engine => {
  const { server, ...rest } = engine
  return {
    ...rest,
    missing: (servers) => ('missing' in servers[server] ? servers[server].missing : undefined),
    place: async (servers) => {
      const database = `migrate_${process.pid}_${++made}`
      await script(connect(servers[server], 1), [`create database ${database}`])
      return JSON.stringify({ ...servers[server], database, admin: servers[server] })
    },
    driver: (place) => {
      const { admin: _, ...address } = JSON.parse(place)
      return connect(address, 4)
    },
    remove: async (place) => {
      const { admin, database } = JSON.parse(place)
      await script(connect(admin, 1), [`drop database ${database}`])
    },
  }
}

/** To add one, add its lines; every test of `migrate/` runs on each. */
export const engines: readonly Engine[] = [
  sqliteEngine('node:sqlite', (path) => sqlite(path)),
  sqliteEngine('better-sqlite3', (path) => betterSqlite3(path)),
  sqliteEngine('libsql', (path) => libsql(path)),
  serverEngine(
    { name: 'PostgreSQL', dialect: 'postgres', transactionalDdl: true, server: 'postgres' },
    (address, max) => pg({ ...address, max }),
  ),
  serverEngine({ name: 'MariaDB', dialect: 'mariadb', transactionalDdl: false, server: 'mariadb' }, (address, max) =>
    mariadb({ ...address, max }),
  ),
]

export const engineOf = (name: string): Engine => engines.find((engine) => engine.name === name)!
