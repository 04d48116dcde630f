import { describe, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import type { Codec } from '../table/index.ts'

/** A vector: numbers of 32 bits. */
export type Vector = readonly number[] | Float32Array

/** A vector of so many finite numbers, of 32 bits each. */
export function checkVector(values: unknown, dimensions: number): Float32Array {
  if (!Array.isArray(values) && !(values instanceof Float32Array))
    return refuse(`A vector is an array of numbers or a Float32Array, not ${describe(values)}.`)
  if (values.length !== dimensions) refuse(`A vector of ${dimensions} dimensions is expected, not of ${values.length}.`)
  const numbers = Float32Array.from(values as readonly number[], (one, i) =>
    typeof one === 'number' ? one : refuse(`A vector holds numbers, not ${show(one)}, as at ${i}.`),
  )
  const wrong = numbers.findIndex((one) => !Number.isFinite(one))
  if (wrong >= 0) refuse(`A vector holds finite numbers of 32 bits, not ${values[wrong]}, as at ${wrong}.`)
  return numbers
}

/** The bytes of a vector, the lowest of each number first, as sqlite-vec and MariaDB have it. */
export function bytesOf(vector: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * vector.length))
  vector.forEach((one, i) => {
    view.setFloat32(4 * i, one, true)
  })
  return new Uint8Array(view.buffer)
}

/** A vector as pgvector writes it. */
export const textOf = (vector: Float32Array): string => `[${vector.join(',')}]`

function fromBytes(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true))
}

/**
 * Vectors as bytes, for SQLite (`c.custom('blob', …)`) and MariaDB (`c.custom('vector(3)', …)`).
 *
 * @example
 * ```ts
 * import { table } from 'kanta'
 * import { vectorBytes } from 'kanta/search'
 *
 * table('article', (c) => ({ id: c.integer().primaryKey(), embedding: c.custom('blob', vectorBytes(3)) }))
 * ```
 */
export function vectorBytes(dimensions: number): Codec<Vector> {
  return {
    name: 'vector',
    json: 'hex',
    encode: (value) => bytesOf(checkVector(value, dimensions)),
    decode: (value) =>
      value instanceof Uint8Array && value.byteLength === 4 * dimensions
        ? fromBytes(value)
        : refuse(`The database holds ${describe(value)} where a vector of ${dimensions} dimensions is expected.`),
  }
}

/**
 * Vectors as text, for pgvector.
 *
 * @example
 * ```ts
 * import { table } from 'kanta'
 * import { vectorText } from 'kanta/search'
 *
 * table('article', (c) => ({ id: c.integer().primaryKey(), embedding: c.custom('vector(3)', vectorText(3)) }))
 * ```
 */
export function vectorText(dimensions: number): Codec<Vector> {
  return {
    name: 'vector',
    json: 'text',
    encode: (value) => textOf(checkVector(value, dimensions)),
    decode: (value) => {
      const numbers = typeof value === 'string' ? (JSON.parse(value) as readonly number[]) : []
      return numbers.length === dimensions
        ? Float32Array.from(numbers)
        : refuse(`The database holds ${describe(value)} where a vector of ${dimensions} dimensions is expected.`)
    },
  }
}
