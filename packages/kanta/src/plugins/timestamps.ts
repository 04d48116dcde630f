import { checkOptions, KantaError, refuse } from '../error/index.ts'
import type { Node, Plugin } from '../extend/index.ts'
import { type DatabaseHandle, ownPlugin, schemaOf } from '../extend/internal/index.ts'
import type { AnyInfo, Database, One, TableCells, Update } from '../face/index.ts'
import {
  type RowUse,
  type RunValues,
  type Stamp,
  sameName,
  type TableReference,
  type TableRule,
  tablePolicy,
} from '../guard/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'
import { type ColumnDefinition, definitionOf } from '../table/index.ts'
import { clockOf, FORMS, formOf, type InstantForm, inForm } from './instant.ts'
import { listsAnywhere, nameGiven, tableNames } from './table-list.ts'

/** The options of `timestamps()`. */
export interface TimestampsOptions<N extends string = string> {
  /** The tables; by default those of the schema that have one of the columns. */
  readonly tables?: readonly N[] | undefined
  /** The column for the creation time of a row; `created_at` by default, `false` for none. */
  readonly created?: string | false | undefined
  /** The column for the time of its last change; `updated_at` by default, `false` for none. */
  readonly updated?: string | false | undefined
  /** The clock of this program (`client`, the default) or of the database. */
  readonly clock?: 'client' | 'database' | undefined
  /** The clock of this program. */
  readonly now?: (() => Date) | undefined
  /** Refuses statements that give one of the columns (`refuse`, the default), or keeps their values. */
  readonly given?: 'refuse' | 'keep' | undefined
  /**
   * The form of columns that no schema defines. By default `iso` with the clock of this program, and `timestamp` with
   * that of the database.
   */
  readonly form?: InstantForm | undefined
}

/** The methods that `timestamps()` adds to a database. */
export interface Timestamped {
  /**
   * Begins an update that sets only the time of the last change.
   *
   * @example
   * ```ts
   * import { kanta } from 'kanta'
   * import { timestamps } from 'kanta/plugins'
   * import { sqlite } from 'kanta/sqlite'
   *
   * const base = kanta<{ post: { id: number; updated_at: string } }>({ driver: sqlite(':memory:') })
   * const shop = base.withPlugins([timestamps({ tables: ['post'], created: false })])
   * shop.touch('post').where('id', '=', 1).compile().sql // update "post" set "updated_at" = ? where "id" = ?
   * ```
   */
  touch<DB, I extends AnyInfo, B extends I['names']>(
    this: Database<DB, I>,
    table: B,
  ): Update<
    I,
    One<B, TableCells<I, B>>,
    `${B}.${keyof TableCells<I, B>['row'] & string}` | (keyof TableCells<I, B>['row'] & string),
    TableCells<I, B>,
    TableCells<I, B>,
    never
  >
}

const OPTIONS: readonly (keyof TimestampsOptions)[] = [
  ...(['tables', 'created', 'updated', 'clock', 'now', 'given', 'form'] as const),
]

/** The checked options with their defaults. */
interface Settings {
  readonly tables: readonly string[] | undefined
  readonly created: string | undefined
  readonly updated: string | undefined
  readonly clock: 'client' | 'database'
  readonly now: () => Date
  readonly given: 'refuse' | 'keep'
  readonly form: InstantForm
}

/**
 * Writes the creation time and the time of the last change of rows, in every statement that inserts or updates them.
 * All rows of a statement get the same instant, in the form of the column: a Date, seconds, milliseconds or text.
 *
 * @throws KantaError `policy` for a statement that gives one of the columns itself, unless `given` is `keep`.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { timestamps } from 'kanta/plugins'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta<{ post: { title: string } }>({
 *   driver: sqlite(':memory:'),
 *   plugins: [timestamps({ tables: ['post'], now: () => new Date(0) })],
 * })
 * const { parameters } = db.insertInto('post').values({ title: 'Hello' }).compile()
 * parameters // ['Hello', '1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z']
 * ```
 */
export function timestamps<const N extends string = never>(options: TimestampsOptions<N> = {}): Plugin<Timestamped, N> {
  const settings = settingsOf(options)
  const rule = (table: TableReference, use: RowUse | 'insert'): TableRule | undefined => ruleOf(table, use, settings)
  return ownPlugin({
    name: 'timestamps',
    names: settings.tables?.map((table) => ({ table })),
    policies: [tablePolicy({ name: 'timestamps', tables: settings.tables, rule })],
    extend: (db: DatabaseHandle) => {
      const touch = (table: unknown): unknown => {
        const name = definitionOf(table)?.name ?? String(table)
        const schema = schemaOf(db)
        const definition = definitionOf(table) ?? schema.get(name)
        if (rule({ name, schema: undefined, definition }, 'update')?.updates === undefined)
          refuse(
            `touch(${show(table)}): timestamps() does not write the time of changes into this table. List it in 'tables'.`,
          )
        return db.updateTable(table)
      }
      return { touch } as never
    },
  })
}

function settingsOf(options: TimestampsOptions): Settings {
  checkOptions('timestamps()', options, OPTIONS)
  const { clock = 'client', given = 'refuse', now = () => new Date() } = options
  const { form = clock === 'client' ? 'iso' : 'timestamp' } = options
  if (clock !== 'client' && clock !== 'database')
    refuse(`timestamps({ clock: ${show(clock)} }): use client or database.`)
  if (given !== 'refuse' && given !== 'keep') refuse(`timestamps({ given: ${show(given)} }): use refuse or keep.`)
  if (!FORMS.includes(form)) refuse(`timestamps({ form: ${show(form)} }): use one of ${FORMS.join(', ')}.`)
  if (typeof now !== 'function') refuse(`timestamps({ now }) takes a function that returns a Date, not ${show(now)}.`)
  if (clock === 'database' && options.now !== undefined)
    refuse("timestamps() takes now(), or clock: 'database', but not both.")
  const columnOf = (option: 'created' | 'updated', usual: string): string | undefined => {
    const name = options[option] ?? usual
    return name === false ? undefined : nameGiven('timestamps', option, name)
  }
  const created = columnOf('created', 'created_at')
  const updated = columnOf('updated', 'updated_at')
  if (created === undefined && updated === undefined)
    refuse('timestamps({ created: false, updated: false }) writes nothing. Leave the plugin out.')
  const tables = options.tables === undefined ? undefined : tableNames('timestamps', 'tables', options.tables)
  return { tables, created, updated, clock, now, given, form }
}

function ruleOf(table: TableReference, use: RowUse | 'insert', settings: Settings): TableRule | undefined {
  const { tables, given } = settings
  if (tables === undefined ? table.definition === undefined : !listsAnywhere(tables, table)) return undefined
  const has = (column: string | undefined): boolean =>
    column !== undefined && (table.definition === undefined || table.definition.columns.has(column))
  if (!has(settings.created) && !has(settings.updated)) {
    if (tables === undefined) return undefined
    throw new KantaError(
      'policy',
      `'${fullName(table)}' is in 'tables' of timestamps(), but has none of its columns. Add them, or remove the table from the list.`,
    )
  }
  if (use === 'select') return FREE
  const stamp = (column: string | undefined): Record<string, Stamp> => {
    if (column === undefined || !has(column)) return {}
    const known = table.definition?.columns.get(column)
    return { [column]: { value: (_, runValues) => instantFor(known, runValues, settings), userValue: given } }
  }
  const created = stamp(settings.created)
  const updated = stamp(settings.updated)
  const inserts = { ...created, ...updated }
  const isOnce = (name: string): boolean => Object.keys(created).some((column) => sameName(column, name))
  return {
    inserts,
    updates: Object.keys(updated).length === 0 ? undefined : updated,
    column: (name, use) => {
      if (use === 'update' && given === 'refuse' && isOnce(name))
        throw new KantaError(
          'policy',
          `'${fullName(table)}.${name}' is the creation time of the row, which does not change. Leave it out.`,
        )
    },
  }
}

/** The rule for reads, which change nothing. */
const FREE: TableRule = {}

/** Returns the instant of a statement in the form of a column. */
function instantFor(
  column: ColumnDefinition | undefined,
  runValues: RunValues,
  { clock, now, form: usual }: Settings,
): Node {
  const form = formOf(column, usual)
  if (clock === 'database') return { kind: 'word', text: clockOf(runValues.dialect, form) }
  const instant = runValues.shared('timestamps', () => timeOf(now()))
  const make = (_: unknown, args: readonly unknown[]): unknown =>
    inForm(args[instant.index] as Date, form, column, runValues.dialect)
  return { ...runValues.shared(`timestamps as ${form} for ${column?.type}`, make), codec: column?.codec }
}

function timeOf(value: unknown): Date {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value
  return refuse(`now() of timestamps() returned ${show(value)}. Return a valid Date.`)
}
