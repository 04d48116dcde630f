import { KantaError, nearest } from '../error/index.ts'
import { fullName, type Node, type NodeOf } from '../ir/index.ts'
import type { Policy, SchemaDefinitions } from '../plan/index.ts'
import type { TableDefinition } from '../table/index.ts'
import type { Plugin } from './plugin.ts'

/**
 * Refuses tables and columns that the options of plugins name and the schema of the database lacks. A misspelt name
 * would leave the table that was meant unprotected. A database without a schema knows no names.
 *
 * @throws KantaError `plugin` with the nearest name.
 */
export function checkNames(
  plugins: readonly Plugin<object, unknown>[],
  schema: SchemaDefinitions,
  policies: readonly Policy[],
): void {
  if (schema.size === 0) return
  const renamed = namesUnder(policies)
  for (const { name: plugin, names = [] } of plugins) {
    for (const { table, columns = [] } of names) {
      const definition = [...schema.values()].find((one) => isTable(one, table, renamed))
      if (definition === undefined) throw unknown(`${plugin}() names the table '${table}'`, table, schema.keys())
      const known = [...definition.columns.keys()]
      for (const column of columns)
        if (!known.some((one) => same(one, column) || same(renamed.column(one), column)))
          throw unknown(`${plugin}() names the column '${column}' of '${table}'`, column, known)
    }
  }
}

function unknown(what: string, name: string, known: Iterable<string>): KantaError {
  const like = nearest(name, known)
  const way = like === undefined ? 'Correct it, or add it to the schema.' : `Did you mean '${like}'?`
  return new KantaError('plugin', `${what}, which the schema does not have. ${way}`)
}

/** Databases differ in whether case tells names apart; where it does, the statement itself fails. */
const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

interface Renamed {
  table(definition: TableDefinition): string
  column(name: string): string
}

function isTable(definition: TableDefinition, name: string, renamed: Renamed): boolean {
  const full = fullName(definition)
  const own = renamed.table(definition)
  // Either side may leave the schema out.
  const bare = name.slice(name.lastIndexOf('.') + 1)
  return (
    same(full, name) ||
    same(definition.name, name) ||
    same(own, name) ||
    (!full.includes('.') && (same(full, bare) || same(own, bare)))
  )
}

/** Some plugins rename: their tables may be named as in the program and as in the database. */
function namesUnder(policies: readonly Policy[]): Renamed {
  const rename = <N extends Node>(node: N): N =>
    policies.reduce<Node>((made, policy) => policy.rewrite?.(made) ?? made, node) as N
  return {
    table: ({ name }) =>
      rename<NodeOf<'table'>>({ kind: 'table', schema: undefined, name, definition: undefined }).name,
    column: (column) => rename<NodeOf<'ref'>>({ kind: 'ref', schema: undefined, table: undefined, column }).column,
  }
}
