import { TYPES } from 'tedious'
import { KantaError, refuse } from '../../error/index.ts'

/** A type of the protocol. */
type DataType = (typeof TYPES)[keyof typeof TYPES]

/** A parameter with its type. */
export interface TypedValue {
  readonly type: DataType
  readonly value: unknown
  readonly length?: number
}

/**
 * The declared length of short values. It is fixed, since the server plans a statement again for each parameter type.
 */
const TEXT = 4_000
const BYTES = 8_000

const INT = 0x7fffffff
// The type library lacks this method, but every supported Node has it.
type Text = string & { isWellFormed(): boolean }

/** Returns a value with its type, and throws for values that the server cannot store. */
export function typedValue(value: unknown, index: number): TypedValue {
  switch (typeof value) {
    case 'string':
      if (!(value as Text).isWellFormed()) return refuseValue('a string with half a surrogate pair', index)
      return value.length > TEXT ? { type: TYPES.NVarChar, value } : { type: TYPES.NVarChar, value, length: TEXT }
    case 'number':
      return number(value, index)
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value)
        return refuseValue(`the bigint ${value}, which does not fit in 64 bits`, index)
      return { type: TYPES.BigInt, value }
    case 'boolean':
      return { type: TYPES.Bit, value }
    case 'object':
      if (value === null) return { type: TYPES.NVarChar, value, length: TEXT }
      if (Object.prototype.toString.call(value) === '[object Uint8Array]') return bytes(value as Uint8Array)
  }
  return refuseValue(describe(value), index)
}

function number(value: number, index: number): TypedValue {
  if (!Number.isFinite(value)) return refuseValue(`${value}, which SQL Server cannot store`, index)
  if (!Number.isSafeInteger(value)) return { type: TYPES.Float, value }
  return { type: Math.abs(value) <= INT ? TYPES.Int : TYPES.BigInt, value: value === 0 ? 0 : value }
}

/** Returns a Buffer over the same bytes, since the library takes only Buffers. */
function bytes(value: Uint8Array): TypedValue {
  const buffer = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (buffer.length > BYTES) return { type: TYPES.VarBinary, value: buffer }
  return { type: TYPES.VarBinary, value: buffer, length: BYTES }
}

const CODEC = 'Give its column a codec in the table definition, or convert the value'

function describe(value: unknown): string {
  if (value === undefined) return 'undefined. Pass null where null is meant, else leave out the column or the condition'
  if (Array.isArray(value)) return `an array. ${CODEC}, for instance with JSON.stringify`
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  if (tag === 'Date') return `a Date. ${CODEC}, for instance with toISOString()`
  return `${tag === 'Object' ? 'an object' : `a ${tag}`}. ${CODEC}, for instance with JSON.stringify`
}

function refuseValue(what: string, index: number): never {
  return refuse(`Parameter ${index + 1} is ${what}.`)
}

/** The description of a column. */
export interface ColumnFacts {
  readonly colName: string
  readonly type: { readonly name: string }
  readonly scale?: number | undefined
  readonly dataLength?: number | undefined
}

/** Converts a cell of the library. */
export type Read = (value: never) => unknown

/** The largest unscaled decimal that stays exact, since the library reads decimals as numbers. */
const EXACT = 2 ** 52 - 1

function decimal(column: ColumnFacts, scale: number): (value: number) => string {
  const unit = 10 ** scale
  return (value) => {
    if (Math.abs(value) * unit >= EXACT)
      throw new KantaError(
        'query',
        `The column '${column.colName}' holds a decimal of more than 15 digits, which tedious reads as the number ${value}. Select it as text: cast(… as varchar(40)).`,
      )
    return value.toFixed(scale)
  }
}

const two = (part: number): string => String(part).padStart(2, '0')

/** Returns the fraction of a second with the digits of the column. The library holds digits below 1 ms separately. */
function fraction(date: Date & { readonly nanosecondsDelta?: number }, scale: number): string {
  if (scale === 0) return ''
  const ticks = date.getUTCMilliseconds() * 10_000 + Math.round((date.nanosecondsDelta ?? 0) * 1e7)
  return `.${String(ticks).padStart(7, '0').slice(0, scale)}`
}

const day = (date: Date): string =>
  `${String(date.getUTCFullYear()).padStart(4, '0')}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`

const clock = (date: Date, scale: number): string =>
  `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}${fraction(date, scale)}`

function integer(column: ColumnFacts, bigints: boolean): (value: unknown) => unknown {
  return (value) => {
    // The library returns only 64-bit integers as text.
    if (typeof value !== 'string') return value
    if (bigints) return BigInt(value)
    const number = Number(value)
    if (Number.isSafeInteger(number)) return number
    throw new KantaError(
      'query',
      `The column '${column.colName}' holds ${value}, which a number cannot hold exactly. Define it as c.bigint(), or cast it to text.`,
    )
  }
}

/** Returns the reader of a column, or `undefined` if its cells need none. */
export function readerOf(column: ColumnFacts, bigints: boolean): Read | undefined {
  const scale = column.scale ?? 0
  switch (column.type.name) {
    case 'BigInt':
    case 'IntN':
      return integer(column, bigints)
    case 'DecimalN':
    case 'NumericN':
    case 'Decimal':
    case 'Numeric':
      return decimal(column, scale)
    case 'Money':
    case 'MoneyN':
    case 'SmallMoney':
      return decimal(column, 4)
    case 'Date':
      return day
    case 'Time':
      return (date: Date) => clock(date, scale)
    case 'DateTime2':
      return (date: Date) => `${day(date)} ${clock(date, scale)}`
    case 'DateTimeOffset':
      // The library returns the timestamp in UTC and drops its offset.
      return (date: Date) => `${day(date)} ${clock(date, scale)} +00:00`
    case 'DateTime':
    case 'DateTimeN':
    case 'SmallDateTime':
      return (date: Date) =>
        `${day(date)} ${clock(date, column.dataLength === 4 || column.type.name === 'SmallDateTime' ? 0 : 3)}`
    case 'VarBinary':
    case 'Binary':
    case 'Image':
    case 'UDT':
      // Copy the bytes, so that they do not retain the whole packet.
      return (value: Uint8Array) => new Uint8Array(value)
    default:
      return undefined
  }
}
