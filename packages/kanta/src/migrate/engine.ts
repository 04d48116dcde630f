import type { Dialect } from '../dialect/index.ts'
import { type DatabaseHandle, dialectOf, type SessionLock, sessionLocks } from '../extend/internal/index.ts'
import { sql } from '../sql/index.ts'

type Text = ReturnType<typeof sql>

/** What migrations need to know of a database beyond its dialect. */
export interface Engine {
  /** Whether a transaction can undo statements that define, such as `create table`. */
  readonly transactionalDdl: boolean
  /** Where the connection's lock is missing, a row is the lock. */
  readonly sessionLock: SessionLock | undefined
  /** How many tables have the name. */
  tables(schema: string | undefined, name: string): Text
}

/** The tables of the schema that the standard has; `current` is what stands for an unqualified name. */
const standardTables = (current: Text) => (schema: string | undefined, name: string) =>
  sql`select count(*) as found from information_schema.tables where table_schema = ${schema ?? current} and table_name = ${name}`

const mysql: Engine = {
  transactionalDdl: false,
  sessionLock: sessionLocks.mysql,
  tables: standardTables(sql`database()`),
}

/** Polls rather than waits in the server: one that waits there would keep `create index concurrently` waiting for it. */
export const engines: Readonly<Record<Dialect['name'], Engine>> = {
  sqlite: {
    transactionalDdl: true,
    sessionLock: undefined,
    tables: (schema, name) =>
      schema === undefined
        ? sql`select count(*) as found from sqlite_schema where type = 'table' and name = ${name}`
        : sql`select count(*) as found from ${sql.id(schema, 'sqlite_schema')} where type = 'table' and name = ${name}`,
  },
  postgres: {
    transactionalDdl: true,
    sessionLock: sessionLocks.postgres,
    tables: standardTables(sql`current_schema()`),
  },
  mysql,
  mariadb: mysql,
  mssql: {
    transactionalDdl: true,
    sessionLock: sessionLocks.mssql,
    tables: standardTables(sql`schema_name()`),
  },
}

/** The first row of a text. */
export async function firstRow(db: DatabaseHandle, text: Text): Promise<Record<string, unknown> | undefined> {
  const { rows } = (await text.execute(db)) as { rows: Record<string, unknown>[] }
  return rows[0]
}

export async function hasTable(db: DatabaseHandle, schema: string | undefined, name: string): Promise<boolean> {
  const row = await firstRow(db, engines[dialectOf(db).name].tables(schema, name))
  return Number(row?.found) > 0
}
