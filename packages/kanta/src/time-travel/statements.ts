import type { Dialect } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import type { Node, NodeOf } from '../extend/index.ts'
import type { RunValues } from '../guard/index.ts'
import type { CatalogColumn, CatalogTable } from '../introspect/index.ts'
import type { TableName } from '../ir/index.ts'
import type { Micros } from './instant.ts'
import type { Keeper } from './keeper.ts'
import { HISTORY_COLUMNS, historyOf, RECORD } from './name.ts'
import type { Shown } from './source.ts'

/** What keeping the history of a table, and reading it, needs of a database. */
export interface HistoryText {
  /** The schema by which the statements name a table, which was named without one or with it. */
  schemaOf(table: CatalogTable, name: TableName): string | null
  /** The history, empty. */
  create(table: CatalogTable): readonly string[]
  /** The last parts of the names of the triggers that do that. */
  readonly triggers: readonly string[]
  /** What writes the history when the table is written. */
  follow(table: CatalogTable): readonly string[]
  /** Ends that. */
  unfollow(table: CatalogTable): readonly string[]
  /** Takes in the rows that are there. */
  fill(table: CatalogTable): readonly string[]
  /** Ends the history for good. */
  drop(paths: Paths): string
  /** Tells whether the history changes with its table, so that nothing has to bring it up to date. */
  readonly changesWithTable: boolean
  /** What stands around changes of a table whose history is kept. */
  readonly aroundChange: readonly [before: readonly string[], after: readonly string[]]
  /** Gives a column of the history the type that the table now has for it. */
  retype(history: string, column: CatalogColumn): readonly string[]
  /** Takes the versions away that ended before an instant, in batches, and gives their number. */
  prune(db: Keeper, name: TableName, at: Micros, batch: number): Promise<number>
  /** What a table was at the instant of the context, as a query in the place of the table. */
  past(table: NodeOf<'table'>, shown: Shown, runValues: RunValues): Node
  /** All versions of a table's rows, each with its time. */
  versions(table: NodeOf<'table'>, columns: readonly string[]): Node
  /** Microseconds since 1970, as an expression that is the same for all of a statement. */
  readonly now: string
  /** Makes the index of the key anew. */
  reindex(table: CatalogTable): readonly string[]
  /** The later of two instants. */
  later(one: string, other: string): string
  /** Returns whether two values are the same, also as null. */
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
