import { catalogTable, type Dialect, isAmong, titleOf } from '../dialect/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import {
  abstractTypeOf,
  type Catalog,
  type CatalogColumn,
  type CatalogName,
  type CatalogTable,
  withoutParentheses,
} from '../introspect/index.ts'
import type { Node } from '../ir/index.ts'
import { definitionOf, type TableDefinition } from '../table/index.ts'
import { printNode } from './node.ts'
import type { Rules } from './rule.ts'

/** One side of a diff. */
export interface Side extends Pick<Catalog, 'tables' | 'views' | 'enums' | 'triggers'> {
  /**
   * The extent of the description. A catalog has all; `table()` values have no comments, collations, views and such.
   */
  readonly extent: 'all' | 'tables'
}

/** A schema to compare: a module of `table()` values, a catalog of `introspect()`, or null for an empty schema. */
export type Schema = Catalog | object | null | undefined

export function isCatalog(schema: Schema): schema is Catalog {
  return typeof schema === 'object' && schema !== null && 'format' in schema && 'dialect' in schema
}

export function sideOf(schema: Schema, rules: Rules): Side {
  const { dialect } = rules
  if (schema === null || schema === undefined) return { extent: 'all', tables: [], views: [], enums: [], triggers: [] }
  if (!isCatalog(schema)) return fromDefinitions(schema, rules)
  if (schema.format !== 1)
    refuse(
      `The catalog has the format ${String(schema.format)}, and this version reads only 1. Introspect the database again.`,
    )
  if (!isAmong(dialect, [schema.dialect]))
    refuse(
      `The catalog is from ${titleOf(schema.dialect)}, and the diff is for ${titleOf(dialect)}. Introspect a ${titleOf(dialect)} database.`,
    )
  const side = withoutDefaultSchema(schema, rules)
  return { extent: 'all', ...side, tables: side.tables.map((table) => rules.normalizeTable?.(table) ?? table) }
}

/** Returns a catalog without the names of the default schema. */
function withoutDefaultSchema(catalog: Catalog, { defaultSchema, dialect }: Rules): Omit<Side, 'extent'> {
  const omitDefault = <T extends { readonly schema: string | null }>(each: T): T =>
    each.schema === defaultSchema ? { ...each, schema: null } : each
  return {
    tables: catalog.tables
      .filter((table) => table.kind === 'table' || table.kind === 'partitioned')
      .map(omitDefault)
      .map((table) => ({
        ...withPlainExpressions(table, dialect),
        foreignKeys: table.foreignKeys.map((key) => ({ ...key, target: omitDefault(key.target) })),
      })),
    views: catalog.views.map(omitDefault),
    enums: catalog.enums.map(omitDefault),
    triggers: catalog.triggers.map(omitDefault),
  }
}

/** Takes off the parentheses around expressions, since each statement puts its own around them. */
function withPlainExpressions(table: CatalogTable, dialect: Dialect): CatalogTable {
  const plain = (text: string): string => withoutParentheses(text, dialect)
  const plainOr = (text: string | null): string | null => (text === null ? null : plain(text))
  return {
    ...table,
    columns: table.columns.map((column) => ({
      ...column,
      default: plainOr(column.default),
      generated: column.generated && { ...column.generated, expression: plain(column.generated.expression) },
    })),
    checks: table.checks.map((check) => ({ ...check, expression: plain(check.expression) })),
    indexes: table.indexes.map((index) => ({
      ...index,
      parts: index.parts.map((part) => ({ ...part, expression: plainOr(part.expression) })),
      where: plainOr(index.where),
    })),
  }
}

function fromDefinitions(schema: object, rules: Rules): Side {
  const values = definitionOf(schema) === undefined ? Object.values(schema) : [schema]
  const definitions = new Set(values.map(definitionOf).filter((each) => each !== undefined))
  if (definitions.size === 0)
    refuse(
      'A side of a diff must be a module of table() values, a catalog of introspect(), or null for an empty schema.',
    )
  const tables = [...definitions].map((definition) => {
    const table = tableOf(definition, rules)
    return rules.normalizeTable?.(table) ?? table
  })
  const names = tables.map((table) => `${table.schema ?? ''}.${table.name}`)
  const duplicate = names.find((name, i) => names.indexOf(name) < i)
  if (duplicate !== undefined) refuse(`The schema has two tables with the name '${duplicate.replace(/^\./, '')}'.`)
  return { extent: 'tables', tables, views: [], enums: [], triggers: [] }
}

/** Returns the catalog entry of a `table()`, the same that `createTable()` uses, with expressions as text. */
function tableOf(definition: TableDefinition, { dialect, defaultSchema }: Rules): CatalogTable {
  const text = (node: Node): string => printNode(node, dialect)
  const textOr = (node: Node | null): string | null => (node === null ? null : text(node))
  const omitDefault = <T extends CatalogName>(each: T): T =>
    each.schema === defaultSchema ? { ...each, schema: null } : each
  const entry = omitDefault(catalogTable(definition, dialect))
  const spelled = {
    ...entry,
    columns: entry.columns.map((column) => ({
      ...column,
      abstract: abstractTypeOf(column.type, dialect),
      default: textOr(column.default),
      generated: column.generated && { ...column.generated, expression: text(column.generated.expression) },
    })),
    checks: entry.checks.map((check) => ({ ...check, expression: text(check.expression) })),
    foreignKeys: entry.foreignKeys.map((key) => ({ ...key, target: omitDefault(key.target) })),
    indexes: entry.indexes.map((index) => ({
      ...index,
      parts: index.parts.map((part) => ({ ...part, expression: textOr(part.expression) })),
      where: textOr(index.where),
    })),
  }
  return withPlainExpressions(spelled, dialect)
}

/** Finds the column of a table by name. */
export function columnOf(table: CatalogTable, name: string): CatalogColumn {
  return (
    table.columns.find((column) => column.name === name) ??
    table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase()) ??
    refuseMissingColumn(table, name)
  )
}

function refuseMissingColumn(table: CatalogTable, name: string): never {
  throw new KantaError('not_found', `The table '${table.name}' has no column '${name}'.`)
}
