import type { TableRef } from '../schema/index.ts'
import type { CompiledQuery, ExecuteOptions } from './run.ts'

/** A statement that defines. */
export interface SchemaStatement {
  execute(options?: ExecuteOptions): Promise<void>
  compile(): CompiledQuery<never>
}

/** `create table …` */
export interface CreateTableBuilder extends SchemaStatement {
  /** Leaves a table of that name as it is. */
  ifNotExists(): CreateTableBuilder
}

/** `drop table …` */
export interface DropTableBuilder extends SchemaStatement {
  /** Does nothing when there is no such table. */
  ifExists(): DropTableBuilder
}

/** `db.schema`: statements that define tables. */
export interface SchemaCreator {
  /**
   * Creates a table, with its constraints and indexes.
   *
   * @example
   * ```ts
   * await db.schema.createTable(city).ifNotExists().execute()
   * ```
   */
  createTable(table: TableRef<any, never>): CreateTableBuilder
  /** Drops a table. */
  dropTable(table: TableRef<any, never> | string): DropTableBuilder
}
