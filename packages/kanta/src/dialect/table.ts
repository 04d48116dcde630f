import { refuse } from '../error/index.ts'
import type { Node, NodeOf } from '../ir/index.ts'
import type { Dialect } from './dialect.ts'
import { modifiers, type SchemaPrinters } from './print.ts'
import type { Writer } from './writer.ts'

const ACTIONS: readonly unknown[] = ['no action', 'restrict', 'cascade', 'set null', 'set default']

/** Actions become text as they are, so only known words pass. */
function action(event: string, given: string | undefined, w: Writer): void {
  if (given === undefined) return
  if (!ACTIONS.includes(given)) refuse(`A foreign key was told to do what it cannot. Use one of ${ACTIONS.join(', ')}.`)
  w.text(` on ${event} ${given}`)
}

/** `references t (a) on delete cascade` */
function printReferences(n: NodeOf<'columnDefinition'> | NodeOf<'constraint'>, w: Writer): void {
  w.optional(' ', n.references)
  action('delete', n.onDelete, w)
  action('update', n.onUpdate, w)
}

/** What stands where a database takes no name of a schema. */
export function withoutSchema(part: Node): Node {
  return part.kind === 'table' ? { ...part, schema: undefined } : part
}

/** `(a, b)` */
const listed = (items: readonly Node[], w: Writer): Writer => w.text('(').list(items).text(')')

/**
 * The printers of tables and indexes, which come with `table()` and `kanta/schema`. A dialect that lacks a clause says so
 * in its capabilities.
 */
export const tables = {
  references: (n, w) => {
    w.text('references ').node(w.dialect.capabilities.schemaOfTarget ? n.table : withoutSchema(n.table))
    listed(n.columns, w.text(' '))
  },
  columnDefinition: (n, w) => {
    w.text(n.ifNotExists ? 'if not exists ' : '')
    w.node(n.name!).text(' ').node(n.type!)
    w.text(n.unsigned ? ' unsigned' : '').optional(' collate ', n.collate)
    for (const modifier of n.modifiers)
      if (modifier.kind === 'modifier' && modifier.position === 'front') w.text(' ').node(modifier)
    printGenerated(n, w)
    w.optional(' default ', n.default)
    w.text(n.notNull ? ' not null' : '')
      .text(n.unique ? ' unique' : '')
      .text(n.nullsNotDistinct ? ' nulls not distinct' : '')
      .text(n.primaryKey ? ' primary key' : '')
    if (n.autoIncrement) w.text(` ${w.dialect.capabilities.autoIncrement}`)
    printReferences(n, w)
    if (w.dialect.capabilities.inlineComments) w.optional(' comment ', n.comment)
    if (n.check !== undefined) w.text(' check (').node(n.check).text(')')
    modifiers(n, 'end', w)
  },
  constraint: (n, w) => {
    const index = n.style.endsWith('index')
    if (n.name !== undefined && !index) w.text('constraint ').node(n.name).text(' ')
    w.text(n.style).optional(index ? ' ' : '', index ? n.name : undefined)
    w.text(n.nullsNotDistinct ? ' nulls not distinct ' : ' ')
    if (n.check !== undefined) w.text('(').node(n.check).text(')')
    else listed(n.columns, w)
    w.optional(' using ', n.using)
    printReferences(n, w)
    if (n.deferrable !== undefined) w.text(n.deferrable ? ' deferrable' : ' not deferrable')
    if (n.initially !== undefined) w.text(` initially ${n.initially}`)
  },
  createTable: (n, w) => {
    const { inlineComments, inlinePartitions } = w.dialect.capabilities
    w.text('create ')
    modifiers(n, 'front', w)
    w.text(n.temporary ? 'temporary table ' : 'table ').text(n.ifNotExists ? 'if not exists ' : '')
    w.node(n.table!).optional(' partition of ', n.partitionOf)
    const parts = [...n.columns, ...n.constraints]
    if (parts.length > 0) listed(parts, w.text(' '))
    w.optional(' ', n.bounds).clause(' ', n.options)
    if (inlineComments) w.optional(' comment = ', n.comment)
    if (!inlinePartitions) w.optional(' partition by ', n.partitionBy)
    if (n.onCommit !== undefined) w.text(` on commit ${n.onCommit}`)
    modifiers(n, 'end', w)
    if (inlinePartitions) w.optional(' partition by ', n.partitionBy)
    if (n.query !== undefined) w.text(' as ').statement(n.query)
  },
  createIndex: (n, w) => {
    w.text(n.unique ? 'create unique index ' : 'create index ')
      .text(n.concurrently ? 'concurrently ' : '')
      .text(n.ifNotExists ? 'if not exists ' : '')
    printIndexName(n, w)
    printIndexColumns(n, w)
  },
  drop: (n, w) => {
    w.text(n.temporary ? `drop temporary ${n.object} ` : `drop ${n.object} `)
      .text(n.concurrently ? 'concurrently ' : '')
      .text(n.ifExists ? 'if exists ' : '')
    w.list(n.names)
      .optional(' on ', n.on)
      .text(n.cascade ? ' cascade' : '')
  },
} satisfies SchemaPrinters

const creating = new WeakMap<Dialect, Dialect>()

/** The dialect with the printers of tables and indexes, which no query needs. */
export function creatingDialect(dialect: Dialect): Dialect {
  let found = creating.get(dialect)
  if (found === undefined) {
    const { literal, definitionLiteral = literal } = dialect
    found = { ...dialect, literal: definitionLiteral, print: { ...tables, ...dialect.print } }
    creating.set(dialect, found)
  }
  return found
}

function printGenerated(n: NodeOf<'columnDefinition'>, w: Writer): void {
  if (n.generated !== undefined) {
    w.text(' generated always as (').node(n.generated).text(')')
    if (n.stored !== undefined) w.text(n.stored ? ' stored' : ' virtual')
  }
  if (n.identity !== undefined) w.text(` ${n.identity}`)
}

/** The name of an index, its method and its table: a schema stands before one of them. */
export function printIndexName(n: NodeOf<'createIndex'>, w: Writer): void {
  const { schemaOfTarget, indexesOfTables } = w.dialect.capabilities
  const table = n.table?.kind === 'table' ? n.table : refuse('An index needs a table.')
  if (!schemaOfTarget && table.schema !== undefined) w.name(table.schema).text('.')
  w.node(n.name!)
  if (indexesOfTables) w.optional(' using ', n.using)
  w.text(' on ').node(schemaOfTarget ? table : withoutSchema(table))
  if (!indexesOfTables) w.optional(' using ', n.using)
}

export function printIndexColumns(n: NodeOf<'createIndex'>, w: Writer): void {
  listed(n.columns, w.text(' '))
  if (n.include.length > 0) listed(n.include, w.text(' include '))
  w.text(n.nullsNotDistinct ? ' nulls not distinct' : '')
  if (n.where.length > 0) w.text(' where ')
  n.where.forEach((condition, i) => {
    w.text(i > 0 ? ' and ' : '').node(condition)
  })
}
