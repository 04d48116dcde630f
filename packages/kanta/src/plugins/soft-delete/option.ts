import { checkOptions, refuse } from '../../error/index.ts'
import type { Capability } from '../../face/index.ts'
import { checkName, show } from '../../sql/index.ts'
import { FORMS, type InstantForm } from '../instant.ts'

/** A reference from one table to another: its rows are deleted together with the row that they reference. */
export interface CascadeReference {
  readonly table: string
  readonly columns: readonly string[]
  readonly references: { readonly table: string; readonly columns: readonly string[] }
}

/** Options of soft deletes that reach other tables. */
export interface CascadeOptions {
  /** The nullable text or UUID column that holds the id of the deletion; `deletion` by default. */
  readonly column?: string | undefined
  /** References besides the foreign keys of the definitions. */
  readonly along?: readonly CascadeReference[] | undefined
}

/** Options of `softDelete()`. */
export interface SoftDeleteOptions<N extends string = string> {
  /** The tables; by default those of the schema that have the column. */
  readonly tables?: readonly N[] | undefined
  /** The column for the time of the deletion; `deleted_at` by default. */
  readonly column?: string | undefined
  /** The column for the user who deleted the row, and the name of that user in the context. */
  readonly deletedBy?: { readonly column: string; readonly context: string } | undefined
  /** The clock of this program (`client`, the default) or of the database. */
  readonly clock?: 'client' | 'database' | undefined
  /** The clock of this program. */
  readonly now?: (() => Date) | undefined
  /**
   * The form of columns that no schema defines. By default `iso` with the clock of this program, and `timestamp` with
   * that of the database.
   */
  readonly form?: InstantForm | undefined
  /** Deletes rows that reference a deleted row together with it, along the foreign keys of the definitions. */
  readonly cascade?: boolean | CascadeOptions | undefined
  /** The capability that disables the plugin: see `db.unscoped()`. */
  readonly capability?: Capability | undefined
}

/** The checked options with their defaults. */
export interface Settled {
  readonly tables: readonly string[] | undefined
  readonly column: string
  readonly deletedBy: { readonly column: string; readonly context: string } | undefined
  readonly clock: 'client' | 'database'
  readonly now: () => Date
  readonly form: InstantForm
  readonly cascade: { readonly column: string; readonly along: readonly CascadeReference[] } | undefined
  readonly capability: Capability | undefined
}

const OPTIONS = ['tables', 'column', 'deletedBy', 'clock', 'now', 'form', 'cascade', 'capability']

export function settle(options: SoftDeleteOptions): Settled {
  checkOptions('softDelete()', options, OPTIONS)
  const { tables, column = 'deleted_at', deletedBy, clock = 'client', cascade, capability } = options
  const { now = () => new Date(), form = clock === 'client' ? 'iso' : 'timestamp' } = options
  if (tables !== undefined && (!Array.isArray(tables) || tables.length === 0))
    refuse(`softDelete({ tables: ${show(tables)} }) takes an array with the name of one table or more.`)
  for (const table of tables ?? []) checkName(table, 'a table that is deleted softly')
  checkName(column, 'the column of deletions')
  if (clock !== 'client' && clock !== 'database')
    refuse(`softDelete({ clock: ${show(clock)} }): use client or database.`)
  if (typeof now !== 'function') refuse(`softDelete({ now: ${show(now)} }) takes a function that returns a Date.`)
  if (clock === 'database' && options.now !== undefined)
    refuse("softDelete() takes now(), or clock: 'database', but not both.")
  if (!FORMS.includes(form)) refuse(`softDelete({ form: ${show(form)} }): use one of ${FORMS.join(', ')}.`)
  if (deletedBy !== undefined) {
    checkOptions('deletedBy', deletedBy, ['column', 'context'])
    checkName(deletedBy.column, 'the column of who deleted')
    checkName(deletedBy.context, 'the name of a value of the context')
  }
  return { tables, column, deletedBy, clock, now, form, cascade: settleCascade(cascade), capability }
}

function settleCascade(cascade: SoftDeleteOptions['cascade']): Settled['cascade'] {
  if (cascade === undefined || cascade === false) return undefined
  const given: CascadeOptions = cascade === true ? {} : cascade
  checkOptions('cascade', given, ['column', 'along'])
  const { column = 'deletion', along = [] } = given
  checkName(column, 'the column of a cascade')
  if (!Array.isArray(along)) refuse(`cascade: { along: ${show(along)} } takes an array of references.`)
  for (const each of along) checkReference(each)
  return { column, along }
}

function checkReference(each: CascadeReference): void {
  checkOptions('A reference of a cascade', each, ['table', 'columns', 'references'])
  const { table, columns, references } = each
  checkOptions('references', references, ['table', 'columns'])
  for (const name of [table, references.table]) checkName(name, 'a table of a cascade')
  for (const names of [columns, references.columns]) {
    if (!Array.isArray(names) || names.length === 0)
      refuse(`The columns of a cascade are an array, not ${show(names)}.`)
    for (const name of names) checkName(name, 'a column of a cascade')
  }
  if (columns.length !== references.columns.length)
    refuse(
      `The reference of '${table}' to '${references.table}' has a different number of columns on each side. Give the same number.`,
    )
}
