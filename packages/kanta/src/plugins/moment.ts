import { KantaError } from '../error/index.ts'
import type { Late, TableReference } from '../guard/index.ts'
import type { Node } from '../run/index.ts'
import type { ColumnDefinition } from '../schema/index.ts'

/** Whose clock it is: the database's, or this program's. */
export type Clock = 'database' | (() => Date)

/** In which form a column holds a moment; `unknown` for a column without a definition. */
type Form = 'timestamp' | 'unix' | 'unixms' | 'date' | 'text' | 'unknown'

/** The moment at which a statement runs, as a column of a table holds it. */
export function momentFor(table: TableReference, column: string, clock: Clock, late: Late): Node {
  const { dialect } = late.around
  const form = formOf(table, column)
  if (clock === 'database') return { kind: 'word', text: expressionOf(form, dialect.name) }
  // The statement may name the table in a way by which its definition is not found.
  const codec = table.definition?.columns.get(column)?.codec
  return { ...late.value(() => valueOf(form, clock(), dialect.name)), codec }
}

/** A moment as what is written to a column: what is left to its codec stays a Date. */
export function momentValue(table: TableReference, column: string, at: Date, dialect: string): unknown {
  return valueOf(formOf(table, column), at, dialect)
}

function formOf({ name, definition }: TableReference, column: string): Form {
  if (definition === undefined) return 'unknown'
  const found: ColumnDefinition | undefined = definition.columns.get(column)
  switch (found?.type) {
    case 'timestamp':
    case 'unix':
    case 'unixms':
    case 'date':
      return found.type
    case 'text':
    case 'varchar':
      return 'text'
    case 'custom':
      return found.codec === undefined ? 'unknown' : 'timestamp'
    default:
      throw new KantaError(
        'plugin',
        found === undefined
          ? `The table '${name}' has no column '${column}'. Add it, or leave the table out of the plugin's tables.`
          : `'${name}.${column}' is a column of type ${found.type}, which holds no moment. Make it c.timestamp(), c.date() or c.text().`,
      )
  }
}

function valueOf(form: Form, at: Date, dialect: string): unknown {
  if (!(at instanceof Date) || Number.isNaN(at.getTime()))
    throw new KantaError('invalid_input', 'The clock of a plugin gave no valid Date.')
  switch (form) {
    case 'date':
      return at.toISOString().slice(0, 10)
    case 'text':
      return at.toISOString()
    case 'unknown':
      // The types for moments of MySQL and MariaDB do not read the letters.
      return dialect === 'mysql' || dialect === 'mariadb'
        ? at.toISOString().replace('T', ' ').replace('Z', '')
        : at.toISOString()
    default:
      return at
  }
}

const MYSQL: Readonly<Record<Form, string>> = {
  timestamp: 'utc_timestamp(6)',
  unknown: 'utc_timestamp(6)',
  unix: 'floor(unix_timestamp(now(6)))',
  unixms: 'floor(unix_timestamp(now(6)) * 1000)',
  date: 'utc_date()',
  text: "concat(left(date_format(utc_timestamp(3), '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z')",
}

/** The clock of each database, in UTC; that of PostgreSQL stands still within a transaction. */
const CLOCKS: Readonly<Record<string, Readonly<Record<Form, string>>>> = {
  sqlite: {
    timestamp: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    unknown: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    unix: "cast(strftime('%s', 'now') as integer)",
    unixms: "cast((julianday('now') - 2440587.5) * 86400000 as integer)",
    date: "date('now')",
    text: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
  },
  postgres: {
    timestamp: 'current_timestamp',
    unknown: 'current_timestamp',
    unix: 'cast(floor(extract(epoch from current_timestamp)) as bigint)',
    unixms: 'cast(floor(extract(epoch from current_timestamp) * 1000) as bigint)',
    date: "cast(current_timestamp at time zone 'UTC' as date)",
    text: `to_char(current_timestamp at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  },
  mysql: MYSQL,
  mariadb: MYSQL,
}

function expressionOf(form: Form, dialect: string): string {
  const found = CLOCKS[dialect]?.[form]
  if (found === undefined)
    throw new KantaError(
      'unsupported',
      `The clock of ${dialect} is not known. Use that of the program: now: () => new Date().`,
    )
  return found
}
