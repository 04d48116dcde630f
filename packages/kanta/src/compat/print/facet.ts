import { facetsOf, type Printers } from '../../dialect/index.ts'
import { mssqlStyle } from './mssql.ts'
import { mysqlStyle } from './mysql.ts'
import { postgresStyle } from './postgres.ts'
import { sqliteStyle } from './sqlite.ts'

/** In what the text of Kysely differs from that of Kanta on one database. */
export interface KyselyStyle {
  /**
   * The printers that Kysely's are told from. Those of a dialect also mend what its database would not read or would
   * read wrongly; where what Kysely prints is read, it stays.
   */
  basis(print: Printers): Printers
  /** `ignore()` and `orIgnore()` say the same, each database in its own words. */
  ignoring(or: string | undefined): string | undefined
  /** `explain` with its options; that of the dialect unless given. */
  readonly explain?: Printers['explain']
}

export const styles = facetsOf<KyselyStyle>('kanta/kysely', {
  sqlite: sqliteStyle,
  postgres: postgresStyle,
  mysql: mysqlStyle,
  mariadb: mysqlStyle,
  mssql: mssqlStyle,
})
