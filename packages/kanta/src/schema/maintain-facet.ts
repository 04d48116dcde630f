import { type Dialect, facetsOf } from '../dialect/index.ts'

/** Writes a name of a table, an index or a collation, which may have a schema in front. */
type Quote = (name: string) => string

/** The indexes to make again: those of a table, one of them, those of a collation, or all. */
export interface ReindexTarget {
  readonly table?: string | undefined
  readonly index?: string | undefined
  readonly collation?: string | undefined
}

/** Statements that make indexes again; `undefined` for what a database cannot name. */
interface Reindexing {
  statement(target: ReindexTarget, quote: Quote): string | undefined
}

const rebuilt: Reindexing = {
  statement: ({ table }, quote) => (table === undefined ? undefined : `alter table ${quote(table)} force`),
}

export const reindexing = facetsOf<Reindexing>('Making indexes again', {
  sqlite: {
    statement({ table, index, collation }, quote) {
      const name = table ?? index ?? collation
      return name === undefined ? 'reindex' : `reindex ${quote(name)}`
    },
  },
  postgres: {
    statement({ table, index }, quote) {
      if (table !== undefined) return `reindex table ${quote(table)}`
      return index === undefined ? undefined : `reindex index ${quote(index)}`
    },
  },
  mysql: rebuilt,
  mariadb: rebuilt,
  mssql: {
    statement: ({ table }, quote) => (table === undefined ? undefined : `alter index all on ${quote(table)} rebuild`),
  },
})

/** Statements that give back the space of deleted rows: of a table, or of all; `undefined` where a table is needed. */
interface Vacuuming {
  statement(table: string | undefined, quote: Quote): string | undefined
}

const rebuiltTable: Vacuuming = { statement: (table, quote) => rebuilt.statement({ table }, quote) }

export const vacuuming = facetsOf<Vacuuming>(
  'Giving back space',
  {
    // SQLite does it for whole files only.
    sqlite: { statement: (table) => (table === undefined ? 'vacuum' : undefined) },
    postgres: { statement: (table, quote) => (table === undefined ? 'vacuum' : `vacuum ${quote(table)}`) },
    mysql: rebuiltTable,
    mariadb: rebuiltTable,
    mssql: undefined,
  },
  'SQL Server does it by itself; shrink a file by dbcc shrinkfile.',
)

/** Files of one database, which can be copied and made smaller. */
export const databaseFiles = facetsOf<object>(
  'A copy or a part of a database file',
  { sqlite: {}, postgres: undefined, mysql: undefined, mariadb: undefined, mssql: undefined },
  'Back up a server with its own tool, such as pg_dump, mariadb-dump or backup database.',
)

/** Writes a name with its schema, each part quoted. */
export const quoteIn =
  (dialect: Dialect): Quote =>
  (name) =>
    name.split('.').map(dialect.quote).join('.')
