import { facetsOf } from '../dialect/index.ts'

/** The query of the version of a database. */
export const versionQueries = facetsOf<{ readonly sql: string }>('health()', {
  sqlite: { sql: 'select sqlite_version() as version' },
  postgres: { sql: "select current_setting('server_version') as version" },
  mysql: { sql: 'select version() as version' },
  mariadb: { sql: 'select version() as version' },
  mssql: { sql: "select cast(serverproperty('ProductVersion') as nvarchar(128)) as version" },
})
