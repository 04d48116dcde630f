import { arrayText, parseArray } from '../../../dialect/postgres/index.ts'
import { KantaError, refuse } from '../../../error/index.ts'

/** A value on the wire: text, bytes or null. */
export type WireValue = string | Uint8Array | null

const CODEC = 'Give its column a codec in the table definition, or convert the value'

/** Converts a parameter to the text format of PostgreSQL; bytes stay as they are. */
export function toWire(value: unknown, index: number): WireValue {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() && !value.includes('\0') ? value : refuseText(value, index)
    case 'number':
      if (Number.isNaN(value))
        refuse(
          `Parameter ${index + 1} is NaN. Pass null where that is meant, or the text 'NaN' for that value of a float.`,
        )
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object':
      if (value === null || value instanceof Uint8Array) return value
      return objectText(value, index)
  }
  return refuse(
    `Parameter ${index + 1} is ${value === undefined ? 'undefined. Pass null where null is meant, else leave out the column or the condition.' : `a ${typeof value}, which no database can store.`}`,
  )
}

function refuseText(value: string, index: number): never {
  return refuse(
    value.includes('\0')
      ? `Parameter ${index + 1} is a string with the character NUL, which PostgreSQL's text cannot hold. Take it out, or store bytes.`
      : `Parameter ${index + 1} is a string with half a surrogate pair, which would be stored as U+FFFD. Cut strings between characters, or pass value.toWellFormed().`,
  )
}

function objectText(value: object, index: number): WireValue {
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  // Accept bytes of another realm, such as the sandbox of a test runner.
  if (tag === 'Uint8Array') return new Uint8Array(value as Uint8Array)
  if (Array.isArray(value)) return arrayText(value)
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? refuse(`Parameter ${index + 1} is an invalid Date.`) : value.toISOString()
  }
  if (ArrayBuffer.isView(value))
    return refuse(
      `Parameter ${index + 1} is a ${tag}. Pass its bytes: new Uint8Array(value.buffer, value.byteOffset, value.byteLength).`,
    )
  if (tag === 'ArrayBuffer')
    return refuse(`Parameter ${index + 1} is an ArrayBuffer. Pass its bytes: new Uint8Array(value).`)
  return refuse(
    `Parameter ${index + 1} is ${tag === 'Object' ? 'an object' : `a ${tag}`}. ${CODEC}, for instance with JSON.stringify.`,
  )
}

export type Reader = (text: string) => unknown

/** Reads an integer as a number, and throws if a number cannot hold it. */
function exactNumber(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw new KantaError(
    'query',
    `The database holds an integer that a number cannot hold exactly (${text}). Define its column as a bigint, or cast it to text.`,
  )
}

function bytes(text: string): Uint8Array {
  if (!text.startsWith('\\x'))
    return refuse("The server writes bytes in the old form. Set bytea_output to 'hex', which is the default.")
  const found = new Uint8Array((text.length - 2) / 2)
  for (let i = 0; i < found.length; i++) found[i] = (digit(text, 2 * i + 2) << 4) | digit(text, 2 * i + 3)
  return found
}

/** Returns the value of a hexadecimal digit. For letters it is the low bits of their code plus 9. */
const digit = (text: string, at: number): number => {
  const code = text.charCodeAt(at)
  return code > 57 ? (code & 15) + 9 : code & 15
}

const boolean: Reader = (text) => text === 't'

// The OIDs of types in pg_type.dat never change.
const BOOL = 16
const BYTEA = 17
const INT8 = 20
const INT2 = 21
const INT4 = 23
const OID = 26
const FLOAT4 = 700
const FLOAT8 = 701

const READERS: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [BOOL, boolean],
  [BYTEA, bytes],
  [INT8, exactNumber],
  [INT2, Number],
  [INT4, Number],
  [OID, Number],
  [FLOAT4, Number],
  [FLOAT8, Number],
])

const text: Reader = (found) => found

/** The types of array items by array type. Arrays of text need parsing, too. */
const ARRAYS: ReadonlyMap<number, number> = new Map([
  [1000, BOOL],
  [1001, BYTEA],
  [1005, INT2],
  [1007, INT4],
  [1016, INT8],
  [1021, FLOAT4],
  [1022, FLOAT8],
  [1028, OID],
  // text, varchar, char, name, json, jsonb, uuid, date, timestamp, timestamptz, time, numeric
  ...[1009, 1015, 1014, 1003, 199, 3807, 2951, 1182, 1115, 1185, 1183, 1231].map((type) => [type, 0] as const),
])

/** Returns the reader of a type, or `undefined` if its text is the value. */
export function readerOf(type: number, bigints: boolean): Reader | undefined {
  if (bigints && type === INT8) return BigInt
  const found = READERS.get(type)
  if (found !== undefined) return found
  const item = ARRAYS.get(type)
  if (item === undefined) return undefined
  const read = readerOf(item, bigints) ?? text
  return (array) => parseArray(array, read)
}
