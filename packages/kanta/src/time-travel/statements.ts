import type { Dialect } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import type { CatalogColumn, CatalogTable } from '../introspect/index.ts'
import type { TableName } from '../ir/index.ts'
import { HISTORY_COLUMNS, historyOf, RECORD } from './name.ts'

/** The statements by which one database keeps the history of a table. */
export interface HistoryText {
  /** The history, empty. */
  create(table: CatalogTable): readonly string[]
  /** The last parts of the names of the triggers that do that. */
  readonly triggers: readonly string[]
  /** What writes the history when the table is written. */
  follow(table: CatalogTable): readonly string[]
  /** Ends that. */
  unfollow(table: CatalogTable): readonly string[]
  /** Microseconds since 1970, as an expression that is the same for all of a statement. */
  readonly now: string
  /** Makes the index of the key anew. */
  reindex(table: CatalogTable): readonly string[]
  /** The later of two instants. */
  later(one: string, other: string): string
  /** Whether two values are the same, also as null. */
  same(one: string, other: string): string
}

/** A column of a history: whatever the table demanded of its rows, a history holds them. */
export function columnText({ name, type, collation }: CatalogColumn, dialect: Dialect): string {
  const collate = collation === null ? '' : ` collate ${dialect.quote(collation)}`
  return `${dialect.quote(name)}${type === '' ? '' : ` ${type}`}${collate}`
}

/** The columns by which a row is known from one version to the next. */
export function keyOf({ name, primaryKey, columns }: CatalogTable): readonly string[] {
  if (primaryKey === null)
    throw new KantaError(
      'unsupported',
      `The table '${name}' has no primary key, so nothing says which rows are versions of one. Give it one.`,
    )
  // MariaDB adds the end of a version, which is no column that anybody sees, to the keys of the table.
  return primaryKey.columns.filter((key) => columns.some((column) => column.name === key))
}

/** Refuses a table that has a column by the name of one that histories have. */
export function checkColumns({ name, columns }: CatalogTable): void {
  for (const taken of Object.values(HISTORY_COLUMNS))
    if (columns.some((column) => column.name.toLowerCase() === taken))
      throw new KantaError('unsupported', `'${name}.${taken}' has the name of a column of histories. Rename it.`)
}

/** The table that knows since when each history is kept. */
export function createRecord(path: string): string {
  return `create table if not exists ${path} (table_name varchar(190) not null primary key, began bigint not null)`
}

/** The names of a history and of its record as SQL text. */
export interface Paths {
  readonly table: string
  readonly history: string
  readonly record: string
  /** A name of something of the history's, such as a trigger. */
  part(name: string): string
}

export function pathsOf({ schema, name }: TableName | CatalogTable, dialect: Dialect): Paths {
  const prefix = schema === null || schema === undefined ? '' : `${dialect.quote(schema)}.`
  return {
    table: prefix + dialect.quote(name),
    history: prefix + dialect.quote(historyOf(name)),
    record: prefix + dialect.quote(RECORD),
    part: (part) => dialect.quote(`${historyOf(name)}_${part}`),
  }
}
