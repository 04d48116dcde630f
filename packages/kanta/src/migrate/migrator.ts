import { titleOf } from '../dialect/index.ts'
import { checkOptions, KantaError, nearest, refuse } from '../error/index.ts'
import {
  checkSessions,
  DatabaseHandle,
  driverOf,
  migrationTables,
  policiesOf,
  sessionLocks,
  sessionOf,
  suppress,
  withoutPlugins,
} from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'
import { checkName, show } from '../sql/index.ts'
import { type Drift, type MigrationStatus, refuseDirty, refuseDrift, statusOf } from './drift.ts'
import { cancelledError, migrationError } from './failure.ts'
import { refuseForeignKeysOff } from './foreign-key-check.ts'
import { type Lock, type LockOptions, RowLock, sessionLock, takeLock } from './lock.ts'
import { compareNames, load, type MigrationSource, type NamedMigration } from './migration.ts'
import { type MigrationStep, type PerformedMigration, perform } from './perform.ts'
import { type MigrationRecord, nextPosition, Records } from './record.ts'
import { rehearse } from './rehearse.ts'
import type { Direction, MigrationEvent, MigrationRun } from './result.ts'
import { type HeldConnection, type RunContext, withHeldConnection } from './run-context.ts'

/** The options of `migrator()`. */
export interface MigratorOptions {
  /** The migrations, or a function that loads them, such as `folder('migrations')`. */
  readonly migrations: MigrationSource
  /** The table of applied migrations; by default `kanta_migration`. */
  readonly table?: string | undefined
  /** The table of the lock row; by default `kanta_migration_lock`. */
  readonly lockTable?: string | undefined
  readonly lock?: LockOptions | undefined
  /** The kinds of drift between migrations and database to accept; by default none. */
  readonly allow?: readonly Drift[] | undefined
  /** Receives the events of a run. */
  readonly onProgress?: ((event: MigrationEvent) => void) | undefined
}

/** Options of a run of migrations. */
export interface MigrateOptions {
  /** Returns the SQL that would run, and changes nothing. */
  readonly dryRun?: boolean | undefined
  /** Stops the run: it rolls back a migration in a transaction, and stops any other before its next statement. */
  readonly signal?: AbortSignal | undefined
}

/** The state before the first migration: `to(none)` reverts all of them. */
export const none: unique symbol = Symbol('none')

/** Runs the migrations of a database. */
export interface Migrator {
  /** Applies all pending migrations. */
  latest(options?: MigrateOptions): Promise<MigrationRun>
  /** Applies the next `count` migrations; by default one. */
  up(count?: number, options?: MigrateOptions): Promise<MigrationRun>
  /** Reverts the last `count` migrations; by default one. */
  down(count?: number, options?: MigrateOptions): Promise<MigrationRun>
  /** Applies or reverts migrations until the named one is the last applied. */
  to(name: string | typeof none, options?: MigrateOptions): Promise<MigrationRun>
  /** Returns the status of every migration. Changes nothing. */
  status(options?: Pick<MigrateOptions, 'signal'>): Promise<MigrationStatus[]>
  /**
   * Marks a migration and all before it as applied without running them, for a database that already has their tables.
   */
  baseline(name: string, options?: Pick<MigrateOptions, 'signal'>): Promise<readonly string[]>
  /** Records the state of a dirty migration after you have repaired its changes by hand. */
  resolve(name: string, as: 'applied' | 'rolled back', options?: Pick<MigrateOptions, 'signal'>): Promise<void>
}

const OPTIONS: readonly (keyof MigratorOptions)[] = ['migrations', 'table', 'lockTable', 'lock', 'allow', 'onProgress']
const LOCK_OPTIONS: readonly (keyof LockOptions)[] = ['timeout', 'by', 'expiry']
const DRIFTS: readonly Drift[] = ['changed', 'missing', 'out of order']

/**
 * Creates a runner for the migrations of a database.
 *
 * Each migration runs in one transaction with its record, if the database can roll back definitions. A lock keeps two
 * runners from running a migration twice.
 *
 * @throws KantaError `invalid_input` for a wrong option, `policy` for a database with policies on rows. Its methods throw
 * `migration_failed` if a migration fails, with the `MigrationRun` so far as `result`; `migration_dirty` if one is
 * dirty; `migration_drift` if the migrations differ from the records of the database; `timeout` if another runner holds
 * the lock.
 *
 * @example
 * ```ts
 * import { kanta, sql } from 'kanta'
 * import { migrator } from 'kanta/migrate'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({ driver: sqlite(':memory:') })
 * const migrate = migrator(db, {
 *   migrations: {
 *     '2026_01_create_city': {
 *       up: (db) => sql`create table city (id integer primary key, name text not null)`.execute(db),
 *       down: (db) => sql`drop table city`.execute(db),
 *     },
 *   },
 * })
 *
 * const { applied } = await migrate.latest()
 * applied // ['2026_01_create_city']
 * ```
 */
export function migrator(db: Database<any>, options: MigratorOptions): Migrator {
  const handle: unknown = db
  if (!(handle instanceof DatabaseHandle)) return refuse('migrator() takes a database. Pass one that kanta() returned.')
  if (handle.isTransaction) return refuse('migrator() takes a database, not a transaction, since it begins its own.')
  refusePolicies(handle)
  checkMigrator(options)
  return new Runner(handle, options)
}

/** Rejects a database with policies on rows: a migration would change only visible rows, and raw SQL is rejected. */
function refusePolicies(db: DatabaseHandle): void {
  const names = policiesOf(db).flatMap(({ name, enforce }) => (enforce === undefined ? [] : [name]))
  if (names.length > 0)
    throw new KantaError(
      'policy',
      `migrator() would change tables past the policies of this database (${names.join(', ')}). Give it the database without them, with no plugins but those for names, such as camelCase().`,
    )
}

type Planner = (named: readonly NamedMigration[], records: readonly MigrationRecord[]) => readonly PlannedMigration[]
type PlannedMigration = NamedMigration & { readonly direction: Direction }

class Runner implements Migrator {
  readonly #db: DatabaseHandle
  readonly #options: MigratorOptions
  readonly #records: Records

  constructor(db: DatabaseHandle, options: MigratorOptions) {
    this.#db = db
    this.#options = options
    this.#records = new Records(options.table ?? migrationTables.record)
  }

  latest(options?: MigrateOptions): Promise<MigrationRun> {
    return this.#run(options, planPending)
  }

  up(count = 1, options?: MigrateOptions): Promise<MigrationRun> {
    return this.#run(options, (named, records) => planPending(named, records).slice(0, checkCount('up', count)))
  }

  down(count = 1, options?: MigrateOptions): Promise<MigrationRun> {
    return this.#run(options, (named, records) => planReverted(named, records.slice(-checkCount('down', count))))
  }

  to(name: string | typeof none, options?: MigrateOptions): Promise<MigrationRun> {
    return this.#run(options, (named, records) => planTo(name, named, records))
  }

  async status({ signal }: Pick<MigrateOptions, 'signal'> = {}): Promise<MigrationStatus[]> {
    const named = await load(this.#options.migrations)
    return withHeldConnection(this.#db, signal, async (held) =>
      statusOf(named, await this.#records.read(held.internalDb)),
    )
  }

  async baseline(name: string, { signal }: Pick<MigrateOptions, 'signal'> = {}): Promise<readonly string[]> {
    const named = await load(this.#options.migrations)
    checkKnown(named, name)
    return this.#withLock(signal, async (context) => {
      await this.#records.prepare(context.internalDb)
      const records = await this.#records.read(context.internalDb)
      refuseDirty(records)
      const known = new Set(records.map((record) => record.name))
      const marked = named.filter((each) => compareNames(each.name, name) <= 0 && !known.has(each.name))
      await context.internalDb.transaction().execute(async (trx) => {
        const inside = withoutPlugins(context.db, sessionOf(trx))
        let position = nextPosition(records)
        for (const { name, migration } of marked) {
          const checksum = migration.checksum ?? null
          await this.#records.add(inside, { name, position: position++, state: 'applied', checksum, duration: null })
        }
      })
      return marked.map((each) => each.name)
    })
  }

  async resolve(
    name: string,
    as: 'applied' | 'rolled back',
    { signal }: Pick<MigrateOptions, 'signal'> = {},
  ): Promise<void> {
    if (as !== 'applied' && as !== 'rolled back')
      refuse(`resolve(${show(name)}, ${show(as)}): the state must be 'applied' or 'rolled back'.`)
    await this.#withLock(signal, async (context) => {
      const record = (await this.#records.read(context.internalDb)).find((each) => each.name === name)
      if (record === undefined) refuse(`resolve(${show(name)}): the database has no record of it.`)
      if (record.state === 'applied') refuse(`resolve(${show(name)}): the migration is applied, not dirty.`)
      if (as === 'applied') await this.#records.change(context.internalDb, name, { state: 'applied' })
      else await this.#records.remove(context.internalDb, name)
    })
  }

  async #run(options: MigrateOptions = {}, plan: Planner): Promise<MigrationRun> {
    const { dryRun, signal } = checkRunOptions(options)
    const named = await load(this.#options.migrations)
    const steps = (records: readonly MigrationRecord[]): MigrationStep[] => {
      refuseDirty(records)
      refuseDrift(statusOf(named, records), this.#options.allow ?? [])
      const planned = plan(named, records)
      refuseForeignKeysOff(this.#db, planned)
      const first = nextPosition(records)
      return planned.map((each, i) => ({ ...each, position: first + i, number: i + 1, of: planned.length }))
    }
    if (dryRun) return withHeldConnection(this.#db, signal, (held) => this.#rehearse(held, signal, steps))
    return this.#withLock(signal, async (context) => {
      await this.#records.prepare(context.internalDb)
      // Do not return the connection to the pool with settings that a migration made.
      if (context.connection.isOfServer) context.closeAtEnd()
      const performed: PerformedMigration[] = []
      for (const step of steps(await this.#records.read(context.internalDb))) {
        if (signal?.aborted) throw cancelledError(step.name, signal, await this.#finish(context, false, performed))
        performed.push(await perform(context, step))
        if ('error' in performed.at(-1)!) break
      }
      return this.#finish(context, false, performed)
    })
  }

  async #rehearse(
    held: HeldConnection,
    signal: AbortSignal | undefined,
    steps: (records: readonly MigrationRecord[]) => MigrationStep[],
  ): Promise<MigrationRun> {
    const planned = steps(await this.#records.read(held.internalDb))
    const context = { ...held, signal, emit: (event: MigrationEvent) => this.#options.onProgress?.(event) }
    return this.#finish(held, true, planned.length === 0 ? [] : await rehearse(context, planned))
  }

  /** Returns or throws the result of a run. It reads the applied migrations from the database. */
  async #finish(
    held: HeldConnection,
    dryRun: boolean,
    performed: readonly PerformedMigration[],
  ): Promise<MigrationRun> {
    const results = performed.map(({ result }) => result)
    const last = performed.at(-1)
    const read = async () => (await this.#records.read(held.internalDb)).filter(({ state }) => state === 'applied')
    if (last === undefined || !('error' in last))
      return { dryRun, results, applied: (await read()).map(({ name }) => name) }
    let applied: readonly string[] | undefined
    try {
      applied = (await read()).map(({ name }) => name)
    } catch {
      // The connection may have failed.
      held.closeAtEnd()
    }
    throw migrationError(last.result, last.error, { dryRun, results, applied })
  }

  /** Runs work with the lock held, and releases it on every path. */
  async #withLock<T>(signal: AbortSignal | undefined, act: (context: RunContext) => Promise<T>): Promise<T> {
    return withHeldConnection(this.#db, signal, async (held) => {
      const { lock, name } = this.#lock(held)
      const emit = (event: MigrationEvent) => this.#options.onProgress?.(event)
      const timeout = this.#options.lock?.timeout ?? 60_000
      const onWait = (holder: string, waited: number) => emit({ kind: 'waiting', lock: name, holder, waited })
      await takeLock(lock, name, { timeout, signal, onWait })
      const stopRenewing = lock.keepAlive()
      const errors: unknown[] = []
      let result: T | undefined
      try {
        emit({ kind: 'locked', lock: name })
        result = await act({ ...held, lock, records: this.#records, signal, emit })
      } catch (error) {
        errors.push(error)
      }
      stopRenewing()
      try {
        await lock.release()
      } catch (error) {
        // Do not return the connection to the pool with its lock.
        held.closeAtEnd()
        errors.push(error)
      }
      if (errors.length > 0) throw errors.reduce(suppress)
      return result as T
    })
  }

  #lock(held: HeldConnection): { lock: Lock; name: string } {
    const driver = driverOf(this.#db)
    const sql = sessionLocks.find(driver.dialect)
    const { by = sql === undefined ? 'row' : 'session', expiry = 15_000 } = this.#options.lock ?? {}
    if (by === 'session') {
      const name = this.#options.table ?? migrationTables.record
      if (sql === undefined)
        throw new KantaError(
          'unsupported',
          `${titleOf(driver.dialect)} has no session locks. Leave lock.by out, or set it to 'row'.`,
        )
      checkSessions(driver, 'The migrator', "set lock: { by: 'row' }")
      return { lock: sessionLock(held.internalDb, sql, name), name }
    }
    const name = this.#options.lockTable ?? migrationTables.lock
    const renewalDb = driver.limits.write > 1 ? withoutPlugins(this.#db) : held.internalDb
    return { lock: new RowLock(held.internalDb, renewalDb, name, expiry), name }
  }
}

function planPending(named: readonly NamedMigration[], records: readonly MigrationRecord[]): PlannedMigration[] {
  const known = new Set(records.map(({ name }) => name))
  return named.filter(({ name }) => !known.has(name)).map((each) => ({ ...each, direction: 'up' }))
}

/** Returns the migrations of the records, the last applied first, and throws if one cannot be reverted. */
function planReverted(named: readonly NamedMigration[], records: readonly MigrationRecord[]): PlannedMigration[] {
  return records.toReversed().map(({ name }) => {
    const found = named.find((each) => each.name === name)
    if (found === undefined)
      return refuse(`The migration '${name}' cannot be reverted, since it is missing in the program. Restore it.`)
    if (found.migration.down === undefined)
      return refuse(
        `The migration '${name}' cannot be reverted, since it has no down(db). Write one, or create a new migration.`,
      )
    return { ...found, direction: 'down' }
  })
}

function planTo(
  name: string | typeof none,
  named: readonly NamedMigration[],
  records: readonly MigrationRecord[],
): readonly PlannedMigration[] {
  if (name === none) return planReverted(named, records)
  checkKnown(named, name)
  const later = records.filter((record) => compareNames(record.name, name) > 0)
  if (records.some((record) => record.name === name)) return planReverted(named, later)
  if (later.length > 0)
    refuse(
      `to('${name}'): it is pending, and '${later[0]!.name}', which comes after it, is applied. Use up() or down().`,
    )
  return planPending(named, records).filter((each) => compareNames(each.name, name) <= 0)
}

function checkKnown(named: readonly NamedMigration[], name: unknown): void {
  if (named.some((each) => each.name === name)) return
  const near = nearest(
    String(name),
    named.map((each) => each.name),
  )
  refuse(`Unknown migration ${show(name)}.${near === undefined ? '' : ` Did you mean '${near}'?`}`)
}

function checkCount(method: string, count: unknown): number {
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1)
    return refuse(`${method}(${show(count)}): the count must be a whole number from 1 on.`)
  return count
}

function checkRunOptions(options: MigrateOptions): { dryRun: boolean; signal: AbortSignal | undefined } {
  if (typeof options !== 'object' || options === null)
    return refuse(`The options of a run must be an object, such as { dryRun: true }, not ${show(options)}.`)
  checkOptions('A run', options, ['dryRun', 'signal'])
  return { dryRun: options.dryRun === true, signal: options.signal }
}

function checkMigrator(options: MigratorOptions): void {
  if (typeof options !== 'object' || options === null)
    return refuse(`migrator() takes options, such as { migrations: { … } }, not ${show(options)}.`)
  checkOptions('migrator()', options, OPTIONS)
  const { migrations, table, lockTable, lock = {}, allow = [], onProgress } = options
  if ((typeof migrations !== 'object' && typeof migrations !== 'function') || migrations === null)
    refuse(`migrations must be an object of migrations or a function that loads it, not ${show(migrations)}.`)
  if (table !== undefined) checkName(table, 'the table of migrations')
  if (lockTable !== undefined) checkName(lockTable, 'the table of the lock')
  checkOptions('lock', lock, LOCK_OPTIONS)
  for (const key of ['timeout', 'expiry'] as const) {
    const value: unknown = lock[key]
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      refuse(`lock.${key} must be a number of milliseconds above 0, not ${show(value)}.`)
  }
  if (lock.by !== undefined && lock.by !== 'session' && lock.by !== 'row')
    refuse(`lock.by must be 'session' or 'row', not ${show(lock.by)}.`)
  if (!Array.isArray(allow) || !allow.every((drift) => DRIFTS.includes(drift)))
    refuse(`allow must be an array of ${DRIFTS.map((drift) => `'${drift}'`).join(', ')}, not ${show(allow)}.`)
  if (onProgress !== undefined && typeof onProgress !== 'function') refuse('onProgress must be a function.')
}
