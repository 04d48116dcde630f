import type { TableDefinition } from '../table/index.ts'
import type { Dialect } from './dialect.ts'

const known = new WeakMap<Dialect, WeakMap<TableDefinition, TableDefinition>>()

/** A table's definition with the codecs that its columns have in a dialect. */
export function localize(definition: TableDefinition, dialect: Dialect): TableDefinition {
  if (dialect.codec === undefined) return definition
  const tables = known.get(dialect) ?? new WeakMap<TableDefinition, TableDefinition>()
  known.set(dialect, tables)
  let local = tables.get(definition)
  if (local === undefined) {
    const columns = [...definition.columns.values()].map((column) => ({ ...column, codec: dialect.codec!(column) }))
    local = { ...definition, columns: new Map(columns.map((column) => [column.name, column])) }
    tables.set(definition, local)
    // A tree that was attached before may be attached again.
    tables.set(local, local)
  }
  return local
}
