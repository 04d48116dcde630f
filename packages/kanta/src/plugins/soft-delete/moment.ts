import { refuse } from '../../error/index.ts'
import type { Late, TableReference } from '../../guard/index.ts'
import type { Node } from '../../run/index.ts'
import { show } from '../../sql/index.ts'
import { clockOf, formOf, inForm } from '../instant.ts'
import type { Settled } from './option.ts'

/** The moment of a deletion, as the column of a table takes it. */
export function momentFor(table: TableReference, settled: Settled, late: Late): Node {
  const { column, clock, form, now } = settled
  const known = table.definition?.columns.get(column)
  if (clock === 'database') return { kind: 'word', text: clockOf(late.dialect, formOf(known, form)) }
  // The statement may name the table in a way by which its definition is not found.
  return { ...late.value(() => momentOf(now(), table, settled)), codec: known?.codec }
}

/** A moment as what is written to the column of a table: what is left to its codec stays a Date. */
export function momentOf(at: unknown, { definition }: TableReference, { column, form }: Settled): unknown {
  if (!(at instanceof Date) || Number.isNaN(at.getTime()))
    return refuse(`The clock of softDelete() gave ${show(at)}, which is no time.`)
  const known = definition?.columns.get(column)
  return inForm(at, formOf(known, form), known)
}
