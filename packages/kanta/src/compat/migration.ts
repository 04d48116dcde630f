// The migrator of Kysely. It uses the same tables, so that a project can continue with its records.
import { KantaError, refuse } from '../error/index.ts'
import { type Runnable, sql } from '../sql/index.ts'
import type { DatabaseIntrospector } from './contract.ts'
import { ADAPTER } from './dialect.ts'
import type { Kysely } from './face.ts'

export const DEFAULT_MIGRATION_TABLE = 'kysely_migration'
export const DEFAULT_MIGRATION_LOCK_TABLE = 'kysely_migration_lock'
export const DEFAULT_ALLOW_UNORDERED_MIGRATIONS = false
export const MIGRATION_LOCK_ID = 'migration_lock'
/** The state before the first migration. */
export const NO_MIGRATIONS: NoMigrations = Object.freeze({ __noMigrations__: true })

export interface NoMigrations {
  readonly __noMigrations__: true
}
// A migration cannot know the types of the database, since tables change.
type AnyKysely = Kysely<any>
export interface Migration {
  up(db: AnyKysely): Promise<void>
  down?(db: AnyKysely): Promise<void>
}
export interface MigrationProvider {
  getMigrations(): Promise<Record<string, Migration>>
}
export interface MigrationInfo {
  name: string
  migration: Migration
  executedAt?: Date
}
export interface MigrationResult {
  readonly migrationName: string
  readonly direction: 'Up' | 'Down'
  readonly status: 'Success' | 'Error' | 'NotExecuted'
}
export interface MigrationResultSet {
  readonly error?: unknown
  readonly results?: MigrationResult[]
}
export interface MigrateOptions {
  readonly disableTransactions?: boolean
}
export interface MigratorProps extends MigrateOptions {
  readonly db: AnyKysely
  readonly provider: MigrationProvider
  readonly migrationTableName?: string
  readonly migrationLockTableName?: string
  readonly migrationTableSchema?: string
  readonly allowUnorderedMigrations?: boolean
  readonly nameComparator?: (name0: string, name1: string) => number
}

interface NamedMigration extends Migration {
  readonly name: string
}
/** The migrations, and the names of those that have run, in order. */
interface State {
  readonly migrations: readonly NamedMigration[]
  readonly executed: readonly string[]
  /** The time of the last run in milliseconds; 0 before the first. */
  readonly lastExecutedAt: number
}
/** The migrations to run, with their direction. */
interface Step {
  readonly direction: 'Up' | 'Down'
  readonly names: readonly string[]
}

const invalid = (message: string): KantaError => new KantaError('invalid_input', message)
const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Refuses a transaction on databases that commit it, or lose parts of it, when a migration changes a table. */
function refuseTransaction(db: AnyKysely): void {
  const adapter = (db as unknown as { readonly [ADAPTER]: LockAdapter })[ADAPTER]
  if (db.isTransaction && adapter.supportsTransactionalDdl !== true)
    throw invalid(
      'The migrator got a transaction, but the adapter says supportsTransactionalDdl: false. Pass it the Kysely of the database.',
    )
}

/** Runs migrations. It never throws, but returns the error in its result. */
export class Migrator {
  readonly #props: MigratorProps

  constructor(props: MigratorProps) {
    if (typeof props?.db?.selectFrom !== 'function') refuse('new Migrator() needs { db, provider }.')
    this.#props = Object.freeze({ ...props })
  }

  async getMigrations(): Promise<readonly MigrationInfo[]> {
    const records = (await this.#hasTable(this.#table)) ? await this.#records(this.#props.db) : []
    const executed = new Map(records.map((record) => [record.name, new Date(record.timestamp)]))
    return (await this.#migrations()).map(({ name, ...migration }) => {
      const executedAt = executed.get(name)
      return { name, migration, ...(executedAt === undefined ? {} : { executedAt }) }
    })
  }

  migrateToLatest(options?: MigrateOptions): Promise<MigrationResultSet> {
    return this.#migrate(options, (state) => ({ direction: 'Up', names: pendingNames(state) }))
  }

  migrateTo(target: string | NoMigrations, options?: MigrateOptions): Promise<MigrationResultSet> {
    return this.#migrate(options, (state) => stepTo(state, target))
  }

  migrateUp(options?: MigrateOptions): Promise<MigrationResultSet> {
    return this.#migrate(options, (state) => ({ direction: 'Up', names: pendingNames(state).slice(0, 1) }))
  }

  migrateDown(options?: MigrateOptions): Promise<MigrationResultSet> {
    return this.#migrate(options, ({ executed }) => ({ direction: 'Down', names: executed.slice(-1) }))
  }

  get #table(): string {
    return this.#props.migrationTableName ?? DEFAULT_MIGRATION_TABLE
  }

  get #lockTable(): string {
    return this.#props.migrationLockTableName ?? DEFAULT_MIGRATION_LOCK_TABLE
  }

  async #migrate(options: MigrateOptions | undefined, choose: (state: State) => Step): Promise<MigrationResultSet> {
    const results: MigrationResult[] = []
    try {
      refuseTransaction(this.#props.db)
      await this.#prepare()
      await this.#withLock(options, async (db) => {
        const state = await this.#state(db)
        await this.#run(db, state, choose(state), results)
      })
      return { results }
    } catch (error) {
      return results.length === 0 ? { error } : { error, results }
    }
  }

  /** Creates the tables of the migrator if they are missing. */
  async #prepare(): Promise<void> {
    const { db, migrationTableSchema } = this.#props
    const schemas = migrationTableSchema === undefined ? [] : await introspection(db).getSchemas()
    if (migrationTableSchema !== undefined && !schemas.some(({ name }) => name === migrationTableSchema))
      await run(db, sql`create schema ${sql.id(migrationTableSchema)}`)
    if (!(await this.#hasTable(this.#table))) await run(db, this.#createTable())
    if (!(await this.#hasTable(this.#lockTable))) await run(db, this.#createLockTable())
    const { rows } = await run(db, sql`select id from ${this.#id(this.#lockTable)} where id = ${MIGRATION_LOCK_ID}`)
    if (rows.length === 0)
      await run(
        db,
        sql`insert into ${this.#id(this.#lockTable)} (${sql.id('id')}, ${sql.id('is_locked')}) values (${MIGRATION_LOCK_ID}, ${0})`,
      )
  }

  #createTable() {
    return sql`create table ${this.#id(this.#table)} (${sql.id('name')} varchar(255) not null primary key, ${sql.id('timestamp')} varchar(255) not null)`
  }

  #createLockTable() {
    return sql`create table ${this.#id(this.#lockTable)} (${sql.id('id')} varchar(255) not null primary key, ${sql.id('is_locked')} integer default 0 not null)`
  }

  #id(table: string) {
    const { migrationTableSchema } = this.#props
    return migrationTableSchema === undefined ? sql.id(table) : sql.id(migrationTableSchema, table)
  }

  async #hasTable(name: string): Promise<boolean> {
    const { db, migrationTableSchema } = this.#props
    const tables = await introspection(db).getTables({ withInternalKyselyTables: true })
    return tables.some(
      (table) => table.name === name && (migrationTableSchema === undefined || table.schema === migrationTableSchema),
    )
  }

  async #withLock(options: MigrateOptions | undefined, work: (db: AnyKysely) => Promise<void>): Promise<void> {
    const { db, disableTransactions } = this.#props
    const adapter = (db as unknown as { readonly [ADAPTER]: LockAdapter })[ADAPTER]
    const lock = {
      lockTable: this.#lockTable,
      lockRowId: MIGRATION_LOCK_ID,
      ...(this.#props.migrationTableSchema === undefined ? {} : { lockTableSchema: this.#props.migrationTableSchema }),
    }
    const held = async (one: AnyKysely): Promise<void> => {
      await adapter.acquireMigrationLock?.(one, lock)
      try {
        await work(one)
      } finally {
        await adapter.releaseMigrationLock?.(one, lock)
      }
    }
    const transactional =
      adapter.supportsTransactionalDdl === true && (options?.disableTransactions ?? disableTransactions) !== true
    if (db.isTransaction) return held(db)
    await db.connection().execute((one) => (transactional ? withSessionLock(adapter, one, lock, work) : held(one)))
  }

  async #state(db: AnyKysely): Promise<State> {
    const migrations = await this.#migrations()
    const records = await this.#records(db)
    const executed = records.map((record) => record.name)
    const known = new Set(migrations.map(({ name }) => name))
    for (const name of executed)
      if (!known.has(name)) throw invalid(`corrupted migrations: previously executed migration ${name} is missing`)
    if (this.#props.allowUnorderedMigrations !== true)
      executed.forEach((name, i) => {
        const there = migrations[i]!.name
        if (there !== name)
          throw invalid(
            `corrupted migrations: expected previously executed migration ${name} to be at index ${i} but ${there} was found in its place. New migrations must always have a name that comes after those that ran.`,
          )
      })
    const last = records.at(-1)
    return { migrations, executed, lastExecutedAt: last === undefined ? 0 : new Date(last.timestamp).getTime() }
  }

  async #migrations(): Promise<readonly NamedMigration[]> {
    const all = await this.#props.provider.getMigrations()
    return Object.keys(all)
      .sort(byCode)
      .map((name) => ({ ...pickMigration(all[name]!), name }))
  }

  async #records(db: AnyKysely): Promise<readonly { readonly name: string; readonly timestamp: string }[]> {
    const { rows } = await run(db, sql`select ${sql.id('name')}, ${sql.id('timestamp')} from ${this.#id(this.#table)}`)
    const compare = this.#props.nameComparator ?? byCode
    return (rows as { name: string; timestamp: string }[]).sort(
      (a, b) => new Date(a.timestamp).getTime() - new Date(b.timestamp).getTime() || compare(a.name, b.name),
    )
  }

  async #run(db: AnyKysely, state: State, { direction, names }: Step, results: MigrationResult[]): Promise<void> {
    for (const migrationName of names) results.push({ migrationName, direction, status: 'NotExecuted' })
    // Record increasing times, even if the clock stands still or is behind that of another machine.
    let last = state.lastExecutedAt
    for (const [i, name] of names.entries()) {
      const migration = state.migrations.find((one) => one.name === name)!
      const change = direction === 'Up' ? migration.up : migration.down
      if (change === undefined) continue
      try {
        await change(db)
        last = Math.max(Date.now(), last + 1)
        const record = this.#id(this.#table)
        if (direction === 'Up')
          await run(
            db,
            sql`insert into ${record} (${sql.id('name')}, ${sql.id('timestamp')}) values (${name}, ${new Date(last).toISOString()})`,
          )
        else await run(db, sql`delete from ${record} where ${sql.id('name')} = ${name}`)
        results[i] = { migrationName: name, direction, status: 'Success' }
      } catch (error) {
        results[i] = { migrationName: name, direction, status: 'Error' }
        throw error
      }
    }
  }
}

const pickMigration = ({ up, down }: Migration): Migration => ({
  up: (db) => up(db),
  ...(down && { down: (db) => down(db) }),
})

interface Lock {
  readonly lockTable: string
  readonly lockRowId: string
  readonly lockTableSchema?: string
}
interface LockAdapter {
  readonly supportsTransactionalDdl?: boolean
  acquireMigrationLock?(db: AnyKysely, lock: Lock): Promise<void>
  releaseMigrationLock?(db: AnyKysely, lock: Lock): Promise<void>
}

/** Holds the session lock around the transaction. */
async function withSessionLock(
  adapter: LockAdapter,
  one: AnyKysely,
  lock: Lock,
  work: (db: AnyKysely) => Promise<void>,
): Promise<void> {
  await adapter.acquireMigrationLock?.(one, lock)
  try {
    await one.transaction().execute(work)
  } finally {
    await adapter.releaseMigrationLock?.(one, lock)
  }
}

const introspection = (db: AnyKysely): DatabaseIntrospector => db.introspection

async function run(db: AnyKysely, text: { execute(db: Runnable): Promise<unknown> }): Promise<{ rows: unknown[] }> {
  return (await text.execute(db.withoutPlugins() as unknown as Runnable)) as { rows: unknown[] }
}

const pendingNames = ({ migrations, executed }: State): string[] =>
  migrations.map(({ name }) => name).filter((name) => !executed.includes(name))

function stepTo(state: State, target: string | NoMigrations): Step {
  const { executed } = state
  if (typeof target !== 'string') return { direction: 'Down', names: executed.toReversed() }
  if (!state.migrations.some(({ name }) => name === target)) throw invalid(`migration "${target}" doesn't exist`)
  const at = executed.indexOf(target)
  if (at >= 0) return { direction: 'Down', names: executed.slice(at + 1).toReversed() }
  const names = pendingNames(state)
  return { direction: 'Up', names: names.slice(0, names.indexOf(target) + 1) }
}

export interface FileMigrationProviderFS {
  readdir(path: string): Promise<string[]>
}
export interface FileMigrationProviderPath {
  join(...path: string[]): string
}
export interface FileMigrationProviderProps {
  fs: FileMigrationProviderFS
  path: FileMigrationProviderPath
  migrationFolder: string
  import?(module: string): Promise<unknown>
  onFileIgnored?(fileName: string, reason: 'Extension' | 'NotMigration'): void
}

const MODULE = /(?<!\.d)\.[cm]?[jt]s$/

/** Loads migrations from the files of a folder, each with `up` and optionally `down`. */
export class FileMigrationProvider implements MigrationProvider {
  readonly #props: FileMigrationProviderProps

  constructor(props: FileMigrationProviderProps) {
    this.#props = props
  }

  async getMigrations(): Promise<Record<string, Migration>> {
    const { fs, path, migrationFolder, onFileIgnored } = this.#props
    const load = this.#props.import ?? ((module: string): Promise<unknown> => import(module))
    const found: [string, Migration][] = []
    for (const file of await fs.readdir(migrationFolder)) {
      if (!this.hasExpectedExtension(file)) {
        onFileIgnored?.(file, 'Extension')
        continue
      }
      const module = (await load(path.join(migrationFolder, file))) as { default?: unknown } | undefined
      const migration = [module?.default, module].find(isMigration)
      if (migration === undefined) onFileIgnored?.(file, 'NotMigration')
      else found.push([file.slice(0, file.lastIndexOf('.')), migration])
    }
    return Object.fromEntries(found)
  }

  protected hasExpectedExtension(file: string): boolean {
    return MODULE.test(file)
  }
}

const isMigration = (value: unknown): value is Migration => typeof (value as Migration | undefined)?.up === 'function'
