import { refuse } from '../error/index.ts'
import type { Node, NodeOf } from '../ir/index.ts'
import type { ColumnDefinition, TableDefinition } from '../schema/index.ts'
import type { Writer } from './writer.ts'

/** `create table` from a table's definition. The dialect names the types. */
export function printDefinition(n: NodeOf<'createTable'>, w: Writer): void {
  const definition = n.table?.kind === 'table' ? (n.table.definition as TableDefinition | undefined) : undefined
  if (n.table === undefined || definition === undefined) return refuse('createTable() takes a table() value.')
  w.text(n.ifNotExists ? 'create table if not exists ' : 'create table ')
    .node(n.table)
    .text(' (')
  let first = true
  const part = (): Writer => {
    if (!first) w.text(', ')
    first = false
    return w
  }
  for (const column of definition.columns.values()) printColumn(column, definition, part())
  if (definition.primaryKey.length > 0 && !inlineKey(definition))
    part().text('primary key (').names(definition.primaryKey).text(')')
  for (const unique of definition.uniques) {
    constraintName(unique.name, part())
    w.text('unique (').names(unique.columns).text(')')
  }
  for (const check of definition.checks) {
    constraintName(check.name, part())
    w.text('check (').node(trusted(check.expression, 'A check')).text(')')
  }
  for (const key of definition.foreignKeys) {
    const target = key.references()
    constraintName(key.name, part())
    w.text('foreign key (').names(key.columns).text(') references ')
    if (target.table.schema !== undefined && w.dialect.capabilities.schemaOfTarget)
      w.name(target.table.schema).text('.')
    w.name(target.table.name).text(' (').names(target.columns).text(')')
    if (key.onDelete !== undefined) w.text(` on delete ${action(key.onDelete)}`)
    if (key.onUpdate !== undefined) w.text(` on update ${action(key.onUpdate)}`)
  }
  w.text(')').text(w.dialect.tableSuffix(definition))
}

const ACTIONS: readonly unknown[] = ['no action', 'restrict', 'cascade', 'set null', 'set default']

/** Actions become text as they are, so only known words pass. */
function action(given: unknown): string {
  return ACTIONS.includes(given)
    ? (given as string)
    : refuse(`A foreign key was told to do what it cannot. Use one of ${ACTIONS.join(', ')}.`)
}

function constraintName(name: string | undefined, w: Writer): void {
  if (name !== undefined) w.text('constraint ').name(name).text(' ')
}

/** A key that the database numbers is written with its column. */
function inlineKey(definition: TableDefinition): boolean {
  const [key, ...more] = definition.primaryKey
  return more.length === 0 && key !== undefined && definition.columns.get(key)?.generated !== undefined
}

function printColumn(column: ColumnDefinition, table: TableDefinition, w: Writer): void {
  const key = inlineKey(table) && table.primaryKey[0] === column.name
  w.name(column.name).text(` ${w.dialect.typeName(column, table)}`)
  if (key) w.text(` ${w.dialect.generatedKey(column)}`)
  else if (!column.nullable) w.text(' not null')
  if (column.default !== undefined) {
    const { value } = column.default
    const expression = trustedNode(value)
    if (expression !== undefined) w.text(' default (').node(expression).text(')')
    else
      w.text(' default ').text(
        w.dialect.literal(value === null || column.codec === undefined ? value : column.codec.encode(value)),
      )
  }
  if (column.generatedAs !== undefined) {
    w.text(' generated always as (').node(trusted(column.generatedAs.expression, 'A generated column'))
    w.text(column.generatedAs.stored ? ') stored' : ') virtual')
  }
}

/** Definitions hold structure only: a value in one would have to become text. */
function trusted(expression: unknown, what: string): Node {
  return trustedNode(expression) ?? refuse(`${what} of a table takes an expression, such as sql\`…\`.`)
}

function trustedNode(expression: unknown): Node | undefined {
  if (typeof expression !== 'object' || expression === null || !('node' in expression)) return undefined
  const { node, args } = expression as { node: Node; args: readonly unknown[] }
  // A document that happens to have such keys is a value, not an expression.
  if (Object.getPrototypeOf(expression) === Object.prototype) return undefined
  if (args.length > 0)
    refuse('An expression in the definition of a table takes no values. Use sql.lit(value) for a constant.')
  return node
}
