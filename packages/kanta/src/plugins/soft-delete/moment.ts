import type { Dialect } from '../../dialect/index.ts'
import { refuse } from '../../error/index.ts'
import type { Node, NodeOf } from '../../extend/index.ts'
import type { RunValues, TableReference } from '../../guard/index.ts'
import { show } from '../../sql/index.ts'
import { clockOf, formOf, inForm } from '../instant.ts'
import type { Settled } from './option.ts'

/** The moment of a deletion, as the column of a table takes it, and where it is as a Date among the arguments. */
export function momentFor(
  table: TableReference,
  settled: Settled,
  runValues: RunValues,
): { readonly value: Node; readonly date: number | undefined } {
  const { column, clock, now } = settled
  if (clock === 'database') return { value: clockFor(table, settled, runValues.dialect), date: undefined }
  const date = runValues.shared('softDelete', () => now()).index
  const value = runValues.value((_, args) => momentOf(args[date], table, settled, runValues.dialect))
  // The statement may name the table in a way by which its definition is not found.
  return { value: { ...value, codec: table.definition?.columns.get(column)?.codec }, date }
}

/** What the clock of the database says, as the column of a table takes it. */
export function clockFor({ definition }: TableReference, { column, form }: Settled, dialect: Dialect): NodeOf<'word'> {
  return { kind: 'word', text: clockOf(dialect, formOf(definition?.columns.get(column), form)) }
}

/** A moment as what is written to the column of a table: what is left to its codec stays a Date. */
export function momentOf(
  at: unknown,
  { definition }: TableReference,
  { column, form }: Settled,
  dialect: Dialect,
): unknown {
  if (!(at instanceof Date) || Number.isNaN(at.getTime()))
    return refuse(`The clock of softDelete() gave ${show(at)}, which is no time.`)
  const known = definition?.columns.get(column)
  return inForm(at, formOf(known, form), known, dialect)
}
