import { refuse } from '../error/index.ts'
import { fold, type Node } from '../ir/index.ts'
import type { Chain } from '../sql/index.ts'
import { sql } from '../sql/index.ts'

/** A query: a builder or an expression. */
export type QueryLike = Chain

/** Returns the names and columns of a query in turn: `'name', "agg"."name"`. */
export function jsonColumns(query: QueryLike, table: string): unknown[] {
  const tree: Node = fold((query as Chain<'select'>).shape).tree
  const items = tree.kind === 'select' ? tree.items : []
  const columns = items.map((item) => {
    if (item.kind === 'ref') return item.column
    if (item.kind === 'alias') return item.name
    return refuse(
      'jsonArrayFrom() and jsonObjectFrom() need the names of the columns. Use select() instead of selectAll().',
    )
  })
  return columns.flatMap((column) => [sql.lit(column), sql.id(table, column)])
}

/** Returns the keys and values of an object in turn. */
export function keysAndValues(object: Readonly<Record<string, unknown>>): unknown[] {
  return Object.entries(object).flatMap(([key, value]) => [sql.lit(key), value])
}
