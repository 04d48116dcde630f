import { describe, refuse } from '../error/index.ts'
import type { Node } from '../ir/index.ts'
import type { CheckDefinition, ColumnDefinition, IndexDefinition, TableDefinition } from '../table/index.ts'
import type { CatalogCheck, CatalogColumn, CatalogForeignKey, CatalogIndex, CatalogTable } from './catalog.ts'
import { textNode } from './catalog-nodes.ts'
import { decimalsOf } from './decimals.ts'
import type { Dialect } from './dialect.ts'

/** Returns the catalog entry that a `table()` has once one database has created it. */
export function catalogTable(table: TableDefinition, dialect: Dialect): CatalogTable<Node> {
  const { primaryKey } = table
  return {
    schema: table.schema ?? null,
    name: table.name,
    kind: 'table',
    columns: [...table.columns.values()].map((column) => catalogColumn(column, table, dialect)),
    primaryKey: primaryKey.length === 0 ? null : { name: null, columns: primaryKey },
    uniques: table.uniques.map(({ name, columns }) => ({ name: name ?? null, columns })),
    checks: [...typeChecks(table, dialect), ...table.checks.map((check) => catalogCheck(check, table, dialect))],
    foreignKeys: table.foreignKeys.map(({ name, columns, references, onDelete, onUpdate }): CatalogForeignKey => {
      const target = references()
      return {
        name: name ?? null,
        columns,
        target: { schema: target.table.schema ?? null, name: target.table.name, columns: target.columns },
        onDelete: onDelete ?? 'no action',
        onUpdate: onUpdate ?? 'no action',
        deferrable: 'no',
      }
    }),
    indexes: catalogIndexes(table, dialect),
    comment: null,
    options: dialect.tableOptions(table),
  }
}

function catalogCheck(
  { name, expression }: CheckDefinition,
  table: TableDefinition,
  dialect: Dialect,
): CatalogCheck<Node> {
  return { name: name ?? null, expression: exact(expressionOf(expression, 'A check'), table, dialect) }
}

/** The checks of columns whose type lets other values in. */
function typeChecks(table: TableDefinition, dialect: Dialect): readonly CatalogCheck<Node>[] {
  return [...table.columns.values()].flatMap((column) => {
    const text = dialect.columnCheck?.(column)
    return text === undefined ? [] : [{ name: null, expression: textNode(text) }]
  })
}

/** An expression over the columns of a table that computes exactly; with a column, one that gives its value. */
const exact = (node: Node, table: TableDefinition, dialect: Dialect, column?: string): Node =>
  decimalsOf(dialect)?.expression(node, table, column) ?? node

function catalogColumn(column: ColumnDefinition, table: TableDefinition, dialect: Dialect): CatalogColumn<Node> {
  const { name, generatedAs } = column
  const { type, collation } = typeOf(dialect.typeName(column, table))
  const isKey = table.primaryKey.length === 1 && table.primaryKey[0] === name
  return {
    name,
    type,
    abstract: column.type === 'custom' ? null : column.type,
    nullable: column.nullable,
    default: defaultOf(column, table, dialect),
    generated:
      generatedAs === undefined
        ? null
        : {
            expression: exact(expressionOf(generatedAs.expression, 'A generated column'), table, dialect, name),
            stored: generatedAs.stored,
          },
    identity: isKey && isNumbered(column) ? dialect.keyIdentity(column) : null,
    collation,
    comment: null,
    values: (type.startsWith('enum(') && column.values) || null,
  }
}

/** Takes the collation apart, which the words of a custom type may end with. */
function typeOf(words: string): { readonly type: string; readonly collation: string | null } {
  const { type = words, quoted, plain } = COLLATED.exec(words)?.groups ?? {}
  return { type, collation: quoted ?? plain ?? null }
}

const COLLATED = /^(?<type>.+?)\s+collate\s+(?:"(?<quoted>[^"]+)"|(?<plain>\w+))$/is

const isNumbered = ({ generated }: ColumnDefinition): boolean => generated === 'default' || generated === 'identity'

/** A value becomes text; an expression stands in parentheses, as some databases want. */
function defaultOf(column: ColumnDefinition, table: TableDefinition, dialect: Dialect): Node | null {
  if (column.default === undefined) return null
  const { value } = column.default
  const operand = expressionNode(value)
  if (operand !== undefined) dialect.checkDefault?.(operand, column)
  if (operand !== undefined) return { kind: 'parens', operand: exact(operand, table, dialect, column.name) }
  const codec = dialect.codec === undefined ? column.codec : dialect.codec(column)
  const stored = value === null || codec === undefined ? value : codec.encode(value)
  return { kind: 'word', text: dialect.defaultText?.(stored, column, table) ?? dialect.literal(stored) }
}

/** Returns the indexes. One without a name is called by table and columns, and a second one of the name has a number. */
function catalogIndexes(table: TableDefinition, dialect: Dialect): CatalogIndex<Node>[] {
  const taken = new Set(table.indexes.map(({ name }) => name))
  return table.indexes.map((index) => {
    const base = [table.name, ...index.columns, 'index'].join('_')
    let name = index.name ?? fittingName(base, dialect)
    for (let n = 2; index.name === undefined && taken.has(name); n++) name = fittingName(`${base}_${n}`, dialect)
    // Before the table is made, which the statement of the index follows.
    if (!fits(name, dialect))
      refuse(`The name '${name}' of an index is longer than the ${dialect.name} database takes. Shorten it.`)
    taken.add(name)
    return catalogIndex(index, name, table, dialect)
  })
}

const fits = (name: string, dialect: Dialect): boolean => dialect.fitsName?.(name) !== false

/** Shortens a generated name to what the database takes, and ends it with a hash, so that it stays one of a kind. */
function fittingName(name: string, dialect: Dialect): string {
  if (fits(name, dialect)) return name
  let hash = 0x811c9dc5
  for (const char of name) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193)
  const ending = `_${(hash >>> 0).toString(36)}_index`
  const kept = [...name]
  while (!fits(kept.join('') + ending, dialect)) kept.pop()
  return kept.join('') + ending
}

function catalogIndex(
  { columns, unique, where }: IndexDefinition,
  name: string,
  table: TableDefinition,
  dialect: Dialect,
): CatalogIndex<Node> {
  return {
    name,
    parts: columns.map((column) => ({
      column,
      expression: null,
      direction: 'asc',
      nulls: null,
      collation: null,
    })),
    unique,
    method: null,
    include: [],
    where: where === undefined ? null : exact(conditionOf(where, name), table, dialect),
    definition: null,
  }
}

function expressionOf(expression: unknown, what: string): Node {
  return expressionNode(expression) ?? refuse(`${what} of a table takes an expression, such as sql\`…\`.`)
}

/** The rows that an index is of. Its text is no query's, and takes no values. */
function conditionOf(where: unknown, index: string): Node {
  return (
    expressionNode(where) ??
    refuse(`The index '${index}' is of rows by an expression, such as sql\`…\`, not ${describe(where)}.`)
  )
}

/** Returns the node of an expression, and `undefined` for a value. */
function expressionNode(expression: unknown): Node | undefined {
  if (typeof expression !== 'object' || expression === null || !('node' in expression)) return undefined
  // A document that happens to have such keys is a value, not an expression.
  if (Object.getPrototypeOf(expression) === Object.prototype) return undefined
  const { node, args } = expression as { node: Node; args: readonly unknown[] }
  if (args.length > 0)
    refuse('An expression in the definition of a table takes no values. Use sql.lit(value) for a constant.')
  return node
}
