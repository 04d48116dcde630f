import { describe, refuse } from '../error/index.ts'

/** What a driver takes and gives; booleans only where the database has them. */
export type SqlValue = null | number | bigint | string | boolean | Uint8Array

/**
 * What a column's values are in JavaScript and in the database. `null` never reaches a codec.
 *
 * @example
 * ```ts
 * const point: Codec<{ x: number; y: number }> = {
 *   name: 'point',
 *   encode: (p) => `${p.x},${p.y}`,
 *   decode: (text) => {
 *     const [x, y] = String(text).split(',').map(Number)
 *     return { x: x!, y: y! }
 *   },
 * }
 * ```
 */
export interface Codec<T = unknown> {
  readonly name: string
  /** Refuses what is not a `T`. */
  encode(value: T): SqlValue
  decode(value: Exclude<SqlValue, null>): T
  /** Decodes what a JSON document holds for the column; `decode` when absent. */
  fromJson?(value: unknown): T
  /** Writes values that are only compared with those of the column, and may be ones that it cannot hold. */
  readonly compared?: Codec<T>
  /** The integers of the column have to be read as bigints. */
  readonly bigint?: true
  /** Tells whether null is decoded, too. */
  readonly readsNull?: boolean
  /** How the column has to enter a JSON document to stay exact: cast to text, as hexadecimal digits, or as JSON. */
  readonly json?: 'text' | 'hex' | 'json'
}

function expected(what: string, value: unknown): never {
  refuse(`${what} is expected, not ${describe(value)}.`)
}

function stored(what: string, value: unknown): never {
  refuse(`The database holds ${describe(value)} where ${what} is expected.`)
}

const decodeBoolean = (value: unknown): boolean => {
  if (value === 1 || value === 1n || value === true) return true
  if (value === 0 || value === 0n || value === false) return false
  return stored('a boolean', value)
}

/** Booleans, stored as 0 and 1. */
export const booleanCodec: Codec<boolean> = {
  name: 'boolean',
  encode: (value) => (typeof value === 'boolean' ? (value ? 1 : 0) : expected('A boolean', value)),
  decode: decodeBoolean,
  fromJson: decodeBoolean,
}

/** Booleans, where the database has them. */
export const nativeBooleanCodec: Codec<boolean> = {
  ...booleanCodec,
  encode: (value) => (typeof value === 'boolean' ? value : expected('A boolean', value)),
}

const int64 = (value: bigint): boolean => value >= -(2n ** 63n) && value < 2n ** 63n

const decodeBigint = (value: unknown): bigint => {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return BigInt(value)
  return stored('an integer', value)
}

/** Integers of 64 bits as bigints. */
export const bigintCodec: Codec<bigint> = {
  name: 'bigint',
  bigint: true,
  json: 'text',
  encode: (value) => {
    if (typeof value !== 'bigint') return expected('A bigint', value)
    return int64(value) ? value : refuse(`The bigint ${value} does not fit in 64 bits.`)
  },
  decode: decodeBigint,
  fromJson: decodeBigint,
}

const decodeDecimal = (value: unknown): string => {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  return stored('a decimal', value)
}

/** A number of a JSON document has as many digits as a floating-point number keeps. */
const decimalFromJson =
  (scale = 0) =>
  (value: unknown): string => {
    if (typeof value !== 'number') return decodeDecimal(value)
    const text = String(value)
    if (/e/.test(text) || text.replace(/\D/g, '').length > 15)
      refuse(
        `JSON holds the decimal ${text} as a number, which may have lost digits. Cast it to text, or use jsonArrayFrom().`,
      )
    return (text.split('.')[1]?.length ?? 0) < scale ? value.toFixed(scale) : text
  }

/** Exact decimals as strings such as `'12.50'`; digits that the column cannot hold are refused, not rounded. */
export function decimalCodec(precision: number | undefined, scale: number | undefined): Codec<string> {
  return {
    name: 'decimal',
    json: 'text',
    ...(precision === undefined ? {} : { compared: decimalCodec(undefined, undefined) }),
    encode: (value) => {
      const match = typeof value === 'string' ? /^[+-]?(\d+)(?:\.(\d+))?$/.exec(value) : null
      if (match === null) return expected("A decimal as a string such as '12.50'", value)
      if (precision !== undefined) {
        const whole = match[1]!.replace(/^0+/, '').length
        const fraction = (match[2] ?? '').replace(/0+$/, '').length
        if (whole > precision - (scale ?? 0) || fraction > (scale ?? 0)) {
          refuse(`The decimal ${value} has more digits than decimal(${precision}, ${scale ?? 0}) holds.`)
        }
      }
      return value
    },
    decode: decodeDecimal,
    fromJson: decimalFromJson(scale),
  }
}

const daysOf = (year: number, month: number): number =>
  month === 2
    ? year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
      ? 29
      : 28
    : [4, 6, 9, 11].includes(month)
      ? 30
      : 31

const isDate = (text: string): boolean => {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)
  // Databases that count years have no year 0.
  if (match === null || match[1] === '0000') return false
  const month = Number(match[2])
  const day = Number(match[3])
  return month >= 1 && month <= 12 && day >= 1 && day <= daysOf(Number(match[1]), month)
}

const decodeDate = (value: unknown): string =>
  typeof value === 'string' && isDate(value) ? value : stored("a date such as '2024-02-29'", value)

/** Calendar dates as strings such as `'2024-02-29'`: a day has no time and no zone. */
export const dateCodec: Codec<string> = {
  name: 'date',
  encode: (value) =>
    typeof value === 'string' && isDate(value) ? value : expected("A date as a string such as '2024-02-29'", value),
  decode: decodeDate,
  fromJson: decodeDate,
}

const milliseconds = (value: unknown): number => {
  if (!(value instanceof Date)) return expected('A Date', value)
  const time = value.getTime()
  return Number.isNaN(time) ? expected('A valid Date', value) : time
}

const UPPER_Z = 90

// Text without a zone is UTC, as SQLite's current_timestamp writes it; Date.parse would take it as local time.
const moment = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(\.\d+)? ?(Z|[+-]\d\d(?::?\d\d(?::\d\d)?)?)?)?$/i

const decodeTimestamp = (value: unknown): Date => {
  // What this codec writes, which the platform reads at once; everything else takes the long way.
  if (typeof value === 'string' && value.length === 24 && value.charCodeAt(23) === UPPER_Z) {
    const date = new Date(value)
    if (!Number.isNaN(date.getTime())) return date
  }
  if (value instanceof Date) return value
  const match = typeof value === 'string' ? moment.exec(value) : null
  if (match === null) return stored('a timestamp', value)
  const [, day, clock = '00:00', seconds = ':00', fraction = '', zone = 'Z'] = match
  const [, hours, minutes = '00', local = '0'] = /^([+-]\d\d):?(\d\d)?:?(\d\d)?$/.exec(zone) ?? []
  const offset = hours === undefined ? 'Z' : `${hours}:${minutes}`
  const date = new Date(`${day}T${clock}${seconds}${fraction.slice(0, 4)}${offset}`)
  // Local mean time, as zones had it once, differs from UTC by seconds, too.
  if (local !== '0') date.setTime(date.getTime() - Number(`${zone[0]}${local}`) * 1000)
  return Number.isNaN(date.getTime()) ? stored('a timestamp', value) : date
}

/** Moments as Dates, stored as ISO 8601 text in UTC, whose order is that of time. */
export const timestampCodec: Codec<Date> = {
  name: 'timestamp',
  encode: (value) => {
    const time = milliseconds(value)
    const text = new Date(time).toISOString()
    if (text.startsWith('0000')) refuse(`Databases that count years have no year 0, as in ${text}.`)
    return text.length === 24 ? text : refuse(`The year of ${text} does not have four digits.`)
  },
  decode: decodeTimestamp,
  fromJson: decodeTimestamp,
}

const unix = (name: string, unit: number): Codec<Date> => {
  const decode = (value: unknown): Date => {
    const date = typeof value === 'number' || typeof value === 'bigint' ? new Date(Number(value) * unit) : undefined
    return date === undefined || Number.isNaN(date.getTime()) ? stored('a timestamp', value) : date
  }
  return { name, encode: (value) => Math.floor(milliseconds(value) / unit), decode, fromJson: decode }
}

/** Moments as Dates, stored as whole seconds since 1970: what is below a second is cut off. */
export const unixCodec: Codec<Date> = unix('unix', 1000)

/** Moments as Dates, stored as milliseconds since 1970. */
export const unixMillisecondsCodec: Codec<Date> = unix('unixms', 1)

/** Refuses NaN and infinities, of which JSON would silently make null. */
function checkFinite(value: unknown): void {
  JSON.stringify(value, (key, item) =>
    typeof item === 'number' && !Number.isFinite(item)
      ? refuse(`JSON has no ${item}${key === '' ? '' : ` (at '${key}')`}. Write null or a string in its place.`)
      : item,
  )
}

/** Any JSON value, stored as text. */
export const jsonCodec: Codec<unknown> = {
  name: 'json',
  json: 'json',
  encode: (value) => {
    const text = JSON.stringify(value) ?? expected('A JSON value', value)
    // Only what holds a null may have been another value.
    if (text.includes('null')) checkFinite(value)
    return text
  },
  decode: (value) => (typeof value === 'string' ? JSON.parse(value) : value),
  fromJson: (value) => value,
}

/** Bytes as Uint8Arrays. */
export const bytesCodec: Codec<Uint8Array> = {
  name: 'bytes',
  json: 'hex',
  encode: (value) => (value instanceof Uint8Array ? value : expected('A Uint8Array', value)),
  // Some libraries give a Buffer, whose slice() and JSON are others.
  decode: (value) => {
    if (!(value instanceof Uint8Array)) return stored('bytes', value)
    return value.constructor === Uint8Array ? value : new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  },
  fromJson: (value) => {
    if (value instanceof Uint8Array) return value
    // PostgreSQL writes \x in front of the bytes of a whole row.
    const [, digits] = /^(?:\\x)?((?:[\da-f]{2})*)$/i.exec(String(value)) ?? []
    if (digits === undefined) return stored('bytes as hexadecimal digits', value)
    return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
  },
}

const decodeUuid = (value: unknown): string => (typeof value === 'string' ? value : stored('a UUID', value))

/** UUIDs as strings, stored in lower case so that equal ones are equal as text. */
export const uuidCodec: Codec<string> = {
  name: 'uuid',
  encode: (value) =>
    typeof value === 'string' && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)
      ? value.toLowerCase()
      : expected('A UUID', value),
  decode: decodeUuid,
  fromJson: decodeUuid,
}

/** One of a few strings. What is read is trusted, so that a value added later does not break older readers. */
export function enumCodec(values: readonly string[]): Codec<string> {
  const known = new Set<unknown>(values)
  const decode = (value: unknown): string => (typeof value === 'string' ? value : stored('a string', value))
  return {
    name: 'enum',
    encode: (value) => (known.has(value) ? value : expected(`One of ${values.map((v) => `'${v}'`).join(', ')}`, value)),
    decode,
    fromJson: decode,
  }
}
