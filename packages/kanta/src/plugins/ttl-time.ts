import { type Dialect, facetsOf } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import { show, sql } from '../sql/index.ts'
import type { AbstractType, TableDefinition } from '../table/index.ts'
import { FORMS, type InstantForm, inForm } from './instant.ts'

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

type Text = ReturnType<typeof sql>

const MICROSECONDS = 1000

/**
 * This moment of the database's own clock, `after` milliseconds ago, in the form in which a column holds it. Fixed within
 * a statement, so that an index can find it.
 */
export function databaseMoment(dialect: Dialect, form: InstantForm, after: number): Text {
  return clocks.of(dialect)(form, after)
}

function ofSqlite(form: InstantForm, after: number): Text {
  const shift = sql.lit(`-${(after / 1000).toFixed(3)} seconds`)
  switch (form) {
    case 'timestamp':
    case 'iso':
      return sql`strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ${shift})`
    case 'date':
      return sql`date('now', ${shift})`
    case 'seconds':
      return sql`unixepoch('now', ${shift})`
    case 'milliseconds':
      return sql`cast(round((julianday('now') - 2440587.5) * 86400000) as integer) - ${sql.lit(after)}`
  }
}

function ofPostgres(form: InstantForm, after: number): Text {
  const moment = sql`(statement_timestamp() - ${sql.lit(`${after} milliseconds`)}::interval)`
  switch (form) {
    case 'timestamp':
      return moment
    case 'iso':
      return sql`to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
    case 'date':
      return sql`cast(${moment} at time zone 'UTC' as date)`
    case 'seconds':
      return sql`cast(floor(extract(epoch from ${moment})) as bigint)`
    case 'milliseconds':
      return sql`cast(floor(extract(epoch from ${moment}) * 1000) as bigint)`
  }
}

function ofMysql(form: InstantForm, after: number): Text {
  const moment = sql`(utc_timestamp(6) - interval ${sql.lit(after * MICROSECONDS)} microsecond)`
  const since = sql`timestampdiff(microsecond, '1970-01-01', ${moment})`
  switch (form) {
    case 'timestamp':
      return moment
    case 'iso':
      return sql`concat(substring(date_format(${moment}, '%Y-%m-%dT%H:%i:%s.%f'), 1, 23), 'Z')`
    case 'date':
      return sql`date(${moment})`
    case 'seconds':
      return sql`(${since} div 1000000)`
    case 'milliseconds':
      return sql`(${since} div 1000)`
  }
}

const clocks = facetsOf<typeof ofSqlite>(
  'The clock of the database for ttl()',
  { sqlite: ofSqlite, postgres: ofPostgres, mysql: ofMysql, mariadb: ofMysql, mssql: undefined },
  "Leave 'clock' out, and use the mode 'lazy' or 'scheduled'.",
)

/** The time now, as a program's clock tells it. */
export function readClock(now: () => Date): Date {
  const moment = now()
  if (!(moment instanceof Date) || Number.isNaN(moment.getTime()))
    return refuse(`The clock of ttl() gave ${show(moment)}, which is no Date.`)
  return moment
}
