import { refuse } from '../../error/index.ts'
import type { Codec, ColumnDefinition, TableDefinition } from '../../table/index.ts'

const TYPES: Readonly<Record<string, string>> = {
  integer: 'int',
  bigint: 'bigint',
  real: 'float(53)',
  boolean: 'bit',
  date: 'date',
  timestamp: 'datetimeoffset(7)',
  unix: 'bigint',
  unixms: 'bigint',
  json: 'nvarchar(max)',
  bytes: 'varbinary(max)',
  uuid: 'uniqueidentifier',
}

/** The longest text of a key: an index takes 900 bytes, and a character two. */
const KEY = 450
/** The longest text that is not stored apart. */
const INLINE = 4_000
/** What an enum's column holds at least, so that a value that is added later fits. */
const ENUM = 255
/** A decimal of which nothing is said; the server's own would have no fraction. */
const DECIMAL = { precision: 38, scale: 10 }

/** The SQL type of a column. */
export function typeName(column: ColumnDefinition, table?: TableDefinition): string {
  const [first, second] = column.typeArguments
  switch (column.type) {
    case 'custom':
      return column.sqlType!
    case 'decimal':
      return `decimal(${first ?? DECIMAL.precision}, ${first === undefined ? DECIMAL.scale : (second ?? 0)})`
    case 'varchar':
    case 'text':
      return text(first ?? (isKey(column, table) ? KEY : undefined))
    case 'enum':
      return text(Math.max(ENUM, ...(column.values ?? []).map((value) => value.length)))
    default:
      return TYPES[column.type]!
  }
}

const text = (length: number | undefined): string =>
  length === undefined || length > INLINE ? 'nvarchar(max)' : `nvarchar(${length})`

/** A null that is a parameter has the type of a text, which is not converted to bytes. */
export function cellType(codec: Codec): string | undefined {
  return codec.name === 'bytes' ? 'varbinary(max)' : undefined
}

/** How a column is written and read where that is not as everywhere. */
export function codecOf({ type, typeArguments, codec }: ColumnDefinition): Codec | undefined {
  if (codec === undefined) return undefined
  switch (type) {
    case 'uuid': {
      // The server writes them in upper case.
      const decode = (value: unknown): string => String(codec.decode(value as string)).toLowerCase()
      return { ...codec, decode, fromJson: decode }
    }
    case 'json':
      // JSON inside JSON can only be an object or an array here, so it goes as text.
      return { ...codec, json: 'text', fromJson: (value) => codec.decode(value as string) }
    case 'decimal':
      return typeArguments.length > 0 ? codec : { ...codec, encode: (value) => checkDecimal(codec.encode(value)) }
    default:
      return codec
  }
}

/** The server would round silently what does not fit. */
function checkDecimal<T>(value: T): T {
  const [whole = '', fraction = ''] = String(value).replace(/^[+-]/, '').split('.')
  const fits =
    whole.replace(/^0+/, '').length <= DECIMAL.precision - DECIMAL.scale &&
    fraction.replace(/0+$/, '').length <= DECIMAL.scale
  return fits
    ? value
    : refuse(`The decimal ${value} has more digits than decimal(${DECIMAL.precision}, ${DECIMAL.scale}) holds.`)
}

/** Returns whether a column is part of a key or an index, whose texts must have an end. */
function isKey(column: ColumnDefinition, table: TableDefinition | undefined): boolean {
  if (column.primaryKey || column.unique || column.references !== undefined) return true
  if (table === undefined) return false
  const keys = [...table.uniques, ...table.indexes, ...table.foreignKeys].map((key) => key.columns)
  return [table.primaryKey, ...keys].some((columns) => columns.includes(column.name))
}
