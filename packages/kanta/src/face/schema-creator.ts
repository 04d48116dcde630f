import type { TableRef } from '../table/index.ts'
import type { CompiledQuery, ExecuteOptions, NotAwaited } from './run.ts'

/** A statement that defines. */
export interface SchemaStatement extends NotAwaited {
  execute(options?: ExecuteOptions): Promise<void>
  compile(): CompiledQuery<never>
}

/** `create table …` */
export interface CreateDefinedTable extends SchemaStatement {
  /** Leaves a table of that name as it is. */
  ifNotExists(): CreateDefinedTable
}

/** `drop table …` */
export interface DropDefinedTable extends SchemaStatement {
  /** Does nothing when there is no such table. */
  ifExists(): DropDefinedTable
}

/**
 * `db.schema`: tables as they are defined. It comes with `table()`; `schemaBuilder(db)` of `kanta/schema` defines
 * everything else.
 */
export interface SchemaCreator {
  /**
   * Creates a table, with its constraints and indexes.
   *
   * @example
   * ```ts
   * await db.schema.createTable(city).ifNotExists().execute()
   * ```
   */
  createTable(table: TableRef<any, never>): CreateDefinedTable
  /** Drops a table. */
  dropTable(table: TableRef<any, never> | string): DropDefinedTable
}
