import type { Node, Plugin, Policy } from '../run/index.ts'
import { mapChildren } from '../run/index.ts'
import type { ColumnDefinition, TableDefinition } from '../schema/index.ts'

/** `firstName` → `first_name` */
function snake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
}

/** `first_name` → `firstName` */
function camel(name: string): string {
  return name.replace(/(?<=[^_])_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

const renamed = new WeakMap<TableDefinition, TableDefinition>()

/** A definition in the names of the database. */
function inSnake(table: TableDefinition): TableDefinition {
  let found = renamed.get(table)
  if (found === undefined) {
    const names = (columns: readonly string[]): string[] => columns.map(snake)
    found = {
      ...table,
      name: snake(table.name),
      columns: new Map(
        [...table.columns.values()].map((column): [string, ColumnDefinition] => [
          snake(column.name),
          { ...column, name: snake(column.name) },
        ]),
      ),
      primaryKey: names(table.primaryKey),
      uniques: table.uniques.map((unique) => ({ ...unique, columns: names(unique.columns) })),
      indexes: table.indexes.map((index) => ({ ...index, columns: names(index.columns) })),
      foreignKeys: table.foreignKeys.map((key) => ({
        ...key,
        columns: names(key.columns),
        references: () => {
          const target = key.references()
          return { table: inSnake(target.table), columns: names(target.columns) }
        },
      })),
    }
    renamed.set(table, found)
  }
  return found
}

/** One node in the names of the database; its children are already. */
function rename(part: Node): Node {
  switch (part.kind) {
    case 'ref':
      return { ...part, table: part.table && snake(part.table), column: snake(part.column) }
    case 'identifier':
      return { ...part, names: part.names.map(snake) }
    case 'star':
      return part.table === undefined ? part : { ...part, table: snake(part.table) }
    case 'table':
      return {
        ...part,
        name: snake(part.name),
        definition: part.definition && inSnake(part.definition as TableDefinition),
      }
    case 'alias':
      return { ...part, name: snake(part.name), columns: part.columns?.map(snake) }
    case 'cte':
      return { ...part, name: snake(part.name), columns: part.columns?.map(snake) }
    case 'conflict':
      return { ...part, columns: part.columns.map(snake) }
    case 'insert':
    case 'values':
      if (part.columns === undefined) return part
      return { ...part, columns: part.columns.map(snake), rows: part.rows && withKeys(part.rows, part.columns) } as Node
    case 'mergeAction':
      return { ...part, columns: part.columns.map(snake) }
    default:
      return part
  }
}

/** The rows of the user keep their keys. */
function withKeys(rows: Node, columns: readonly string[]): Node {
  return rows.kind === 'slot' ? { ...rows, codec: { columns, codecs: undefined } } : rows
}

function rewrite(part: Node): Node {
  return rename(mapChildren(part, rewrite))
}

/**
 * Camel case in the program, snake case in the database: names of tables, columns and aliases both ways.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { camelCase } from 'kanta/plugins'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta<{ city: { cityName: string } }>({ driver: sqlite(':memory:'), plugins: [camelCase()] })
 * db.selectFrom('city').select('cityName').compile().sql // select "city_name" from "city"
 * ```
 */
export function camelCase(): Plugin {
  const policy: Policy = { name: 'camel case', rewrite, renameColumn: camel }
  return { name: 'camelCase', policies: [policy] }
}
