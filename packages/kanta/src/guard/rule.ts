import type { Node, NodeOf, Policy } from '../run/index.ts'
import type { TableDefinition } from '../table/index.ts'
import type { RunValues } from './run-values.ts'

/** A table where a statement names it. */
export interface TableReference {
  readonly name: string
  readonly schema: string | undefined
  /** Its definition, where the database has a schema that holds it. */
  readonly definition: TableDefinition | undefined
}

/** What a statement does to the rows of a table. */
export type RowUse = 'select' | 'update' | 'delete'

/** The columns of one row, as they are named where a rule is put. */
export type Row = (column: string) => Node

/** A value that a policy writes. */
export interface Stamp {
  /** The value: a late one, a literal, or an expression over the row as it was (for an insert there is none). */
  readonly value: (row: Row, runValues: RunValues) => Node
  /** What the user may give for the column: nothing, only the same value, or anything, which then stands. */
  readonly userValue: 'refuse' | 'same' | 'keep'
}

/** What a policy asks of one table. */
export interface TableRule {
  /** Which rows are there for a statement: one of which it is not true is not there. `undefined`: all. */
  sees?(row: Row, use: RowUse, runValues: RunValues): Node | undefined
  /**
   * What must be true of every row that is written, or the whole statement fails. `undefined`: nothing. `isRead` says
   * whether the statement tells of new rows, as `returning` does, and as what it does in a conflict.
   */
  checks?(row: Row, use: 'insert' | 'update', runValues: RunValues, isRead: boolean): Node | undefined
  /** Values that it writes into new rows, and into rows that are updated, by column. */
  readonly inserts?: Readonly<Record<string, Stamp>> | undefined
  readonly updates?: Readonly<Record<string, Stamp>> | undefined
  /** Makes of a delete an update that writes these. */
  readonly deletes?: Readonly<Record<string, Stamp>> | undefined
  /** Called for a column that the statement names, once for each plan; throws, or adds a check for each run. */
  column?(column: string, use: ColumnUse, runValues: RunValues): void
  /** What stands in the place of the table where it is read; it has the columns of the table. */
  source?(table: NodeOf<'table'>, runValues: RunValues): Node | undefined
}

export type ColumnUse = 'read' | 'insert' | 'update'

/** A policy that speaks of the rows of tables. Make one with `tablePolicy()`. */
export interface TablePolicy extends Policy {
  /** The tables that it names: `rule` gets them spelled as here, however a statement spells them. */
  readonly tables?: readonly string[] | undefined
  /** What it asks of a table; `undefined` for nothing. Throws to refuse the table. */
  rule(table: TableReference, use: RowUse | 'insert', runValues: RunValues): TableRule | undefined
  /** Whether it refuses statements that define tables and the like. */
  readonly refusesDefinitions?: boolean | undefined
}
