import type { DatabaseHandle } from '../../extend/internal/index.ts'
import { type Expr, type SelectBuilder, sql } from '../../sql/index.ts'

/** The names of a table that expires, as parts of statements: quoted whatever they hold. */
export interface Names {
  readonly table: Expr
  readonly column: Expr
  /** What tells its rows apart. */
  readonly keys: readonly Expr[]
}

/** The keys of some of the rows whose moment is not after another, the longest expired first. */
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
