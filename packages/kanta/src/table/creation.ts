import { describe, refuse } from '../error/index.ts'
import { type Kinds, type Node, type NodeOf, node, nodeWith, type Shape, start } from '../ir/index.ts'
import type { ColumnDefinition } from './column.ts'
import type { TableDefinition } from './table.ts'

const identifier = (name: string): Node => node({ kind: 'identifier', names: [name] })

/** Definitions hold structure only: a value in one would have to become text. */
function trusted(expression: unknown, what: string): Node {
  return trustedNode(expression) ?? refuse(`${what} of a table takes an expression, such as sql\`…\`.`)
}

function trustedNode(expression: unknown): Node | undefined {
  if (typeof expression !== 'object' || expression === null || !('node' in expression)) return undefined
  // A document that happens to have such keys is a value, not an expression.
  if (Object.getPrototypeOf(expression) === Object.prototype) return undefined
  const { node: found, args } = expression as { node: Node; args: readonly unknown[] }
  if (args.length > 0)
    refuse('An expression in the definition of a table takes no values. Use sql.lit(value) for a constant.')
  return found
}

const local = (aspect: Kinds['local']['aspect'], definition: object, table?: TableDefinition): Node =>
  node({ kind: 'local', aspect, definition, table })

/** A key that the database numbers is written with its column. */
function inlineKey(table: TableDefinition): ColumnDefinition | undefined {
  const key = table.primaryKey.length === 1 ? table.columns.get(table.primaryKey[0]!) : undefined
  return key?.generated === undefined ? undefined : key
}

function columnNode(column: ColumnDefinition, table: TableDefinition): Node {
  const isKey = inlineKey(table) === column
  const { generatedAs } = column
  const given = column.default === undefined ? undefined : trustedNode(column.default.value)
  return node(
    nodeWith('columnDefinition', {
      name: identifier(column.name),
      type: local('type', column, table),
      generated: isKey ? local('key', column) : generatedAs && trusted(generatedAs.expression, 'A generated column'),
      stored: generatedAs?.stored,
      default: column.default && (given === undefined ? local('default', column) : parens(given)),
      notNull: !isKey && !column.nullable,
    }),
  )
}

const parens = (operand: Node): Node => node({ kind: 'parens', operand })

type Constraint = Partial<Kinds['constraint']> & { readonly style: Kinds['constraint']['style'] }

const constraint = (name: string | undefined, parts: Constraint): Node =>
  node(nodeWith('constraint', { ...parts, name: name === undefined ? undefined : identifier(name) }))

const names = (columns: readonly string[]): readonly Node[] => columns.map(identifier)

function constraintsOf(table: TableDefinition): Node[] {
  const { primaryKey, uniques, checks, foreignKeys } = table
  const keys = primaryKey.length > 0 && inlineKey(table) === undefined ? [primaryKey] : []
  return [
    ...keys.map((key) => constraint(undefined, { style: 'primary key', columns: names(key) })),
    ...uniques.map(({ name, columns }) => constraint(name, { style: 'unique', columns: names(columns) })),
    ...checks.map(({ name, expression }) =>
      constraint(name, { style: 'check', check: trusted(expression, 'A check') }),
    ),
    ...foreignKeys.map(({ name, columns, references, onDelete, onUpdate }) => {
      const { table: target, columns: of } = references()
      return constraint(name, {
        style: 'foreign key',
        columns: names(columns),
        references: node({
          kind: 'references',
          table: tableNode(target),
          columns: names(of),
        }),
        onDelete,
        onUpdate,
      })
    }),
  ]
}

const listOf = (items: readonly Node[]): Node => node({ kind: 'list', items })

const tableNode = (definition: TableDefinition): NodeOf<'table'> =>
  node({ kind: 'table', schema: definition.schema, name: definition.name, definition })

/** The calls that create a table as it is defined. */
export function creation(definition: TableDefinition): Shape<'createTable'> {
  const columns = [...definition.columns.values()].map((column) => columnNode(column, definition))
  const constraints = constraintsOf(definition)
  const shape = start('createTable').step('table', tableNode(definition)).step('columns', listOf(columns))
  const whole = constraints.length === 0 ? shape : shape.step('constraints', listOf(constraints))
  return whole.step('suffix', local('suffix', definition))
}

/** The calls that create the indexes of a table, each a statement of its own. */
export function indexCreations(definition: TableDefinition, ifNotExists: boolean): readonly Shape<'createIndex'>[] {
  return definition.indexes.map(({ name, columns, unique, where }) => {
    const known = name ?? [definition.name, ...columns, 'index'].join('_')
    const index = start('createIndex')
      .step('name', identifier(known))
      .step('table', tableNode(definition))
      .step('columns', listOf(names(columns)))
      .step('unique', unique)
      .step('ifNotExists', ifNotExists)
    return where === undefined ? index : index.step('where', conditionOf(where, known))
  })
}

/** The rows that an index is of. Its text is no query's, and takes no values. */
function conditionOf(where: unknown, index: string): Node {
  return (
    trustedNode(where) ??
    refuse(`The index '${index}' is of rows by an expression, such as sql\`…\`, not ${describe(where)}.`)
  )
}
