import { checkOptions, KantaError, refuse } from '../error/index.ts'
import type { Node, Plugin } from '../extend/index.ts'
import { type DatabaseHandle, ownPlugin, schemaOf } from '../extend/internal/index.ts'
import type { AnyInfo, Database, One, TableCells, Update } from '../face/index.ts'
import {
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

/** Which columns say when a row was made and changed. */
export interface TimestampsOptions {
  /** The tables; those of the schema that have one of the columns, unless given. */
  readonly tables?: readonly string[] | undefined
  /** The column of when a row was made; `created_at` unless given, `false` for none. */
  readonly created?: string | false | undefined
  /** The column of when a row was last changed; `updated_at` unless given, `false` for none. */
  readonly updated?: string | false | undefined
  /** Whose clock is read: that of this program, unless given, or that of the database. */
  readonly clock?: 'client' | 'database' | undefined
  /** The clock of this program. */
  readonly now?: (() => Date) | undefined
  /** What becomes of values that a statement gives itself: it is refused, unless given, or they are kept. */
  readonly given?: 'refuse' | 'keep' | undefined
  /**
   * How columns hold an instant that no schema tells of: `iso` text with the clock of this program, unless given, and
   * the type of the database with its own.
   */
  readonly form?: InstantForm | undefined
}

/** What a database with timestamps has besides. */
export interface Timestamped {
  /**
   * Begins a query that changes nothing of rows but when they were last changed.
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

/** The options, with what is not given filled in. */
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
 * Writes when rows are made and last changed, in every statement that makes or changes rows; all rows of a statement
 * have the same instant. Values are as the columns say: Dates, seconds, milliseconds or text.
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
export function timestamps(options: TimestampsOptions = {}): Plugin<Timestamped> {
  const settings = settingsOf(options)
  const rule = (table: TableReference): TableRule | undefined => ruleOf(table, settings)
  return ownPlugin({
    name: 'timestamps',
    names: settings.tables?.map((table) => ({ table })),
    policies: [tablePolicy({ name: 'timestamps', tables: settings.tables, rule })],
    extend: (db: DatabaseHandle) => {
      const touch = (table: unknown): unknown => {
        const name = definitionOf(table)?.name ?? String(table)
        const schema = schemaOf(db)
        const definition = definitionOf(table) ?? schema.get(name)
        if (rule({ name, schema: undefined, definition })?.updates === undefined)
          refuse(`touch(${show(table)}): timestamps() writes no time of change into that table. List it in 'tables'.`)
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
  if (typeof now !== 'function') refuse(`timestamps({ now }) takes a function that gives a Date, not ${show(now)}.`)
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

function ruleOf(table: TableReference, settings: Settings): TableRule | undefined {
  const { tables, given } = settings
  if (tables === undefined ? table.definition === undefined : !listsAnywhere(tables, table)) return undefined
  const stamp = (column: string | undefined): Record<string, Stamp> => {
    if (column === undefined) return {}
    const known = table.definition?.columns.get(column)
    if (table.definition !== undefined && known === undefined) return {}
    return { [column]: { value: (_, runValues) => instantFor(known, runValues, settings), userValue: given } }
  }
  const created = stamp(settings.created)
  const updated = stamp(settings.updated)
  const inserts = { ...created, ...updated }
  const names = Object.keys(inserts)
  if (names.length === 0) {
    if (tables === undefined) return undefined
    throw new KantaError(
      'policy',
      `'${fullName(table)}' is in 'tables' of timestamps(), and has none of its columns. Add them, or take it from the list.`,
    )
  }
  const isOnce = (name: string): boolean => Object.keys(created).some((column) => sameName(column, name))
  return {
    inserts,
    updates: Object.keys(updated).length === 0 ? undefined : updated,
    column: (name, use) => {
      if (use === 'update' && given === 'refuse' && isOnce(name))
        throw new KantaError(
          'policy',
          `'${fullName(table)}.${name}' says when the row was made, which does not change. Leave it out.`,
        )
    },
  }
}

/** The instant of a statement, as a column takes it. */
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
  return refuse(`The clock of timestamps() gave ${show(value)}, which is no time.`)
}
