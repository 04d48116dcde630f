// `await using` needs this library; programs without it should compile, too.
/// <reference lib="esnext.disposable" preserve="true" />
import type { Expression, Rowed, TablesOf } from '../table/index.ts'
import type { CaseBuilder, CaseOf } from './case.ts'
import type { QueryCreator } from './creator.ts'
import type { Dynamic } from './dynamic.ts'
import type { ExpressionScope } from './expression-builder.ts'
import type { QueryRunner } from './raw.ts'
import type { QueryResult } from './result.ts'
import type {
  CompiledQuery,
  ExecuteOptions,
  ExecuteOrThrowOptions,
  NoRowError,
  QueryText,
  RunMethods,
  StreamOptions,
} from './run.ts'
import type { SchemaCreator } from './schema-creator.ts'
import type { $first, AddsOf, AnyInfo, Info, SchemaInfo } from './scope.ts'
import type { ConnectionBuilder, ControlledTransactionBuilder, TransactionBuilder } from './transaction.ts'

/** A query that was stored, ready to run. */
export interface RestoredQuery<out R> extends RunMethods, Rowed<R> {
  readonly [$first]: R | undefined
  /** Runs the query and gives all of its rows. */
  execute(options?: ExecuteOptions): Promise<R[]>
  /** Runs the query and gives its first row, or `undefined` when there is none. */
  executeTakeFirst(options?: ExecuteOptions): Promise<R | undefined>
  /** Runs the query and gives its first row; without one, rejects. */
  executeTakeFirstOrThrow(error?: NoRowError | ExecuteOrThrowOptions): Promise<R>
  /** Runs the query and gives its rows as they are read. */
  stream(options?: number | StreamOptions): AsyncIterableIterator<R>
  /** The SQL of the query and its parameters, without running it. */
  compile(): CompiledQuery<R>
}

/** The type of what a plugin adds to a database. */
export declare const $adds: unique symbol

/** The names of the tables that the options of a plugin list; it exists only in types. */
export declare const $listed: unique symbol

/** A plugin as a database sees it, whose options list the tables `N`; its members are those of `kanta({ plugins })`. */
export interface DatabasePlugin<out N = unknown> {
  readonly name: string
  readonly [$adds]?: object
  readonly [$listed]?: N
}

/**
 * Plugins for a database with the tables `K`. A misspelt name would leave the table that was meant unprotected, so it
 * turns the parameter into plugins that list other tables, which gives the message.
 */
export type PluginsFor<K, P extends readonly DatabasePlugin[]> = [Unlisted<K, P[number]>] extends [never]
  ? P
  : readonly DatabasePlugin<K>[]
// As when the database opens, a name may leave the schema out, and may be that of the program or of the database; a
// database without tables knows no names.
type Unlisted<K, P> = [K] extends [never]
  ? never
  : P extends { readonly [$listed]?: infer N }
    ? Exclude<N, K | undefined> extends infer X extends string
      ? string extends X | K
        ? never
        : X extends unknown
          ? Folded<X> extends Folded<K & string>
            ? never
            : X
          : never
      : never
    : never
type Folded<N extends string> = N extends `${string}.${infer T}`
  ? Folded<T>
  : N extends `${infer A}_${infer B}`
    ? Folded<`${A}${B}`>
    : Lowercase<N>
/** The names of the tables of the database `D`. */
export type TablesIn<D> = D extends { readonly [$database]?: Of<infer DB, any> } ? keyof DB : string

/** The methods and properties that plugins add to a database. */
export type Added<P> = P extends readonly [infer F, ...infer R]
  ? (F extends { readonly [$adds]?: infer A } ? (A extends object ? A : unknown) : unknown) & Added<R>
  : unknown

/** The type information of a database with plugins that add members. */
export interface PluggedInfo<I extends AnyInfo, A> {
  db: I['db']
  names: I['names']
  eb: I['eb']
  outer: never
  given: never
  relations: I['relations']
  adds: A & AddsOf<I>
}

/** The tables of a database, kept here so that the compiler need not search the members for them. */
export declare const $database: unique symbol
interface Of<DB, I extends AnyInfo> {
  db: DB
  info: I
}

/** A database together with what plugins add to it. */
export type Plugged<D, P> =
  unknown extends Added<P>
    ? D
    : D extends { readonly [$database]?: Of<infer DB, infer I> }
      ? Database<DB, PluggedInfo<I, Added<P>>> & Added<P> & AddsOf<I>
      : never

/** A plugin in force. */
export interface PluginDescription {
  readonly name: string
  readonly version: string | undefined
  readonly priority: number
  readonly dependencies: readonly string[]
  readonly policies: readonly string[]
  readonly hooks: readonly string[]
}

/** Turns policies off for whoever holds it; see `capability()` of `kanta/plugins`. */
export interface Capability {
  readonly name: string
}

/** A scope in which every reference is legal, for expressions that are made outside of a query. */
type AnyReference = ExpressionScope<any, any, string, any>

/**
 * A database with the tables `DB`: an interface of table names and rows, or `TablesOf<typeof schema>`.
 *
 * @example
 * ```ts
 * const db: Database<{ city: City; country: Country }> = kanta({ driver: sqlite('cities.db') })
 * ```
 */
/** @ts-ignore TS2636 */
export interface Database<out DB, out I extends AnyInfo = Info<DB>> extends QueryCreator<DB, I>, QueryRunner {
  readonly [$database]?: Of<DB, I>
  /** Statements that define tables. */
  readonly schema: SchemaCreator
  /** Names that are known only at run time. */
  readonly dynamic: Dynamic<DB>
  /** The functions of SQL, outside of a query: references are checked when the query is run. */
  readonly fn: AnyReference['fn']
  readonly isTransaction: boolean
  /** `case when … then … end`, outside of a query. */
  case(): CaseBuilder<AnyReference, never>
  case<V>(value: Expression<V>): CaseOf<AnyReference, V, never>
  /** Runs a compiled query, or a query that another database built. Rows are decoded like those of the query. */
  executeQuery<R>(query: QueryText<R> | Rowed<R>, options?: ExecuteOptions): Promise<QueryResult<R>>
  /** A transaction around a callback; within a transaction, a part of it that can fail by itself. */
  transaction(): TransactionBuilder<DB, I>
  /** A transaction that its caller ends. */
  startTransaction(): ControlledTransactionBuilder<DB, I>
  /** One connection for everything in a callback. */
  connection(): ConnectionBuilder<DB, I>
  /** The same database with its tables in a schema. */
  withSchema(schema: string): this
  /** The same database with more plugins. */
  withPlugins<const P extends readonly DatabasePlugin[]>(plugins: P & PluginsFor<I['names'], P>): Plugged<this, P>
  /** The plugins in force, in the order in which they apply. */
  readonly plugins: readonly PluginDescription[]
  /**
   * The same database for someone: with values that policies read when a statement runs. They are copied, and cannot be
   * changed; `as()` again adds to them.
   *
   * @throws KantaError `invalid_input` for a value that is missing, `policy` for another value of one that is set.
   *
   * @example
   * ```ts
   * const shop = await createExecutor(db, [tenant({ column: 'country', tables: ['city'], context: 'home' })])
   * const cities = await shop.as({ home: 'FI' }).selectFrom('city').select('name').execute()
   * ```
   */
  as(context: Readonly<Record<string, unknown>>): this
  /**
   * The same database without the policies of the plugins that were made with this capability. Hooks are told the
   * reason.
   *
   * @throws KantaError `policy` for a capability that turns off nothing here.
   *
   * @example
   * ```ts
   * const reports = capability('reports over all countries')
   * const homes = tenant({ column: 'country', tables: ['city'], context: 'home', capability: reports })
   * const shop = await createExecutor(db, [homes])
   * const all = await shop.unscoped(reports, 'figures of the year').selectFrom('city').select('name').execute()
   * ```
   */
  unscoped(capability: Capability, reason: string): this
  /** The same database with the types of more tables. */
  $extendTables<T>(): Database<Omit<DB, keyof T> & T>
  /** The same database without the types of some tables. */
  $omitTables<T extends keyof DB>(): Database<Omit<DB, T>>
  /** The same database with the types of some tables only. */
  $pickTables<T extends keyof DB>(): Database<Pick<DB, T>>
  /**
   * Waits for running work, then closes every connection. Work that has not ended after `timeout` milliseconds loses
   * its connection, and the promise rejects with `timeout`.
   */
  destroy(options?: { readonly timeout?: number | undefined }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * The database of the tables that a module exports.
 *
 * @example
 * ```ts
 * import * as schema from './schema.ts'
 * const db: DatabaseOf<typeof schema> = kanta({ driver: sqlite('cities.db'), schema })
 * ```
 */
export type DatabaseOf<S> = Database<TablesOf<S>, SchemaInfo<S>>
