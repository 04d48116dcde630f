import { KantaError, refuse } from '../../../error/index.ts'

/** A value that SQLite can store. */
export type SqliteValue = null | number | bigint | string | Uint8Array

// The type library lacks this method, but every supported Node has it.
type Text = string & { isWellFormed(): boolean }

/**
 * Checks if all libraries store the value unchanged. They accept more, but silently change it: undefined, NaN and a
 * Date become null, an array or object is read as parameters, half a surrogate pair becomes U+FFFD, and a DataView can
 * crash the process.
 */
export function isStorable(value: unknown): value is SqliteValue {
  return typeof value === 'number'
    ? !Number.isNaN(value)
    : typeof value === 'string'
      ? (value as Text).isWellFormed()
      : value === null || isStorableObject(value)
}

function isStorableObject(value: unknown): boolean {
  return value instanceof Uint8Array || (typeof value === 'bigint' && BigInt.asIntN(64, value) === value)
}

/** Returns the values to store: the same array if all are storable. Throws for values that are not. */
export function toStore(parameters: readonly unknown[]): readonly SqliteValue[] {
  for (let index = 0; index < parameters.length; index++) {
    if (!isStorable(parameters[index])) return parameters.map(convert)
  }
  return parameters as readonly SqliteValue[]
}

function convert(value: unknown, index: number): SqliteValue {
  if (isStorable(value)) return value
  return typeof value === 'boolean' ? BigInt(value) : refuseValue(value, index)
}

const CODEC = 'Give its column a codec in the table definition, or convert the value'

function refuseValue(value: unknown, index: number): SqliteValue {
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  // Accept bytes of another realm, such as the sandbox of a test runner.
  if (tag === 'Uint8Array') return value as Uint8Array
  return refuse(`Parameter ${index + 1} is ${explain(value, tag)}`)
}

function explain(value: unknown, tag: string): string {
  switch (typeof value) {
    case 'undefined':
      return 'undefined. Pass null where null is meant, else leave out the column or the condition.'
    case 'number':
      return 'NaN, which SQLite would store as null. Pass null where that is meant.'
    case 'string':
      return 'a string with half a surrogate pair, which would be stored as U+FFFD. Cut strings between characters, or pass value.toWellFormed().'
    case 'bigint':
      return `the bigint ${value}, which is beyond the 64 bits of SQLite's integers. Store it as text.`
  }
  if (Array.isArray(value)) return `an array. ${CODEC}, for instance with JSON.stringify.`
  if (value instanceof Date || tag === 'Date') return `a Date. ${CODEC}, for instance with toISOString() or getTime().`
  if (ArrayBuffer.isView(value)) {
    return `a ${tag}. Pass its bytes: new Uint8Array(value.buffer, value.byteOffset, value.byteLength).`
  }
  if (tag === 'ArrayBuffer' || tag === 'SharedArrayBuffer') return `a ${tag}. Pass its bytes: new Uint8Array(value).`
  if (typeof value === 'object')
    return `${tag === 'Object' ? 'an object' : `a ${tag}`}. ${CODEC}, for instance with JSON.stringify.`
  return `a ${typeof value}, which no database can store.`
}

/** Converts an integer to a number, and throws if a number cannot hold it. */
export function exactNumber(integer: bigint): number {
  const number = Number(integer)
  if (Number.isSafeInteger(number)) return number
  throw new KantaError(
    'query',
    `The database holds an integer that a number cannot hold exactly (${integer}). Define its column as a bigint, or cast it to text.`,
  )
}

/** Converts the id of an inserted row to a number, if a number can hold it. */
export const exactId = (id: bigint): number | bigint => (Number.isSafeInteger(Number(id)) ? Number(id) : id)

/**
 * Rejects a number of a library that may be a rounded integer, which is one between 2^53 and 2^63.
 */
export function refuseRounded(value: number): number {
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER || Math.abs(value) > 2 ** 63 || !Number.isInteger(value)) return value
  throw new KantaError(
    'query',
    `The database holds an integer that a number cannot hold exactly (about ${value}), and this library gives numbers only. Cast the column to text in the query, or store it as text.`,
  )
}
