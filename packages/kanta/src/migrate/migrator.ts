import { titleOf } from '../dialect/index.ts'
import { KantaError, nearest, refuse } from '../error/index.ts'
import {
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
import { refuseElsewhere } from './broken-reference.ts'
import { type Drift, type MigrationStatus, refuseDirty, refuseDrift, statusOf } from './drift.ts'
import { cancelledBefore, failed } from './failure.ts'
import { type Lock, type LockOptions, RowLock, sessionLock, waitFor } from './lock.ts'
import { byName, load, type MigrationSource, type Named } from './migration.ts'
import { type Performed, perform, type Step } from './perform.ts'
import { type MigrationRecord, nextPosition, Records } from './record.ts'
import { rehearse } from './rehearse.ts'
import type { Direction, MigrationEvent, MigrationRun } from './result.ts'
import { type Held, holding, type Work } from './work.ts'

/** What `migrator()` takes. */
export interface MigratorOptions {
  /** The migrations, or what loads them, such as `folder('migrations')`. */
  readonly migrations: MigrationSource
  /** The table of what is applied; `kanta_migration` unless said. */
  readonly table?: string | undefined
  /** The table of the lock, where it is a row; `kanta_migration_lock` unless said. */
  readonly lockTable?: string | undefined
  readonly lock?: LockOptions | undefined
  /** Which disagreements between the migrations and the database are no error; none unless said. */
  readonly allow?: readonly Drift[] | undefined
  /** Called with all that happens. */
  readonly onProgress?: ((event: MigrationEvent) => void) | undefined
}

export interface MigrateOptions {
  /** Gives the SQL that would run, and leaves the database as it is. */
  readonly dryRun?: boolean | undefined
  /** Ends the run: a migration in a transaction is rolled back, any other stops before its next statement. */
  readonly signal?: AbortSignal | undefined
}

/** Before the first migration: `to(none)` reverts all of them. */
export const none: unique symbol = Symbol('none')

/** Runs the migrations of a database. */
export interface Migrator {
  /** Applies all that are pending. */
  latest(options?: MigrateOptions): Promise<MigrationRun>
  /** Applies the next one, or the next `count`. */
  up(count?: number, options?: MigrateOptions): Promise<MigrationRun>
  /** Reverts the last one, or the last `count`. */
  down(count?: number, options?: MigrateOptions): Promise<MigrationRun>
  /** Applies or reverts up to a migration, which is then the last that is applied. */
  to(name: string | typeof none, options?: MigrateOptions): Promise<MigrationRun>
  /** Every migration, and how it stands. Changes nothing. */
  status(options?: Pick<MigrateOptions, 'signal'>): Promise<MigrationStatus[]>
  /** Marks a migration and all before it as applied, without running them: for a database that has their tables. */
  baseline(name: string, options?: Pick<MigrateOptions, 'signal'>): Promise<readonly string[]>
  /** Says how a dirty migration stands, once what it did was mended by hand. */
  resolve(name: string, as: 'applied' | 'rolled back', options?: Pick<MigrateOptions, 'signal'>): Promise<void>
}

const OPTIONS: readonly (keyof MigratorOptions)[] = ['migrations', 'table', 'lockTable', 'lock', 'allow', 'onProgress']
const LOCK_OPTIONS: readonly (keyof LockOptions)[] = ['timeout', 'by', 'expiry']
const DRIFTS: readonly Drift[] = ['changed', 'missing', 'out of order']

/**
 * A runner of the migrations of a database.
 *
 * Each migration runs in a transaction with its record where the database can undo definitions; a lock keeps two
 * runners from running one twice.
 *
 * @throws KantaError `invalid_input` for a wrong option, `policy` for a database with policies on rows. Its methods: `migration_failed` when one fails, with the
 * `MigrationRun` up to it as `result`; `migration_dirty` after one that stopped in its midst; `migration_drift` when
 * the migrations are not those of the database; `timeout` when another runner keeps the lock.
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
  if (!(handle instanceof DatabaseHandle)) return refuse('migrator() takes a database, which kanta() gives.')
  if (handle.isTransaction) return refuse('migrator() takes a database, not a transaction: it begins its own.')
  refusePolicies(handle)
  checkOptions(options)
  return new Runner(handle, options)
}

/** Under policies on rows a migration would change only those that they let through, and text is refused. */
function refusePolicies(db: DatabaseHandle): void {
  const names = policiesOf(db).flatMap(({ name, enforce }) => (enforce === undefined ? [] : [name]))
  if (names.length > 0)
    throw new KantaError(
      'policy',
      `migrator() would change tables past the policies of this database (${names.join(', ')}). Give it the database without them, with no plugins but those for names, such as camelCase().`,
    )
}

type Planner = (named: readonly Named[], records: readonly MigrationRecord[]) => readonly Planned[]
type Planned = Named & { readonly direction: Direction }

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
    return this.#run(options, pending)
  }

  up(count = 1, options?: MigrateOptions): Promise<MigrationRun> {
    return this.#run(options, (named, records) => pending(named, records).slice(0, checkCount('up', count)))
  }

  down(count = 1, options?: MigrateOptions): Promise<MigrationRun> {
    return this.#run(options, (named, records) => reverted(named, records.slice(-checkCount('down', count))))
  }

  to(name: string | typeof none, options?: MigrateOptions): Promise<MigrationRun> {
    return this.#run(options, (named, records) => toward(name, named, records))
  }

  async status({ signal }: Pick<MigrateOptions, 'signal'> = {}): Promise<MigrationStatus[]> {
    const named = await load(this.#options.migrations)
    return holding(this.#db, signal, async (held) => statusOf(named, await this.#records.read(held.own)))
  }

  async baseline(name: string, { signal }: Pick<MigrateOptions, 'signal'> = {}): Promise<readonly string[]> {
    const named = await load(this.#options.migrations)
    find(named, name)
    return this.#locked(signal, async (work) => {
      await this.#records.prepare(work.own)
      const records = await this.#records.read(work.own)
      refuseDirty(records)
      const known = new Set(records.map((record) => record.name))
      const marked = named.filter((each) => byName(each.name, name) <= 0 && !known.has(each.name))
      await work.own.transaction().execute(async (trx) => {
        const inside = withoutPlugins(work.db, sessionOf(trx))
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
      refuse(`resolve(${show(name)}, ${show(as)}): say 'applied' or 'rolled back'.`)
    await this.#locked(signal, async (work) => {
      const record = (await this.#records.read(work.own)).find((each) => each.name === name)
      if (record === undefined) refuse(`resolve(${show(name)}): the database has no record of it.`)
      if (record.state === 'applied') refuse(`resolve(${show(name)}): it is applied, and not dirty.`)
      if (as === 'applied') await this.#records.change(work.own, name, { state: 'applied' })
      else await this.#records.remove(work.own, name)
    })
  }

  async #run(options: MigrateOptions = {}, plan: Planner): Promise<MigrationRun> {
    const { dryRun, signal } = checkCall(options)
    const named = await load(this.#options.migrations)
    const steps = (records: readonly MigrationRecord[]): Step[] => {
      refuseDirty(records)
      refuseDrift(statusOf(named, records), this.#options.allow ?? [])
      const planned = plan(named, records)
      refuseElsewhere(this.#db, planned)
      const first = nextPosition(records)
      return planned.map((each, i) => ({ ...each, position: first + i, number: i + 1, of: planned.length }))
    }
    if (dryRun) return holding(this.#db, signal, (held) => this.#rehearse(held, signal, steps))
    return this.#locked(signal, async (work) => {
      await this.#records.prepare(work.own)
      // Whoever uses a server's connection next must not find the settings that a migration made.
      if (work.watch.isOfServer) work.spoil()
      const performed: Performed[] = []
      for (const step of steps(await this.#records.read(work.own))) {
        if (signal?.aborted) throw cancelledBefore(step.name, signal, await this.#ended(work, false, performed))
        performed.push(await perform(work, step))
        if ('error' in performed.at(-1)!) break
      }
      return this.#ended(work, false, performed)
    })
  }

  async #rehearse(
    held: Held,
    signal: AbortSignal | undefined,
    steps: (records: readonly MigrationRecord[]) => Step[],
  ): Promise<MigrationRun> {
    const planned = steps(await this.#records.read(held.own))
    const work = { ...held, signal, tell: (event: MigrationEvent) => this.#options.onProgress?.(event) }
    return this.#ended(held, true, planned.length === 0 ? [] : await rehearse(work, planned))
  }

  /** What a run gives, or throws. What is applied is read from the database, and not reckoned. */
  async #ended(held: Held, dryRun: boolean, performed: readonly Performed[]): Promise<MigrationRun> {
    const results = performed.map(({ result }) => result)
    const last = performed.at(-1)
    const read = async () => (await this.#records.read(held.own)).filter(({ state }) => state === 'applied')
    if (last === undefined || !('error' in last))
      return { dryRun, results, applied: (await read()).map(({ name }) => name) }
    let applied: readonly string[] | undefined
    try {
      applied = (await read()).map(({ name }) => name)
    } catch {
      // The connection may be what failed.
      held.spoil()
    }
    throw failed(last.result, last.error, { dryRun, results, applied })
  }

  /** Works with the lock held, and gives it back on every path. */
  async #locked<T>(signal: AbortSignal | undefined, act: (work: Work) => Promise<T>): Promise<T> {
    return holding(this.#db, signal, async (held) => {
      const { lock, name } = this.#lock(held)
      const tell = (event: MigrationEvent) => this.#options.onProgress?.(event)
      const timeout = this.#options.lock?.timeout ?? 60_000
      const onWait = (holder: string, waited: number) => tell({ kind: 'waiting', lock: name, holder, waited })
      await waitFor(lock, name, { timeout, signal, onWait })
      const stop = lock.keepAlive()
      const errors: unknown[] = []
      let result: T | undefined
      try {
        tell({ kind: 'locked', lock: name })
        result = await act({ ...held, lock, records: this.#records, signal, tell })
      } catch (error) {
        errors.push(error)
      }
      stop()
      try {
        await lock.release()
      } catch (error) {
        // A lock of the connection must not go back to the pool with it.
        held.spoil()
        errors.push(error)
      }
      if (errors.length > 0) throw errors.reduce(suppress)
      return result as T
    })
  }

  #lock(held: Held): { lock: Lock; name: string } {
    const driver = driverOf(this.#db)
    const sql = sessionLocks.find(driver.dialect)
    const { by = sql === undefined ? 'row' : 'session', expiry = 15_000 } = this.#options.lock ?? {}
    if (by === 'session') {
      const name = this.#options.table ?? migrationTables.record
      if (sql === undefined)
        throw new KantaError(
          'unsupported',
          `${titleOf(driver.dialect)} has no lock that belongs to a connection. Leave lock.by out, or say 'row'.`,
        )
      return { lock: sessionLock(held.own, sql, name), name }
    }
    const name = this.#options.lockTable ?? migrationTables.lock
    const beside = driver.limits.write > 1 ? withoutPlugins(this.#db) : held.own
    return { lock: new RowLock(held.own, beside, name, expiry), name }
  }
}

function pending(named: readonly Named[], records: readonly MigrationRecord[]): Planned[] {
  const known = new Set(records.map(({ name }) => name))
  return named.filter(({ name }) => !known.has(name)).map((each) => ({ ...each, direction: 'up' }))
}

/** The records' migrations, the last applied first; all can be reverted before one is. */
function reverted(named: readonly Named[], records: readonly MigrationRecord[]): Planned[] {
  return records.toReversed().map(({ name }) => {
    const found = named.find((each) => each.name === name)
    if (found === undefined)
      return refuse(`The migration '${name}' cannot be reverted: it is not among the migrations. Bring it back.`)
    if (found.migration.down === undefined)
      return refuse(
        `The migration '${name}' cannot be reverted: it has no down(db). Write one, or make a new migration.`,
      )
    return { ...found, direction: 'down' }
  })
}

function toward(
  name: string | typeof none,
  named: readonly Named[],
  records: readonly MigrationRecord[],
): readonly Planned[] {
  if (name === none) return reverted(named, records)
  find(named, name)
  const later = records.filter((record) => byName(record.name, name) > 0)
  if (records.some((record) => record.name === name)) return reverted(named, later)
  if (later.length > 0)
    refuse(
      `to('${name}'): it is pending, and '${later[0]!.name}', which comes after it, is applied. Use up() or down().`,
    )
  return pending(named, records).filter((each) => byName(each.name, name) <= 0)
}

function find(named: readonly Named[], name: unknown): void {
  if (named.some((each) => each.name === name)) return
  const near = nearest(
    String(name),
    named.map((each) => each.name),
  )
  refuse(`There is no migration ${show(name)}${near === undefined ? '.' : `; did you mean '${near}'?`}`)
}

function checkCount(method: string, count: unknown): number {
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1)
    return refuse(`${method}(${show(count)}) takes how many migrations: a whole number from 1 on.`)
  return count
}

function checkCall(options: MigrateOptions): { dryRun: boolean; signal: AbortSignal | undefined } {
  if (typeof options !== 'object' || options === null)
    return refuse(`The options of a run are an object, such as { dryRun: true }, not ${show(options)}.`)
  checkKeys('A run', options, ['dryRun', 'signal'])
  return { dryRun: options.dryRun === true, signal: options.signal }
}

function checkKeys(owner: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const near = nearest(key, known)
    refuse(
      `${owner} has no option ${show(key)}${near === undefined ? `. It takes: ${known.join(', ')}.` : `; did you mean '${near}'?`}`,
    )
  }
}

function checkOptions(options: MigratorOptions): void {
  if (typeof options !== 'object' || options === null)
    return refuse(`migrator() takes options, such as { migrations: { … } }, not ${show(options)}.`)
  checkKeys('migrator()', options, OPTIONS)
  const { migrations, table, lockTable, lock = {}, allow = [], onProgress } = options
  if ((typeof migrations !== 'object' && typeof migrations !== 'function') || migrations === null)
    refuse(`migrator() takes migrations: an object of them, or a function that loads it, not ${show(migrations)}.`)
  if (table !== undefined) checkName(table, 'the table of migrations')
  if (lockTable !== undefined) checkName(lockTable, 'the table of the lock')
  checkKeys('lock', lock, LOCK_OPTIONS)
  for (const key of ['timeout', 'expiry'] as const) {
    const value: unknown = lock[key]
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      refuse(`lock.${key} is a number of milliseconds above 0, not ${show(value)}.`)
  }
  if (lock.by !== undefined && lock.by !== 'session' && lock.by !== 'row')
    refuse(`lock.by is 'session' or 'row', not ${show(lock.by)}.`)
  if (!Array.isArray(allow) || !allow.every((drift) => DRIFTS.includes(drift)))
    refuse(`allow is an array of ${DRIFTS.map((drift) => `'${drift}'`).join(', ')}, not ${show(allow)}.`)
  if (onProgress !== undefined && typeof onProgress !== 'function') refuse('onProgress takes a function.')
}
