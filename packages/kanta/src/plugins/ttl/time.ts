import type { Dialect } from '../../dialect/index.ts'
import { refuse } from '../../error/index.ts'
import { show } from '../../sql/index.ts'
import type { AbstractType, TableDefinition } from '../../table/index.ts'
import { FORMS, type InstantForm, inForm } from '../instant.ts'

/** A table with expiring rows, with its checked settings. */
export interface Expiring {
  readonly table: string
  readonly column: string
  readonly after: number
  readonly form: InstantForm | undefined
}

/** The types of columns with a known form of moments. Text and numbers may hold anything. */
const TIMES: Readonly<Partial<Record<AbstractType, InstantForm>>> = {
  timestamp: 'timestamp',
  unix: 'seconds',
  unixms: 'milliseconds',
  date: 'date',
}

/** The form of a column of moments, and the values to compare it with. */
export interface TimeColumn {
  readonly form: InstantForm
  /** Converts a moment to a value that compares with the column. */
  readonly valueOf: (moment: Date) => unknown
}

/**
 * Returns the form of the moments in a column.
 *
 * @throws KantaError `invalid_input` for a missing column, or one whose form is unknown.
 */
export function timeColumn(expiring: Expiring, definition: TableDefinition | undefined, dialect: Dialect): TimeColumn {
  const { table, column, form: said } = expiring
  const defined = definition?.columns.get(column)
  if (definition !== undefined && defined === undefined)
    return refuse(`ttl(): '${table}' has no column '${column}'. Give the column with the expiry of its rows.`)
  const own = defined === undefined ? undefined : TIMES[defined.type]
  if (own !== undefined && said !== undefined && said !== own)
    return refuse(`ttl(): '${table}.${column}' holds moments as '${own}', not as '${said}'. Leave 'form' out.`)
  const form = own ?? said
  if (form === undefined)
    return refuse(
      `ttl() does not know the form of the moments in '${table}.${column}'. Define it as a timestamp in the schema, or give the form: { column: '${column}', form: 'seconds' }, one of ${FORMS.join(', ')}.`,
    )
  return { form, valueOf: (moment) => inForm(moment, form, defined, dialect) }
}

/** Reads the clock of the program. */
export function readClock(now: () => Date): Date {
  const moment = now()
  if (!(moment instanceof Date) || Number.isNaN(moment.getTime()))
    return refuse(`now() of ttl() returned ${show(moment)}. Return a valid Date.`)
  return moment
}
