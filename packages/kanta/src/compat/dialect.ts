import type { Dialect as Speech } from '../dialect/index.ts'
import { sqliteDialect } from '../dialect/sqlite/index.ts'
import { type Driver as Access, givenSqlite } from '../driver/index.ts'
import { refuse } from '../error/index.ts'
import type {
  CompiledQuery,
  DatabaseConnection,
  DatabaseIntrospector,
  DialectAdapter,
  Driver,
  QueryCompiler,
  SqliteDialectConfig,
} from './contract.ts'
import { connectionOf, driverOf } from './given-driver.ts'

/** What a `Kysely` is opened with. */
export interface Dialect {
  createDriver(): Driver
  createQueryCompiler(): QueryCompiler
  createAdapter(): DialectAdapter
  createIntrospector(db: never): DatabaseIntrospector
}

/** Where a dialect of this package keeps the driver of Kanta that it stands for. */
export const ACCESS: unique symbol = Symbol('driver')
/** Where a query compiler of this package keeps the dialect that it stands for. */
export const SPEECH: unique symbol = Symbol('dialect')

const refuseNodes = (what: string): never =>
  refuse(
    `${what} works on Kysely's operation nodes, which Kanta does not have. Build the query, and call its compile().`,
  )

/** Says which database text is for; Kanta prints by itself. */
export class DefaultQueryCompiler implements QueryCompiler {
  compileQuery(): CompiledQuery {
    return refuseNodes('compileQuery()')
  }
}
export class SqliteQueryCompiler extends DefaultQueryCompiler {
  get [SPEECH](): Speech {
    return sqliteDialect
  }
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
}
export class SqliteAdapter extends DialectAdapterBase {
  override get supportsMultipleConnections(): boolean {
    return false
  }
  override get supportsReturning(): boolean {
    return true
  }
}

/** A driver that runs nothing, for programs that only compile. */
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

/** SQLite by way of a database of `better-sqlite3`, or one that is made like it. */
export class SqliteDialect implements Dialect {
  readonly #config: SqliteDialectConfig

  constructor(config: SqliteDialectConfig) {
    this.#config = Object.freeze({ ...config })
  }

  get [ACCESS](): Access {
    const { database, onCreateConnection } = this.#config
    const driver = givenSqlite(() => (typeof database === 'function' ? database() : database))
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

  createDriver(): Driver {
    return driverOf(this[ACCESS])
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler()
  }

  createAdapter(): DialectAdapter {
    return new SqliteAdapter()
  }

  createIntrospector(db: never): DatabaseIntrospector {
    return introspectorOf(db)
  }
}

export function introspectorOf(_db: unknown): DatabaseIntrospector {
  return refuse('Not yet.')
}
