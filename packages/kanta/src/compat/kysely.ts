// What the types of the builders are made of stands for Kysely's names here.

import type { Sql } from '../face/index.ts'
import { sql as template } from '../sql/index.ts'
import { expressionBuilder as builder } from './builder.ts'
import { Kysely as KyselyHandle } from './database.ts'
import type { ExpressionBuilder, KyselyClass, Kysely as KyselyFace } from './face.ts'

export type Kysely<DB> = KyselyFace<DB>
/** A database by Kysely's names. */
export const Kysely: KyselyClass = KyselyHandle as unknown as KyselyClass

/** SQL text with values as parameters. */
export const sql: Sql = template as unknown as Sql

/** The expression builder, for expressions that are made outside of a query. */
export const expressionBuilder: <DB, TB extends keyof DB = never>(query?: object) => ExpressionBuilder<DB, TB> =
  builder as never

export type {
  Aliased,
  AliasedExpression,
  ExpressionWrapper,
  JoinBuilder,
  NotNull,
  RawBuilder,
  Sql,
  SqlBool,
} from '../face/index.ts'
export { DeleteResult, InsertResult, MergeResult, UpdateResult } from '../run/index.ts'
export type {
  ColumnType,
  Expression,
  Generated,
  GeneratedAlways,
  InsertType,
  JSONColumnType,
  SelectType,
  UpdateType,
} from '../schema/index.ts'
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
  AnyAliasedColumn,
  AnyAliasedColumnWithTable,
  AnyColumn,
  AnyColumnWithTable,
  Command,
  Compilable,
  ConnectionBuilder,
  ControlledTransaction,
  ControlledTransactionBuilder,
  DeleteQueryBuilder,
  DrainOuterGeneric,
  Equals,
  ExpressionBuilder,
  ExpressionOrFactory,
  ExtractColumnType,
  ExtractTypeFromReferenceExpression,
  ExtractTypeFromStringReference,
  InferResult,
  Insertable,
  InsertObject,
  InsertQueryBuilder,
  KyselyTypeError,
  NonDehydrateable,
  Nullable,
  NumbersWhenDataTypeNotAvailable,
  NumericString,
  OperandExpression,
  QueryCreator,
  ReferenceExpression,
  ReferenceExpressionOrList,
  Selectable,
  SelectQueryBuilder,
  ShallowDehydrateObject,
  ShallowDehydrateValue,
  SimpleReferenceExpression,
  Simplify,
  SimplifyResult,
  SimplifySingleResult,
  StringReference,
  StringsWhenDataTypeNotAvailable,
  Transaction,
  TransactionBuilder,
  Updateable,
  UpdateObject,
  UpdateQueryBuilder,
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
