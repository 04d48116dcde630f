import { refuse } from '../error/index.ts'
import { fold, type Node } from '../ir/index.ts'
import type { Chain } from '../sql/index.ts'
import { sql } from '../sql/index.ts'

/** Anything that stands as a query: a builder or an expression. */
export type Queried = Chain

/** The columns of a query by their names, as they are said: `'name', "agg"."name"`. */
export function jsonColumns(query: Queried, table: string): unknown[] {
  const tree: Node = fold((query as Chain<'select'>).shape).tree
  const items = tree.kind === 'select' ? tree.items : []
  const columns = items.map((item) => {
    if (item.kind === 'ref') return item.column
    if (item.kind === 'alias') return item.name
    return refuse(
      'jsonArrayFrom() and jsonObjectFrom() have to know the columns here: name them in select(), in place of selectAll().',
    )
  })
  return columns.flatMap((column) => [sql.lit(column), sql.id(table, column)])
}

/** The keys and values of an object, one after the other. */
export function keysAndValues(object: Readonly<Record<string, unknown>>): unknown[] {
  return Object.entries(object).flatMap(([key, value]) => [sql.lit(key), value])
}
