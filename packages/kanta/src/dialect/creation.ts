import { keepOut, type Node, type NodeOf, type Shape, start } from '../ir/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { createIndexNode, createTableNode } from './catalog-nodes.ts'
import { catalogTable } from './catalog-table.ts'
import type { Dialect } from './dialect.ts'

/** The calls that create a `table()` in one database, and its indexes, each a statement of its own. */
export interface Creation {
  readonly table: Shape<'createTable'>
  indexes(ifNotExists: boolean): readonly Shape<'createIndex'>[]
}

/** Returns the calls that create a `table()`: they go by its catalog entry, as the steps of a diff do. */
export function creationOf(definition: TableDefinition, dialect: Dialect): Creation {
  const entry = catalogTable(definition, dialect)
  const table: NodeOf<'table'> = { kind: 'table', schema: definition.schema, name: definition.name, definition }
  return {
    table: shapeOf({ ...createTableNode(entry, dialect), table }),
    indexes: (ifNotExists) =>
      entry.indexes.map((index) => shapeOf({ ...createIndexNode(index, entry), table, ifNotExists })),
  }
}

/** Returns the calls that make a node. It is hardly met again, so nothing of it is kept. */
function shapeOf<K extends 'createTable' | 'createIndex'>({ kind, ...parts }: NodeOf<K>): Shape<K> {
  let shape = start(kind as K)
  for (const [part, value] of Object.entries(parts)) {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue
    const items: Node | unknown = Array.isArray(value) ? { kind: 'list', items: value } : value
    shape = shape.step(part as never, typeof items === 'object' ? keepOut(items as object) : items)
  }
  return shape
}
