import { type Dialect, facetsOf } from '../dialect/index.ts'
import { mariadbText } from './mariadb.ts'
import { postgresText } from './postgres.ts'
import { sqliteText } from './sqlite.ts'
import type { HistoryText } from './statements.ts'

const histories = facetsOf<(dialect: Dialect) => HistoryText>('Keeping the history of a table', {
  sqlite: sqliteText,
  postgres: postgresText,
  mysql: undefined,
  mariadb: mariadbText,
  mssql: undefined,
})

/** The ways of a database to keep histories. */
export const textOf = (dialect: Dialect): HistoryText => histories.of(dialect)(dialect)
