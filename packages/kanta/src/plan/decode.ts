import { type OutputColumn, reads } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import type { Codec } from '../table/index.ts'

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
  /** Tells whether integers come as bigints. */
  readonly bigints: boolean
  /** Tells whether cells stay as the database holds them: no codec reads them, and integers stay bigints. */
  readonly stored?: boolean | undefined
}

/** Rows as the database holds them. */
export const AS_STORED: Decoding = { codecs: new Map(), rename: undefined, bigints: true, stored: true }

export function decodingOf(columns: readonly OutputColumn[], rename: ((name: string) => string) | undefined): Decoding {
  const codecs = new Map<string, Codec>()
  for (const column of columns) {
    const codec = column.codec as Codec | undefined
    if (reads(codec)) codecs.set(column.name, codec)
    else codecs.delete(column.name)
  }
  return { codecs, rename, bigints: [...codecs.values()].some((codec) => codec.bigint) }
}

const described = new WeakMap<Decoding, string>()

/** How rows are decoded, as text: two that differ in it read their rows in other ways. */
export function describeDecoding(decoding: Decoding): string {
  let text = described.get(decoding)
  if (text === undefined) {
    const columns = [...decoding.codecs].map(([name, codec]) => [name, codec.name, decoding.rename?.(name)])
    text = JSON.stringify([decoding.bigints, decoding.rename !== undefined, columns])
    described.set(decoding, text)
  }
  return text
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
  if (decoding.stored) return undefined
  const codec = decoding.codecs.get(name)
  if (!decoding.bigints) return codec === undefined ? undefined : (value) => codec.decode(value as never)
  if (codec === undefined) return (value) => narrow(value, name)
  return (value) => codec.decode((codec.bigint ? value : narrow(value, name)) as never)
}

/** A decoder for rows that come as arrays in the order of `columns`. Of columns with one name the last is the row's. */
export function arrayDecoder(columns: readonly string[], decoding: Decoding): RowDecoder {
  const places = columns.map((_, i) => i).filter((i) => columns.lastIndexOf(columns[i]!) === i)
  return decoderOf(
    rowFactory(
      places.map((i) => columns[i]!),
      places,
      decoding,
    ),
  )
}

/** Returns a function that copies some columns of a row that is an object. */
export const rowCopier = (columns: readonly string[]): Cell =>
  rowFactory(columns, columns, { codecs: new Map(), rename: undefined, bigints: false }).make

/** A function that makes the user's object of a row, and what finds the cell that it cannot read. */
interface Factory {
  readonly make: (row: unknown) => unknown
  readonly explain: (row: unknown, cause: unknown) => unknown
}

function decoderOf({ make, explain }: Factory): RowDecoder {
  return {
    row: (row) => {
      try {
        return make(row)
      } catch (cause) {
        throw explain(row, cause)
      }
    },
    rows: (rows) => {
      let i = 0
      try {
        for (; i < rows.length; i++) rows[i] = make(rows[i])
        return rows
      } catch (cause) {
        throw explain(rows[i], cause)
      }
    },
  }
}

/**
 * Makes objects of rows whose cells are found at `places`. Generated, so that all rows share one hidden class and no
 * name is looked up; where code generation is forbidden, a loop does the same slower.
 */
function rowFactory(columns: readonly string[], places: readonly (string | number)[], decoding: Decoding): Factory {
  const names = columns.map((name) => decoding.rename?.(name) ?? name)
  const cells = columns.map((name) => cellOf(name, decoding))
  const passNull = columns.map((name) => decoding.codecs.get(name)?.readsNull !== true)
  const explain = (row: unknown, cause: unknown): unknown => {
    for (const [i, cell] of cells.entries()) {
      const value = (row as Record<string | number, unknown>)[places[i]!]
      try {
        if (value !== null) cell?.(value)
      } catch {
        return cause instanceof KantaError && (cause.code === 'query' || cause.code === 'not_found')
          ? cause
          : new KantaError('query', `The column '${columns[i]}' could not be read: ${(cause as Error).message}`, {
              cause,
            })
      }
    }
    return cause
  }
  try {
    return { make: generate(names, places, cells, passNull), explain }
  } catch {
    return { make: loop(names, places, cells, passNull), explain }
  }
}

function generate(
  names: readonly string[],
  places: readonly (string | number)[],
  cells: readonly (Cell | undefined)[],
  passNull: readonly boolean[],
): Cell {
  const parts = names.map((name, i) => {
    // A plain "__proto__" key would set the prototype; a computed one is a column like any other.
    const key = name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)
    const place = `r[${JSON.stringify(places[i])}]`
    if (cells[i] === undefined) return `${key}: ${place}`
    return `${key}: ${passNull[i] ? `${place} === null ? null : ` : ''}c${i}(${place})`
  })
  const decoders = cells.map((_, i) => `c${i}`)
  return new Function(...decoders, `return (r) => ({ ${parts.join(', ')} })`)(...cells) as Cell
}

function loop(
  names: readonly string[],
  places: readonly (string | number)[],
  cells: readonly (Cell | undefined)[],
  passNull: readonly boolean[],
): Cell {
  return (row) => {
    const made: Record<string, unknown> = {}
    names.forEach((name, i) => {
      const found = (row as Record<string | number, unknown>)[places[i]!]
      const cell = cells[i]
      const value = cell === undefined || (found === null && passNull[i]) ? found : cell(found)
      Object.defineProperty(made, name, { value, enumerable: true, writable: true, configurable: true })
    })
    return made
  }
}

/** A decoder for rows that come as objects; `undefined` when nothing has to be done. */
export function objectDecoder(decoding: Decoding): RowDecoder | undefined {
  return decoding.codecs.size === 0 && decoding.rename === undefined ? undefined : byColumns(decoding)
}

/** The columns of rows that are objects are those of the first row. */
function byColumns(decoding: Decoding): RowDecoder {
  let columns: readonly string[] = []
  let decoder: RowDecoder | undefined
  const decoderFor = (row: object): RowDecoder => {
    const own = Object.keys(row)
    if (decoder === undefined || own.length !== columns.length || own.some((name, i) => name !== columns[i])) {
      columns = own
      decoder = decoderOf(rowFactory(own, own, decoding))
    }
    return decoder
  }
  return {
    row: (row) => decoderFor(row as object).row(row),
    rows: (rows) => (rows.length === 0 ? rows : decoderFor(rows[0] as object).rows(rows)),
  }
}
