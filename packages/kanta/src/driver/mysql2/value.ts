import mysql2, { type TypedParameterValue } from 'mysql2'
import { KantaError, refuse } from '../../error/index.ts'

/** A value that the library sends unchanged. */
type SentValue = null | number | string | boolean | Buffer | TypedParameterValue

/** The part of a column description that the driver uses. */
export interface Field {
  readonly name: string
  readonly columnType?: number | undefined
  readonly characterSet?: number | undefined
  readonly decimals?: number | undefined
  readonly orgTable?: string | undefined
}

const LONGLONG = 8
const NEWDECIMAL = 246
const BINARY = 63

const { TypedParameter } = mysql2

/**
 * Returns the values to send. It sends integers as integers, since a double cannot be a limit, and a bigint as text
 * would be compared as a double.
 */
export function toSend(parameters: readonly unknown[]): SentValue[] {
  return parameters.map(convert)
}

function convert(value: unknown, index: number): SentValue {
  switch (typeof value) {
    case 'number':
      if (Number.isSafeInteger(value)) return TypedParameter.LONGLONG(value)
      return Number.isFinite(value)
        ? value
        : refuseValue(index, `${value}, which the database cannot store. Pass null where that is meant.`)
    case 'string':
      return value.isWellFormed()
        ? value
        : refuseValue(
            index,
            'a string with half a surrogate pair, which would be stored as U+FFFD. Cut strings between characters, or pass value.toWellFormed().',
          )
    case 'bigint':
      if (BigInt.asIntN(64, value) === value) return TypedParameter.LONGLONG(value)
      if (BigInt.asUintN(64, value) === value) return TypedParameter.LONGLONG.unsigned(value)
      return refuseValue(index, `the bigint ${value}, which is beyond 64 bits. Store it as a decimal or as text.`)
    case 'boolean':
      return value
    case 'object':
      if (value === null) return value
      if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  return refuseValue(index, describe(value))
}

const CODEC = 'Give its column a codec in the table definition, or convert the value'

function describe(value: unknown): string {
  if (value === undefined)
    return 'undefined. Pass null where null is meant, else leave out the column or the condition.'
  if (Array.isArray(value)) return `an array. ${CODEC}, for instance with JSON.stringify.`
  if (value instanceof Date) return `a Date. ${CODEC}, for instance with toISOString().`
  if (typeof value === 'object') return `an object. ${CODEC}, for instance with JSON.stringify.`
  return `a ${typeof value}, which no database can store.`
}

function refuseValue(index: number, what: string): never {
  return refuse(`Parameter ${index + 1} is ${what}`)
}

type Cell = (value: never) => unknown

/** Returns the conversion of a column to the driver contract, or `undefined` if none is needed. */
function cellOf(field: Field, bigints: boolean): Cell | undefined {
  switch (field.columnType) {
    case LONGLONG:
      return bigints ? toBigint : (value: number | string) => exact(value, field)
    case NEWDECIMAL:
      // A sum of integers is a decimal here, so read decimals without a table column and a fraction as integers.
      if (field.decimals !== 0 || field.orgTable !== '') return undefined
      return bigints ? toBigint : (value: string) => exact(toNumber(value), field)
    default:
      return field.characterSet === BINARY ? toBytes : undefined
  }
}

const toBigint = (value: number | string): bigint => BigInt(value)

const toNumber = (value: string): number | string => (Number.isSafeInteger(Number(value)) ? Number(value) : value)

/** Rejects integers that a number cannot hold, which the library returns as text. */
function exact(value: number | string, field: Field): number {
  if (typeof value === 'number') return value
  throw new KantaError(
    'query',
    `The column '${field.name}' holds ${value}, which a number cannot hold exactly. Define it as c.bigint(), or cast it to text.`,
  )
}

const toBytes = (value: unknown): unknown => (Buffer.isBuffer(value) ? new Uint8Array(value) : value)

/** Returns a function that converts rows to the driver contract, in place, or `undefined` if none is needed. */
export function converterOf(fields: readonly Field[], bigints: boolean): ((row: unknown[]) => void) | undefined {
  const cells: [number, Cell][] = []
  fields.forEach((field, i) => {
    const cell = cellOf(field, bigints)
    if (cell !== undefined) cells.push([i, cell])
  })
  if (cells.length === 0) return undefined
  return (row) => {
    for (const [i, cell] of cells) {
      const value = row[i]
      if (value !== null) row[i] = cell(value as never)
    }
  }
}
