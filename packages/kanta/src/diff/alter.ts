import { KantaError } from '../error/index.ts'
import type {
  CatalogColumn,
  CatalogIndex,
  CatalogName,
  CatalogTable,
  CatalogTrigger,
  DialectName,
} from '../introspect/index.ts'
import type { Printer } from './print.ts'
import type { Constraint, Step } from './step.ts'

type AlterColumn = Extract<Step, { readonly kind: 'alterColumn' }>

/** How one database says what standard SQL leaves open. */
export interface Alterations {
  /** What makes the database number a column, and the type that says it instead. */
  identity(column: CatalogColumn): { readonly text: string; readonly type?: string }
  /** The word for a generated column that is stored, or is not. */
  kept(stored: boolean): string
  renameTable(table: CatalogName, to: string, p: Printer): string[]
  renameColumn(table: CatalogName, column: string, to: string, p: Printer): string[]
  alterColumn(step: AlterColumn, p: Printer): string[]
  /** What follows `alter table t`. */
  dropConstraint(constraint: Constraint, table: CatalogName, p: Printer): string
  /** What is left of a constraint that is gone, and goes too. */
  remains(constraint: Constraint, table: CatalogName, p: Printer): string[]
  renameConstraint(table: CatalogName, constraint: Constraint, to: string, p: Printer): string[]
  dropIndex(index: CatalogIndex, table: CatalogName, p: Printer): string
  renameIndex(index: CatalogIndex, table: CatalogName, to: string, p: Printer): string
  commentTable(table: CatalogName, comment: string | null, p: Printer): string
  /** The comments of a table that is created, where they are statements of their own. */
  comments(table: CatalogTable, p: Printer): string[]
  createTrigger(trigger: CatalogTrigger, p: Printer): string
}

function cannot(dialect: string, what: string, way: string): never {
  throw new KantaError('unsupported', `${dialect} cannot ${what}. ${way}`)
}

const NONE = { text: '' }

const standard = {
  renameTable: (table: CatalogName, to: string, p: Printer) => [`${p.alter(table)} rename to ${p.quote(to)}`],
  renameColumn: (table: CatalogName, column: string, to: string, p: Printer) => [
    `${p.alter(table)} rename column ${p.quote(column)} to ${p.quote(to)}`,
  ],
  kept: (stored: boolean) => (stored ? 'stored' : 'virtual'),
  createTrigger: (trigger: CatalogTrigger) => trigger.definition,
  remains: () => [],
}

/** The name of a constraint, which a database needs to find it. */
function named(constraint: Constraint, table: CatalogName): string {
  return (
    constraint.name ??
    cannot(
      'The database',
      `find the ${constraint.type} of '${table.name}' that has no name here`,
      'Give the constraint a name, or start from an introspected database, which knows it.',
    )
  )
}

const sqlite: Alterations = {
  ...standard,
  identity: () => NONE,
  alterColumn: () => cannot('SQLite', 'alter a column', 'Use a rebuildTable step.'),
  dropConstraint: () => cannot('SQLite', 'drop a constraint', 'Use a rebuildTable step.'),
  renameConstraint: () => cannot('SQLite', 'rename a constraint', 'Use a rebuildTable step.'),
  dropIndex: (index, table, p) => `drop index ${p.name({ schema: table.schema, name: index.name })}`,
  renameIndex: () => cannot('SQLite', 'rename an index', 'Drop and create it.'),
  commentTable: () => cannot('SQLite', 'keep comments', 'Write them in the text of the table.'),
  comments: () => [],
}

const SERIAL: Readonly<Record<string, string>> = { integer: 'serial', bigint: 'bigserial', smallint: 'smallserial' }

const comment = (text: string | null, p: Printer): string => (text === null ? 'null' : p.text(text))

const postgres: Alterations = {
  ...standard,
  identity: ({ identity, type }) => {
    if (identity === 'auto') return { text: ' ', type: SERIAL[type] ?? type }
    return identity === null ? NONE : { text: `generated ${identity} as identity` }
  },
  alterColumn: ({ table, from, to, changes }, p) => {
    const alter = `${p.alter(table)} alter column ${p.quote(to.name)}`
    const has = (change: AlterColumn['changes'][number]): boolean => changes.includes(change)
    const texts: string[] = []
    // Where an expression comes or changes, the column is another one.
    if (has('generated')) texts.push(`${alter} drop expression`)
    const typed = has('type') || has('collation')
    // A default of the old type may not become one of the new by itself.
    if (typed && from.default !== null && from.identity === null) texts.push(`${alter} drop default`)
    if (typed) {
      const collate = to.collation === null ? '' : ` collate ${p.collation(to.collation)}`
      texts.push(`${alter} type ${to.type}${collate} using ${p.quote(to.name)}::${to.type}`)
    }
    if (has('identity')) {
      if (from.identity === 'auto') texts.push(`${alter} drop default`)
      else if (from.identity !== null) texts.push(`${alter} drop identity`)
      if (to.identity === 'auto')
        cannot(
          'PostgreSQL',
          `make '${to.name}' serial once it is there`,
          'Use identity(), or a sequence as its default.',
        )
    }
    if ((has('default') || typed) && to.generated === null && to.identity === null) {
      if (to.default !== null) texts.push(`${alter} set default ${p.defaultText(to.default)}`)
      else if (from.default !== null && !typed && from.identity === null) texts.push(`${alter} drop default`)
    }
    if (has('nullable')) texts.push(`${alter} ${to.nullable ? 'drop' : 'set'} not null`)
    if (has('identity') && to.identity !== null) texts.push(`${alter} add generated ${to.identity} as identity`)
    if (has('comment'))
      texts.push(`comment on column ${p.name(table)}.${p.quote(to.name)} is ${comment(to.comment, p)}`)
    return texts
  },
  dropConstraint: (constraint, table, p) => `drop constraint ${p.quote(named(constraint, table))}`,
  renameConstraint: (table, constraint, to, p) => [
    `${p.alter(table)} rename constraint ${p.quote(named(constraint, table))} to ${p.quote(to)}`,
  ],
  dropIndex: (index, table, p) => `drop index ${p.name({ schema: table.schema, name: index.name })}`,
  renameIndex: (index, table, to, p) =>
    `alter index ${p.name({ schema: table.schema, name: index.name })} rename to ${p.quote(to)}`,
  commentTable: (table, text, p) => `comment on table ${p.name(table)} is ${comment(text, p)}`,
  comments: (table, p) => [
    ...(table.comment === null ? [] : [`comment on table ${p.name(table)} is ${comment(table.comment, p)}`]),
    ...table.columns
      .filter((column) => column.comment !== null)
      .map((column) => `comment on column ${p.name(table)}.${p.quote(column.name)} is ${comment(column.comment, p)}`),
  ],
}

const WORDS: Readonly<Record<Constraint['type'], string>> = {
  'primary key': 'primary key',
  unique: 'index',
  'foreign key': 'foreign key',
  check: 'constraint',
}

const mysql: Alterations = {
  ...standard,
  identity: ({ identity }) => (identity === null ? NONE : { text: 'auto_increment' }),
  alterColumn: ({ table, to }, p) => [
    `${p.alter(table)} modify column ${p.column(to)}${to.comment === null ? '' : ` comment ${p.text(to.comment)}`}`,
  ],
  dropConstraint: (constraint, table, p) =>
    constraint.type === 'primary key'
      ? 'drop primary key'
      : `drop ${WORDS[constraint.type]} ${p.quote(named(constraint, table))}`,
  // The index that a foreign key made for itself stays behind under its name. MySQL cannot drop it if it is there.
  remains: (constraint, table, p) =>
    constraint.type === 'foreign key' && p.dialect.name === 'mariadb'
      ? [`drop index if exists ${p.quote(named(constraint, table))} on ${p.name(table)}`]
      : [],
  renameConstraint: (table, constraint, to, p) =>
    constraint.type === 'unique' && constraint.name !== null
      ? [`${p.alter(table)} rename index ${p.quote(constraint.name)} to ${p.quote(to)}`]
      : [
          `${p.alter(table)} ${mysql.dropConstraint(constraint, table, p)}`,
          ...mysql.remains(constraint, table, p),
          `${p.alter(table)} add ${p.constraint({ ...constraint, name: to })}`,
        ],
  dropIndex: (index, table, p) => `drop index ${p.quote(index.name)} on ${p.name(table)}`,
  renameIndex: (index, table, to, p) => `${p.alter(table)} rename index ${p.quote(index.name)} to ${p.quote(to)}`,
  commentTable: (table, text, p) => `${p.alter(table)} comment = ${p.text(text ?? '')}`,
  comments: (table, p) => [
    ...(table.comment === null ? [] : [mysql.commentTable(table, table.comment, p)]),
    ...table.columns
      .filter((column) => column.comment !== null)
      .map((column) => `${p.alter(table)} modify column ${p.column(column)} comment ${p.text(column.comment!)}`),
  ],
  createTrigger: (trigger, p) =>
    `create trigger ${p.name(trigger)} ${trigger.timing} ${trigger.events.join(' or ')} on ${p.quote(trigger.table)} for each row ${trigger.definition}`,
}

const mssql: Alterations = {
  ...standard,
  kept: (stored) => (stored ? 'persisted' : ''),
  identity: ({ identity }) => (identity === null ? NONE : { text: 'identity(1,1)' }),
  renameTable: (table, to, p) => [`exec sp_rename ${p.text(p.name(table))}, ${p.text(to)}`],
  renameColumn: (table, column, to, p) => [
    `exec sp_rename ${p.text(`${p.name(table)}.${p.quote(column)}`)}, ${p.text(to)}, 'COLUMN'`,
  ],
  alterColumn: ({ table, to, changes }, p) => {
    const other = changes.find((change) => change !== 'type' && change !== 'nullable' && change !== 'collation')
    if (other !== undefined)
      cannot(
        'SQL Server',
        `change the ${other} of the column '${to.name}'`,
        'Add a column, copy the values and drop the old one.',
      )
    return [
      `${p.alter(table)} alter column ${p.quote(to.name)} ${to.type}${to.collation === null ? '' : ` collate ${to.collation}`} ${to.nullable ? 'null' : 'not null'}`,
    ]
  },
  dropConstraint: (constraint, table, p) => `drop constraint ${p.quote(named(constraint, table))}`,
  renameConstraint: (table, constraint, to, p) => [
    `exec sp_rename ${p.text(p.name({ schema: table.schema, name: named(constraint, table) }))}, ${p.text(to)}, 'OBJECT'`,
  ],
  dropIndex: (index, table, p) => `drop index ${p.quote(index.name)} on ${p.name(table)}`,
  renameIndex: (index, table, to, p) =>
    `exec sp_rename ${p.text(`${p.name(table)}.${p.quote(index.name)}`)}, ${p.text(to)}, 'INDEX'`,
  commentTable: () => cannot('SQL Server', 'set comments by a diff', 'Use sp_addextendedproperty.'),
  comments: () => [],
}

const ALL: Readonly<Record<DialectName, Alterations>> = { sqlite, postgres, mysql, mariadb: mysql, mssql }

/** How a database alters what it has. */
export function alterations(dialect: DialectName): Alterations {
  return ALL[dialect]
}
