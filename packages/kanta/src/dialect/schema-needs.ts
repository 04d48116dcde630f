import { KantaError, refuse } from '../error/index.ts'
import type { Node, NodeOf, SchemaKinds } from '../ir/index.ts'
import type { Capabilities, Dialect } from './dialect.ts'
import type { Printer, Printers, SchemaPrinters } from './print.ts'
import { definitions } from './schema.ts'
import { tables } from './table.ts'
import type { Writer } from './writer.ts'

type Defined = keyof SchemaKinds

/** Refuses a clause that is wanted and that the database lacks; says what to do instead. */
type Need = (wanted: unknown, capability: keyof Capabilities, clause: string, alternative: string) => void

const isWanted = (part: unknown): boolean =>
  Array.isArray(part) ? part.length > 0 : part !== undefined && part !== false

const LOOK = "Look into the database's catalog first, or let a migration run it once."
const REBUILD = "Use rebuildTable() of 'kanta/migrate', which makes the table anew and keeps its rows."
const DROP_FIRST = 'Drop it first, in one transaction.'

/** How a column is changed where `alter column` cannot. */
function otherwise({ dialect }: Writer): string {
  if (dialect.capabilities.modifyColumn) return 'Use modifyColumn(), which takes the whole column.'
  if (dialect.capabilities.alterColumnType) return 'Write it with the type: setDataType(sql`integer not null`).'
  return REBUILD
}

/** How rows are numbered. */
function numbering({ dialect }: Writer): string {
  if (dialect.capabilities.identity) return 'identity()'
  return dialect.capabilities.autoIncrement ? 'autoIncrement()' : 'generatedAlwaysAsIdentity()'
}

/** How a default is given where `alter column` cannot. */
function otherDefault(w: Writer): string {
  return w.dialect.capabilities.alterConstraints
    ? 'Add it as a constraint: sql`alter table t add default 0 for n`.'
    : otherwise(w)
}

/** What each kind needs, and what a definition must have to mean something. */
const checks: { readonly [K in Defined]?: (n: NodeOf<K>, need: Need, w: Writer) => void } = {
  columnDefinition: (n, need, w) => {
    need(n.unsigned, 'unsigned', 'unsigned()', 'Add a check: check(sql`amount >= 0`).')
    const numbered = `Use ${numbering(w)}.`
    need(n.autoIncrement, 'autoIncrement', 'autoIncrement()', numbered)
    need(n.identity === 'identity', 'identity', 'identity()', numbered)
    need(n.identity?.startsWith('generated'), 'generatedIdentity', 'generated … as identity', numbered)
    nullsNotDistinct(n, need)
    commentable(n.comment, w)
    checkReferences(n)
    if (n.stored !== undefined && n.generated === undefined)
      refuse('stored() belongs to a computed column. Call generatedAlwaysAs(…) first.')
  },
  constraint: (n, need) => {
    need(n.style.endsWith('index'), 'tableIndexes', 'addIndex()', 'Use createIndex().')
    nullsNotDistinct(n, need)
    need(n.using, 'indexUsing', 'using()', 'Leave it out.')
    const waits = n.deferrable !== undefined || n.initially !== undefined
    const key = n.style === 'foreign key' ? 'deferrableForeignKeys' : 'deferrableKeys'
    need(waits, key, `deferrable() of a ${n.style}`, 'Leave it out, and change the rows in the order that fits.')
    if (n.check === undefined && n.columns.length === 0) refuse(`A constraint (${n.style}) names no column.`)
    const computed = n.columns.some((column) => !isName(column))
    if (n.style === 'unique')
      need(computed, 'uniqueExpressions', 'A unique constraint of an expression', 'Use createIndex().unique().')
    if (n.style.endsWith('index')) indexColumns(n.columns, need)
    checkReferences(n)
  },
  createTable: (n, need, w) => {
    need(n.temporary, 'temporaryTables', 'temporary()', "Begin the table's name with '#'.")
    need(n.ifNotExists, 'createTableIfNotExists', 'ifNotExists()', LOOK)
    need(n.onCommit, 'onCommit', 'onCommit()', 'Drop the table, or delete its rows, at the end of the transaction.')
    need(n.query, 'createTableAs', 'createTable().as()', 'Create the table, then insertInto(…).expression(query).')
    need(n.partitionOf, 'partitionTables', 'partitionOf()', 'Name the partitions in partitionBy(…, (p) => …).')
    commentable(n.comment, w)
    partitionable(n, need, w)
    tableParts(n)
  },
  createIndex: (n, need) => {
    need(n.ifNotExists, 'createIndexIfNotExists', 'createIndex().ifNotExists()', LOOK)
    need(n.concurrently, 'concurrentIndexes', 'concurrently()', 'Leave it out; writers wait for the index.')
    need(n.using, 'indexUsing', 'using()', 'Leave it out.')
    need(n.include, 'indexInclude', 'include()', 'Add the columns to those of the index.')
    nullsNotDistinct(n, need)
    need(n.where, 'partialIndexes', 'where() of an index', 'Index the rows that count by a computed column.')
    if (n.columns.length === 0) refuse('The index has no columns. Add column(…) or expression(…).')
    if (n.table === undefined) refuse('The index has no table. Add on(…).')
    indexColumns(n.columns, need)
  },
  drop: (n, need, w) => {
    need(n.temporary, 'dropTemporary', 'dropTable().temporary()', 'Leave it out.')
    need(n.cascade, 'dropCascade', 'cascade()', 'Drop what depends on it first.')
    need(n.concurrently, 'concurrentIndexes', 'concurrently()', 'Leave it out.')
    if (n.object === 'index') {
      need(n.ifExists, 'dropIndexIfExists', 'dropIndex().ifExists()', LOOK)
      need(n.on, 'indexesOfTables', 'dropIndex().on()', 'Leave it out: an index is found by its name.')
      if (n.on === undefined && w.dialect.capabilities.indexesOfTables)
        refuse(`In ${w.dialect.name} an index goes by its table and its name. Add on(table).`)
    } else object(n.object, need)
  },
  alter: (n, need, w) => {
    const { alterations } = n
    if (alterations.length === 0) refuse(`The ${n.object} is altered in no way. Add what is to change.`)
    need(
      alterations.length > 1 && n.object === 'table',
      'severalAlterations',
      'Several changes in one alterTable()',
      'Make a statement of each.',
    )
    if (n.object !== 'table') object(n.object, need)
    else if (alterations.length > 1 && !w.dialect.capabilities.renamesAmongOthers && alterations.some(standsAlone))
      refuse('A change of a name or of the schema of a table stands alone. Make a statement of each.')
    for (const part of alterations) {
      addable(part, need)
      if (part.kind === 'alteration' && n.object === 'table') changeable(part, need, w)
    }
  },
  createView: (n, need) => {
    need(n.orReplace, 'replaceView', 'orReplace()', DROP_FIRST)
    need(n.ifNotExists && !n.materialized, 'viewIfNotExists', 'createView().ifNotExists()', 'Use orReplace().')
    need(n.temporary, 'temporaryViews', 'temporary()', 'Use a common table expression: with(…).')
    need(
      n.materialized,
      'materializedViews',
      'materialized()',
      'Create a table of the query: createTable(…).as(query).',
    )
  },
  refreshView: (_, need) => object('materialized view', need),
  createSchema: (n, need) => {
    object('schema', need)
    need(n.ifNotExists, 'schemaIfNotExists', 'createSchema().ifNotExists()', LOOK)
  },
  createType: (n, need) => {
    object('type', need)
    if (n.values.length === 0) refuse('An enum needs its values. Add asEnum([…]).')
  },
  createDomain: (_, need) => object('domain', need),
  createSequence: (n, need) => {
    object('sequence', need)
    need(n.ifNotExists, 'sequenceIfNotExists', 'createSequence().ifNotExists()', LOOK)
    need(n.temporary, 'temporarySequences', 'temporary()', 'Leave it out.')
  },
  comment: (n, _, w) => {
    commentable(n.text, w)
  },
  truncate: (n, need) => {
    need(true, 'truncate', 'truncate()', 'Use deleteFrom(table), which is as fast here where it has no where().')
    need(n.tables.length > 1, 'truncateSeveral', 'truncate([…])', 'Make a statement of each table.')
    need(
      n.cascade || n.identity,
      'truncateOptions',
      'cascade() and restartIdentity()',
      'Truncate the tables one by one.',
    )
  },
}

/** One change of a table; it may be printed in other words, so it is checked here and not there. */
function changeable(n: NodeOf<'alteration'>, need: Need, w: Writer): void {
  const inColumn = `${n.action} of a column`
  switch (n.action) {
    case 'set data type':
      return need(true, 'alterColumnType', inColumn, otherwise(w))
    case 'set default':
    case 'drop default':
      return need(true, 'alterColumnDefault', inColumn, otherDefault(w))
    case 'drop expression':
    case 'add identity':
    case 'drop identity':
      return need(true, 'generatedIdentity', inColumn, otherwise(w))
    case 'set not null':
    case 'drop not null':
      return need(true, 'alterColumnNull', inColumn, otherwise(w))
    case 'drop column':
      return need(n.ifExists, 'dropColumnIfExists', 'dropColumn() with ifExists()', LOOK)
    case 'modify column':
      return need(
        true,
        'modifyColumn',
        'modifyColumn()',
        w.dialect.capabilities.alterColumnType ? 'Use alterColumn().' : REBUILD,
      )
    case 'set schema':
      return need(true, 'setSchema', 'setSchema()', 'Create the table there and copy its rows.')
    case 'drop constraint':
      need(true, 'alterConstraints', 'dropConstraint()', REBUILD)
      need(n.ifExists, 'dropConstraintIfExists', 'dropConstraint().ifExists()', LOOK)
      return need(n.behavior, 'dropCascade', `${n.behavior}()`, 'Leave it out.')
    case 'rename constraint':
      return need(
        true,
        'renameConstraint',
        'renameConstraint()',
        w.dialect.capabilities.alterConstraints ? 'Drop it and add it under its new name.' : REBUILD,
      )
    case 'rename index':
      return need(true, 'renameIndex', 'renameIndex()', 'Drop it and create it under its new name.')
    case 'drop index':
      return need(true, 'alterTableIndexes', 'dropIndex() of alterTable()', 'Use schema.dropIndex().')
    case 'attach partition':
    case 'detach partition':
      return need(true, 'partitionTables', n.action, 'Leave partitions to the definition of the table.')
  }
}

const isName = (part: Node): boolean => part.kind === 'identifier' || (part.kind === 'order' && isName(part.operand))

function nullsNotDistinct(n: { readonly nullsNotDistinct: boolean }, need: Need): void {
  need(n.nullsNotDistinct, 'nullsNotDistinct', 'nullsNotDistinct()', 'Leave it out, or make the columns notNull().')
}

function commentable(comment: Node | undefined, { dialect }: Writer): void {
  const { inlineComments, commentStatements } = dialect.capabilities
  if (comment !== undefined && !inlineComments && !commentStatements)
    throw new KantaError('unsupported', `A comment is not available in ${dialect.name}. Keep it in the program.`)
}

function checkReferences(n: NodeOf<'columnDefinition'> | NodeOf<'constraint'>): void {
  if (n.references === undefined && (n.onDelete !== undefined || n.onUpdate !== undefined))
    refuse('onDelete() and onUpdate() belong to a foreign key. Call references(…) first.')
}

function indexColumns(columns: readonly Node[], need: Need): void {
  const computed = columns.some((column) => !isName(column))
  need(computed, 'indexExpressions', 'An index of an expression', 'Add a computed column and index that.')
  const nulls = columns.some((column) => column.kind === 'order' && column.nulls !== undefined)
  need(nulls, 'indexNulls', 'nulls first and nulls last in an index', 'Leave it out.')
}

function partitionable(n: NodeOf<'createTable'>, need: Need, { dialect }: Writer): void {
  const parts = n.partitionBy
  if (parts?.kind !== 'partitioning') return
  const { partitionTables, inlinePartitions } = dialect.capabilities
  if (!partitionTables && !inlinePartitions)
    throw new KantaError(
      'unsupported',
      `partitionBy() is not available in ${dialect.name}. Make a table of each part, and a view of all.`,
    )
  if (inlinePartitions && parts.style !== 'hash' && parts.partitions.length === 0)
    refuse(`Partitions by ${parts.style} are named with the table: partitionBy(…, (p) => p.partition('name', …)).`)
  const inline = parts.partitions.length > 0 || parts.count !== undefined
  need(
    inline,
    'inlinePartitions',
    'partitionBy() with its partitions',
    "Create each: createTable('part').partitionOf('whole', …).",
  )
}

function tableParts(n: NodeOf<'createTable'>): void {
  if (n.query !== undefined && n.columns.length > 0)
    refuse('createTable() takes its columns from addColumn(…) or from as(query), not from both.')
  if (n.query === undefined && n.partitionOf === undefined && n.columns.length === 0)
    refuse('The table has no columns. Add addColumn(…).')
  const known = new Set(n.columns.map((column) => nameOf(column.kind === 'columnDefinition' ? column.name : undefined)))
  if (known.size < n.columns.length) refuse(`The table has two columns of one name. It has: ${[...known].join(', ')}.`)
  if (n.columns.length === 0) return
  for (const constraint of n.constraints) {
    if (constraint.kind !== 'constraint') continue
    for (const column of constraint.columns)
      if (column.kind === 'identifier' && !known.has(nameOf(column)))
        refuse(
          `A constraint (${constraint.style}) names '${nameOf(column)}', which is no column. There are: ${[...known].join(', ')}.`,
        )
  }
}

const nameOf = (part: Node | undefined): string => (part?.kind === 'identifier' ? part.names.join('.') : '')

const ALONE = [
  'rename to',
  'rename column',
  'rename constraint',
  'rename index',
  'set schema',
  'attach partition',
  'detach partition',
]

/** Returns whether a change cannot stand beside others. */
const standsAlone = (part: Node): boolean => part.kind === 'alteration' && ALONE.includes(part.action)

function addable(part: Node, need: Need): void {
  if (part.kind === 'constraint' && part.style.endsWith('index'))
    need(true, 'alterTableIndexes', 'addIndex() of alterTable()', 'Use createIndex().')
  else if (part.kind === 'constraint') need(true, 'alterConstraints', 'A constraint added to a table', REBUILD)
  if (part.kind !== 'columnDefinition') return
  need(part.ifNotExists, 'addColumnIfNotExists', 'addColumn() with ifNotExists()', LOOK)
}

const OBJECTS: Readonly<Record<string, readonly [keyof Capabilities, string]>> = {
  schema: ['schemas', "Attach a database under that name: sql`attach 'file.db' as name`."],
  'materialized view': ['materializedViews', 'Create a table of the query: createTable(…).as(query).'],
  type: ['enumTypes', 'Use a text column with a check, or c.enum([…]) in table().'],
  domain: ['domains', 'Add the check to each column: check(…).'],
  sequence: ['sequences', 'Let a key number itself: autoIncrement().'],
}

function object(name: string, need: Need): void {
  const known = OBJECTS[name]
  if (known !== undefined) need(true, known[0], `A ${name}`, known[1])
}

const dialects = new WeakMap<Dialect, Dialect>()

/** A dialect that also defines what no query needs, and refuses what its database lacks. */
export function definingDialect(dialect: Dialect): Dialect {
  let found = dialects.get(dialect)
  if (found === undefined) {
    const all: Printers = { ...tables, ...definitions, ...dialect.print }
    const checked = Object.entries(checks).map(([kind, check]) => [
      kind,
      withCheck(all[kind as Defined] as never, check as never),
    ])
    const { literal, definitionLiteral = literal } = dialect
    const print = { ...all, ...(Object.fromEntries(checked) as SchemaPrinters) }
    found = { ...dialect, literal: definitionLiteral, lists: 'exact', print }
    dialects.set(dialect, found)
  }
  return found
}

function withCheck<K extends Defined>(
  print: Printer<K>,
  check: (n: NodeOf<K>, need: Need, w: Writer) => void,
): Printer<K> {
  return (n, w) => {
    check(
      n,
      (wanted, capability, clause, alternative) => {
        if (isWanted(wanted)) w.require(capability, clause, alternative)
      },
      w,
    )
    print(n, w)
  }
}
