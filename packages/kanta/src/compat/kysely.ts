// The entry kanta/kysely.

import type {
  Database,
  InsertResult as InsertResultFace,
  Sql,
  UpdateResult as UpdateResultFace,
} from '../face/index.ts'
import { InsertResult as InsertResultClass, UpdateResult as UpdateResultClass } from '../run/index.ts'
import { sql as template } from '../sql/index.ts'
import { expressionBuilder as builder } from './builder.ts'
import { kantaOf as handleOf, Kysely as KyselyHandle, Transaction as TransactionHandle } from './database.ts'
import type {
  ExpressionBuilder,
  KyselyClass,
  Kysely as KyselyFace,
  TransactionClass,
  Transaction as TransactionFace,
} from './face.ts'

export type Kysely<DB> = KyselyFace<DB>
/** A database with the API of Kysely. */
export const Kysely: KyselyClass = KyselyHandle as unknown as KyselyClass
/**
 * Returns the Kanta database or transaction behind a `Kysely`, with its plugins.
 *
 * @throws KantaError `invalid_input` for a value that is not a `Kysely` of this entry.
 *
 * @example
 * ```ts
 * import Database from 'better-sqlite3'
 * import { Kysely, kantaOf, SqliteDialect } from 'kanta/kysely'
 * import { softDelete } from 'kanta/plugins'
 *
 * const dialect = new SqliteDialect({ database: new Database(':memory:') })
 * const db = new Kysely<{ city: { name: string } }>({ dialect, plugins: [softDelete({ tables: ['city'] })] })
 * kantaOf(db).plugins.some((plugin) => plugin.name === 'softDelete') // true
 * await db.destroy()
 * ```
 */
export const kantaOf: <DB>(db: KyselyFace<DB>) => Database<DB> = handleOf as never

/** Writes SQL text with values as parameters. */
export const sql: Sql = template as unknown as Sql

/** Returns the expression builder, for expressions outside of a query. */
export const expressionBuilder: <DB, TB extends keyof DB = never>(query?: object) => ExpressionBuilder<DB, TB> =
  builder as never

export type { AccessMode, IsolationLevel } from '../dialect/index.ts'
export type {
  Aliased,
  AliasedExpression,
  NotNull,
  RawBuilder,
  Sql,
  SqlBool,
} from '../face/index.ts'
export { DeleteResult, MergeResult } from '../run/index.ts'
export type {
  ColumnType,
  Expression,
  Generated,
  GeneratedAlways,
  InsertType,
  JSONColumnType,
  SelectType,
  UpdateType,
} from '../table/index.ts'
export { CamelCasePlugin, type CamelCasePluginOptions } from './camel-case.ts'
export { CompiledQuery } from './compiled-query.ts'
export type {
  AbortableOperationOptions,
  AbortableQueryOptions,
  ColumnMetadata,
  DatabaseConnection,
  DatabaseIntrospector,
  DatabaseMetadataOptions,
  DialectAdapter,
  Driver,
  InflightQueryAbortStrategy,
  MssqlDialectConfig,
  MysqlDialectConfig,
  PGliteDialectConfig,
  PostgresDialectConfig,
  QueryCompiler,
  QueryId,
  QueryResult,
  SchemaMetadata,
  SqliteDialectConfig,
  TableMetadata,
  TransactionSettings,
} from './contract.ts'
export type { KyselyConfig } from './database.ts'
export type { Dialect } from './dialect.ts'
export {
  DefaultQueryCompiler,
  DialectAdapterBase,
  DummyDriver,
  MssqlAdapter,
  MssqlDialect,
  MssqlIntrospector,
  MssqlQueryCompiler,
  MysqlAdapter,
  MysqlDialect,
  MysqlIntrospector,
  MysqlQueryCompiler,
  PGliteAdapter,
  PGliteDialect,
  PostgresAdapter,
  PostgresDialect,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteDialect,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from './dialect.ts'
export type {
  AggregateFunctionBuilder,
  AliasableExpression,
  AliasedRawBuilder,
  AnyAliasedColumn,
  AnyAliasedColumnWithTable,
  AnyColumn,
  AnyColumnWithTable,
  Command,
  ComparisonOperatorExpression,
  Compilable,
  ConnectionBuilder,
  ControlledTransaction,
  ControlledTransactionBuilder,
  DeleteQueryBuilder,
  DrainOuterGeneric,
  DynamicModule,
  DynamicReferenceBuilder,
  Equals,
  ExpressionBuilder,
  ExpressionOrFactory,
  ExpressionWrapper,
  ExtractColumnType,
  ExtractTypeFromReferenceExpression,
  ExtractTypeFromStringReference,
  FunctionModule,
  InferResult,
  Insertable,
  InsertObject,
  InsertQueryBuilder,
  JoinBuilder,
  KyselyTypeError,
  NonDehydrateable,
  Nullable,
  NumbersWhenDataTypeNotAvailable,
  NumericString,
  OperandExpression,
  OperandValueExpression,
  OperandValueExpressionOrList,
  OrderByExpression,
  QueryCreator,
  ReferenceExpression,
  ReferenceExpressionOrList,
  Selectable,
  SelectExpression,
  SelectQueryBuilder,
  ShallowDehydrateObject,
  ShallowDehydrateValue,
  SimpleReferenceExpression,
  SimpleTableReference,
  Simplify,
  SimplifyResult,
  SimplifySingleResult,
  StringReference,
  StringsWhenDataTypeNotAvailable,
  TableExpression,
  TableExpressionOrList,
  TableReference,
  TransactionBuilder,
  Updateable,
  UpdateObject,
  UpdateQueryBuilder,
  ValueExpression,
} from './face.ts'
export { ParseJSONResultsPlugin, type ParseJSONResultsPluginOptions } from './json-results.ts'
export type { ErrorLogEvent, LogConfig, LogEvent, Logger, LogLevel, QueryLogEvent } from './log.ts'
export { LOG_LEVELS } from './log.ts'
export type { KyselyPlugin, PluginTransformQueryArgs, PluginTransformResultArgs, UnknownRow } from './plugin.ts'
export { isNoResultErrorConstructor, NoResultError, type NoResultErrorConstructor } from './result.ts'
export {
  DeduplicateJoinsPlugin,
  type EmptyInListNode,
  type EmptyInListsStrategy,
  type HandleEmptyInListsOptions,
  HandleEmptyInListsPlugin,
  pushValueIntoList,
  replaceWithNoncontingentExpression,
  SafeNullComparisonPlugin,
  WithSchemaPlugin,
} from './rewrites.ts'

/** The result of an insert. */
export const InsertResult: typeof InsertResultClass = InsertResultClass
export type InsertResult = InsertResultFace
/** The result of an update. */
export const UpdateResult: typeof UpdateResultClass = UpdateResultClass
export type UpdateResult = UpdateResultFace

/** A database in a transaction. */
export const Transaction: TransactionClass = TransactionHandle as unknown as TransactionClass
export type Transaction<DB> = TransactionFace<DB>
export const TRANSACTION_ACCESS_MODES = Object.freeze(['read only', 'read write'] as const)
export const TRANSACTION_ISOLATION_LEVELS = Object.freeze([
  'read uncommitted',
  'read committed',
  'repeatable read',
  'serializable',
  'snapshot',
] as const)
/** Checks if a value compiles to SQL. */
export function isCompilable(value: unknown): value is { compile(): unknown } {
  return typeof (value as { compile?: unknown } | null | undefined)?.compile === 'function'
}
