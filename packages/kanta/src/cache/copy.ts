import { binaryName, isPlain, mapped } from './text.ts'

/** Rows that nobody else has, and about how many bytes they take. */
export interface Copied {
  readonly rows: readonly unknown[]
  readonly bytes: number
}

/** A value that cannot be copied exactly. */
class Uncopied extends Error {}

/** A copy of rows; `undefined` where they hold what cannot be copied exactly, such as an object of a class. */
export function copyRows(rows: readonly unknown[]): Copied | undefined {
  const size = { bytes: 0 }
  try {
    return { rows: rows.map((row) => copy(row, size)), bytes: size.bytes + 8 * rows.length }
  } catch (error) {
    if (error instanceof Uncopied || error instanceof RangeError) return undefined
    throw error
  }
}

function copy(value: unknown, size: { bytes: number }): unknown {
  switch (typeof value) {
    case 'string':
      size.bytes += 16 + 2 * value.length
      return value
    case 'number':
    case 'boolean':
    case 'undefined':
      size.bytes += 8
      return value
    case 'bigint':
      size.bytes += 16
      return value
    case 'object':
      if (value === null) return value
      return copyObject(value, size)
    default:
      throw new Uncopied()
  }
}

function copyObject(value: object, size: { bytes: number }): unknown {
  size.bytes += 32
  if (Array.isArray(value)) return value.map((item) => copy(item, size))
  if (Object.getPrototypeOf(value) === Date.prototype) return new Date(value as Date)
  const binary = binaryName(value)
  if (binary !== undefined) {
    size.bytes += (value as ArrayBufferView).byteLength
    return (value.constructor as unknown as { from(value: object): unknown }).from(value)
  }
  if (!isPlain(value)) throw new Uncopied()
  const made = mapped(value, (part) => {
    size.bytes += 8
    return copy(part, size)
  })
  return Object.getPrototypeOf(value) === null ? Object.setPrototypeOf(made, null) : made
}
