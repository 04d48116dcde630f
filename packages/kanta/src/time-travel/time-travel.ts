import type { Dialect } from '../dialect/index.ts'
import { checkOptions, KantaError, refuse } from '../error/index.ts'
import type { Plugin, Policy } from '../extend/index.ts'
import {
  type DatabaseHandle,
  dialectOf,
  driverOf,
  exempt,
  ownPlugin,
  policiesOf,
  schemaOf,
} from '../extend/internal/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import { type RunValues, type TablePolicy, type TableReference, type TableRule, tablePolicy } from '../guard/index.ts'
import { fullName, type TableName } from '../ir/index.ts'
import type { Selectable, TableDefinition } from '../table/index.ts'
import { textOf } from './facet.ts'
import { type Micros, toMicros, toText } from './instant.ts'
import { beganOf, lookUp } from './keep.ts'
import { keeperOf } from './keeper.ts'
import { historyOf, nameInDatabase, tableName, tableNames } from './name.ts'
import { AS_OF, type Shown } from './source.ts'
import { keyOf } from './statements.ts'
import { type Version, versionsOf } from './versions.ts'

/** What `timeTravel()` takes. */
export interface TimeTravelOptions<N extends string = string> {
  /** The tables whose history is kept, as statements name them. */
  readonly tables: readonly N[]
  /** Tables that have no history, and are read as they are now. */
  readonly current?: readonly N[] | undefined
  /** The clock by which an instant is in the future; that of the machine unless given. */
  readonly now?: (() => Date) | undefined
}

const OPTIONS: readonly (keyof TimeTravelOptions)[] = ['tables', 'current', 'now']

/** What `timeTravel()` adds to a database. */
export interface TimeTravelling {
  /**
   * The same database as it was at an instant: every read answers from history, and tables with one are not written. A
   * Date, or text with milliseconds, means the end of its millisecond; text with microseconds means just that one. An
   * instant in the future is an error, since its answer would be another one later.
   *
   * @throws KantaError `invalid_input` for what is no instant; running a statement rejects with `policy` for an instant
   * before the history of a table began, or in the future.
   *
   * @example
   * ```ts
   * const travelling = await createExecutor(db, [timeTravel({ tables: ['seat'] })])
   * const seats = await travelling.asOf(new Date()).selectFrom('seat').selectAll().execute()
   * ```
   */
  asOf(instant: Date | string): this
  /**
   * All versions of a row, the first first; those that other policies hide are left out.
   *
   * @example
   * ```ts
   * const travelling = await createExecutor(db, [timeTravel({ tables: ['seat'] })])
   * const [first] = await travelling.versionsOf('seat', { row: 1, place: 2 })
   * const since = first?.from
   * ```
   */
  versionsOf<DB, I extends AnyInfo, T extends keyof DB & string>(
    this: Database<DB, I>,
    table: T,
    key: Partial<Selectable<DB[T]>>,
  ): Promise<Version<Selectable<DB[T]>>[]>
  /** Since when the history of a table is kept. */
  began(table: string): Promise<string>
}

/** One database that the plugin is given to. */
interface Ground {
  readonly known: Map<string, Known>
  /** By the dialect, of which a program for Kysely has another one, and by what stands in the place of the tables. */
  readonly made: WeakMap<Dialect, Map<string, TablePolicy>>
  /** Those of the database that was opened. */
  readonly policies: readonly Policy[]
}

/** What is known of the tables once the database has started. */
interface Known extends Shown {
  readonly began: Micros
}

/**
 * A plugin by which a database can be read as it was at an instant; `startHistory()` begins to keep the histories. The
 * database does not start where one is missing or not up to date. Other policies hold for what was as for what is.
 *
 * A change is of the instant at which its transaction began in PostgreSQL, so that an instant never shows half of one;
 * in SQLite and MariaDB of that at which its statement began. So what an instant shows lasts once the transactions that
 * were open at it have ended. Where one transaction waits for another, versions still follow each other: no row has two
 * at one instant, and none is missing in between.
 *
 * @throws KantaError `invalid_input` for a wrong option.
 *
 * @example
 * ```ts
 * const travelling = await createExecutor(db, [timeTravel({ tables: ['seat'] })])
 * const then = new Date()
 * await travelling.asOf(then).selectFrom('seat').selectAll().execute()
 * ```
 */
export function timeTravel<const N extends string>(options: TimeTravelOptions<N>): Plugin<TimeTravelling, N> {
  const { tables, current, now } = settle(options)
  const present: Policy = { name: 'timeTravel' }
  // One plugin may be given to several databases, each with histories of its own.
  const grounds = new WeakMap<object, Ground>()
  const groundOf = (db: DatabaseHandle): Ground => {
    const driver = driverOf(db)
    let ground = grounds.get(driver)
    if (ground === undefined) {
      ground = { known: new Map(), made: new WeakMap(), policies: policiesOf(db) }
      grounds.set(driver, ground)
    }
    return ground
  }
  /** The same database, in which something else stands in the place of the tables. */
  const instead = (db: DatabaseHandle, mode: 'as of an instant' | 'all versions'): DatabaseHandle => {
    const dialect = dialectOf(db)
    const { known, made } = groundOf(db)
    const byMode = made.get(dialect) ?? new Map<string, TablePolicy>()
    made.set(dialect, byMode)
    const policy = byMode.get(mode) ?? historyPolicy({ tables, current, known, now, dialect }, mode)
    byMode.set(mode, policy)
    return exempt(db, `time travel: ${mode}`, (one) => (one === present ? policy : one), [{ policy: NAME, mode }])
  }
  return ownPlugin({
    name: NAME,
    names: [...tables, ...current].map((table) => ({ table })),
    policies: [present],
    onInit: async (db: DatabaseHandle) => {
      const { known, policies } = groundOf(db)
      for (const table of tables) known.set(table, await knownOf(db, nameInDatabase(tableName(table), policies)))
    },
    extend: (db: DatabaseHandle) => {
      // Before it is started: names of tables are those of the program, which plugins may change.
      const { known, policies } = groundOf(db)
      return {
        asOf: (instant: unknown) => {
          const at = toMicros(instant, 'asOf()')
          return instead(db, 'as of an instant').as({ [AS_OF]: at })
        },
        versionsOf: (table: string, key: unknown) => {
          const definition = schemaOf(db).get(table)
          return versionsOf(instead(db, 'all versions'), table, key, () => shownOf(table, definition, known).key)
        },
        began: async (table: unknown) => {
          const name = nameInDatabase(tableName(table), policies)
          const began = await beganOf(keeperOf(db, 'began()'), name)
          return began === undefined ? refuse(`The history of '${fullName(name)}' has not begun.`) : toText(began)
        },
      } as never
    },
  }) as Plugin<TimeTravelling>
}

const NAME = 'timeTravel'

function settle(options: TimeTravelOptions) {
  checkOptions('timeTravel()', options, OPTIONS)
  const tables = tableNames(options.tables, 'timeTravel({ tables })').map(fullName)
  const current = (options.current ?? []).map((table) => fullName(tableName(table)))
  for (const table of current)
    if (tables.includes(table)) refuse(`timeTravel() was given '${table}' both with a history and without.`)
  const now = options.now ?? (() => new Date())
  if (typeof now !== 'function') refuse('timeTravel({ now }) takes a function that gives a Date.')
  return { tables, current, now }
}

async function knownOf(db: DatabaseHandle, name: TableName): Promise<Known> {
  const keeper = keeperOf(db, 'timeTravel()')
  const table = fullName(name)
  const { began, history, table: found, triggers } = await lookUp(keeper, name)
  const columns = found.columns.map(({ name }) => name)
  if (began === undefined)
    throw new KantaError(
      'plugin',
      `The history of '${table}' has not begun. Begin it in a migration: startHistory(db, ['${table}']).`,
    )
  const missing = [
    ...columns.filter((name) => history?.columns.some((one) => one.name === name) === false),
    ...textOf(dialectOf(db))
      .triggers.map((part) => `${historyOf(found.name)}_${part}`)
      .filter((name) => !triggers.includes(name)),
  ]
  if (missing.length > 0)
    throw new KantaError(
      'plugin',
      `The history of '${table}' lacks ${missing.join(', ')}. Bring it up to date: refreshHistory(db, ['${table}']).`,
    )
  return { columns, key: keyOf(found), began }
}

interface Past {
  readonly tables: readonly string[]
  readonly current: readonly string[]
  readonly known: ReadonlyMap<string, Known>
  readonly now: () => Date
  readonly dialect: Dialect
}

function historyPolicy(past: Past, mode: 'as of an instant' | 'all versions'): TablePolicy {
  return tablePolicy({
    name: NAME,
    refusesDefinitions: true,
    rule: (table, use) => {
      const name = fullName(table)
      if (past.current.includes(name)) return undefined
      if (use !== 'select')
        throw new KantaError(
          'policy',
          `asOf() is for reading, and '${name}' would be written. Write it without asOf().`,
        )
      if (!past.tables.includes(name))
        throw new KantaError(
          'policy',
          `'${name}' has no history that timeTravel() knows of. List it in tables, or in current to have it as it is now.`,
        )
      if (mode === 'as of an instant') return pastRule(name, table, past)
      return {
        source: (node) => textOf(past.dialect).versions(node, shownOf(name, table.definition, past.known).columns),
      }
    },
  })
}

function pastRule(name: string, { definition }: TableReference, { known, now, dialect }: Past): TableRule {
  const check = (runValues: RunValues): void =>
    runValues.check((context) => {
      const at = context[AS_OF] as Micros
      const began = known.get(name)?.began
      if (began !== undefined && at < began)
        throw new KantaError(
          'policy',
          `The history of '${name}' began at ${toText(began)}, after ${toText(at)}. Nothing is known of what was before.`,
        )
      if (Math.floor(at / 1000) > now().getTime())
        throw new KantaError('policy', `${toText(at)} is in the future, of which nothing is known yet.`)
    })
  return {
    source: (table, runValues) => {
      check(runValues)
      return textOf(dialect).past(table, shownOf(name, definition, known), runValues)
    },
  }
}

function shownOf(name: string, definition: TableDefinition | undefined, known: ReadonlyMap<string, Known>): Shown {
  if (definition !== undefined)
    return { columns: [...definition.columns.values()].map((column) => column.name), key: definition.primaryKey }
  const found = known.get(name)
  if (found !== undefined) return found
  throw new KantaError(
    'policy',
    `The columns of '${name}' are known once the database has run a first statement, or from its schema.`,
  )
}
