import type { Dialect } from '../../dialect/index.ts'
import type { ColumnDefinition, TableDefinition } from '../../table/index.ts'

/** The names of a database that no table defines. */
export interface NameMeanings {
  /** Other names of the rows that a statement writes, in what it returns. */
  readonly writtenRows: readonly string[]
  /**
   * The columns that a name means besides the one that is called so; `*` where it may be any, as the columns of the
   * table are not known.
   */
  columnsOf(name: string, table: TableDefinition | undefined, dialect: Dialect): readonly string[]
  /** Returns whether `table.name` may be a function of the whole row, where the table has no such column. */
  readsRow(name: string, table: TableDefinition | undefined): boolean
}

export const PLAIN_NAMES: NameMeanings = { writtenRows: [], columnsOf: () => [], readsRow: () => false }

/** Other names of the one column of a table of which something holds. */
export const columnNamed =
  (
    names: RegExp,
    holds: (column: ColumnDefinition, table: TableDefinition, dialect: Dialect) => boolean,
  ): NameMeanings['columnsOf'] =>
  (name, table, dialect) => {
    if (!names.test(name)) return []
    if (table === undefined) return ['*']
    const isOwn = [...table.columns.keys()].some((column) => column.toLowerCase() === name.toLowerCase())
    return isOwn
      ? []
      : [...table.columns.values()].flatMap((column) => (holds(column, table, dialect) ? [column.name] : []))
  }
