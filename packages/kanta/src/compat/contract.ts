// What programs written for Kysely give to it and get from it, as interfaces: dialects, drivers, connections, plugins.
import type { AccessMode, IsolationLevel } from '../dialect/index.ts'
import type { GivenMysqlPool, GivenPglite, GivenPgPool, GivenSqlite } from '../driver/given/index.ts'
import type { $row } from '../table/index.ts'

/** How long an operation may take. */
export interface AbortableOperationOptions {
  readonly signal?: AbortSignal | undefined
}
/** What becomes of a query that runs when its signal aborts. */
export type InflightQueryAbortStrategy = 'ignore query' | 'cancel query' | 'kill session'
export interface AbortableQueryOptions extends AbortableOperationOptions {
  readonly inflightQueryAbortStrategy?: InflightQueryAbortStrategy | undefined
}

/** SQL text, its parameters, and what it was made from. */
export interface CompiledQuery<out O = unknown> {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly query: object
  readonly queryId?: QueryId
  readonly [$row]?: O
}
/** Tells the runs of one query apart from those of others. */
export interface QueryId {
  readonly queryId: string
}

/** What running a statement gave. */
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

/** Gives a connection to a consumer, to cancel what runs on another. */
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

/** Makes text of the node of a savepoint. */
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

/** What a dialect can do. */
export interface DialectAdapter {
  readonly supportsCreateIfNotExists?: boolean
  readonly supportsMultipleConnections?: boolean
  readonly supportsTransactionalDdl?: boolean
  readonly supportsReturning?: boolean
  readonly supportsOutput?: boolean
  /** Keeps other migrators out, on the connection that it is given. */
  acquireMigrationLock?(db: never, options: MigrationLockOptions): Promise<void>
  releaseMigrationLock?(db: never, options: MigrationLockOptions): Promise<void>
}

export interface MigrationLockOptions {
  readonly lockTable: string
  readonly lockRowId: string
  readonly lockTableSchema?: string
}

/** Makes text of Kysely's nodes; in Kanta it only says which database the text is for. */
export interface QueryCompiler {
  compileQuery(node: object, queryId: QueryId): CompiledQuery
}

/** What `introspection` gives. */
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
  /** The open database, or what opens it with the first query. */
  database: GivenSqlite | ((options?: AbortableOperationOptions) => Promise<GivenSqlite>)
  /** Called with the connection before its first query. */
  onCreateConnection?: (connection: DatabaseConnection, options?: AbortableOperationOptions) => Promise<void>
}

/** What is called with the connections of a pool. */
export interface ConnectionHooks {
  /** Called with a connection before its first query. */
  onCreateConnection?: (connection: DatabaseConnection, options?: AbortableOperationOptions) => Promise<void>
  /** Called with a connection each time it is taken from the pool. */
  onReserveConnection?: (connection: DatabaseConnection, options?: AbortableOperationOptions) => Promise<void>
}
export interface PostgresDialectConfig extends ConnectionHooks {
  /** The pool of `pg`, or what makes it with the first query. */
  pool: GivenPgPool | ((options?: AbortableOperationOptions) => Promise<GivenPgPool>)
  /** The class of `pg-cursor`, for `stream()`. */
  cursor?: unknown
  /** The class `Client` of `pg`, to cancel queries. */
  controlClient?: unknown
}
export interface PGliteDialectConfig extends Pick<ConnectionHooks, 'onCreateConnection'> {
  pglite: GivenPglite | ((options?: AbortableOperationOptions) => GivenPglite | Promise<GivenPglite>)
}
export interface MysqlDialectConfig extends ConnectionHooks {
  /** The pool of `mysql2`, or what makes it with the first query. */
  pool: GivenMysqlPool | ((options?: AbortableOperationOptions) => Promise<GivenMysqlPool>)
  /** `createConnection` of `mysql2`, to cancel queries. */
  controlConnection?: (config: never) => unknown
  /** Kanta's own: `'mariadb'` has `returning` where MariaDB has it. */
  flavor?: 'mysql' | 'mariadb'
}
export interface MssqlDialectConfig {
  tedious: { readonly connectionFactory: () => unknown }
  tarn?: { readonly options?: { readonly max?: number } }
  resetConnectionsOnRelease?: boolean
  validateConnections?: boolean
}
