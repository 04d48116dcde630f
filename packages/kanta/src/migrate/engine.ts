import { facetsOf } from '../dialect/index.ts'
import type { Connection, MaybePromise } from '../driver/index.ts'
import { type DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import { sql } from '../sql/index.ts'
import { type ForeignKeySwitch, foreignKeyPragmas } from './foreign-keys.ts'
import { firstRow } from './row.ts'

type Text = ReturnType<typeof sql>

/** What migrations need of a database beyond its dialect. */
export interface Engine {
  /** How many tables have the name. */
  tables(schema: string | undefined, name: string): Text
  /** Sends a statement as text, since not every database can prepare every statement. */
  send(connection: Connection, sql: string): MaybePromise<unknown>
  /** What drizzle-kit calls the database in its journals. */
  readonly drizzleNames: readonly string[]
  /** Turns foreign keys off and on, where changes of tables need that. */
  readonly foreignKeys?: ForeignKeySwitch
}

/** The tables of the schema that the standard has; `current` is what stands for an unqualified name. */
const standardTables = (current: () => Text) => (schema: string | undefined, name: string) =>
  sql`select count(*) as found from information_schema.tables where table_schema = ${schema ?? current()} and table_name = ${name}`

const script: Engine['send'] = (connection, text) => connection.script(text)

const mysql: Engine = {
  tables: standardTables(() => sql`database()`),
  // A driver splits scripts itself, and knows no bodies without `begin`.
  send: (connection, text) => connection.execute(text, []),
  drizzleNames: ['mysql', 'singlestore'],
}

export const engines = facetsOf<Engine>('migrator()', {
  sqlite: {
    tables: (schema, name) =>
      schema === undefined
        ? sql`select count(*) as found from sqlite_schema where type = 'table' and name = ${name}`
        : sql`select count(*) as found from ${sql.id(schema, 'sqlite_schema')} where type = 'table' and name = ${name}`,
    send: script,
    drizzleNames: ['sqlite', 'turso'],
    foreignKeys: foreignKeyPragmas,
  },
  postgres: {
    tables: standardTables(() => sql`current_schema()`),
    send: script,
    drizzleNames: ['postgresql'],
  },
  mysql,
  mariadb: mysql,
  mssql: {
    tables: standardTables(() => sql`schema_name()`),
    send: script,
    drizzleNames: [],
  },
})

export const engineOf = (db: DatabaseHandle): Engine => engines.of(dialectOf(db))

export async function hasTable(db: DatabaseHandle, schema: string | undefined, name: string): Promise<boolean> {
  const row = await firstRow(db, engineOf(db).tables(schema, name))
  return Number(row?.found) > 0
}
