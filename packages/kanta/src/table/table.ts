import { refuse } from '../error/index.ts'
import {
  type AnyColumnBuilder,
  Column,
  type ColumnDefinition,
  type ColumnFactory,
  columns,
  define,
  type ReferenceOptions,
} from './column.ts'
import { Constraint } from './constraint.ts'
import type { Expression } from './expression.ts'
import type { Named, TableRef } from './infer.ts'
import { isName } from './name.ts'
import type { $row } from './phantom.ts'

/** A unique constraint. */
export interface UniqueDefinition {
  readonly name: string | undefined
  readonly columns: readonly string[]
}

/** An index, as it was defined. */
export interface IndexDefinition {
  readonly name: string | undefined
  readonly columns: readonly string[]
  readonly unique: boolean
  readonly where: Expression<unknown> | undefined
}

/** A check, as it was defined. */
export interface CheckDefinition {
  readonly name: string | undefined
  readonly expression: Expression<unknown>
}

/** A foreign key, as it was defined. */
export interface ForeignKeyDefinition extends ReferenceOptions {
  readonly name: string | undefined
  readonly columns: readonly string[]
  /** What it points to. A function, since tables may refer to each other; it refuses what is not a key of one table. */
  references(): { readonly table: TableDefinition; readonly columns: readonly string[] }
}

/** A table as it was defined. The lists hold the constraints of single columns, too. */
export interface TableDefinition {
  readonly name: string
  readonly schema: string | undefined
  /** In the order of the definition. */
  readonly columns: ReadonlyMap<string, ColumnDefinition>
  readonly primaryKey: readonly string[]
  readonly uniques: readonly UniqueDefinition[]
  readonly indexes: readonly IndexDefinition[]
  readonly checks: readonly CheckDefinition[]
  readonly foreignKeys: readonly ForeignKeyDefinition[]
}

/** The columns of a table under the name `N`. */
export type Columns<N extends string, R> = { readonly [C in keyof R]: Column<`${N}.${C & string}`, R[C]> }

interface TableMethods<B extends string, R> extends Named<B> {
  readonly [$row]: R
  /**
   * The same table under another name, for self joins and short names.
   *
   * @example
   * ```ts
   * const c = city.as('c')
   * db.selectFrom(c).select(c.name)
   * ```
   */
  as<A extends string>(alias: A): AliasedTable<B, A, R>
}

/** A table as a value; its columns are its properties. */
export type Table<B extends string, R> = TableRef<B, never> & Columns<B, R> & TableMethods<B, R>

interface AliasedRow<A, R> extends Named<A> {
  readonly [$row]: R
}

/** A table under another name. */
export type AliasedTable<B extends string, A extends string, R> = TableRef<B, A> & Columns<A, R> & AliasedRow<A, R>

/**
 * Defines a table, without what creates it in a database: `table` of `run/schema-creator.ts` is what programs call.
 */
export function table<B extends string, C extends Record<string, AnyColumnBuilder>>(
  name: B,
  describe: (c: ColumnFactory) => C,
  constraints?: (t: Columns<B, C>) => readonly Constraint[],
): Table<B, C> {
  if (typeof describe !== 'function')
    refuse('The columns of a table are given by a callback: (c) => ({ id: c.integer() }).')
  return new Definer(name).table(
    describe(columns),
    constraints as ((t: unknown) => readonly Constraint[]) | undefined,
  ) as never
}

const key = Symbol.for('kanta.table')

interface Scoped {
  readonly definition: TableDefinition
  readonly name: string
  readonly aliased: boolean
}

const owners = new WeakMap<ColumnDefinition, TableDefinition>()

/** The table of a column. */
export const ownerOf = (column: Column): TableDefinition => owners.get(column.definition)!

const scoped = (value: unknown): Scoped | undefined =>
  typeof value === 'object' && value !== null ? (value as { [key]?: Scoped })[key] : undefined

/** The definition of a table or of its alias; `undefined` for anything else. */
export const definitionOf = (table: unknown): TableDefinition | undefined => scoped(table)?.definition

/** The name that a table has in a query: its alias, else its name without the schema. */
export const aliasOf = (table: unknown): string | undefined => scoped(table)?.name

/** Whether a table was given another name with `as`. */
export const isAliased = (table: unknown): boolean => scoped(table)?.aliased === true

// Aliases are few and written in code; the cap keeps names made at run time from piling up.
const aliasCap = 100

function tableValue(definition: TableDefinition, alias: string | undefined): object {
  const value: Record<string | symbol, unknown> = Object.create(null)
  const name = alias ?? definition.name
  for (const column of definition.columns.values()) {
    const it = new Column(alias === undefined ? definition.schema : undefined, name, column)
    Object.defineProperty(value, column.name, { value: it, enumerable: true })
  }
  Object.defineProperty(value, key, { value: { definition, name, aliased: alias !== undefined } satisfies Scoped })
  if (alias !== undefined) return value
  const aliases = new Map<string, object>()
  const as = (to: string): object => {
    if (!isName(to)) refuse(`The alias of '${definition.name}' has to be a name.`)
    let aliased = aliases.get(to)
    if (aliased === undefined) {
      aliased = tableValue(definition, to)
      if (aliases.size < aliasCap) aliases.set(to, aliased)
    }
    return aliased
  }
  Object.defineProperty(value, 'as', { value: as })
  return value
}

/** The table value of a definition. */
export const tableOf = (definition: TableDefinition): object => tableValue(definition, undefined)

interface Lists {
  primaryKey: readonly string[]
  readonly uniques: UniqueDefinition[]
  readonly indexes: IndexDefinition[]
  readonly checks: CheckDefinition[]
  readonly foreignKeys: ForeignKeyDefinition[]
}

/** Gathers a definition and refuses what does not fit together. */
class Definer {
  readonly name: string
  readonly schema: string | undefined

  constructor(name: string) {
    if (!isName(name)) refuse('A table needs a name.')
    const dot = name.indexOf('.')
    this.name = name.slice(dot + 1)
    this.schema = dot < 0 ? undefined : name.slice(0, dot)
    if (this.name === '' || this.schema === '') refuse('A table needs a name.')
    if (this.name.includes('.')) refuse(`A table is named 'table' or 'schema.table', not '${name}'.`)
  }

  table(builders: Record<string, unknown>, constraints: ((t: unknown) => readonly Constraint[]) | undefined): object {
    const columns = new Map<string, ColumnDefinition>()
    if (typeof builders !== 'object' || builders === null || Array.isArray(builders))
      refuse(`The columns of '${this.name}' are an object, as in (c) => ({ id: c.integer() }).`)
    for (const [name, builder] of Object.entries(builders)) columns.set(name, define(this.name, name, builder))
    if (columns.size === 0) refuse(`The table '${this.name}' has no columns.`)
    const lists: Lists = { primaryKey: [], uniques: [], indexes: [], checks: [], foreignKeys: [] }
    const definition = Object.assign(lists, { name: this.name, schema: this.schema, columns }) satisfies TableDefinition
    const value = tableValue(definition, undefined)
    for (const column of columns.values()) {
      owners.set(column, definition)
      this.#column(column, lists)
    }
    for (const constraint of this.#constraints(constraints, value)) {
      if (!(constraint instanceof Constraint)) {
        refuse(`A constraint of '${this.name}' has to be made with primaryKey, unique, index, check or foreignKey.`)
      }
      this.#constraint(constraint, columns, lists)
    }
    return value
  }

  #constraints(make: ((t: unknown) => readonly Constraint[]) | undefined, value: object): readonly Constraint[] {
    if (make === undefined) return []
    const made = typeof make === 'function' ? make(value) : undefined
    if (!Array.isArray(made))
      refuse(`The constraints of '${this.name}' are given by a callback: (t) => [index([t.a])].`)
    return Array.from(made as readonly Constraint[])
  }

  #column(column: ColumnDefinition, lists: Lists): void {
    if (column.primaryKey) this.#primaryKey([column.name], lists)
    if (column.unique) lists.uniques.push({ name: undefined, columns: [column.name] })
    if (column.check !== undefined) lists.checks.push({ name: undefined, expression: column.check })
    if (column.references !== undefined) {
      const { column: target, ...options } = column.references
      lists.foreignKeys.push({
        name: undefined,
        columns: [column.name],
        ...options,
        references: () => this.#target([column.name], [target()]),
      })
    }
  }

  #constraint(constraint: Constraint, columns: ReadonlyMap<string, ColumnDefinition>, lists: Lists): void {
    const it = constraint.definition
    if (it.kind === 'check') {
      lists.checks.push({ name: it.name, expression: it.expression })
      return
    }
    const names = this.#names(it.kind, it.columns, columns)
    switch (it.kind) {
      case 'primary key':
        this.#primaryKey(names, lists)
        for (const name of names) {
          if (columns.get(name)!.nullable) refuse(`The primary key '${name}' of '${this.name}' cannot be nullable.`)
        }
        return
      case 'unique constraint':
        lists.uniques.push({ name: it.name, columns: names })
        return
      case 'index':
        lists.indexes.push({ name: it.name, columns: names, unique: it.unique, where: it.where })
        return
      case 'foreign key': {
        const { references, name, options } = it
        lists.foreignKeys.push({
          name,
          columns: names,
          ...options,
          references: () => this.#target(names, references()),
        })
      }
    }
  }

  #primaryKey(names: readonly string[], lists: Lists): void {
    if (lists.primaryKey.length > 0) {
      refuse(`The table '${this.name}' has two primary keys; name all columns of the key in one primaryKey([…]).`)
    }
    lists.primaryKey = names
  }

  #names(kind: string, given: readonly unknown[], columns: ReadonlyMap<string, ColumnDefinition>): string[] {
    if (!Array.isArray(given) || given.length === 0) refuse(`The ${kind} of '${this.name}' names no column.`)
    const names = Array.from(given, (column: unknown) => {
      if (!(column instanceof Column) || columns.get(column.name) !== column.definition) {
        refuse(`The ${kind} of '${this.name}' names what is not a column of the table.`)
      }
      return column.name
    })
    if (new Set(names).size < names.length)
      refuse(`The ${kind} of '${this.name}' names a column twice: ${names.join(', ')}.`)
    return names
  }

  #target(from: readonly string[], to: readonly unknown[]): { table: TableDefinition; columns: readonly string[] } {
    const where = `The foreign key (${from.join(', ')}) of '${this.name}'`
    if (!Array.isArray(to)) refuse(`${where} points to what is not a list of columns.`)
    const names = to.map((column) =>
      column instanceof Column ? column.name : refuse(`${where} points to what is not a column.`),
    )
    if (names.length !== from.length) refuse(`${where} points to ${names.length} columns.`)
    const tables = new Set((to as Column[]).map((column) => owners.get(column.definition)))
    const [table] = tables
    if (table === undefined || tables.size > 1) return refuse(`${where} points to the columns of more than one table.`)
    return { table, columns: names }
  }
}
