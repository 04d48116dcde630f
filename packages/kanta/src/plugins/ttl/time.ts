import type { Dialect } from '../../dialect/index.ts'
import { refuse } from '../../error/index.ts'
import { show } from '../../sql/index.ts'
import type { AbstractType, TableDefinition } from '../../table/index.ts'
import { FORMS, type InstantForm, inForm } from '../instant.ts'

/** One table whose rows expire, with everything decided. */
export interface Expiring {
  readonly table: string
  readonly column: string
  readonly after: number
  readonly form: InstantForm | undefined
}

/** The types of columns that say by themselves how they hold a moment; text and numbers may hold anything else. */
const TIMES: Readonly<Partial<Record<AbstractType, InstantForm>>> = {
  timestamp: 'timestamp',
  unix: 'seconds',
  unixms: 'milliseconds',
  date: 'date',
}

/** How a column of moments is compared: in which form it holds them, and which values its codec takes. */
export interface TimeColumn {
  readonly form: InstantForm
  /** What a moment is as a value that is compared with the column. */
  readonly valueOf: (moment: Date) => unknown
}

/**
 * How the column of a table holds moments.
 *
 * @throws KantaError `invalid_input` for a column that is not there, or that does not say what it holds.
 */
export function timeColumn(expiring: Expiring, definition: TableDefinition | undefined, dialect: Dialect): TimeColumn {
  const { table, column, form: said } = expiring
  const defined = definition?.columns.get(column)
  if (definition !== undefined && defined === undefined)
    return refuse(`ttl(): '${table}' has no column '${column}'. Give the one that says when its rows expire.`)
  const own = defined === undefined ? undefined : TIMES[defined.type]
  if (own !== undefined && said !== undefined && said !== own)
    return refuse(`ttl(): '${table}.${column}' holds moments as '${own}', not as '${said}'. Leave 'form' out.`)
  const form = own ?? said
  if (form === undefined)
    return refuse(
      `ttl() cannot tell how '${table}.${column}' holds moments. Define it as a timestamp in the schema, or say it: { column: '${column}', form: 'seconds' }, one of ${FORMS.join(', ')}.`,
    )
  return { form, valueOf: (moment) => inForm(moment, form, defined, dialect) }
}

/** The time now, as a program's clock tells it. */
export function readClock(now: () => Date): Date {
  const moment = now()
  if (!(moment instanceof Date) || Number.isNaN(moment.getTime()))
    return refuse(`The clock of ttl() gave ${show(moment)}, which is no Date.`)
  return moment
}
