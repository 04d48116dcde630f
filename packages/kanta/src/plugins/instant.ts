import { type Dialect, facetsOf } from '../dialect/index.ts'
import { semanticsOf } from '../guard/index.ts'
import type { ColumnDefinition } from '../table/index.ts'

/**
 * The form of an instant in a column: the timestamp type of the database, whole seconds or milliseconds since 1970,
 * text such as `2024-02-29T12:00:00.000Z`, or a date.
 */
export type InstantForm = 'timestamp' | 'seconds' | 'milliseconds' | 'iso' | 'date'

export const FORMS: readonly InstantForm[] = ['timestamp', 'seconds', 'milliseconds', 'iso', 'date']

const BY_TYPE: Readonly<Partial<Record<ColumnDefinition['type'], InstantForm>>> = {
  timestamp: 'timestamp',
  unix: 'seconds',
  unixms: 'milliseconds',
  text: 'iso',
  varchar: 'iso',
  date: 'date',
}

const NUMBERS: ReadonlySet<ColumnDefinition['type']> = new Set(['integer', 'bigint', 'real', 'decimal'])

/** Returns the form of a column: that of its type, else the given one. */
export function formOf(column: ColumnDefinition | undefined, given: InstantForm): InstantForm {
  if (column === undefined) return given
  const known = BY_TYPE[column.type]
  if (known !== undefined) return known
  return NUMBERS.has(column.type) && given !== 'milliseconds' ? 'seconds' : given
}

/** Converts an instant to the form of a column; keeps a Date if its codec converts it. */
export function inForm(
  instant: Date,
  form: InstantForm,
  column: ColumnDefinition | undefined,
  dialect: Dialect,
): unknown {
  if (column?.type === 'custom' && column.codec !== undefined) return instant
  const time = instant.getTime()
  switch (form) {
    case 'iso':
      return instant.toISOString()
    case 'date':
      return instant.toISOString().slice(0, 10)
    case 'timestamp':
      if (column?.type === 'timestamp') return instant
      // The connections of databases that read no time zone use UTC.
      return semanticsOf(dialect).readsTimeZones
        ? instant.toISOString()
        : instant.toISOString().replace('T', ' ').replace('Z', '')
    default: {
      if (column?.type === 'unix' || column?.type === 'unixms') return instant
      const number = form === 'seconds' ? Math.floor(time / 1000) : time
      if (column?.type === 'bigint') return BigInt(number)
      return column?.type === 'decimal' ? String(number) : number
    }
  }
}

const EPOCH = 'extract(epoch from statement_timestamp())'

/** The SQL expressions for the start of a statement by the clock of the database, the same for all rows. */
type Clock = Readonly<Record<InstantForm, string>>

const sqlite: Clock = {
  timestamp: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
  iso: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
  seconds: "cast(strftime('%s', 'now') as integer)",
  milliseconds: "(cast(strftime('%s', 'now') as integer) * 1000 + cast(substr(strftime('%f', 'now'), 4) as integer))",
  date: "date('now')",
}

const postgres: Clock = {
  timestamp: 'statement_timestamp()',
  iso: `to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  seconds: `cast(floor(${EPOCH}) as bigint)`,
  milliseconds: `cast(floor(${EPOCH} * 1000) as bigint)`,
  date: `cast(statement_timestamp() at time zone 'UTC' as date)`,
}

const mysql: Clock = {
  timestamp: 'utc_timestamp(6)',
  iso: "concat(left(date_format(utc_timestamp(6), '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z')",
  seconds: 'unix_timestamp()',
  milliseconds: 'floor(unix_timestamp(current_timestamp(3)) * 1000)',
  date: 'utc_date()',
}

const clocks = facetsOf<Clock>(
  'The clock of the database',
  { sqlite, postgres, mysql, mariadb: mysql, mssql: undefined },
  "Use the clock of the program: clock: 'client'.",
)

/** Returns the SQL expression for the clock of the database. */
export const clockOf = (dialect: Dialect, form: InstantForm): string => clocks.of(dialect)[form]
