import type { Node, NodeOf } from '../../ir/index.ts'
import type { SchemaPrinters } from '../print.ts'
import { definitions, printView } from '../schema.ts'
import type { SchemaCapabilities } from '../schema-capabilities.ts'
import { tables, withoutSchema } from '../table.ts'
import type { Writer } from '../writer.ts'
import { placed } from './condition.ts'
import { lacks, literal, quote } from './text.ts'

/** What SQL Server can define. Renames are calls of `sp_rename`. */
export const mssqlSchema: SchemaCapabilities = {
  createTableIfNotExists: true,
  tableIndexes: true,
  identity: true,
  dropColumnIfExists: true,
  severalAlterations: true,
  alterColumnType: true,
  alterConstraints: true,
  renameConstraint: true,
  dropConstraintIfExists: true,
  setSchema: true,
  createIndexIfNotExists: true,
  dropIndexIfExists: true,
  renameIndex: true,
  indexInclude: true,
  partialIndexes: true,
  indexesOfTables: true,
  schemas: true,
  replaceView: true,
  sequences: true,
  truncate: true,
}

function checkActions({
  onDelete,
  onUpdate,
}: {
  readonly onDelete?: string | undefined
  readonly onUpdate?: string | undefined
}): void {
  if (onDelete === 'restrict' || onUpdate === 'restrict')
    lacks("'restrict' of a foreign key", "Use 'no action', which refuses as well.")
}

/** The name of a collation stands without quotes. */
function bareCollation(part: Node | undefined): Node | undefined {
  if (part?.kind !== 'identifier') return part
  const name = part.names.join('.')
  return /^\w+$/.test(name) ? { kind: 'word', text: name } : lacks(`The collation '${name}'`, 'Its name is one word.')
}

/** A computed column has no type of its own. */
function columnDefinition(n: NodeOf<'columnDefinition'>, w: Writer): void {
  checkActions(n)
  if (n.generated === undefined) return tables.columnDefinition(placed({ ...n, collate: bareCollation(n.collate) }), w)
  w.node(n.name!)
    .text(' as (')
    .node(placed(n.generated))
    .text(n.stored ? ') persisted' : ')')
  w.text(n.stored && n.notNull ? ' not null' : '')
}

/** A name as the text that `sp_rename` takes. */
function path(...parts: readonly (Node | undefined)[]): string {
  const names = parts.flatMap((part) => {
    if (part?.kind === 'table') return part.schema === undefined ? [part.name] : [part.schema, part.name]
    return part?.kind === 'identifier' ? part.names : []
  })
  return literal(names.map(quote).join('.'))
}

const bareText = (part: Node | undefined): string => literal(part?.kind === 'identifier' ? part.names.join('.') : '')

function alter(n: NodeOf<'alter'>, w: Writer): void {
  const [first] = n.alterations
  if (n.object !== 'table') return definitions.alter(n, w)
  if (first?.kind === 'alteration') {
    const renamed = renaming(n, first)
    if (renamed !== undefined) return void w.text(renamed)
    if (first.action === 'set schema') {
      w.text('alter schema ').node(first.name!).text(' transfer ').node(n.name!)
      return
    }
  }
  const verbs = new Set(n.alterations.map(verbOf))
  if (verbs.size > 1) lacks('Changes of more than one sort in one alterTable()', 'Make a statement of each.')
  const [verb] = verbs
  if (verb === 'alter' && n.alterations.length > 1)
    lacks('alterColumn() of several columns', 'Make a statement of each.')
  w.text('alter table ')
    .node(n.name!)
    .text(verb === 'alter' ? ' ' : ` ${verb} `)
  n.alterations.forEach((part, i) => {
    w.text(i > 0 ? ', ' : '')
    if (part.kind === 'alteration') alteration(part, w)
    else w.node(part)
  })
  for (const modifier of n.modifiers) w.text(' ').node(modifier)
}

const verbOf = (part: Node): string =>
  part.kind !== 'alteration'
    ? 'add'
    : part.action.startsWith('drop ') && part.action !== 'drop default'
      ? 'drop'
      : 'alter'

function alteration(n: NodeOf<'alteration'>, w: Writer): void {
  if (n.action === 'set data type') {
    w.text('alter column ').node(n.name!).text(' ').node(n.operand!).optional(' collate ', bareCollation(n.collate))
    if (n.nullable !== undefined) w.text(n.nullable ? ' null' : ' not null')
  } else if (n.action === 'drop column' || n.action === 'drop constraint') {
    // What is refused is refused as everywhere; only the word comes before the list.
    w.text(n.action.slice('drop '.length))
      .text(n.ifExists ? ' if exists ' : ' ')
      .node(n.name!)
  } else w.node(n)
}

function renaming(n: NodeOf<'alter'>, change: NodeOf<'alteration'>): string | undefined {
  if (change.action === 'rename to') return `exec sp_rename ${path(n.name)}, ${bareText(change.name)}`
  if (change.action === 'rename column')
    return `exec sp_rename ${path(n.name, change.name)}, ${bareText(change.to)}, N'COLUMN'`
  if (change.action === 'rename index')
    return `exec sp_rename ${path(n.name, change.name)}, ${bareText(change.to)}, N'INDEX'`
  if (change.action !== 'rename constraint') return undefined
  const schema = n.name?.kind === 'table' && n.name.schema !== undefined ? [n.name.schema] : []
  return `exec sp_rename ${path({ kind: 'identifier', names: schema }, change.name)}, ${bareText(change.to)}, N'OBJECT'`
}

export const mssqlDefinitions: SchemaPrinters = {
  columnDefinition,
  constraint: (n, w) => {
    checkActions(n)
    tables.constraint(placed(n), w)
  },
  createTable: (n, w) => {
    const { table } = n
    if (n.ifNotExists && table?.kind === 'table') w.text(`if object_id(${path(table)}, N'U') is null `)
    tables.createTable({ ...n, ifNotExists: false }, w)
  },
  createIndex: (n, w) => {
    if (n.ifNotExists && n.table !== undefined)
      w.text(`if indexproperty(object_id(${path(n.table)}), ${bareText(n.name)}, 'IndexID') is null `)
    tables.createIndex({ ...placed(n), ifNotExists: false }, w)
  },
  alter,
  createView: (n, w) => {
    w.text(n.orReplace ? 'create or alter view ' : 'create view ')
    printView(n, w)
  },
}

/** An index goes by its own name and that of its table. */
export function drop(n: NodeOf<'drop'>, w: Writer): void {
  tables.drop(n.object === 'index' ? { ...n, names: n.names.map(withoutSchema) } : n, w)
}
