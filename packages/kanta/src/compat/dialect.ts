import type { Dialect as KantaDialect } from '../dialect/index.ts'
import { mssqlDialect } from '../dialect/mssql/index.ts'
import { mysqlDialect } from '../dialect/mysql/index.ts'
import { postgresDialect } from '../dialect/postgres/index.ts'
import { sqliteDialect } from '../dialect/sqlite/index.ts'
import {
  type ExternalClient,
  externalMysql,
  externalPg,
  externalPglite,
  externalSqlite,
  externalTedious,
} from '../driver/external/index.ts'
import type { Driver as KantaDriver } from '../driver/index.ts'
import { refuse } from '../error/index.ts'
import { type Runnable, sql } from '../sql/index.ts'
import type {
  CompiledQuery,
  ConnectionHooks,
  DatabaseConnection,
  DatabaseIntrospector,
  DialectAdapter,
  Driver,
  MigrationLockOptions,
  MssqlDialectConfig,
  MysqlDialectConfig,
  PGliteDialectConfig,
  PostgresDialectConfig,
  QueryCompiler,
  SqliteDialectConfig,
} from './contract.ts'
import { connectionOf, driverOf } from './driver-adapter.ts'
import { Introspector } from './introspect.ts'

/** A dialect as Kysely defines it. */
export interface Dialect {
  createDriver(): Driver
  createQueryCompiler(): QueryCompiler
  createAdapter(): DialectAdapter
  createIntrospector(db: never): DatabaseIntrospector
}

/** The key under which a dialect of this package holds its Kanta driver. */
export const KANTA_DRIVER: unique symbol = Symbol('driver')
/** The key under which a database holds the adapter of its dialect. */
export const ADAPTER: unique symbol = Symbol('adapter')
/** The key under which a query compiler of this package holds its Kanta dialect. */
export const KANTA_DIALECT: unique symbol = Symbol('dialect')

const refuseNodes = (what: string): never =>
  refuse(
    `${what} works on Kysely's operation nodes, which Kanta does not have. Build the query, and call its compile().`,
  )

/** Determines the dialect. Kanta compiles the queries itself. */
export class DefaultQueryCompiler implements QueryCompiler {
  compileQuery(): CompiledQuery {
    return refuseNodes('compileQuery()')
  }
}
export class SqliteQueryCompiler extends DefaultQueryCompiler {
  get [KANTA_DIALECT](): KantaDialect {
    return sqliteDialect
  }
}

export class PostgresQueryCompiler extends DefaultQueryCompiler {
  get [KANTA_DIALECT](): KantaDialect {
    return postgresDialect
  }
}
export class MysqlQueryCompiler extends DefaultQueryCompiler {
  get [KANTA_DIALECT](): KantaDialect {
    return mysqlDialect
  }
}
export class MssqlQueryCompiler extends DefaultQueryCompiler {
  get [KANTA_DIALECT](): KantaDialect {
    return mssqlDialect
  }
}

const COMPILERS: ReadonlySet<object> = new Set([
  SqliteQueryCompiler.prototype,
  PostgresQueryCompiler.prototype,
  MysqlQueryCompiler.prototype,
  MssqlQueryCompiler.prototype,
])

/**
 * Returns the Kanta dialect of a query compiler.
 *
 * @throws KantaError `invalid_input` for a compiler of another library, and for one that overrides methods, since Kanta
 * would never call them.
 */
export function dialectOf(compiler: QueryCompiler): KantaDialect {
  const dialect = (compiler as { [KANTA_DIALECT]?: KantaDialect } | undefined)?.[KANTA_DIALECT]
  if (dialect === undefined)
    return refuse(
      'createQueryCompiler() must return a query compiler of kanta/kysely, such as new SqliteQueryCompiler(). Kanta compiles the queries itself.',
    )
  for (let own: object = compiler; !COMPILERS.has(own); own = Object.getPrototypeOf(own)) {
    const method = Object.getOwnPropertyNames(own).find((name) => name !== 'constructor' && isOverride(own, name))
    if (method !== undefined)
      refuse(
        `The query compiler ${compiler.constructor.name} overrides ${method}(), which Kanta never calls: it compiles the queries itself. Remove the method, or change queries by a policy: see "Plugins" in docs/from-kysely.md.`,
      )
  }
  return dialect
}

/** Checks if a property is a method or accessor, not the state of an object. */
function isOverride(owner: object, name: string): boolean {
  const property = Object.getOwnPropertyDescriptor(owner, name)!
  return property.get !== undefined || typeof property.value === 'function'
}

export abstract class DialectAdapterBase implements DialectAdapter {
  get supportsCreateIfNotExists(): boolean {
    return true
  }
  get supportsMultipleConnections(): boolean {
    return true
  }
  get supportsTransactionalDdl(): boolean {
    return false
  }
  get supportsReturning(): boolean {
    return false
  }
  get supportsOutput(): boolean {
    return false
  }
  async acquireMigrationLock(_db: Runnable, _options: MigrationLockOptions): Promise<void> {}
  async releaseMigrationLock(_db: Runnable, _options: MigrationLockOptions): Promise<void> {}
}
export class SqliteAdapter extends DialectAdapterBase {
  override get supportsMultipleConnections(): boolean {
    return false
  }
  override get supportsReturning(): boolean {
    return true
  }
}

// The locks of Kysely, so that its migrators and these exclude each other.
const POSTGRES_LOCK = 3853314791062309107n
const MYSQL_LOCK = 'ea586330-2c93-47c8-908d-981d9d270f9d'
const MYSQL_LOCK_TIMEOUT = 60 * 60

export class PostgresAdapter extends DialectAdapterBase {
  override async acquireMigrationLock(db: Runnable): Promise<void> {
    await sql`select pg_advisory_lock(${sql.lit(POSTGRES_LOCK)})`.execute(db)
  }
  override async releaseMigrationLock(db: Runnable): Promise<void> {
    await sql`select pg_advisory_unlock(${sql.lit(POSTGRES_LOCK)})`.execute(db)
  }
  override get supportsTransactionalDdl(): boolean {
    return true
  }
  override get supportsReturning(): boolean {
    return true
  }
}
export class PGliteAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
  override get supportsMultipleConnections(): boolean {
    return false
  }
}
export class MysqlAdapter extends DialectAdapterBase {
  override async acquireMigrationLock(db: Runnable): Promise<void> {
    await sql`select get_lock(${MYSQL_LOCK}, ${MYSQL_LOCK_TIMEOUT})`.execute(db)
  }
  override async releaseMigrationLock(db: Runnable): Promise<void> {
    await sql`select release_lock(${MYSQL_LOCK})`.execute(db)
  }
}
export class MssqlAdapter extends DialectAdapterBase {
  override get supportsCreateIfNotExists(): boolean {
    return false
  }
  override get supportsTransactionalDdl(): boolean {
    return true
  }
  override get supportsOutput(): boolean {
    return true
  }
  override async acquireMigrationLock(db: Runnable): Promise<void> {
    await sql`exec sp_getapplock @DbPrincipal = 'dbo', @Resource = 'kysely_migration', @LockMode = 'Exclusive', @LockOwner = 'Session'`.execute(
      db,
    )
  }
  override async releaseMigrationLock(db: Runnable): Promise<void> {
    await sql`exec sp_releaseapplock @DbPrincipal = 'dbo', @Resource = 'kysely_migration', @LockOwner = 'Session'`.execute(
      db,
    )
  }
}

/** A driver that does not run statements, for programs that only compile. */
export class DummyDriver implements Driver {
  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return new DummyConnection()
  }
  async beginTransaction(): Promise<void> {}
  async commitTransaction(): Promise<void> {}
  async rollbackTransaction(): Promise<void> {}
  async releaseConnection(): Promise<void> {}
  async savepoint(): Promise<void> {}
  async rollbackToSavepoint(): Promise<void> {}
  async releaseSavepoint(): Promise<void> {}
  async destroy(): Promise<void> {}
}
class DummyConnection implements DatabaseConnection {
  async executeQuery(): Promise<{ rows: never[] }> {
    return { rows: [] }
  }
  async *streamQuery(): AsyncIterableIterator<never> {}
}

/** A dialect of this package: a Kanta driver behind the interface of Kysely. */
abstract class BundledDialect implements Dialect {
  abstract get [KANTA_DRIVER](): KantaDriver
  abstract createQueryCompiler(): QueryCompiler
  abstract createAdapter(): DialectAdapter

  createDriver(): Driver {
    return driverOf(this[KANTA_DRIVER])
  }

  createIntrospector(db: never): DatabaseIntrospector {
    return new Introspector(db, this[KANTA_DRIVER].dialect)
  }
}

/** Returns the Kanta driver of a dialect of this package, unless a subclass creates a driver of its own. */
export function bundledDriverOf(dialect: Dialect): KantaDriver | undefined {
  if (dialect.createDriver !== BundledDialect.prototype.createDriver) return undefined
  return (dialect as BundledDialect)[KANTA_DRIVER]
}

export class SqliteIntrospector extends Introspector {
  constructor(db: never) {
    super(db, 'sqlite')
  }
}
export class PostgresIntrospector extends Introspector {
  constructor(db: never) {
    super(db, 'postgres')
  }
}
export class MysqlIntrospector extends Introspector {
  constructor(db: never) {
    super(db, 'mysql')
  }
}
export class MssqlIntrospector extends Introspector {
  constructor(db: never) {
    super(db, 'mssql')
  }
}

/** The dialect of SQLite, for a database of `better-sqlite3` or one with the same interface. */
export class SqliteDialect extends BundledDialect {
  readonly #config: SqliteDialectConfig

  constructor(config: SqliteDialectConfig) {
    super()
    this.#config = { ...config }
  }

  get [KANTA_DRIVER](): KantaDriver {
    const { database, onCreateConnection } = this.#config
    const driver = externalSqlite(() => (typeof database === 'function' ? database() : database))
    if (onCreateConnection === undefined) return driver
    return {
      ...driver,
      async connect(role) {
        const connection = await driver.connect(role)
        await onCreateConnection(connectionOf(connection))
        return connection
      },
    }
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler()
  }

  createAdapter(): DialectAdapter {
    return new SqliteAdapter()
  }
}

/** Returns a callback for clients of a pool, which calls one hook for new clients and one each time it takes one. */
function onTake({ onCreateConnection, onReserveConnection }: ConnectionHooks) {
  return async (client: ExternalClient, isNew: boolean): Promise<void> => {
    const connection = connectionOf(client)
    if (isNew) await onCreateConnection?.(connection)
    await onReserveConnection?.(connection)
  }
}

/** The dialect of PostgreSQL, for a pool of `pg`. */
export class PostgresDialect extends BundledDialect {
  readonly #config: PostgresDialectConfig

  constructor(config: PostgresDialectConfig) {
    super()
    this.#config = { ...config }
  }

  get [KANTA_DRIVER](): KantaDriver {
    return externalPg({ ...this.#config, onTake: onTake(this.#config) })
  }

  createQueryCompiler(): QueryCompiler {
    return new PostgresQueryCompiler()
  }

  createAdapter(): DialectAdapter {
    return new PostgresAdapter()
  }
}

/** The dialect of PostgreSQL in the process, for a database of `@electric-sql/pglite`. */
export class PGliteDialect extends BundledDialect {
  readonly #config: PGliteDialectConfig

  constructor(config: PGliteDialectConfig) {
    super()
    this.#config = { ...config }
  }

  get [KANTA_DRIVER](): KantaDriver {
    return externalPglite(this.#config.pglite, (client) => onTake(this.#config)(client, true))
  }

  createQueryCompiler(): QueryCompiler {
    return new PostgresQueryCompiler()
  }

  createAdapter(): DialectAdapter {
    return new PGliteAdapter()
  }
}

/** The dialect of MySQL, for a pool of `mysql2`. */
export class MysqlDialect extends BundledDialect {
  readonly #config: MysqlDialectConfig

  constructor(config: MysqlDialectConfig) {
    super()
    this.#config = { ...config }
  }

  get [KANTA_DRIVER](): KantaDriver {
    return externalMysql({ ...this.#config, onTake: onTake(this.#config) })
  }

  createQueryCompiler(): QueryCompiler {
    return new MysqlQueryCompiler()
  }

  createAdapter(): DialectAdapter {
    return new MysqlAdapter()
  }
}

/** The default pool size of tarn. */
const TARN_MAX = 10

/**
 * The dialect of SQL Server, for `tedious`. The pool is Kanta's own; it reads only the maximum size of the tarn
 * options.
 */
export class MssqlDialect extends BundledDialect {
  readonly #config: MssqlDialectConfig

  constructor(config: MssqlDialectConfig) {
    super()
    this.#config = { ...config }
  }

  get [KANTA_DRIVER](): KantaDriver {
    const { tedious, tarn } = this.#config
    return externalTedious(tedious.connectionFactory, tarn?.options?.max ?? TARN_MAX)
  }

  createQueryCompiler(): QueryCompiler {
    return new MssqlQueryCompiler()
  }

  createAdapter(): DialectAdapter {
    return new MssqlAdapter()
  }
}
