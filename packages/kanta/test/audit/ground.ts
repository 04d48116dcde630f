import { type AuditOptions, audit } from '../../src/audit/index.ts'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { index, kanta, primaryKey, table, unique } from '../../src/index.ts'
import type { Place } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'

/** Tables for writes of every form. */
export const post = table(
  'post',
  (c) => ({
    id: c.integer().primaryKey(),
    title: c.varchar(100),
    slug: c.varchar(100).nullable(),
    views: c.integer().default(0),
    password: c.varchar(100).nullable(),
    tenant_id: c.integer().nullable(),
    deleted_at: c.timestamp().nullable(),
  }),
  (t) => [unique([t.slug])],
)

export const note = table(
  'note',
  (c) => ({ post_id: c.integer(), place: c.varchar(20), text: c.varchar(200) }),
  (t) => [primaryKey([t.post_id, t.place]), index([t.text])],
)

/** One column of each type. */
export const thing = table('thing', (c) => ({
  id: c.bigint().primaryKey(),
  real: c.real().nullable(),
  decimal: c.decimal(18, 5).nullable(),
  text: c.text().nullable(),
  flag: c.boolean().nullable(),
  day: c.date().nullable(),
  moment: c.timestamp().nullable(),
  unix: c.timestamp({ mode: 'unix' }).nullable(),
  json: c.json().nullable(),
  bytes: c.bytes().nullable(),
  uuid: c.uuid().nullable(),
}))

export const schema = { post, note, thing }

/** A clock that goes on by a second each time that it is asked, or stands. */
export class Clock {
  time: number = Date.UTC(2026, 0, 1)
  readonly now = (): Date => new Date(this.time)
  pass(seconds = 1): Date {
    this.time += seconds * 1_000
    return this.now()
  }
}

export interface Engine {
  readonly name: 'sqlite' | 'postgres' | 'mariadb'
  readonly missing?: string | undefined
  create(): Promise<Pick<Place, 'driver' | 'drop'>>
}

const memory: Engine = {
  name: 'sqlite',
  create: async () => ({ driver: () => sqlite(':memory:'), drop: async () => {} }),
}

/** The same by the other library, where they could differ. */
export const better: Engine = {
  name: 'sqlite',
  create: async () => ({ driver: () => betterSqlite3(':memory:'), drop: async () => {} }),
}

/** Where all of it runs. */
export const engines: readonly Engine[] = [memory, postgres as never, mariadbEngine as never]

export function open(driver: Driver, options: AuditOptions = {}) {
  return kanta({ driver, schema, plugins: [audit(options)] })
}

export type Open = ReturnType<typeof open>

/** The tables, made past the trail. */
export async function createTables(db: Open): Promise<void> {
  for (const each of [post, note, thing]) await db.schema.createTable(each).execute()
}
