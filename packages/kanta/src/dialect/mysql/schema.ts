import { type Node, type NodeOf, nodeWith } from '../../ir/index.ts'
import type { Printers } from '../print.ts'
import { definitions } from '../schema.ts'
import type { SchemaCapabilities } from '../schema-capabilities.ts'
import { printIndexColumns, printIndexName, tables, withoutSchema } from '../table.ts'
import type { Writer } from '../writer.ts'
import { type Flavor, unsupported } from './flavor.ts'
import { commentLiteral } from './text.ts'

const both: SchemaCapabilities = {
  temporaryTables: true,
  createTableIfNotExists: true,
  createTableAs: true,
  inlinePartitions: true,
  tableIndexes: true,
  alterTableIndexes: true,
  autoIncrement: 'auto_increment',
  unsigned: true,
  inlineComments: true,
  severalAlterations: true,
  renamesAmongOthers: true,
  alterColumnDefault: true,
  modifyColumn: true,
  alterConstraints: true,
  setSchema: true,
  renameIndex: true,
  indexUsing: true,
  indexesOfTables: true,
  schemas: true,
  schemaIfNotExists: true,
  replaceView: true,
  dropTemporary: true,
  truncate: true,
}

/** What MySQL can define. */
export const mysqlSchema: SchemaCapabilities = { ...both, uniqueExpressions: true, indexExpressions: true }

/** What MariaDB can define. */
export const mariadbSchema: SchemaCapabilities = {
  ...both,
  addColumnIfNotExists: true,
  dropColumnIfExists: true,
  dropConstraintIfExists: true,
  createIndexIfNotExists: true,
  dropIndexIfExists: true,
  viewIfNotExists: true,
  sequences: true,
  sequenceIfNotExists: true,
}

/** A foreign key that stands with its column, which MySQL reads and forgets, as a constraint of the table. */
function foreignKey(column: Node): Node | undefined {
  if (column.kind !== 'columnDefinition' || column.references === undefined) return undefined
  const { references, onDelete, onUpdate, name } = column
  return nodeWith('constraint', { style: 'foreign key', columns: [name!], references, onDelete, onUpdate })
}

const withoutReferences = (column: Node): Node =>
  column.kind === 'columnDefinition'
    ? { ...column, references: undefined, onDelete: undefined, onUpdate: undefined }
    : column

/** Columns without foreign keys, and these as constraints. */
function apart(parts: readonly Node[]): { readonly columns: readonly Node[]; readonly keys: readonly Node[] } {
  const keys = parts.map(foreignKey).filter((key) => key !== undefined)
  return { columns: keys.length === 0 ? parts : parts.map(withoutReferences), keys }
}

/** Methods that stand before the word `index`. */
const INDEX_SORTS: readonly string[] = ['fulltext', 'spatial']

function createIndex(n: NodeOf<'createIndex'>, w: Writer, flavor: Flavor): void {
  if (n.where.length > 0)
    unsupported('An index with a condition', 'Index a generated column that is null elsewhere.', w)
  if (n.ifNotExists && flavor.name === 'mysql')
    unsupported('ifNotExists() of an index', 'Look for it in information_schema.statistics before.', w)
  const own = n.using?.kind === 'word' && INDEX_SORTS.includes(n.using.text) ? n.using.text : undefined
  w.text(own === undefined ? (n.unique ? 'create unique index ' : 'create index ') : `create ${own} index `)
  w.text(n.ifNotExists ? 'if not exists ' : '')
  printIndexName(own === undefined ? n : { ...n, using: undefined }, w)
  printIndexColumns(n, w)
}

/** A comment, which takes no other form of a string than the one in quotes. */
const commentNode = (text: Node): Node =>
  text.kind === 'literal' ? { kind: 'word', text: commentLiteral(String(text.value ?? '')) } : text

function columnDefinition(n: NodeOf<'columnDefinition'>, w: Writer, flavor: Flavor): void {
  // A computed column is not null when what it is computed from is not, and MariaDB takes no word for it.
  const notNull = n.notNull && (n.generated === undefined || flavor.name === 'mysql')
  tables.columnDefinition({ ...n, notNull, comment: n.comment && commentNode(n.comment) }, w)
}

function alter(n: NodeOf<'alter'>, w: Writer): void {
  const { columns, keys } = apart(n.alterations)
  const moved = columns.map((part): Node => {
    if (part.kind !== 'alteration' || part.action !== 'set schema' || n.name?.kind !== 'table') return part
    const schema = part.name?.kind === 'identifier' ? part.name.names.join('.') : undefined
    return { ...part, action: 'rename to', name: { ...n.name, schema } }
  })
  definitions.alter({ ...n, alterations: [...moved, ...keys] }, w)
}

const WORDS: Readonly<Record<string, string>> = {
  'no cycle': 'nocycle',
  'no minvalue': 'nominvalue',
  'no maxvalue': 'nomaxvalue',
}

/** What MySQL and MariaDB define in words of their own. */
export function definitionsOf(flavor: Flavor): Partial<Printers> {
  const forgets = flavor.name === 'mysql'
  return {
    columnDefinition: (n, w) => columnDefinition(n, w, flavor),
    createIndex: (n, w) => createIndex(n, w, flavor),
    createTable: (n, w) => {
      const { columns, keys } = forgets ? apart(n.columns) : { columns: n.columns, keys: [] }
      const comment = n.comment && commentNode(n.comment)
      tables.createTable({ ...n, columns, constraints: [...n.constraints, ...keys], comment }, w)
    },
    drop: (n, w) => tables.drop(n.object === 'index' ? { ...n, names: n.names.map(withoutSchema) } : n, w),
    alter: (n, w) => alter(n, w),
    comment: (n, w) => {
      if (n.object === 'column')
        unsupported('A comment on a column that is there', 'Use modifyColumn(name, type, (c) => c.comment(…)).', w)
      w.text('alter table ').node(n.name!).text(' comment = ')
      w.node(commentNode(n.text))
    },
    sequenceOption: (n, w) => definitions.sequenceOption({ ...n, action: WORDS[n.action] ?? n.action }, w),
  }
}
