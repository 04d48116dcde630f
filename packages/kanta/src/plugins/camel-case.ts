import { refuse } from '../error/index.ts'
import { mapChildren, type Node, type Plugin, type Policy, walk } from '../extend/index.ts'
import { ownPlugin } from '../extend/internal/index.ts'
import type { ColumnDefinition, TableDefinition } from '../table/index.ts'

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

/** The names of the database and of the program. */
interface Names {
  readonly toDatabase: (name: string) => string
  readonly toProgram: (name: string) => string
  /** Definitions with the names of the database. */
  readonly known: WeakMap<TableDefinition, TableDefinition>
}

/** Returns a definition with the names of the database. */
function inDatabase(table: TableDefinition, naming: Names): TableDefinition {
  const { known, toDatabase } = naming
  let found = known.get(table)
  if (found === undefined) {
    const names = (columns: readonly string[]): string[] => columns.map(toDatabase)
    found = {
      ...table,
      name: toDatabase(table.name),
      columns: new Map(
        [...table.columns.values()].map((column): [string, ColumnDefinition] => [
          toDatabase(column.name),
          { ...column, name: toDatabase(column.name) },
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
          return { table: inDatabase(target.table, naming), columns: names(target.columns) }
        },
      })),
    }
    known.set(table, found)
  }
  return found
}

/** Renames a node whose children are renamed already. */
function rename(part: Node, naming: Names): Node {
  const { toDatabase } = naming
  switch (part.kind) {
    case 'ref':
      return { ...part, table: part.table && toDatabase(part.table), column: toDatabase(part.column) }
    case 'identifier':
      return { ...part, names: part.names.map(toDatabase) }
    case 'star':
      return part.table === undefined ? part : { ...part, table: toDatabase(part.table) }
    case 'table':
      return {
        ...part,
        name: toDatabase(part.name),
        definition: part.definition && inDatabase(part.definition as TableDefinition, naming),
      }
    case 'alias':
      return { ...part, name: toDatabase(part.name), columns: part.columns?.map(toDatabase) }
    case 'cte':
      return { ...part, name: toDatabase(part.name), columns: part.columns?.map(toDatabase) }
    case 'conflict':
      return { ...part, columns: part.columns.map(toDatabase) }
    case 'insert':
    case 'values':
      if (part.columns === undefined) return part
      return {
        ...part,
        columns: part.columns.map(toDatabase),
        rows: part.rows && withKeys(part.rows, part.columns),
      } as Node
    case 'mergeAction':
      return { ...part, columns: part.columns.map(toDatabase) }
    default:
      return part
  }
}

/** Keeps the keys of the user's rows, and the codecs that a policy set. */
function withKeys(rows: Node, columns: readonly string[]): Node {
  if (rows.kind !== 'slot') return rows
  const known = rows.codec as { readonly columns?: readonly string[]; readonly codecs?: unknown } | undefined
  return { ...rows, codec: { ...known, columns: known?.columns ?? columns, codecs: known?.codecs } }
}

/** Creates a plugin that translates the names of the program to those of the database, and back. */
export function renaming(
  name: string,
  toDatabase: Names['toDatabase'],
  toProgram: Names['toProgram'],
  renameColumnsOf?: Policy['renameColumnsOf'],
): Plugin {
  const names: Names = { toDatabase, toProgram, known: new WeakMap() }
  const rewrite = (part: Node): Node => rename(mapChildren(part, rewrite), names)
  const policy: Policy = { name, rewrite, renameColumn: toProgram, ...(renameColumnsOf && { renameColumnsOf }) }
  return { name, policies: [policy] }
}

/** The names of a node that the database knows as snake case. */
function namesOf(part: Node): Iterable<string> {
  switch (part.kind) {
    case 'ref':
      return [part.column]
    case 'identifier':
      return part.names
    case 'alias':
      return [part.name, ...(part.columns ?? [])]
    case 'table':
      return (part.definition as TableDefinition | undefined)?.columns.keys() ?? []
    case 'cte':
    case 'values':
      return part.columns ?? []
    default:
      return []
  }
}

/**
 * Returns the names of a statement's result columns. One that does not come back as it was, such as `userID`, is mapped
 * back to what the statement calls it.
 */
function camelNamesOf(statement: Node): (name: string) => string {
  const asked = new Map<string, string>()
  walk(statement, (part) => {
    for (const name of namesOf(part)) {
      const stored = snake(name)
      if (camel(stored) === name || stored === name) continue
      const other = asked.get(stored)
      if (other !== undefined && other !== name)
        refuse(`'${name}' and '${other}' are one column, '${stored}', under camelCase(). Use one of the names.`)
      asked.set(stored, name)
    }
  })
  return asked.size === 0 ? camel : (name) => asked.get(name) ?? camel(name)
}

const camelCasePlugin = ownPlugin(renaming('camelCase', snake, camel, camelNamesOf))

/**
 * Translates names of tables, columns and aliases: camel case in the program, snake case in the database.
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
  return camelCasePlugin
}
