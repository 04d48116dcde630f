import { declareKinds, type Kind, type Kinds, type Node, type NodeOf, nodeWith, schemaFields } from '../ir/index.ts'
import type {
  CatalogCheck,
  CatalogColumn,
  CatalogForeignKey,
  CatalogIndex,
  CatalogIndexPart,
  CatalogKey,
  CatalogName,
  CatalogTable,
} from './catalog.ts'
import type { Dialect } from './dialect.ts'

/** An expression of a catalog: the text of its database, or a node of a `table()`. */
type Expression = string | Node

/** A constraint of a table, with what sort it is. */
export type CatalogConstraint<E = string> =
  | ({ readonly type: 'primary key' } & CatalogKey)
  | ({ readonly type: 'unique' } & CatalogKey)
  | ({ readonly type: 'check' } & CatalogCheck<E>)
  | ({ readonly type: 'foreign key' } & CatalogForeignKey)

/** Returns the constraints of a table in the order in which they are created. */
export function constraintsOf<E>(table: CatalogTable<E>): CatalogConstraint<E>[] {
  const { primaryKey, uniques, checks, foreignKeys } = table
  return [
    ...(primaryKey === null ? [] : [{ type: 'primary key', ...primaryKey } as const]),
    ...uniques.map((key) => ({ type: 'unique', ...key }) as const),
    ...checks.map((check) => ({ type: 'check', ...check }) as const),
    ...foreignKeys.map((key) => ({ type: 'foreign key', ...key }) as const),
  ]
}

/** Makes a node of a definition; the other parts are empty. */
export function definitionNode<K extends Kind>(kind: K, parts: Partial<Kinds[K]>): NodeOf<K> {
  declareKinds(schemaFields)
  return nodeWith(kind, parts)
}

export const identifierNode = (name: string): Node => ({ kind: 'identifier', names: [name] })
export const wordNode = (text: string): Node => ({ kind: 'word', text })
/** Text that the database itself has given, or that a definition trusts. */
export const textNode = (text: string): Node => ({ kind: 'raw', strings: [text], parts: [] })

export const tableNode = ({ schema, name }: CatalogName): NodeOf<'table'> => ({
  kind: 'table',
  schema: schema ?? undefined,
  name,
  definition: undefined,
})

const expressionNode = (expression: Expression): Node =>
  typeof expression === 'string' ? textNode(expression) : expression

/** Returns the node that creates a table, under its own name or another. Its indexes are statements of their own. */
export function createTableNode(
  table: CatalogTable<Expression>,
  dialect: Dialect,
  name: CatalogName = table,
): NodeOf<'createTable'> {
  const key = inlineKey(table, dialect)
  return definitionNode('createTable', {
    table: tableNode(name),
    columns: table.columns.map((column) => columnNode(column, dialect, column === key)),
    constraints: constraintsOf(table)
      .filter(({ type }) => type !== 'primary key' || key === undefined)
      .map((constraint) => constraintNode(constraint)),
    options: table.options.map(wordNode),
    comment: commentNode(table.comment, dialect),
  })
}

/** A key that the database numbers is written with its column, which SQLite asks for. */
function inlineKey(
  { primaryKey, columns }: CatalogTable<Expression>,
  { rowidKeys }: Dialect,
): CatalogColumn<Expression> | undefined {
  if (primaryKey === null || primaryKey.columns.length > 1) return undefined
  const key = columns.find((column) => column.name === primaryKey.columns[0])
  if (key === undefined) return undefined
  if (rowidKeys) return key.type.toLowerCase() === 'integer' ? key : undefined
  return key.identity !== null && primaryKey.name === null ? key : undefined
}

/** Returns the definition of a column. */
export function columnNode(
  column: CatalogColumn<Expression>,
  dialect: Dialect,
  isInlineKey = false,
): NodeOf<'columnDefinition'> {
  const { name, collation, generated, nullable } = column
  const numbering = numberingOf(column, dialect)
  return definitionNode('columnDefinition', {
    name: identifierNode(name),
    type: wordNode(column.type),
    collate: collation === null ? undefined : identifierNode(collation),
    generated: generated === null ? undefined : expressionNode(generated.expression),
    stored: generated?.stored,
    default:
      column.default === null || generated !== null || column.identity !== null
        ? undefined
        : defaultNode(column.default),
    modifiers: column.invisible === true ? [INVISIBLE] : [],
    notNull: !nullable && !isInlineKey,
    primaryKey: isInlineKey,
    comment: commentNode(column.comment, dialect),
    ...numbering,
  })
}

const INVISIBLE: Node = { kind: 'modifier', position: 'front', operand: wordNode('invisible') }

/** Returns the parts of a column by which the database numbers the rows. */
function numberingOf(
  { identity, type }: CatalogColumn<Expression>,
  { capabilities }: Dialect,
): Partial<Kinds['columnDefinition']> {
  if (identity === null) return {}
  if (capabilities.identity) return { identity: 'identity' }
  if (identity !== 'auto') return { identity: `generated ${identity} as identity` }
  if (capabilities.autoIncrement !== undefined) return { autoIncrement: true }
  return { type: wordNode(SERIAL[type] ?? type) }
}

const SERIAL: Readonly<Record<string, string>> = { integer: 'serial', bigint: 'bigserial', smallint: 'smallserial' }

/** Returns a default: a constant as it is, an expression in parentheses. */
export function defaultNode(value: Expression): Node {
  if (typeof value !== 'string') return value
  const operand = textNode(value)
  return CONSTANT.test(value) ? operand : { kind: 'parens', operand }
}

const CONSTANT = /^(?:[+-]?[\d.]+|[eExX]?'(?:[^']|'')*'|\w+|current_timestamp\b.*)$/is

/** A comment, where it stands with what it is of. */
const commentNode = (comment: string | null, { capabilities }: Dialect): Node | undefined =>
  comment === null || !capabilities.inlineComments ? undefined : { kind: 'literal', value: comment }

/** Returns a constraint of a table. */
export function constraintNode(constraint: CatalogConstraint<Expression>): NodeOf<'constraint'> {
  const name = constraint.name === null ? undefined : identifierNode(constraint.name)
  if (constraint.type === 'check')
    return definitionNode('constraint', { style: 'check', name, check: expressionNode(constraint.expression) })
  const columns = constraint.columns.map(identifierNode)
  return constraint.type === 'foreign key'
    ? definitionNode('constraint', { style: 'foreign key', name, columns, ...foreignKeyParts(constraint) })
    : definitionNode('constraint', { style: constraint.type, name, columns })
}

function foreignKeyParts(key: CatalogForeignKey): Partial<Kinds['constraint']> {
  const { target, deferrable } = key
  const action = (word: CatalogForeignKey['onDelete']): string | undefined => (word === 'no action' ? undefined : word)
  return {
    references: definitionNode('references', { table: tableNode(target), columns: target.columns.map(identifierNode) }),
    onDelete: action(key.onDelete),
    onUpdate: action(key.onUpdate),
    ...(deferrable === 'no' ? {} : { deferrable: true, initially: deferrable.slice('initially '.length) }),
  }
}

/** Returns the node that creates an index. */
export function createIndexNode(index: CatalogIndex<Expression>, table: CatalogName): NodeOf<'createIndex'> {
  const { method } = index
  return definitionNode('createIndex', {
    unique: index.unique,
    name: identifierNode(index.name),
    table: tableNode(table),
    using: method === null || method === 'btree' ? undefined : wordNode(method),
    columns: index.parts.map(indexPartNode),
    include: index.include.map(identifierNode),
    where: index.where === null ? [] : [expressionNode(index.where)],
  })
}

function indexPartNode({ column, expression, direction, nulls, collation }: CatalogIndexPart<Expression>): Node {
  const operand: Node =
    column === null ? { kind: 'parens', operand: expressionNode(expression ?? '') } : identifierNode(column)
  if (direction === 'asc' && nulls === null && collation === null) return operand
  return {
    kind: 'order',
    operand,
    direction: direction === 'asc' ? undefined : direction,
    nulls: nulls ?? undefined,
    collate: collation ?? undefined,
  }
}
