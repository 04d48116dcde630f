// The types of Kysely's names. They are those of Kanta's fluent API, which are cheaper to check. Type arguments that
// Kanta does not need are ignored.

import type { AccessMode, IsolationLevel } from '../dialect/index.ts'
import type {
  AggregateFunction,
  Aliased,
  AliasedExpression,
  AtRow,
  CaseBuilder,
  CaseOf,
  Cast,
  Cells,
  ComparisonOperator,
  QueryCreator as Creator,
  DatabasePlugin,
  Delete,
  DeleteResult,
  DerivedTable,
  Dynamic,
  DynamicReference,
  ExpressionScope,
  HelperCells,
  HelperRefs,
  HelperRow,
  Info,
  Insert,
  InsertResult,
  JoinBuilder as Join,
  MergeResult,
  One,
  QueryRunner,
  Returns,
  SchemaBuilder,
  Select,
  Tables,
  Update,
  UpdateResult,
  WithRow,
  ExpressionWrapper as Wrapper,
} from '../face/index.ts'
import type { $row, ColumnType, Expression, Rowed } from '../table/index.ts'
import type { AbortableOperationOptions, AbortableQueryOptions, DatabaseIntrospector, QueryResult } from './contract.ts'
import type { KyselyConfig } from './database.ts'
import type { KyselyPlugin } from './plugin.ts'

type AnyReference = ExpressionScope<any, any, string, any>

/** A type that carries an error message. */
export interface KyselyTypeError<E extends string> {
  readonly __kyselyTypeError__: E
}

/** Anything that compiles to SQL. */
export interface Compilable<O = unknown> {
  compile(): { readonly sql: string; readonly parameters: readonly unknown[]; readonly [$row]?: O }
}

export type QueryCreator<DB> = Creator<DB>

/**
 * A database with the API of Kysely.
 *
 * @example
 * ```ts
 * import Database from 'better-sqlite3'
 * import { Kysely, SqliteDialect } from 'kanta/kysely'
 *
 * const db = new Kysely<{ city: { name: string } }>({ dialect: new SqliteDialect({ database: new Database('a.db') }) })
 * ```
 */
export interface Kysely<DB> extends Creator<DB>, QueryRunner {
  readonly schema: SchemaModule
  readonly dynamic: Dynamic<DB>
  readonly introspection: DatabaseIntrospector
  readonly fn: AnyReference['fn']
  readonly isTransaction: boolean
  case(): CaseBuilder<AnyReference, never>
  case<V>(value: Expression<V>): CaseOf<AnyReference, V, never>
  transaction(): TransactionBuilder<DB>
  startTransaction(): ControlledTransactionBuilder<DB>
  connection(): ConnectionBuilder<DB>
  withPlugin(plugin: KyselyPlugin | DatabasePlugin): Kysely<DB>
  /** Returns the database with context values, which policies of Kanta read when a statement runs. */
  as(context: Readonly<Record<string, unknown>>): this
  withoutPlugins(): Kysely<DB>
  withSchema(schema: string): Kysely<DB>
  $extendTables<T extends object>(): Kysely<Extended<DB, T>>
  $omitTables<T extends keyof DB>(): Kysely<Omit<DB, T>>
  $pickTables<T extends keyof DB>(): Kysely<Pick<DB, T>>
  withTables<T extends object>(): Kysely<Extended<DB, T>>
  executeQuery<R>(
    query: { readonly sql: string; readonly parameters: readonly unknown[]; readonly [$row]?: R } | Rowed<R>,
    options?: AbortableQueryOptions,
  ): Promise<QueryResult<R>>
  destroy(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
type Extended<DB, T> = { [K in keyof DB | keyof T]: K extends keyof T ? T[K] : DB[K & keyof DB] }

/** The schema builder of a database. */
export interface SchemaModule extends SchemaBuilder {
  withSchema(schema: string): SchemaModule
  withPlugin(plugin: KyselyPlugin | DatabasePlugin): SchemaModule
  withoutPlugins(): SchemaModule
}

/** The class of `Kysely`. */
export interface KyselyClass {
  new <DB>(config: KyselyConfig): Kysely<DB>
  readonly prototype: Kysely<any>
}

export interface Transaction<DB> extends Kysely<DB> {
  readonly isTransaction: true
  withPlugin(plugin: KyselyPlugin | DatabasePlugin): Transaction<DB>
  withoutPlugins(): Transaction<DB>
  withSchema(schema: string): Transaction<DB>
  $extendTables<T extends object>(): Transaction<Extended<DB, T>>
  $omitTables<T extends keyof DB>(): Transaction<Omit<DB, T>>
  $pickTables<T extends keyof DB>(): Transaction<Pick<DB, T>>
  withTables<T extends object>(): Transaction<Extended<DB, T>>
}
export interface TransactionClass {
  readonly prototype: Transaction<any>
  [Symbol.hasInstance](value: unknown): boolean
}

export interface TransactionBuilder<DB> {
  setAccessMode(mode: AccessMode): TransactionBuilder<DB>
  setIsolationLevel(level: IsolationLevel): TransactionBuilder<DB>
  execute<T>(callback: (trx: Transaction<DB>) => Promise<T>): Promise<T>
}
export interface ControlledTransactionBuilder<DB> {
  setAccessMode(mode: AccessMode): ControlledTransactionBuilder<DB>
  setIsolationLevel(level: IsolationLevel): ControlledTransactionBuilder<DB>
  execute(): Promise<ControlledTransaction<DB>>
}
export interface ConnectionBuilder<DB> {
  execute<T>(callback: (db: Kysely<DB>) => Promise<T>, options?: AbortableOperationOptions): Promise<T>
}
export interface Command<T> {
  execute(): Promise<T>
}

type UpTo<S extends readonly string[], N> = S extends readonly [...infer H extends string[], infer L extends string]
  ? L extends N
    ? S
    : UpTo<H, N>
  : never
type Before<S extends readonly string[], N> = S extends readonly [...infer H extends string[], infer L extends string]
  ? L extends N
    ? H
    : Before<H, N>
  : never

export interface ControlledTransaction<DB, S extends readonly string[] = []> extends Transaction<DB> {
  readonly isCommitted: boolean
  readonly isRolledBack: boolean
  commit(): Command<void>
  rollback(): Command<void>
  savepoint<N extends string>(name: N extends S[number] ? never : N): Command<ControlledTransaction<DB, [...S, N]>>
  rollbackToSavepoint<N extends S[number]>(name: N): Command<ControlledTransaction<DB, UpTo<S, N>>>
  releaseSavepoint<N extends S[number]>(name: N): Command<ControlledTransaction<DB, Before<S, N>>>
}

// Builders as parameters of helper functions. Those of writes do not carry the row `_O`: a helper that returns its argument
// takes it as a type parameter, `<Q extends UpdateQueryBuilder<DB, 'city', 'city', any>>(query: Q) => query.where(…)`.

export type SelectQueryBuilder<DB, TB extends keyof DB, O> = WithRow<
  Select<
    Info<DB, Cast<O>>,
    Tables<DB, TB & keyof DB & string>,
    HelperRefs<DB, TB & keyof DB & string>,
    HelperCells<HelperRow<DB, TB>>,
    never
  >,
  O
>
export type InsertQueryBuilder<DB, TB extends keyof DB, _O> = Insert<
  Info<DB>,
  One<TB & string, Cells<DB[TB]>>,
  HelperRefs<DB, TB & keyof DB & string>,
  Cells<DB[TB]>,
  never
>
export type UpdateQueryBuilder<DB, UT extends keyof DB, TB extends keyof DB, _O> = Update<
  Info<DB>,
  Tables<DB, TB & keyof DB & string>,
  HelperRefs<DB, TB & keyof DB & string>,
  HelperCells<HelperRow<DB, TB>>,
  Cells<DB[UT]>,
  never
>
export type DeleteQueryBuilder<DB, TB extends keyof DB, _O> = Delete<
  Info<DB>,
  Tables<DB, TB & keyof DB & string>,
  HelperRefs<DB, TB & keyof DB & string>,
  HelperCells<HelperRow<DB, TB>>,
  Cells<DB[TB]>,
  never
>
export type ExpressionBuilder<DB, TB extends keyof DB> = ExpressionScope<
  Info<DB>,
  Tables<DB, TB & keyof DB & string>,
  HelperRefs<DB, TB & keyof DB & string>,
  HelperCells<HelperRow<DB, TB>>
>

/** The result of runOptions a query. */
export type InferResult<Q> = Q extends Returns ? Q[AtRow][] : Q extends { readonly [$row]?: infer R } ? R[] : never

// Types of columns and rows.
type NeverRead<T> = { [K in keyof T]: [Read<T[K]>] extends [never] ? K : never }[keyof T]
type Read<T> = [T] extends [ColumnType<any, any, any>] ? T['__select__'] : T
type Wrote<T> = [T] extends [ColumnType<any, any, any>] ? T['__insert__'] : T
type Changes<T> = [T] extends [ColumnType<any, any, any>] ? T['__update__'] : T
type NeverChanged<T> = { [K in keyof T]: [Changes<T[K]>] extends [never] ? K : never }[keyof T]
type Needed<T, K> = [Wrote<T>] extends [never] ? never : [Wrote<T>] extends [{}] ? K : never
type Optional<T, K> = [Wrote<T>] extends [never] ? never : [Wrote<T>] extends [{}] ? never : K
export type Selectable<R> = { [K in Exclude<keyof R, NeverRead<R>>]: Read<R[K]> }
export type Insertable<R> = Simplify<
  { [K in keyof R as Needed<R[K], K>]: Wrote<R[K]> } & { [K in keyof R as Optional<R[K], K>]?: Wrote<R[K]> }
>
export type Updateable<R> = { [K in Exclude<keyof R, NeverChanged<R>>]?: Changes<R[K]> | undefined }

export type Simplify<T> = { [K in keyof T]: T[K] } & {}
export type DrainOuterGeneric<T> = [T] extends [unknown] ? T : never
export type Equals<T, U> = (<G>() => G extends T ? 1 : 2) extends <G>() => G extends U ? 1 : 2 ? true : false
export type Nullable<T> = { [P in keyof T]: T[P] | null }
export type NumericString = `${number}`
export type StringsWhenDataTypeNotAvailable = Date | Uint8Array
export type NumbersWhenDataTypeNotAvailable = bigint | NumericString
export type NonDehydrateable<T> = [T] extends [ColumnType<infer S, infer I, infer U>]
  ? ColumnType<S & { __kysely_dehydrate__?: false }, I, U>
  : T & { __kysely_dehydrate__?: false }
export type ShallowDehydrateObject<O> = { [K in keyof O]: ShallowDehydrateValue<O[K]> }
/** The type of a value after a JSON round trip. */
export type ShallowDehydrateValue<T> = T extends null | undefined
  ? T
  : '__kysely_dehydrate__' extends keyof T & {}
    ? T
    : T extends readonly (infer U)[]
      ? ShallowDehydrateValue<U>[]
      : T extends StringsWhenDataTypeNotAvailable
        ? string
        : T extends NumbersWhenDataTypeNotAvailable
          ? number
          : T

export type AnyColumn<DB, TB extends keyof DB> = { [T in TB]: keyof DB[T] }[TB] & string
export type AnyColumnWithTable<DB, TB extends keyof DB> = { [T in TB]: `${T & string}.${keyof DB[T] & string}` }[TB]
export type AnyAliasedColumn<DB, TB extends keyof DB> = `${AnyColumn<DB, TB>} as ${string}`
export type AnyAliasedColumnWithTable<DB, TB extends keyof DB> = `${AnyColumnWithTable<DB, TB>} as ${string}`
export type ExtractColumnType<DB, TB extends keyof DB, C> = {
  [T in TB]: C extends keyof DB[T] ? DB[T][C] : never
}[TB]
export type StringReference<DB, TB extends keyof DB> = AnyColumn<DB, TB> | AnyColumnWithTable<DB, TB>
export type SimpleReferenceExpression<DB, TB extends keyof DB> = StringReference<DB, TB> | DynamicReference<any>
export type ReferenceExpression<DB, TB extends keyof DB> =
  | SimpleReferenceExpression<DB, TB>
  | Expression<any>
  | ((eb: ExpressionBuilder<DB, TB>) => Expression<any>)
export type ReferenceExpressionOrList<DB, TB extends keyof DB> =
  | ReferenceExpression<DB, TB>
  | readonly ReferenceExpression<DB, TB>[]
export type ExtractTypeFromStringReference<DB, TB extends keyof DB, R> = R extends `${infer T}.${infer C}`
  ? T extends TB
    ? C extends keyof DB[T]
      ? Read<DB[T][C]>
      : never
    : never
  : Read<ExtractColumnType<DB, TB, R>>
export type ExtractTypeFromReferenceExpression<DB, TB extends keyof DB, R> =
  R extends Expression<infer V> ? V : ExtractTypeFromStringReference<DB, TB, R>
export type OperandExpression<T> = Expression<T> | ((eb: any) => Expression<T>)
export type ExpressionOrFactory<DB, TB extends keyof DB, V> =
  | Expression<V>
  | ((eb: ExpressionBuilder<DB, TB>) => Expression<V>)
export type TableReference<DB> = (keyof DB & string) | `${keyof DB & string} as ${string}`
export type InsertObject<DB, TB extends keyof DB> = Insertable<DB[TB]>
export type UpdateObject<DB, _TB extends keyof DB, UT extends keyof DB> = Updateable<DB[UT]>
export type AnyResult = InsertResult | UpdateResult | DeleteResult | MergeResult
export type SimplifyResult<O> = O extends AnyResult ? O : Simplify<O>
export type SimplifySingleResult<O> = O extends AnyResult ? O : Simplify<O> | undefined

// Kysely's names for parts of queries. Kanta's types need fewer type arguments.
export type ExpressionWrapper<_DB, _TB, T> = Wrapper<T>
export type AliasableExpression<T> = Wrapper<T>
export type AliasedRawBuilder<T, A extends string> = AliasedExpression<T, A>
export type FunctionModule<DB, TB extends keyof DB> = ExpressionBuilder<DB, TB>['fn']
export type AggregateFunctionBuilder<DB, TB extends keyof DB, T> = AggregateFunction<ExpressionBuilder<DB, TB>, T>
export type JoinBuilder<DB, TB extends keyof DB> = Join<
  Info<DB>,
  Tables<DB, TB & keyof DB & string>,
  HelperRefs<DB, TB & keyof DB & string>,
  HelperCells<HelperRow<DB, TB>>
>
export type DynamicModule<DB> = Dynamic<DB>
export type DynamicReferenceBuilder<R extends string = never> = DynamicReference<R>
export type SimpleTableReference<DB> = TableReference<DB>
export type TableExpression<DB, _TB extends keyof DB> = TableReference<DB> | DerivedTable<any, string>
export type TableExpressionOrList<DB, TB extends keyof DB> =
  | TableExpression<DB, TB>
  | readonly TableExpression<DB, TB>[]
export type SelectExpression<DB, TB extends keyof DB> =
  | StringReference<DB, TB>
  | AnyAliasedColumn<DB, TB>
  | AnyAliasedColumnWithTable<DB, TB>
  | Aliased<any, string>
  | DynamicReference<any>
  | ((eb: ExpressionBuilder<DB, TB>) => Aliased<any, string>)
export type OrderByExpression<DB, TB extends keyof DB, O> =
  | StringReference<DB, TB>
  | (keyof O & string)
  | Expression<any>
export type ComparisonOperatorExpression = ComparisonOperator | Expression<unknown>
export type ValueExpression<DB, TB extends keyof DB, V> = V | ExpressionOrFactory<DB, TB, V>
export type OperandValueExpression<DB, TB extends keyof DB, R> = ValueExpression<
  DB,
  TB,
  ExtractTypeFromReferenceExpression<DB, TB, R>
>
export type OperandValueExpressionOrList<DB, TB extends keyof DB, R> =
  | OperandValueExpression<DB, TB, R>
  | readonly OperandValueExpression<DB, TB, R>[]
