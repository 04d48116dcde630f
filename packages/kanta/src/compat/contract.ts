// The interfaces between Kysely and its programs: dialects, drivers, connections, plugins.
import type { AccessMode, IsolationLevel } from '../dialect/index.ts'
import type { ExternalMysqlPool, ExternalPglite, ExternalPgPool, ExternalSqlite } from '../driver/external/index.ts'
import type { $row } from '../table/index.ts'

/** The options of an operation that can be aborted. */
export interface AbortableOperationOptions {
  readonly signal?: AbortSignal | undefined
}
/** The fate of a runOptions query when its signal aborts. */
export type InflightQueryAbortStrategy = 'ignore query' | 'cancel query' | 'kill session'
export interface AbortableQueryOptions extends AbortableOperationOptions {
  readonly inflightQueryAbortStrategy?: InflightQueryAbortStrategy | undefined
}

/** SQL text with its parameters and the query that it was compiled from. */
export interface CompiledQuery<out O = unknown> {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly query: object
  readonly queryId?: QueryId
  readonly [$row]?: O
}
/** Identifies a run of a query. */
export interface QueryId {
  readonly queryId: string
}

/** The result of a statement. */
export interface QueryResult<O> {
  readonly numAffectedRows?: bigint
  readonly numChangedRows?: bigint
  readonly insertId?: bigint
  readonly rows: O[]
}

export interface TransactionSettings {
  readonly accessMode?: AccessMode
  readonly isolationLevel?: IsolationLevel
}

/** Passes a connection to a consumer, to cancel a query on another one. */
export type ControlConnectionProvider = (consumer: (connection: DatabaseConnection) => Promise<void>) => Promise<void>

/** A connection of a driver that was written for Kysely. */
export interface DatabaseConnection {
  cancelQuery?(control: ControlConnectionProvider): Promise<void>
  collectSessionInfo?(): Promise<void>
  executeQuery<R>(query: CompiledQuery, options?: AbortableOperationOptions): Promise<QueryResult<R>>
  killSession?(control: ControlConnectionProvider): Promise<void>
  streamQuery<R>(
    query: CompiledQuery,
    chunkSize: number,
    options?: AbortableOperationOptions,
  ): AsyncIterableIterator<QueryResult<R>>
}

/** Compiles the node of a savepoint. */
export type CompileQuery = (node: object, queryId: QueryId) => CompiledQuery

/** A driver that was written for Kysely. */
export interface Driver {
  init(options?: AbortableOperationOptions): Promise<void>
  acquireConnection(options?: AbortableOperationOptions): Promise<DatabaseConnection>
  beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void>
  commitTransaction(connection: DatabaseConnection): Promise<void>
  rollbackTransaction(connection: DatabaseConnection): Promise<void>
  savepoint?(connection: DatabaseConnection, name: string, compileQuery: CompileQuery): Promise<void>
  rollbackToSavepoint?(connection: DatabaseConnection, name: string, compileQuery: CompileQuery): Promise<void>
  releaseSavepoint?(connection: DatabaseConnection, name: string, compileQuery: CompileQuery): Promise<void>
  releaseConnection(connection: DatabaseConnection, options?: AbortableOperationOptions): Promise<void>
  destroy(options?: AbortableOperationOptions): Promise<void>
}

/** The capabilities of a dialect. */
export interface DialectAdapter {
  readonly supportsCreateIfNotExists?: boolean
  readonly supportsMultipleConnections?: boolean
  readonly supportsTransactionalDdl?: boolean
  readonly supportsReturning?: boolean
  readonly supportsOutput?: boolean
  /** Locks out other migrators, on the given connection. */
  acquireMigrationLock?(db: never, options: MigrationLockOptions): Promise<void>
  releaseMigrationLock?(db: never, options: MigrationLockOptions): Promise<void>
}

export interface MigrationLockOptions {
  readonly lockTable: string
  readonly lockRowId: string
  readonly lockTableSchema?: string
}

/** Compiles Kysely's nodes. In Kanta it only determines the dialect. */
export interface QueryCompiler {
  compileQuery(node: object, queryId: QueryId): CompiledQuery
}

/** The introspection of a database, as `db.introspection` returns it. */
export interface DatabaseIntrospector {
  getSchemas(): Promise<SchemaMetadata[]>
  getTables(options?: DatabaseMetadataOptions): Promise<TableMetadata[]>
}
export interface DatabaseMetadataOptions {
  withInternalKyselyTables: boolean
}
export interface SchemaMetadata {
  readonly name: string
}
export interface TableMetadata {
  readonly name: string
  readonly isView: boolean
  readonly isForeign: boolean
  readonly columns: ColumnMetadata[]
  readonly schema?: string
}
export interface ColumnMetadata {
  readonly name: string
  readonly dataType: string
  readonly dataTypeSchema?: string
  readonly isAutoIncrementing: boolean
  readonly isNullable: boolean
  readonly hasDefaultValue: boolean
  readonly comment?: string
}

export interface SqliteDialectConfig {
  /** The open database, or a function that opens it before the first query. */
  database: ExternalSqlite | ((options?: AbortableOperationOptions) => Promise<ExternalSqlite>)
  /** Called with the connection before its first query. */
  onCreateConnection?: (connection: DatabaseConnection, options?: AbortableOperationOptions) => Promise<void>
}

/** Callbacks for the connections of a pool. */
export interface ConnectionHooks {
  /** Called with a connection before its first query. */
  onCreateConnection?: (connection: DatabaseConnection, options?: AbortableOperationOptions) => Promise<void>
  /** Called with a connection each time it is taken from the pool. */
  onReserveConnection?: (connection: DatabaseConnection, options?: AbortableOperationOptions) => Promise<void>
}
export interface PostgresDialectConfig extends ConnectionHooks {
  /** The pool of `pg`, or a function that creates it before the first query. */
  pool: ExternalPgPool | ((options?: AbortableOperationOptions) => Promise<ExternalPgPool>)
  /** The class of `pg-cursor`, for `stream()`. */
  cursor?: unknown
  /** The class `Client` of `pg`, to cancel queries. */
  controlClient?: unknown
}
export interface PGliteDialectConfig extends Pick<ConnectionHooks, 'onCreateConnection'> {
  pglite: ExternalPglite | ((options?: AbortableOperationOptions) => ExternalPglite | Promise<ExternalPglite>)
}
export interface MysqlDialectConfig extends ConnectionHooks {
  /** The pool of `mysql2`, or a function that creates it before the first query. */
  pool: ExternalMysqlPool | ((options?: AbortableOperationOptions) => Promise<ExternalMysqlPool>)
  /** `createConnection` of `mysql2`, to cancel queries. */
  controlConnection?: (config: never) => unknown
  /** An option of Kanta: `'mariadb'` allows `returning` where MariaDB supports it. */
  flavor?: 'mysql' | 'mariadb'
}
export interface MssqlDialectConfig {
  tedious: { readonly connectionFactory: () => unknown }
  tarn?: { readonly options?: { readonly max?: number } }
  resetConnectionsOnRelease?: boolean
  validateConnections?: boolean
}
