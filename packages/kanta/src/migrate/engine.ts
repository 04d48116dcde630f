import { facetsOf } from '../dialect/index.ts'
import type { Connection, MaybePromise } from '../driver/index.ts'
import { type DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import { sql } from '../sql/index.ts'
import { firstRow } from './first-row.ts'
import { type ForeignKeySwitch, foreignKeyPragmas } from './foreign-keys.ts'

type Text = ReturnType<typeof sql>

/** The operations of one database that migrations need beyond its dialect. */
export interface Engine {
  /** Returns a query that counts the tables of a name. */
  tables(schema: string | undefined, name: string): Text
  /** Sends a statement as text, since some databases cannot prepare every statement. */
  send(connection: Connection, sql: string): MaybePromise<unknown>
  /** The names of the database in the journals of drizzle-kit. */
  readonly drizzleNames: readonly string[]
  /** Turns foreign keys off and on, on databases where table changes need that. */
  readonly foreignKeys?: ForeignKeySwitch
}

/** Counts tables in `information_schema`; `current` is the schema of unqualified names. */
const standardTables = (current: () => Text) => (schema: string | undefined, name: string) =>
  sql`select count(*) as found from information_schema.tables where table_schema = ${schema ?? current()} and table_name = ${name}`

const script: Engine['send'] = (connection, text) => connection.script(text)

const mysql: Engine = {
  tables: standardTables(() => sql`database()`),
  // Drivers split scripts themselves, and fail at bodies without `begin`.
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
