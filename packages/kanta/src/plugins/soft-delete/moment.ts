import type { Dialect } from '../../dialect/index.ts'
import { refuse } from '../../error/index.ts'
import type { Node, NodeOf } from '../../extend/index.ts'
import type { RunValues, TableReference } from '../../guard/index.ts'
import { show } from '../../sql/index.ts'
import { clockOf, formOf, inForm } from '../instant.ts'
import type { Settled } from './option.ts'

/** Returns the moment of a deletion in the form of the column, and the index of its Date among the arguments. */
export function momentFor(
  table: TableReference,
  settled: Settled,
  runValues: RunValues,
): { readonly value: Node; readonly date: number | undefined } {
  const { column, clock, now } = settled
  if (clock === 'database') return { value: clockFor(table, settled, runValues.dialect), date: undefined }
  const date = runValues.shared('softDelete', () => now()).index
  const value = runValues.value((_, args) => momentOf(args[date], table, settled, runValues.dialect))
  // The statement may spell the name of the table so that its definition is not found.
  return { value: { ...value, codec: table.definition?.columns.get(column)?.codec }, date }
}

/** Returns the clock of the database in the form of the column. */
export function clockFor({ definition }: TableReference, { column, form }: Settled, dialect: Dialect): NodeOf<'word'> {
  return { kind: 'word', text: clockOf(dialect, formOf(definition?.columns.get(column), form)) }
}

/** Converts a moment to the form of the column; keeps a Date if the codec converts it. */
export function momentOf(
  at: unknown,
  { definition }: TableReference,
  { column, form }: Settled,
  dialect: Dialect,
): unknown {
  if (!(at instanceof Date) || Number.isNaN(at.getTime()))
    return refuse(`now() of softDelete() returned ${show(at)}. Return a valid Date.`)
  const known = definition?.columns.get(column)
  return inForm(at, formOf(known, form), known, dialect)
}
