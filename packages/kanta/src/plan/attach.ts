import { type Dialect, localize } from '../dialect/index.ts'
import { fullName, type Node } from '../ir/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { mapInScope } from './cte-scope.ts'

/** The definitions that a database knows, by name (`schema.name` for those in a schema). */
export type SchemaDefinitions = ReadonlyMap<string, TableDefinition>

/** A tree in which names of tables that the database knows carry their definitions; names of CTEs do not. */
export function attachDefinitions(
  tree: Node,
  schema: SchemaDefinitions,
  dialect: Dialect | undefined,
  hidden: ReadonlySet<string> = new Set(),
): Node {
  if (tree.kind === 'table') {
    const isHidden = tree.schema === undefined && hidden.has(tree.name)
    const given = tree.definition as TableDefinition | undefined
    const found = schema.get(fullName(tree))
    const definition = given ?? (isHidden ? undefined : found)
    if (definition === undefined) return tree
    return { ...tree, definition: dialect === undefined ? definition : localize(definition, dialect) }
  }
  return mapInScope(tree, hidden, (child, inner) => attachDefinitions(child, schema, dialect, inner))
}
