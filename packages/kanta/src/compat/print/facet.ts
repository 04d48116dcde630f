import { facetsOf, type Printers } from '../../dialect/index.ts'
import { mssqlStyle } from './mssql.ts'
import { mysqlStyle } from './mysql.ts'
import { postgresStyle } from './postgres.ts'
import { sqliteStyle } from './sqlite.ts'

/** The differences between the SQL of Kysely and of Kanta on one database. */
export interface KyselyStyle {
  /**
   * Returns the printers to start from. Those of a dialect also work around limits of its database; where the database
   * accepts the text of Kysely, the standard printers replace them.
   */
  basePrinters(print: Printers): Printers
  /** Returns the database's own words for `ignore()` and `orIgnore()`. */
  ignoreKeyword(or: string | undefined): string | undefined
  /** The printer of `explain`; by default that of the dialect. */
  readonly explain?: Printers['explain']
}

export const styles = facetsOf<KyselyStyle>('kanta/kysely', {
  sqlite: sqliteStyle,
  postgres: postgresStyle,
  mysql: mysqlStyle,
  mariadb: mysqlStyle,
  mssql: mssqlStyle,
})
