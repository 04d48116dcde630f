import { refuse } from '../error/index.ts'
import type { Node, NodeOf } from '../ir/index.ts'
import type { SchemaPrinters } from './print.ts'
import type { Writer } from './writer.ts'

/** The printers of standard definitions beyond tables and indexes; a dialect replaces those in which it differs. */
export const definitions = {
  alter: (n, w) => {
    const [first] = n.alterations
    if (first?.kind === 'alteration' && first.action === 'rename index' && !w.dialect.capabilities.indexesOfTables)
      return renameIndex(n, first, w)
    w.text(`alter ${n.object} `).node(n.name!).text(' ')
    const separator = n.object === 'sequence' ? ' ' : ', '
    n.alterations.forEach((alteration, i) => {
      if (i > 0) w.text(separator)
      if (alteration.kind === 'columnDefinition') w.text('add column ')
      else if (alteration.kind === 'constraint') w.text('add ')
      w.node(alteration)
    })
    for (const modifier of n.modifiers) w.text(' ').node(modifier)
  },
  alteration: (n, w) => {
    const change = COLUMN_CHANGES[n.action]
    if (change !== undefined) {
      w.text('alter column ').node(n.name!).text(` ${change}`).optional(' ', n.operand)
      w.optional(' collate ', n.collate).optional(' using ', n.using)
    } else {
      w.text(n.action)
        .text(n.ifExists ? ' if exists' : '')
        .text(n.ifNotExists ? ' if not exists' : '')
      w.optional(' ', n.name).optional(' ', n.operand).optional(' to ', n.to)
      if (n.position !== undefined) w.text(` ${n.position} `).node(n.beside!)
      if (n.behavior !== undefined) w.text(` ${n.behavior}`)
    }
  },
  createView: (n, w) => {
    w.text('create ')
      .text(n.orReplace ? 'or replace ' : '')
      .text(n.materialized ? 'materialized ' : '')
      .text(n.temporary ? 'temporary ' : '')
      .text(n.ifNotExists ? 'view if not exists ' : 'view ')
    printView(n, w)
  },
  refreshView: (n, w) => {
    w.text('refresh materialized view ').text(n.concurrently ? 'concurrently ' : '')
    w.node(n.view!).text(n.withNoData ? ' with no data' : ' with data')
  },
  createSchema: (n, w) => w.text(n.ifNotExists ? 'create schema if not exists ' : 'create schema ').node(n.name!),
  createType: (n, w) => w.text('create type ').node(n.name!).text(' as enum (').list(n.values).text(')'),
  createDomain: (n, w) => {
    w.text('create domain ').node(n.name!).text(' as ').node(n.type!).optional(' default ', n.default)
    w.text(n.notNull ? ' not null' : '').clause(' ', n.constraints, ' ')
  },
  createSequence: (n, w) => {
    w.text(n.temporary ? 'create temporary sequence ' : 'create sequence ')
      .text(n.ifNotExists ? 'if not exists ' : '')
      .node(n.name!)
      .clause(' ', n.options, ' ')
  },
  sequenceOption: (n, w) => w.text(n.action).optional(' ', n.operand),
  comment: (n, w) => {
    w.text(`comment on ${n.object} `).node(n.name!).optional('.', n.column).text(' is ').node(n.text)
  },
  createTrigger: (n, w) => {
    w.text('create trigger ')
      .node(n.name)
      .text(` ${n.timing} ${n.events.join(' or ')} on `)
      .node(n.table)
      .text(' for each row ')
      .node(n.body)
  },
  truncate: (n, w) => {
    w.text('truncate table ').list(n.tables)
    if (n.identity !== undefined) w.text(` ${n.identity} identity`)
    w.text(n.cascade ? ' cascade' : '')
  },
  partitioning: (n, w) => {
    const { inlinePartitions } = w.dialect.capabilities
    // Values of every type; without the word only whole numbers.
    const byColumns =
      inlinePartitions && n.style !== 'hash' && n.columns.every((column) => column.kind === 'identifier')
    w.text(byColumns ? `${n.style} columns (` : `${n.style} (`)
      .list(n.columns)
      .text(')')
    if (n.count !== undefined) w.text(` partitions ${n.count}`)
    if (n.partitions.length > 0) w.text(' (').list(n.partitions).text(')')
  },
  partition: (n, w) => w.text('partition ').node(n.name).text(' ').node(n.bounds),
  bounds: (n, w) => {
    const { inlinePartitions } = w.dialect.capabilities
    if (n.style === 'default') return void w.text('default')
    w.text(inlinePartitions ? 'values ' : 'for values ')
    if (n.style === 'in') w.text('in (').list(n.from).text(')')
    else if (n.style === 'less than') w.text('less than (').list(n.from).text(')')
    else if (n.style === 'range') w.text('from (').list(n.from).text(') to (').list(n.to).text(')')
    else w.text('with (modulus ').node(n.from[0]!).text(', remainder ').node(n.from[1]!).text(')')
  },
} satisfies SchemaPrinters

/** An index that is found by its own name is altered itself. */
function renameIndex({ name: table }: NodeOf<'alter'>, { name, to }: NodeOf<'alteration'>, w: Writer): void {
  w.text('alter index ')
  if (table?.kind === 'table' && table.schema !== undefined) w.name(table.schema).text('.')
  w.node(name!).text(' rename to ').node(to!)
}

/** What `alter column` does, in the words of the SQL standard. */
const COLUMN_CHANGES: Readonly<Record<string, string>> = {
  'set data type': 'type',
  'set default': 'set default',
  'drop default': 'drop default',
  'set not null': 'set not null',
  'drop not null': 'drop not null',
  'drop expression': 'drop expression',
  'add identity': 'add',
  'drop identity': 'drop identity',
}

/** The name of a view, its columns and its query. */
export function printView(n: NodeOf<'createView'>, w: Writer): void {
  w.node(n.view!)
    .clause(' (', n.columns)
    .text(n.columns.length > 0 ? ')' : '')
  const query: Node = n.query ?? refuse('A view needs its query. Add as(…).')
  w.text(' as ').statement(query)
}
