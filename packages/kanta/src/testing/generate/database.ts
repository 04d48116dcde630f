import { facetsOf } from '../../dialect/index.ts'

/** The facts of a database that generating rows needs. */
export interface GenerateFacet {
  /** Lets foreign keys refer to rows that the transaction writes later. */
  readonly defer: string
  /** Undoes it, where it outlives the transaction. */
  readonly undoDefer?: string
  /** Tells whether this works for all foreign keys, not just for those that are defined so. */
  readonly defersAll: boolean
  readonly dropTemporary: string
  /** Sets what numbers the rows of a table behind the largest number, where the database does not by itself. */
  readonly followNumbers?: (table: string, column: string) => string
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

const mysql: GenerateFacet = {
  defer: 'set foreign_key_checks = 0',
  undoDefer: 'set foreign_key_checks = 1',
  defersAll: true,
  dropTemporary: 'drop temporary table',
}

export const generateFacets = facetsOf<GenerateFacet>('generate()', {
  sqlite: { defer: 'pragma defer_foreign_keys = on', defersAll: true, dropTemporary: 'drop table' },
  postgres: {
    defer: 'set constraints all deferred',
    defersAll: false,
    dropTemporary: 'drop table',
    followNumbers: (table, column) =>
      `select setval(pg_get_serial_sequence(${text(table)}, ${text(column)}), (select max(${quoted(column)}) from ${table})) where pg_get_serial_sequence(${text(table)}, ${text(column)}) is not null`,
  },
  mysql,
  mariadb: mysql,
  mssql: undefined,
})
