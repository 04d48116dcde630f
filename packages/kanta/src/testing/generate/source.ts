/** The rows that a foreign key can refer to: those that are made, or those that the database has. */
export interface Parents {
  readonly count: number
  /** Returns the value of a column of a row, as it is stored. */
  cell(column: string, row: number): unknown
  /** Returns the moment from which on other rows can refer to a row. */
  timeAt(row: number): number
}

/** Makes the value of a column, in the form that queries take. The first row has the number 1. */
export type ValueSource = (n: number, more: ValueContext) => unknown

/** The second argument of a function of `values`, after the number of the row. */
export interface ValueContext {
  /** Returns a number from 0 up to 1; with the same seed, the same. */
  random(): number
}
