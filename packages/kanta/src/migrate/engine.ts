import type { Dialect } from '../dialect/index.ts'
import type { DatabaseHandle } from '../run/index.ts'
import { sql } from '../sql/index.ts'

type Text = ReturnType<typeof sql>

/** A lock that belongs to a connection, and goes with it. */
export interface SessionLock {
  /** Takes it without waiting: `locked` is 1 or 0. */
  take(key: string): Text
  release(key: string): Text
  /** Who has it, as text in `holder`. */
  holder?(key: string): Text
}

/** What migrations need to know of a database beyond its dialect. */
export interface Engine {
  /** Whether a transaction can undo statements that define, such as `create table`. */
  readonly transactionalDdl: boolean
  /** Where the connection's lock is missing, a row is the lock. */
  readonly sessionLock?: SessionLock
  /** How many tables have the name. */
  tables(schema: string | undefined, name: string): Text
}

/** The tables of the schema that the standard has; `current` is what stands for an unqualified name. */
const standardTables = (current: Text) => (schema: string | undefined, name: string) =>
  sql`select count(*) as found from information_schema.tables where table_schema = ${schema ?? current} and table_name = ${name}`

const postgresLock: SessionLock = {
  take: (key) => sql`select case when pg_try_advisory_lock(hashtextextended(${key}, 0)) then 1 else 0 end as locked`,
  release: (key) => sql`select pg_advisory_unlock(hashtextextended(${key}, 0))`,
  holder: (key) =>
    sql`select concat('process ', a.pid, ' of the server, "', a.application_name, '", connected since ', a.backend_start) as holder from pg_locks l join pg_stat_activity a on a.pid = l.pid where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and a.datname = current_database() and (l.classid::bigint << 32) | l.objid::bigint = hashtextextended(${key}, 0)`,
}

// Its names are those of the whole server, and at most 64 characters long.
const mysqlKey = (key: string) => sql`concat('kanta_', sha1(concat(coalesce(database(), ''), ${key})))`

const mysqlLock: SessionLock = {
  take: (key) => sql`select get_lock(${mysqlKey(key)}, 0) as locked`,
  release: (key) => sql`select release_lock(${mysqlKey(key)})`,
  holder: (key) => sql`select concat('connection ', is_used_lock(${mysqlKey(key)}), ' of the server') as holder`,
}

const mysql: Engine = {
  transactionalDdl: false,
  sessionLock: mysqlLock,
  tables: standardTables(sql`database()`),
}

/** Polls rather than waits in the server: one that waits there would keep `create index concurrently` waiting for it. */
export const engines: Readonly<Record<Dialect['name'], Engine>> = {
  sqlite: {
    transactionalDdl: true,
    tables: (schema, name) =>
      schema === undefined
        ? sql`select count(*) as found from sqlite_schema where type = 'table' and name = ${name}`
        : sql`select count(*) as found from ${sql.id(schema, 'sqlite_schema')} where type = 'table' and name = ${name}`,
  },
  postgres: {
    transactionalDdl: true,
    sessionLock: postgresLock,
    tables: standardTables(sql`current_schema()`),
  },
  mysql,
  mariadb: mysql,
  mssql: {
    transactionalDdl: true,
    sessionLock: {
      take: (key) =>
        sql`declare @taken int; exec @taken = sp_getapplock @Resource = ${key}, @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0; select case when @taken >= 0 then 1 else 0 end as locked`,
      release: (key) => sql`exec sp_releaseapplock @Resource = ${key}, @LockOwner = 'Session'`,
    },
    tables: standardTables(sql`schema_name()`),
  },
}

/** The first row of a text. */
export async function firstRow(db: DatabaseHandle, text: Text): Promise<Record<string, unknown> | undefined> {
  const { rows } = (await text.execute(db)) as { rows: Record<string, unknown>[] }
  return rows[0]
}

export async function hasTable(db: DatabaseHandle, schema: string | undefined, name: string): Promise<boolean> {
  const row = await firstRow(db, engines[db.settings.driver.dialect.name].tables(schema, name))
  return Number(row?.found) > 0
}
