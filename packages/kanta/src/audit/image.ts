import { KantaError } from '../error/index.ts'
import type { Codec, TableDefinition } from '../table/index.ts'

/** A value as the driver returns and accepts it. */
export type StoredValue = null | boolean | number | bigint | string | Uint8Array | readonly StoredValue[]
export type StoredRow = Readonly<Record<string, StoredValue>>

/** Stands in an image for a redacted value, which the trail never stored. */
export const redacted: { readonly redacted: true } = Object.freeze({ redacted: true })

/** The JSON form of a value. A value that JSON cannot hold is an object with one member, which no stored value is. */
type ImageCell = null | boolean | number | string | readonly ImageCell[] | { readonly [tag: string]: string | boolean }

const REDACTED: ImageCell = { $redacted: true }

/**
 * Converts a value to JSON. `reals` is true if a whole `number` is a float, as in SQLite, whose integers are bigints.
 */
export function toCell(value: StoredValue, reals: boolean): ImageCell {
  switch (typeof value) {
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : { $bigint: String(value) }
    case 'number':
      if (!Number.isFinite(value) || Object.is(value, -0)) return { $real: Object.is(value, -0) ? '-0' : String(value) }
      return reals && Number.isInteger(value) ? { $real: String(value) } : value
    case 'object':
      if (value === null) return null
      if (isBytes(value)) return { $bytes: hexOf(value) }
      if (!Array.isArray(value)) throw unsupportedValueError()
      return (value as readonly StoredValue[]).map((item) => toCell(item, reals))
  }
  return value
}

/** For some types, such as geometries of MariaDB, drivers return objects that cannot be converted back. */
const unsupportedValueError = (): KantaError =>
  new KantaError(
    'unsupported',
    'The row has a value of a type that an image cannot hold. Leave its table out of audit({ tables }), or store the value as text or bytes.',
  )

export function fromCell(cell: ImageCell): StoredValue | typeof redacted {
  if (typeof cell === 'number') return Number.isSafeInteger(cell) ? BigInt(cell) : cell
  if (typeof cell !== 'object' || cell === null) return cell
  if (Array.isArray(cell)) return (cell as readonly ImageCell[]).map((item) => fromCell(item) as StoredValue)
  const [[tag, value]] = Object.entries(cell) as [[string, string]]
  if (tag === '$bigint') return BigInt(value)
  if (tag === '$real') return Number(value)
  return tag === '$bytes' ? bytesOf(value) : redacted
}

// Bytes may come from another realm, such as a test runner.
const isBytes = (value: object): value is Uint8Array => ArrayBuffer.isView(value)

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export const hexOf = (bytes: Uint8Array): string => {
  let text = ''
  for (const byte of bytes) text += DIGITS[byte]
  return text
}

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))

/** Returns a row as JSON text, from which exactly the same values can be read. */
export function imageText(row: StoredRow, reals: boolean, hidden?: (column: string) => boolean): string {
  let text = ''
  for (const name of Object.keys(row)) {
    const value = row[name]!
    const cell = hidden?.(name) === true && value !== null ? REDACTED : toCell(value, reals)
    text += `${text === '' ? '{' : ','}${JSON.stringify(name)}:${JSON.stringify(cell)}`
  }
  return text === '' ? '{}' : `${text}}`
}

/** A row with redacted values. */
export type Image = Readonly<Record<string, StoredValue | typeof redacted>>

export function parseImage(text: string): Image {
  const cells = JSON.parse(text) as Record<string, ImageCell>
  return Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, fromCell(cell)]))
}

/** Returns a row as the program reads it from the table. */
export function readImage(
  image: Image,
  definition: TableDefinition | undefined,
  rename: (name: string) => string,
): Record<string, unknown> {
  const read = (name: string, value: Image[string]): unknown =>
    value === redacted ? value : readValue(value as StoredValue, definition?.columns.get(name)?.codec)
  return Object.fromEntries(Object.entries(image).map(([name, value]) => [rename(name), read(name, value)]))
}

/** Returns a value as the program reads it. */
export function readValue(value: StoredValue, codec: Codec | undefined): unknown {
  if (value === null) return null
  const narrowed = codec?.bigint === true ? value : toNumber(value)
  return codec === undefined ? narrowed : codec.decode(narrowed as never)
}

function toNumber(value: StoredValue): unknown {
  if (Array.isArray(value)) return value.map(toNumber)
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}

/** Returns a value of the context or of the program as JSON text. */
export function valueText(value: unknown): string | null {
  if (value === undefined || value === null) return null
  const plain = (one: unknown): unknown => {
    if (typeof one === 'bigint') return { $bigint: String(one) }
    if (one instanceof Date) return { $date: one.toISOString() }
    if (Array.isArray(one)) return one.map(plain)
    if (typeof one !== 'object' || one === null) return one
    if (isBytes(one)) return { $bytes: hexOf(one) }
    return Object.fromEntries(Object.entries(one).map(([name, part]) => [name, plain(part)]))
  }
  return JSON.stringify(plain(value))
}

export function valueOf(text: string | null): unknown {
  if (text === null) return null
  return JSON.parse(text, (_, one) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one
    const [entry, ...others] = Object.entries(one as object)
    if (entry === undefined || others.length > 0) return one
    if (entry[0] === '$bigint') return BigInt(entry[1] as string)
    if (entry[0] === '$date') return new Date(entry[1] as string)
    return entry[0] === '$bytes' ? bytesOf(entry[1] as string) : one
  })
}
