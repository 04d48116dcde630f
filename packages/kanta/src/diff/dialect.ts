import type { Dialect } from '../dialect/index.ts'
import { mssqlDialect } from '../dialect/mssql/index.ts'
import { mariadbDialect, mysqlDialect } from '../dialect/mysql/index.ts'
import { postgresDialect } from '../dialect/postgres/index.ts'
import { sqliteDialect } from '../dialect/sqlite/index.ts'
import { refuse } from '../error/index.ts'
import type { DialectName } from '../introspect/index.ts'

const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  sqlite: sqliteDialect,
  postgres: postgresDialect,
  mysql: mysqlDialect,
  mariadb: mariadbDialect,
  mssql: mssqlDialect,
}

/** A dialect by its name. */
export function dialectNamed(name: unknown): Dialect {
  const found = typeof name === 'string' && Object.hasOwn(DIALECTS, name) ? DIALECTS[name as DialectName] : undefined
  return found ?? refuse(`dialect is one of ${Object.keys(DIALECTS).join(', ')}, not ${JSON.stringify(name)}.`)
}
