import type { Node, NodeOf, Policy } from '../run/index.ts'
import type { TableDefinition } from '../table/index.ts'
import type { RunValues } from './run-values.ts'

/** A table that a statement names. */
export interface TableReference {
  readonly name: string
  readonly schema: string | undefined
  /** Its definition, if the schema of the database has it. */
  readonly definition: TableDefinition | undefined
}

/** The use that a statement makes of the rows of a table. */
export type RowUse = 'select' | 'update' | 'delete'

/** Returns the expression for a column of the row, in the place of the rule. */
export type Row = (column: string) => Node

/** A value that a policy writes. */
export interface Stamp {
  /** Returns the value: one of `runValues`, a literal, or an expression over the old row (an insert has none). */
  readonly value: (row: Row, runValues: RunValues) => Node
  /** The handling of a value that the user gives: refuse it, require the same one, or keep it. */
  readonly userValue: 'refuse' | 'same' | 'keep'
}

/** The rule of a policy for one table. */
export interface TableRule {
  /** Returns the condition of the rows that a statement can see; `undefined` for all rows. */
  sees?(row: Row, use: RowUse, runValues: RunValues): Node | undefined
  /**
   * Returns the condition that each written row must meet, or the statement fails; `undefined` for none. `isRead` is
   * true if the statement may reveal new rows, by `returning` or by a conflict.
   */
  checks?(row: Row, use: 'insert' | 'update', runValues: RunValues, isRead: boolean): Node | undefined
  /** Values for new rows and for updated rows, by column. */
  readonly inserts?: Readonly<Record<string, Stamp>> | undefined
  readonly updates?: Readonly<Record<string, Stamp>> | undefined
  /** Turns a delete into an update that writes these values. */
  readonly deletes?: Readonly<Record<string, Stamp>> | undefined
  /**
   * Checks a column that the statement names, once for each plan. Throws, or adds a check of each run. The rule for
   * `select` checks the columns that are read; without it a plan does not search for them.
   */
  column?(column: string, use: ColumnUse, runValues: RunValues): void
  /** Returns the source that replaces the table where it is read; it must have the columns of the table. */
  source?(table: NodeOf<'table'>, runValues: RunValues): Node | undefined
}

/** The ways in which a statement may use a column. */
export type ColumnUse = 'read' | 'insert' | 'update'

/** A policy on the rows of tables. Make one with `tablePolicy()`. */
export interface TablePolicy extends Policy {
  /** The tables that it knows. `rule` gets their names in this spelling. */
  readonly tables?: readonly string[] | undefined
  /** Returns the rule for a table; `undefined` for none. Throws to refuse the table. */
  rule(table: TableReference, use: RowUse | 'insert', runValues: RunValues): TableRule | undefined
  /** Refuses statements that define tables and the like. */
  readonly refusesDefinitions?: boolean | undefined
}
