import type { Dialect } from '../dialect/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import type { AbstractType, ColumnDefinition, TableDefinition } from '../schema/index.ts'
import { show, sql } from '../sql/index.ts'

/** How a column holds moments. */
export type StoredTime = 'timestamp' | 'iso' | 'unix' | 'unixms' | 'date'

export const STORED: readonly StoredTime[] = ['timestamp', 'iso', 'unix', 'unixms', 'date']

/** One table whose rows expire, with everything decided. */
export interface Expiring {
  readonly table: string
  readonly column: string
  readonly after: number
  readonly stored: StoredTime | undefined
}

/** The types of columns that say by themselves how they hold a moment. */
const TIMES: Readonly<Partial<Record<AbstractType, StoredTime>>> = {
  timestamp: 'timestamp',
  unix: 'unix',
  unixms: 'unixms',
  date: 'date',
}

/** How a column of moments is compared: what is stored in it, and which values its codec takes. */
export interface TimeColumn {
  readonly stored: StoredTime
  /** What a moment is as a value that is compared with the column. */
  readonly valueOf: (moment: Date) => unknown
}

/**
 * How the column of a table holds moments.
 *
 * @throws KantaError `invalid_input` for a column that is not there, or that does not say what it holds.
 */
export function timeColumn(expiring: Expiring, definition: TableDefinition | undefined, dialect: Dialect): TimeColumn {
  const { table, column, stored: said } = expiring
  const defined = definition?.columns.get(column)
  if (definition !== undefined && defined === undefined)
    return refuse(`ttl(): '${table}' has no column '${column}'. Give the one that says when its rows expire.`)
  const own = defined === undefined ? undefined : TIMES[defined.type]
  if (own !== undefined && said !== undefined && said !== own)
    return refuse(`ttl(): '${table}.${column}' is of the type '${own}', not '${said}'. Leave 'stored' out.`)
  const stored = own ?? said
  if (stored === undefined)
    return refuse(
      `ttl() cannot tell how '${table}.${column}' holds moments. Define it as a timestamp in the schema, or say it: { column: '${column}', stored: 'unix' }, one of ${STORED.join(', ')}.`,
    )
  return { stored, valueOf: (moment) => valueOf(stored, defined, moment, dialect) }
}

function valueOf(stored: StoredTime, column: ColumnDefinition | undefined, moment: Date, dialect: Dialect): unknown {
  const type = column?.type
  if (type === 'timestamp' || type === 'unix' || type === 'unixms') return moment
  switch (stored) {
    case 'timestamp':
      return withoutCodec(moment, dialect)
    case 'iso':
      return moment.toISOString()
    case 'date':
      return moment.toISOString().slice(0, 10)
    default: {
      const units = Math.floor(moment.getTime() / (stored === 'unix' ? 1000 : 1))
      return type === 'bigint' ? BigInt(units) : units
    }
  }
}

/** What a moment is for a driver, where no definition says how a column is written. */
function withoutCodec(moment: Date, { name }: Dialect): unknown {
  if (name === 'sqlite') return moment.toISOString()
  if (name === 'mysql' || name === 'mariadb') return moment.toISOString().replace('T', ' ').replace('Z', '')
  return moment
}

type Text = ReturnType<typeof sql>

const MICROSECONDS = 1000

/**
 * This moment of the database's own clock, `after` milliseconds ago, in the form in which a column holds it. Fixed within
 * a statement, so that an index can find it.
 */
export function databaseMoment(dialect: Dialect, stored: StoredTime, after: number): Text {
  switch (dialect.name) {
    case 'sqlite':
      return ofSqlite(stored, after)
    case 'postgres':
      return ofPostgres(stored, after)
    case 'mysql':
    case 'mariadb':
      return ofMysql(stored, after)
    default:
      throw new KantaError(
        'unsupported',
        `ttl() has no clock of ${dialect.name}. Leave 'clock' out, and use the mode 'lazy' or 'scheduled'.`,
      )
  }
}

function ofSqlite(stored: StoredTime, after: number): Text {
  const shift = sql.lit(`-${(after / 1000).toFixed(3)} seconds`)
  switch (stored) {
    case 'timestamp':
    case 'iso':
      return sql`strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ${shift})`
    case 'date':
      return sql`date('now', ${shift})`
    case 'unix':
      return sql`unixepoch('now', ${shift})`
    case 'unixms':
      return sql`cast(round((julianday('now') - 2440587.5) * 86400000) as integer) - ${sql.lit(after)}`
  }
}

function ofPostgres(stored: StoredTime, after: number): Text {
  const moment = sql`(statement_timestamp() - ${sql.lit(`${after} milliseconds`)}::interval)`
  switch (stored) {
    case 'timestamp':
      return moment
    case 'iso':
      return sql`to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
    case 'date':
      return sql`cast(${moment} at time zone 'UTC' as date)`
    case 'unix':
      return sql`cast(floor(extract(epoch from ${moment})) as bigint)`
    case 'unixms':
      return sql`cast(floor(extract(epoch from ${moment}) * 1000) as bigint)`
  }
}

function ofMysql(stored: StoredTime, after: number): Text {
  const moment = sql`(utc_timestamp(6) - interval ${sql.lit(after * MICROSECONDS)} microsecond)`
  const since = sql`timestampdiff(microsecond, '1970-01-01', ${moment})`
  switch (stored) {
    case 'timestamp':
      return moment
    case 'iso':
      return sql`concat(substring(date_format(${moment}, '%Y-%m-%dT%H:%i:%s.%f'), 1, 23), 'Z')`
    case 'date':
      return sql`date(${moment})`
    case 'unix':
      return sql`(${since} div 1000000)`
    case 'unixms':
      return sql`(${since} div 1000)`
  }
}

/** The time now, as a program's clock tells it. */
export function readClock(now: () => Date): Date {
  const moment = now()
  if (!(moment instanceof Date) || Number.isNaN(moment.getTime()))
    return refuse(`The clock of ttl() gave ${show(moment)}, which is no Date.`)
  return moment
}
