import { facetsOf } from '../dialect/index.ts'

/** The name of a system in the conventions. */
export const systems = facetsOf<{ readonly name: string }>('otel()', {
  sqlite: { name: 'sqlite' },
  postgres: { name: 'postgresql' },
  mysql: { name: 'mysql' },
  mariadb: { name: 'mariadb' },
  mssql: { name: 'microsoft.sql_server' },
})
