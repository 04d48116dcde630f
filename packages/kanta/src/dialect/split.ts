import type { Dialect } from './dialect.ts'
import { facetsOf } from './facet.ts'
import { mssqlScript } from './mssql/index.ts'
import { mariadbScript, mysqlScript } from './mysql/index.ts'
import type { DialectName } from './name.ts'
import { postgresScript } from './postgres/index.ts'
import { type Script, splitScript, type TextStatement } from './script.ts'
import { sqliteScript } from './sqlite/index.ts'
import { type Token, tokens } from './token.ts'

const SCRIPTS = facetsOf<Script>('Splitting a script', {
  sqlite: sqliteScript,
  postgres: postgresScript,
  mysql: mysqlScript,
  mariadb: mariadbScript,
  mssql: mssqlScript,
})

/** Returns the tokens of SQL text, by the lexis of a database. */
export const tokensOf = (sql: string, dialect: Dialect | DialectName): Token[] => tokens(sql, SCRIPTS.of(dialect).lexis)

/** Returns the statements of a text, as `splitScript` does, by the rules of a database. */
export function splitStatements(text: string, dialect: Dialect | DialectName): TextStatement[] {
  return splitScript(text, SCRIPTS.of(dialect))
}
