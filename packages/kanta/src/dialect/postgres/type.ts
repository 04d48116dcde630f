import { type Codec, type ColumnDefinition, nativeBooleanCodec } from '../../table/index.ts'
import { asGiven } from '../write-only.ts'

/** The types without lengths and precisions. */
const TYPES: Readonly<Record<string, string>> = {
  integer: 'integer',
  bigint: 'bigint',
  real: 'double precision',
  decimal: 'numeric',
  text: 'text',
  varchar: 'varchar',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamptz',
  unix: 'bigint',
  unixms: 'bigint',
  json: 'jsonb',
  bytes: 'bytea',
  uuid: 'uuid',
  enum: 'text',
}

/** The type of a column as `create table` says it. */
export function typeName(column: ColumnDefinition): string {
  if (column.type === 'custom') return column.sqlType!
  const type = TYPES[column.type]!
  return column.typeArguments.length === 0 ? type : `${type}(${column.typeArguments.join(', ')})`
}

/** JSON has no NaN and no infinities: PostgreSQL writes them as strings. */
const realCodec: Codec = { name: 'real', encode: asGiven, decode: asGiven, fromJson: Number }

export function columnCodec(column: ColumnDefinition): Codec | undefined {
  if (column.type === 'real') return realCodec
  return column.type === 'boolean' ? (nativeBooleanCodec as Codec) : column.codec
}

const LEAST = -(2 ** 31)
const MOST = 2 ** 31 - 1

/** The type that a value has to be said to have where nothing around it tells the database. */
export function castOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      if (!Number.isSafeInteger(value)) return 'double precision'
      return value >= LEAST && value <= MOST ? 'integer' : 'bigint'
    case 'bigint':
      return 'bigint'
    case 'boolean':
      return 'boolean'
    case 'string':
      return 'text'
    case 'object':
      if (Array.isArray(value)) return `${itemType(value)}[]`
      if (value instanceof Uint8Array) return 'bytea'
      if (value instanceof Date) return 'timestamptz'
  }
  return undefined
}

/** One type for all items; text where there is no other. */
function itemType(items: readonly unknown[]): string {
  const types = new Set(items.filter((item) => item !== null).map(castOf))
  const [type, ...others] = types
  if (others.length === 0) return type ?? 'text'
  const numbers = ['integer', 'bigint', 'double precision'].filter((number) => types.has(number))
  return numbers.length === types.size ? numbers.at(-1)! : 'text'
}
