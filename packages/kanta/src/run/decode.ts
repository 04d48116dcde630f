import type { OutputColumn } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import type { Codec } from '../schema/index.ts'

/** Makes what a connection gives into what the user gets; `undefined` where that is the same. */
export interface RowDecoder {
  readonly rows: (rows: unknown[]) => unknown[]
  readonly row: (row: unknown) => unknown
}

type Cell = (value: unknown) => unknown

/** What is known of the columns of a result before it comes. */
export interface Decoding {
  readonly codecs: ReadonlyMap<string, Codec>
  readonly rename: ((name: string) => string) | undefined
  /** Whether integers come as bigints. */
  readonly bigints: boolean
}

export function decodingOf(columns: readonly OutputColumn[], rename: ((name: string) => string) | undefined): Decoding {
  const codecs = new Map<string, Codec>()
  for (const column of columns) {
    if (column.codec === undefined) codecs.delete(column.name)
    else codecs.set(column.name, column.codec as Codec)
  }
  return { codecs, rename, bigints: [...codecs.values()].some((codec) => codec.bigint) }
}

const MOST = BigInt(Number.MAX_SAFE_INTEGER)

/** An integer that was read as a bigint for another column's sake. */
function narrow(value: unknown, column: string): unknown {
  if (typeof value !== 'bigint') return value
  if (value > MOST || value < -MOST) {
    throw new KantaError(
      'query',
      `The column '${column}' holds ${value}, which a number cannot hold exactly. Define it as c.bigint(), or cast it to text.`,
    )
  }
  return Number(value)
}

function cellOf(name: string, decoding: Decoding): Cell | undefined {
  const codec = decoding.codecs.get(name)
  if (codec === undefined) return decoding.bigints ? (value) => narrow(value, name) : undefined
  const decode = (value: unknown): unknown => {
    if (value === null) return null
    const plain = decoding.bigints && !codec.bigint ? narrow(value, name) : value
    try {
      return codec.decode(plain as never)
    } catch (cause) {
      throw new KantaError('query', `The column '${name}' could not be read: ${(cause as Error).message}`, { cause })
    }
  }
  return decode
}

/** A decoder for rows that come as arrays in the order of `columns`. */
export function arrayDecoder(columns: readonly string[], decoding: Decoding): RowDecoder {
  return decoderOf(
    rowFactory(
      columns,
      columns.map((_, i) => i),
      decoding,
    ),
  )
}

function decoderOf(row: (row: unknown) => unknown): RowDecoder {
  return { row, rows: (rows) => mapRows(rows, row) }
}

function mapRows(rows: unknown[], make: (row: unknown) => unknown): unknown[] {
  for (let i = 0; i < rows.length; i++) rows[i] = make(rows[i])
  return rows
}

/**
 * A function that makes the user's object of a row, whose cells are found at `places`. Generated, so that all rows
 * share one hidden class and no name is looked up; where code generation is forbidden, a loop does the same slower.
 */
function rowFactory(
  columns: readonly string[],
  places: readonly (string | number)[],
  decoding: Decoding,
): (row: unknown) => unknown {
  const names = columns.map((name) => decoding.rename?.(name) ?? name)
  const cells = columns.map((name) => cellOf(name, decoding))
  const parts = names.map((name, i) => {
    // A plain "__proto__" key would set the prototype; a computed one is a column like any other.
    const key = name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)
    const place = `r[${JSON.stringify(places[i])}]`
    return `${key}: ${cells[i] === undefined ? place : `c[${i}](${place})`}`
  })
  try {
    return new Function('c', `return (r) => ({ ${parts.join(', ')} })`)(cells) as (row: unknown) => unknown
  } catch {
    return (row) => {
      const made: Record<string, unknown> = {}
      names.forEach((name, i) => {
        const found = (row as Record<string | number, unknown>)[places[i]!]
        const cell = cells[i]
        const value = cell === undefined ? found : cell(found)
        Object.defineProperty(made, name, { value, enumerable: true, writable: true, configurable: true })
      })
      return made
    }
  }
}

/** A decoder for rows that come as objects; `undefined` when nothing has to be done. */
export function objectDecoder(decoding: Decoding): RowDecoder | undefined {
  const { codecs, rename, bigints } = decoding
  if (codecs.size === 0 && rename === undefined) return undefined
  if (rename !== undefined || bigints) return byColumns(decoding)
  const names = [...codecs.keys()]
  const cells = names.map((name) => cellOf(name, decoding)!)
  const row = (given: unknown): unknown => {
    const object = given as Record<string, unknown>
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      const value = object[name]
      if (value !== null && value !== undefined) object[name] = cells[i]!(value)
    }
    return object
  }
  return { row, rows: (rows) => mapRows(rows, row) }
}

/** Rows whose every column may change: the factory is made from the columns of the first row. */
function byColumns(decoding: Decoding): RowDecoder {
  let columns: readonly string[] = []
  let make: ((row: unknown) => unknown) | undefined
  const factoryFor = (row: object): ((row: unknown) => unknown) => {
    const own = Object.keys(row)
    if (make === undefined || own.length !== columns.length || own.some((name, i) => name !== columns[i])) {
      columns = own
      make = rowFactory(own, own, decoding)
    }
    return make
  }
  return {
    row: (row) => factoryFor(row as object)(row),
    rows: (rows) => (rows.length === 0 ? rows : mapRows(rows, factoryFor(rows[0] as object))),
  }
}
