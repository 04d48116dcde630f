import { describe, refuse } from '../../error/index.ts'
import type { Codec, ColumnDefinition, SqlValue, TableDefinition } from '../../table/index.ts'
import { asGiven } from '../write-only.ts'
import { definitionLiteral, stringLiteral } from './text.ts'

/** The types that the two databases share; those that depend on more are in `typeName`. */
const TYPES: Readonly<Record<string, string>> = {
  integer: 'int',
  bigint: 'bigint',
  real: 'double',
  boolean: 'tinyint(1)',
  date: 'date',
  timestamp: 'datetime(6)',
  unix: 'bigint',
  unixms: 'bigint',
  json: 'json',
}

/**
 * The SQL type of a column. A key takes no text without a length, so text and bytes that are part of one get as many as
 * fit twice into an index of InnoDB.
 */
export function typeName(column: ColumnDefinition, table: TableDefinition | undefined, uuid: string): string {
  const key = isKey(column, table)
  switch (column.type) {
    case 'custom':
      return column.sqlType!
    case 'uuid':
      return uuid
    case 'text':
      return key ? 'varchar(255)' : 'longtext'
    case 'bytes':
      return key ? 'varbinary(255)' : 'longblob'
    case 'varchar':
      return `varchar(${column.typeArguments.join(', ')})`
    case 'enum':
      // Digits stand here without the name of their character set.
      return `enum(${column.values!.map((value) => stringLiteral(value).replace(/^_utf8mb4 /, '')).join(', ')})`
    case 'decimal':
      if (column.typeArguments.length === 0)
        refuse(
          `The decimal '${column.name}' needs a precision and a scale: without them MySQL and MariaDB round to whole numbers. Use c.decimal(12, 2).`,
        )
      return `decimal(${column.typeArguments.join(', ')})`
    default:
      return TYPES[column.type]!
  }
}

function isKey(column: ColumnDefinition, table: TableDefinition | undefined): boolean {
  if (column.primaryKey || column.unique || column.references !== undefined) return true
  if (table === undefined) return false
  const keys = [
    table.primaryKey,
    ...[...table.uniques, ...table.indexes, ...table.foreignKeys].map((key) => key.columns),
  ]
  return keys.some((columns) => columns.includes(column.name))
}

/** Beside a number all text that does not begin with digits is 0, so that `token = 0` would hold for most tokens. */
const textCodec: Codec = {
  name: 'text',
  encode: (value) =>
    typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
      ? String(value)
      : (value as SqlValue),
  decode: asGiven,
}

const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i

/** Beside a number text is the digits that it begins with, or 0. */
const numberCodec: Codec = {
  name: 'number',
  encode: (value) =>
    typeof value === 'string' && !NUMBER.test(value)
      ? refuse(`A number is expected, not ${describe(value)}.`)
      : (value as SqlValue),
  decode: asGiven,
}

const WRITTEN: Readonly<Record<string, Codec>> = {
  text: textCodec,
  varchar: textCodec,
  integer: numberCodec,
  real: numberCodec,
}

/**
 * How a column is written and read here. Moments are text in UTC without the letters that the database does not read;
 * the zone of each connection is UTC.
 */
export function codec(column: ColumnDefinition): Codec | undefined {
  const own = column.codec ?? WRITTEN[column.type]
  // What is computed of whole decimals has no column, and is read as an integer by the driver.
  if (column.type === 'decimal' && !column.typeArguments[1]) return { ...own!, bigint: true }
  if (column.type !== 'timestamp' || own === undefined) return own
  return { ...own, encode: (value) => String(own.encode(value)).replace('T', ' ').replace('Z', '') }
}

/** Types whose default MySQL takes only as an expression. */
const LONG_TYPES: ReadonlySet<string> = new Set(['longtext', 'longblob', 'json'])

/** The default of a column as text. */
export function defaultText(value: unknown, type: string): string {
  const text = definitionLiteral(value)
  if (text.startsWith('convert(')) return `(${text})`
  if (text.startsWith("x'")) return `(unhex(${text.slice(1)}))`
  return LONG_TYPES.has(type) && text !== 'null' ? `(${text})` : text
}
