import { describe, refuse } from '../error/index.ts'
import type { Codec, ColumnDefinition, SqlValue } from '../table/index.ts'

type Check = (value: unknown) => void

const LEAST = -(2 ** 31)
const MOST = 2 ** 31 - 1

const shown = (value: unknown): string => (typeof value === 'number' ? String(value) : describe(value))

function checkInteger(value: unknown): void {
  const isWhole = typeof value === 'bigint' || Number.isInteger(value)
  if (!isWhole) refuse(`A whole number is expected, not ${shown(value)}.`)
  if ((value as number) < LEAST || (value as number) > MOST)
    refuse(`The integer ${String(value)} does not fit in 32 bits. Define the column as c.bigint().`)
}

function checkReal(value: unknown): void {
  if (!Number.isFinite(value)) refuse(`A finite number is expected, not ${shown(value)}.`)
}

function checkText(value: unknown): void {
  if (typeof value !== 'string') refuse(`A string is expected, not ${describe(value)}.`)
}

/** Counts characters as databases do, not halves of surrogate pairs. */
const checkLength =
  (length: number): Check =>
  (value) => {
    checkText(value)
    const text = value as string
    if (text.length <= length || [...text].length <= length) return
    refuse(`The string has ${[...text].length} characters, of which varchar(${length}) holds ${length}.`)
  }

function checkOf({ type, typeArguments }: ColumnDefinition): Check | undefined {
  switch (type) {
    case 'integer':
      return checkInteger
    case 'real':
      return checkReal
    case 'text':
      return checkText
    case 'varchar':
      return checkLength(typeArguments[0]!)
    default:
      return undefined
  }
}

const known = new WeakMap<ColumnDefinition, Codec>()

/**
 * Returns how values are written into a column: as its codec says, and only what each database would store as it is.
 * A condition needs no such check, since it stores nothing.
 */
export function writeCodec(column: ColumnDefinition): Codec | undefined {
  const check = checkOf(column)
  if (check === undefined) return column.codec
  let codec = known.get(column)
  if (codec === undefined) {
    const own: Codec = column.codec ?? { name: column.type, encode: asIs, decode: asIs }
    codec = {
      ...own,
      encode: (value) => {
        check(value)
        return own.encode(value)
      },
    }
    known.set(column, codec)
  }
  return codec
}

const asIs = (value: unknown): SqlValue => value as SqlValue
