import type { Column, Expression, ReferentialAction } from '../table/index.ts'

/** Lets a function go on with a builder. */
export interface CallMethod {
  /** Calls a function with the builder and gives back what that gives. */
  $call<T, R>(this: T, change: (builder: T) => R): R
}

/**
 * A column of `addColumn`. Unlike one of `table()`, it may hold null unless it says otherwise.
 *
 * @example
 * ```ts
 * schemaBuilder(db).createTable('pet').addColumn('owner', 'integer', (c) => c.notNull().references('person.id'))
 * ```
 */
export interface ColumnDefinitionBuilder extends CallMethod {
  /** Lets the database number the rows: SQLite, MySQL and MariaDB. */
  autoIncrement(): ColumnDefinitionBuilder
  /** Lets the database number the rows: SQL Server. */
  identity(): ColumnDefinitionBuilder
  /** Lets the database number the rows, whatever an insert says: PostgreSQL. */
  generatedAlwaysAsIdentity(): ColumnDefinitionBuilder
  /** Lets the database number the rows that bring no number: PostgreSQL. */
  generatedByDefaultAsIdentity(): ColumnDefinitionBuilder
  primaryKey(): ColumnDefinitionBuilder
  /** Points to a column of a table, as in `'person.id'`. */
  references(column: string | Column): ColumnDefinitionBuilder
  onDelete(action: ReferentialAction): ColumnDefinitionBuilder
  onUpdate(action: ReferentialAction): ColumnDefinitionBuilder
  unique(): ColumnDefinitionBuilder
  notNull(): ColumnDefinitionBuilder
  /** Only numbers from 0 on: MySQL and MariaDB. */
  unsigned(): ColumnDefinitionBuilder
  /** Sets the default of the column: a value or an expression. */
  defaultTo(value: unknown): ColumnDefinitionBuilder
  check(condition: Expression<any>): ColumnDefinitionBuilder
  /** Computes the column from others. */
  generatedAlwaysAs(expression: Expression<any>): ColumnDefinitionBuilder
  /** Computes it when a row is written. */
  stored(): ColumnDefinitionBuilder
  /** Computes it when a row is read. */
  virtual(): ColumnDefinitionBuilder
  /** Takes nulls for equal. */
  nullsNotDistinct(): ColumnDefinitionBuilder
  /** Leaves a column of that name as it is. */
  ifNotExists(): ColumnDefinitionBuilder
  /** Says what the column is for, in the database. */
  comment(text: string): ColumnDefinitionBuilder
  /** Adds text of the database's own after the type. */
  modifyFront(modifier: Expression<any>): ColumnDefinitionBuilder
  /** Adds text of the database's own at the end. */
  modifyEnd(modifier: Expression<any>): ColumnDefinitionBuilder
}
