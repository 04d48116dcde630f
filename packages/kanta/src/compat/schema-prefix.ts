import { mapChildren, type Node, type Plugin, walk } from '../extend/index.ts'
import { ownPlugin, schemaPrefix } from '../extend/internal/index.ts'

const plugins = new Map<string, Plugin>()
/** The maximum number of cached plugins, since programs may use one schema for each tenant. */
const MAX_PLUGINS = 1_000

/** Returns a plugin that adds a schema to tables, and to columns that are written with their table. */
export function withSchema(schema: string): Plugin {
  let plugin = plugins.get(schema)
  if (plugin === undefined) {
    if (plugins.size >= MAX_PLUGINS) plugins.clear()
    const prefix = schemaPrefix(schema)
    plugin = ownPlugin({
      name: prefix.name,
      policies: [{ name: prefix.name, rewrite: (statement) => prefixColumns(prefix.rewrite!(statement), schema) }],
    })
    plugins.set(schema, plugin)
  }
  return plugin
}

/** Returns the tables without an alias in a statement. */
function unaliasedTables(statement: Node, schema: string): ReadonlySet<string> {
  const unaliased = new Set<string>()
  walk(statement, (part) => {
    if (part.kind === 'table' && part.schema === schema) unaliased.add(part.name)
  })
  walk(statement, (part) => {
    if (part.kind === 'alias') unaliased.delete(part.name)
  })
  return unaliased
}

function prefixColumns(statement: Node, schema: string): Node {
  const unaliased = unaliasedTables(statement, schema)
  const prefixed = (part: Node): Node =>
    part.kind === 'ref' && part.schema === undefined && part.table !== undefined && unaliased.has(part.table)
      ? { ...part, schema }
      : mapChildren(part, prefixed)
  return prefixed(statement)
}
