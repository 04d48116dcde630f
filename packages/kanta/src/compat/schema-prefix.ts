import { mapChildren, type Node, type Plugin, walk } from '../extend/index.ts'
import { ownPlugin, schemaPrefix } from '../extend/internal/index.ts'

const plugins = new Map<string, Plugin>()
/** Names that are made at run time, one for each tenant, must not pile up. */
const MOST = 1_000

/** Puts tables into a schema, and the columns that are told by the table's own name. */
export function withSchema(schema: string): Plugin {
  let plugin = plugins.get(schema)
  if (plugin === undefined) {
    if (plugins.size >= MOST) plugins.clear()
    const prefix = schemaPrefix(schema)
    plugin = ownPlugin({
      name: prefix.name,
      policies: [{ name: prefix.name, rewrite: (statement) => columns(prefix.rewrite!(statement), schema) }],
    })
    plugins.set(schema, plugin)
  }
  return plugin
}

/** The tables that stand in the statement under their own names. */
function bareTables(statement: Node, schema: string): ReadonlySet<string> {
  const bare = new Set<string>()
  walk(statement, (part) => {
    if (part.kind === 'table' && part.schema === schema) bare.add(part.name)
  })
  walk(statement, (part) => {
    if (part.kind === 'alias') bare.delete(part.name)
  })
  return bare
}

function columns(statement: Node, schema: string): Node {
  const bare = bareTables(statement, schema)
  const prefixed = (part: Node): Node =>
    part.kind === 'ref' && part.schema === undefined && part.table !== undefined && bare.has(part.table)
      ? { ...part, schema }
      : mapChildren(part, prefixed)
  return prefixed(statement)
}
