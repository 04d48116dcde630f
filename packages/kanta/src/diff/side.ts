import { catalogTable, type Dialect } from '../dialect/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import { migrationTables } from '../extend/internal/index.ts'
import {
  abstractOf,
  type Catalog,
  type CatalogColumn,
  type CatalogIndex,
  type CatalogName,
  type CatalogTable,
} from '../introspect/index.ts'
import type { Node } from '../ir/index.ts'
import { definitionOf, type TableDefinition } from '../table/index.ts'
import { printNode } from './node.ts'

/** One side of a diff. */
export interface Side extends Pick<Catalog, 'tables' | 'views' | 'enums' | 'triggers'> {
  /** A catalog says all; `table()` values say nothing of comments, collations, views and the like. */
  readonly says: 'all' | 'tables'
}

/** What a diff may start from and lead to: tables, a database that was introspected, or nothing. */
export type Schema = Catalog | object | null | undefined

/** What `kanta/migrate` keeps in a database is nobody's schema; to drop it would forget what was applied. */
const MIGRATION_TABLES: readonly string[] = Object.values(migrationTables)

/** The schema that tables are in which name none. */
const DEFAULT_SCHEMA: Readonly<Record<string, string>> = { postgres: 'public', mssql: 'dbo', sqlite: 'main' }

export function isCatalog(schema: Schema): schema is Catalog {
  return typeof schema === 'object' && schema !== null && 'format' in schema && 'dialect' in schema
}

export function sideOf(schema: Schema, dialect: Dialect): Side {
  if (schema === null || schema === undefined) return { says: 'all', tables: [], views: [], enums: [], triggers: [] }
  if (!isCatalog(schema)) return fromDefinitions(schema, dialect)
  if (schema.format !== 1) refuse(`The catalog has the format ${String(schema.format)}, and this version reads 1.`)
  if (schema.dialect !== dialect.name)
    refuse(
      `The catalog is of ${schema.dialect} and the diff for ${dialect.name}. Introspect a database of its own kind.`,
    )
  const side = plain(schema, dialect)
  return { says: 'all', ...side, tables: side.tables.map((table) => settled(table, dialect)) }
}

/** The same without the names of the default schema. */
function plain(catalog: Catalog, dialect: Dialect): Omit<Side, 'says'> {
  const home = DEFAULT_SCHEMA[dialect.name]
  const unhomed = <T extends { readonly schema: string | null }>(each: T): T =>
    each.schema === home ? { ...each, schema: null } : each
  return {
    tables: catalog.tables
      .filter((table) => table.kind === 'table' || table.kind === 'partitioned')
      .map(unhomed)
      .filter((table) => table.schema !== null || !MIGRATION_TABLES.includes(table.name))
      .map((table) => ({
        ...table,
        foreignKeys: table.foreignKeys.map((key) => ({ ...key, target: unhomed(key.target) })),
      })),
    views: catalog.views.map(unhomed),
    enums: catalog.enums.map(unhomed),
    triggers: catalog.triggers.map(unhomed),
  }
}

function fromDefinitions(schema: object, dialect: Dialect): Side {
  const values = definitionOf(schema) === undefined ? Object.values(schema) : [schema]
  const definitions = new Set(values.map(definitionOf).filter((each) => each !== undefined))
  if (definitions.size === 0)
    refuse('A side of a diff is a module of table() values, what introspect() gives, or null for nothing.')
  const home = DEFAULT_SCHEMA[dialect.name]
  const tables = [...definitions].map((definition) => settled(tableOf(definition, dialect, home), dialect))
  const names = tables.map((table) => `${table.schema ?? ''}.${table.name}`)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) refuse(`The schema has two tables with the name '${twice.replace(/^\./, '')}'.`)
  return { says: 'tables', tables, views: [], enums: [], triggers: [] }
}

/** The catalog entry of a `table()`: the one by which `createTable()` goes, with its expressions as text. */
function tableOf(definition: TableDefinition, dialect: Dialect, home: string | undefined): CatalogTable {
  const text = (node: Node): string => printNode(node, dialect)
  const textOr = (node: Node | null): string | null => (node === null ? null : text(node))
  const unhomed = <T extends CatalogName>(each: T): T => (each.schema === home ? { ...each, schema: null } : each)
  const entry = unhomed(catalogTable(definition, dialect))
  return {
    ...entry,
    columns: entry.columns.map((column) => ({
      ...column,
      abstract: abstractOf(column.type, dialect.name),
      default: textOr(column.default),
      generated: column.generated && { ...column.generated, expression: text(column.generated.expression) },
    })),
    checks: entry.checks.map((check) => ({ ...check, expression: text(check.expression) })),
    foreignKeys: entry.foreignKeys.map((key) => ({ ...key, target: unhomed(key.target) })),
    indexes: entry.indexes.map((index) => ({
      ...index,
      parts: index.parts.map((part) => ({ ...part, expression: textOr(part.expression) })),
      where: textOr(index.where),
    })),
  }
}

/**
 * MySQL has one thing for a unique index and a unique key, and makes an index of its own for a foreign key: both sides
 * are brought to say that alike.
 */
function settled(table: CatalogTable, { name }: Dialect): CatalogTable {
  if (name !== 'mysql' && name !== 'mariadb') return table
  const columnsOf = (index: CatalogIndex): (string | null)[] =>
    index.parts.map((part) => (part.direction === 'asc' ? part.column : null))
  const isKey = (index: CatalogIndex): boolean => index.unique && columnsOf(index).every((column) => column !== null)
  const serves = (index: CatalogIndex): boolean =>
    table.foreignKeys.some(
      (key) =>
        key.columns.join() === columnsOf(index).join() && (index.name === key.name || index.name === key.columns[0]),
    )
  return {
    ...table,
    uniques: [
      ...table.uniques,
      ...table.indexes.filter(isKey).map((index) => ({ name: index.name, columns: columnsOf(index) as string[] })),
    ],
    indexes: table.indexes.filter((index) => !isKey(index) && (index.unique || !serves(index))),
  }
}

/** The column of a table by its name. */
export function columnOf(table: CatalogTable, name: string): CatalogColumn {
  return (
    table.columns.find((column) => column.name === name) ??
    table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase()) ??
    missing(table, name)
  )
}

function missing(table: CatalogTable, name: string): never {
  throw new KantaError('not_found', `The table '${table.name}' has no column '${name}'.`)
}
