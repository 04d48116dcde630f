import type { Expression } from '../table/index.ts'
import type { AliasedExpression, ExpressionWrapper } from './expression.ts'
import type { QueryResult } from './result.ts'
import type { CompiledQuery, ExecuteOptions, NotAwaited, QueryText } from './run.ts'

/** Runs raw statements: a database, a transaction or a connection. */
export interface QueryRunner {
  executeQuery<R>(query: QueryText<R>, options?: ExecuteOptions): Promise<QueryResult<R>>
}

/** SQL text with values: a part of a query, or a statement of its own. */
export interface RawBuilder<out T> extends ExpressionWrapper<T>, NotAwaited {
  /** Names the expression; an alias with columns, such as `` sql`t(a, b)` ``, is text, too. */
  as<A extends string>(alias: A): AliasedExpression<T, A>
  as<A extends string = never>(alias: Expression<any>): AliasedExpression<T, A>
  $castTo<C>(): RawBuilder<C>
  $notNull(): RawBuilder<NonNullable<T>>
  /**
   * Says which tables the text reads and writes. A database with policies on rows refuses text without it, and hooks
   * are told its name: no policy is applied inside.
   *
   * @example
   * ```ts
   * await sql`analyze city`.trusted('statistics', { reads: ['city'], writes: [] }).execute(db)
   * ```
   */
  trusted(
    name: string,
    tables: { readonly reads?: readonly string[]; readonly writes?: readonly string[] },
  ): RawBuilder<T>
  /**
   * Runs the text as a statement. `T` is the type of its rows.
   *
   * @example
   * ```ts
   * const { rows } = await sql<{ n: number }>`select count(*) as n from city`.execute(db)
   * ```
   */
  execute(db: QueryRunner, options?: ExecuteOptions): Promise<QueryResult<T>>
  /** The statement and its parameters, without running it. */
  compile(db: QueryRunner): CompiledQuery<T>
}

/** The `sql` template: what is filled in becomes parameters, expressions, columns and tables. */
export interface Sql {
  /**
   * SQL text. Values that are filled in become parameters, expressions become parts of the text.
   *
   * @example
   * ```ts
   * db.selectFrom('city').select(sql<string>`upper(${sql.ref('name')})`.as('loud'))
   * ```
   */
  <T = unknown>(strings: TemplateStringsArray, ...values: unknown[]): RawBuilder<T>
  /** A value as a parameter. */
  val<T>(value: T): RawBuilder<T>
  /** The name of a column, quoted: `'name'`, `'city.name'`, `'geo.city.name'`. */
  ref<T = unknown>(reference: string): RawBuilder<T>
  /** The name of a table, quoted: `'city'`, `'geo.city'`. */
  table<T = unknown>(name: string): RawBuilder<T>
  /** A name of one or more parts, quoted. */
  id<T = unknown>(...names: readonly string[]): RawBuilder<T>
  /** A value as SQL text, escaped. */
  lit<T extends string | number | bigint | boolean | null>(value: T): RawBuilder<T>
  /** SQL text as it is: never give it what comes from outside. */
  raw<T = unknown>(text: string): RawBuilder<T>
  /** Values and expressions with a separator between them, a comma unless given. */
  join<T = unknown>(items: readonly unknown[], separator?: Expression<any>): RawBuilder<T>
}
