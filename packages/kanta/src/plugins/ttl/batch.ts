import type { DatabaseHandle } from '../../extend/internal/index.ts'
import { type Expr, type SelectBuilder, sql } from '../../sql/index.ts'

/** The names of a table with expiring rows, as quoted parts of statements. */
export interface Names {
  readonly table: Expr
  readonly column: Expr
  /** The columns that identify a row. */
  readonly keys: readonly Expr[]
}

/** Selects the keys of rows that expired up to a moment, the oldest first. */
export const oldest = (
  db: DatabaseHandle,
  { table, column }: Names,
  until: unknown,
  most: number,
  keys: readonly Expr[],
): SelectBuilder =>
  keys
    .reduce((query, key) => query.select(key), db.selectFrom(table))
    .where(column, '<=', until)
    .orderBy(column)
    .limit(sql.lit(most))
