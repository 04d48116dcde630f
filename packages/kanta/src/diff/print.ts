import type { Dialect } from '../dialect/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import type {
  CatalogColumn,
  CatalogForeignKey,
  CatalogIndex,
  CatalogIndexPart,
  CatalogName,
  CatalogTable,
  CatalogTrigger,
} from '../introspect/index.ts'
import { alterations } from './alter.ts'
import { constraintsOf } from './equal.ts'
import { rebuildSql } from './rebuild.ts'
import type { Constraint, Step } from './step.ts'

type Kind = Step['kind']
type StepOf<K extends Kind> = Extract<Step, { readonly kind: K }>
type Print = { readonly [K in Kind]: (step: StepOf<K>, p: Printer) => readonly string[] }

/** The statements of steps in one database. */
export class Printer {
  readonly dialect: Dialect

  constructor(dialect: Dialect) {
    this.dialect = dialect
  }

  step(step: Step): readonly string[] {
    return (PRINT[step.kind] as (step: Step, p: Printer) => readonly string[])(step, this)
  }

  quote(name: string): string {
    return this.dialect.quote(name)
  }

  names(names: readonly string[]): string {
    return names.map((name) => this.quote(name)).join(', ')
  }

  name({ schema, name }: CatalogName): string {
    return schema === null ? this.quote(name) : `${this.quote(schema)}.${this.quote(name)}`
  }

  text(value: string): string {
    return this.dialect.literal(value)
  }

  alter(table: CatalogName): string {
    return `alter table ${this.name(table)}`
  }

  /** A column as it stands in `create table`; `key` is said for a key that the database numbers. */
  column(column: CatalogColumn, key = ''): string {
    const { generated, collation } = column
    const identity = alterations(this.dialect.name).identity(column)
    const parts = [this.quote(column.name), identity.type ?? column.type]
    if (collation !== null) parts.push(`collate ${this.collation(collation)}`)
    if (generated !== null)
      parts.push(
        `generated always as (${unwrapped(generated.expression)}) ${alterations(this.dialect.name).kept(generated.stored)}`,
      )
    // What is computed is null or not as its expression is; not all databases let it say so.
    if (!column.nullable && key === '' && (generated === null || this.dialect.name === 'sqlite')) parts.push('not null')
    if (column.nullable && this.dialect.name === 'mysql') parts.push('null')
    if (column.default !== null && generated === null && identity.text === '')
      parts.push(`default ${this.defaultText(column.default)}`)
    if (identity.text !== '') parts.push(identity.text)
    if (key !== '') parts.push(key)
    return parts.join(' ')
  }

  collation(name: string): string {
    return /^\w+$/.test(name) && this.dialect.name !== 'postgres' ? name : this.quote(name)
  }

  /** A constant stands as it is, an expression in parentheses. */
  defaultText(text: string): string {
    const bare =
      /^(?:[+-]?[\d.]+|[eExX]?'(?:[^']|'')*'|\w+)$/.test(text) ||
      (text.startsWith('(') && text.endsWith(')')) ||
      /^current_timestamp\b/i.test(text) ||
      this.dialect.name === 'postgres'
    return bare ? text : `(${text})`
  }

  constraint(constraint: Constraint): string {
    const name = constraint.name === null ? '' : `constraint ${this.quote(constraint.name)} `
    switch (constraint.type) {
      case 'check':
        return `${name}check (${constraint.expression})`
      case 'foreign key':
        return `${name}foreign key (${this.names(constraint.columns)}) ${this.references(constraint)}`
      default:
        return `${name}${constraint.type} (${this.names(constraint.columns)})`
    }
  }

  references({ target, onDelete, onUpdate, deferrable }: CatalogForeignKey): string {
    const columns = target.columns.length === 0 ? '' : ` (${this.names(target.columns)})`
    const table = this.dialect.capabilities.schemaOfTarget ? this.name(target) : this.quote(target.name)
    const actions = [
      onDelete === 'no action' ? '' : ` on delete ${onDelete}`,
      onUpdate === 'no action' ? '' : ` on update ${onUpdate}`,
      deferrable === 'no' ? '' : ` deferrable ${deferrable}`,
    ]
    return `references ${table}${columns}${actions.join('')}`
  }

  /** `create table`, under its own name or another. */
  table(table: CatalogTable, name: CatalogName = table): string {
    const [key, ...more] = table.primaryKey?.columns ?? []
    const inline =
      this.dialect.name === 'sqlite' && more.length === 0
        ? table.columns.find((column) => column.name === key && column.identity !== null)
        : undefined
    const parts = table.columns.map((column) =>
      column === inline ? this.column({ ...column, identity: null }, 'primary key autoincrement') : this.column(column),
    )
    for (const constraint of constraintsOf(table))
      if (inline === undefined || constraint.type !== 'primary key') parts.push(this.constraint(constraint))
    return `create table ${this.name(name)} (${parts.join(', ')})${this.options(table)}`
  }

  options({ options }: CatalogTable): string {
    if (options.length === 0) return ''
    return ` ${options.join(this.dialect.name === 'sqlite' ? ', ' : ' ')}`
  }

  index(index: CatalogIndex, table: CatalogName): string {
    const { dialect } = this
    const own = dialect.capabilities.schemaOfTarget || table.schema === null
    const name = own ? this.quote(index.name) : this.name({ schema: table.schema, name: index.name })
    const on = own && dialect.name !== 'sqlite' ? this.name(table) : this.quote(table.name)
    const using =
      index.method === null || index.method === 'btree' || dialect.name !== 'postgres' ? '' : ` using ${index.method}`
    const include = index.include.length === 0 ? '' : ` include (${this.names(index.include)})`
    const where = index.where === null ? '' : ` where ${index.where}`
    const parts = index.parts.map((part) => this.part(part)).join(', ')
    const kind = index.method === 'fulltext' || index.method === 'spatial' ? `${index.method} ` : ''
    return `create ${index.unique ? 'unique ' : kind}index ${name} on ${on}${using} (${parts})${include}${where}`
  }

  part({ column, expression, direction, nulls, collation }: CatalogIndexPart): string {
    const what = column === null ? this.indexed(expression ?? '') : this.quote(column)
    const collate = collation === null ? '' : ` collate ${this.collation(collation)}`
    return `${what}${collate}${direction === 'desc' ? ' desc' : ''}${nulls === null ? '' : ` nulls ${nulls}`}`
  }

  /** SQLite keeps the text of an expression whole; elsewhere it stands in parentheses. */
  indexed(expression: string): string {
    return this.dialect.name === 'sqlite' ? expression : `(${expression})`
  }
}

/** Without the parentheses around the whole. */
function unwrapped(text: string): string {
  if (!text.startsWith('(') || !text.endsWith(')')) return text
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++
    else if (text[at] === ')' && --depth === 0 && at < text.length - 1) return text
  }
  return text.slice(1, -1)
}

const dropTrigger = (trigger: CatalogTrigger, p: Printer): string =>
  p.dialect.name === 'postgres'
    ? `drop trigger ${p.quote(trigger.name)} on ${p.name({ schema: trigger.schema, name: trigger.table })}`
    : `drop trigger ${p.name(trigger)}`

const view = (materialized: boolean): string => (materialized ? 'materialized view' : 'view')

const PRINT: Print = {
  createTable: ({ table }, p) => [p.table(table), ...alterations(p.dialect.name).comments(table, p)],
  dropTable: ({ table }, p) => [`drop table ${p.name(table)}`],
  renameTable: ({ table, to }, p) => alterations(p.dialect.name).renameTable(table, to, p),
  addColumn: ({ table, column }, p) => [`${p.alter(table)} add ${columnWord(p)}${p.column(column)}`],
  dropColumn: ({ table, column }, p) => [`${p.alter(table)} drop column ${p.quote(column.name)}`],
  renameColumn: ({ table, column, to }, p) => alterations(p.dialect.name).renameColumn(table, column, to, p),
  alterColumn: (step, p) => alterations(p.dialect.name).alterColumn(step, p),
  addConstraint: ({ table, constraint }, p) => [`${p.alter(table)} add ${p.constraint(constraint)}`],
  dropConstraint: ({ table, constraint }, p) => [
    `${p.alter(table)} ${alterations(p.dialect.name).dropConstraint(constraint, table, p)}`,
    ...alterations(p.dialect.name).remains(constraint, table, p),
  ],
  renameConstraint: ({ table, constraint, to }, p) =>
    alterations(p.dialect.name).renameConstraint(table, constraint, to, p),
  createIndex: ({ table, index }, p) => [p.index(index, table)],
  dropIndex: ({ table, index }, p) => [alterations(p.dialect.name).dropIndex(index, table, p)],
  renameIndex: ({ table, index, to }, p) => [alterations(p.dialect.name).renameIndex(index, table, to, p)],
  rebuildTable: (step, p) => rebuildSql(step, p),
  commentTable: ({ table, comment }, p) => [alterations(p.dialect.name).commentTable(table, comment, p)],
  createEnum: ({ enum: type }, p) => [
    `create type ${p.name(type)} as enum (${type.values.map((value) => p.text(value)).join(', ')})`,
  ],
  dropEnum: ({ enum: type }, p) => [`drop type ${p.name(type)}`],
  addEnumValue: ({ enum: type, value, before }, p) => [
    `alter type ${p.name(type)} add value ${p.text(value)}${before === null ? '' : ` before ${p.text(before)}`}`,
  ],
  createView: ({ view: it }, p) => [
    p.dialect.name === 'sqlite' ? it.definition : `create ${view(it.materialized)} ${p.name(it)} as ${it.definition}`,
  ],
  dropView: ({ view: it }, p) => [`drop ${view(it.materialized)} ${p.name(it)}`],
  createTrigger: ({ trigger }, p) => [alterations(p.dialect.name).createTrigger(trigger, p)],
  dropTrigger: ({ trigger }, p) => [dropTrigger(trigger, p)],
  checkForeignKeys: ({ tables }, p) => checkForeignKeys(tables, p),
}

const columnWord = (p: Printer): string => (p.dialect.name === 'mssql' ? '' : 'column ')

/** A statement that fails when a row points to nothing: `pragma foreign_key_check` itself only tells of it. */
function checkForeignKeys(tables: readonly string[], p: Printer): string[] {
  const names = tables.map((table) => p.text(table)).join(', ')
  return [
    'create temp table "kanta_check" ("rows that point to nothing" integer check ("rows that point to nothing" = 0)) strict',
    `insert into temp."kanta_check" select count(*) from pragma_foreign_key_check where "table" collate nocase in (${names}) or "parent" collate nocase in (${names})`,
    'drop table temp."kanta_check"',
  ]
}

/**
 * The SQL of a step in one dialect.
 *
 * @throws KantaError `unsupported` where the database cannot make the change.
 */
export function printStep(step: Step, dialect: Dialect): readonly string[] {
  const sqlite = dialect.name === 'sqlite'
  if (sqlite && (step.kind === 'alterColumn' || step.kind === 'addConstraint' || step.kind === 'dropConstraint'))
    throw new KantaError('unsupported', `SQLite cannot ${step.kind} with alter table. Use a rebuildTable step.`)
  if (!sqlite && (step.kind === 'rebuildTable' || step.kind === 'checkForeignKeys'))
    refuse(`A step of the kind ${step.kind} is for SQLite, not for ${dialect.name}.`)
  return new Printer(dialect).step(step)
}
