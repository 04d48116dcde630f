import type { OutputColumn } from '../dialect/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import type { NodeOf } from '../ir/index.ts'
import type { Codec, SqlValue } from '../table/index.ts'

/** A JSON document that the query made itself. */
export const jsonDocument: Codec = {
  name: 'json',
  encode: (value) => JSON.stringify(value) ?? refuse('undefined is not a JSON value.'),
  decode: (value) => JSON.parse(String(value)),
  fromJson: (value) => value,
  json: 'json',
}

/** Values that meet what such a codec reads are written as they are. */
const reading = (name: string, read: (value: unknown) => unknown): Codec => ({
  name,
  encode: (value) => value as SqlValue,
  decode: read,
  fromJson: read,
})

const TRUE: ReadonlySet<unknown> = new Set([true, 1, 1n, '1', 't', 'true'])

/** The result of a condition, which some databases give as a number. */
export const truthCodec: Codec = reading('boolean', (value) => TRUE.has(value))

/** A mean, which some databases give as a decimal of many digits. */
export const averageCodec: Codec = reading('average', Number)

/** An array as one parameter. Bigints are written as the integers that they are. */
export const jsonList: Codec = {
  name: 'list',
  encode: (value) => `[${(value as readonly unknown[]).map(item).join(',')}]`,
  decode: (value) => JSON.parse(String(value)),
}

function item(value: unknown): string {
  if (typeof value === 'bigint') return String(value)
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value))
    return JSON.stringify(value)
  return refuse('A list takes strings, finite numbers, bigints, booleans and null.')
}

/** The rows of a subquery as JSON, each column read as its codec reads it. */
export function jsonRowsCodec(
  columns: readonly OutputColumn[],
  single: boolean,
  rename: ((name: string) => string) | undefined,
  required?: string,
): Codec {
  const decoded = columns.flatMap(({ name, codec }) =>
    codec === undefined ? [] : [{ name: rename?.(name) ?? name, codec: codec as Codec }],
  )
  const fromRow = (row: Record<string, unknown>): Record<string, unknown> => {
    for (const { name, codec } of decoded) {
      const value = row[name]
      if (value !== null || codec.readsNull) row[name] = readJson(codec, value)
    }
    return row
  }
  return documentCodec(fromRow as (row: never) => unknown, single, required)
}

/** One of several rows of which the others are null, with what tells which one it is. */
export function taggedCodec(
  codec: Codec,
  { tag, required }: NodeOf<'jsonObject'>,
  rename: ((name: string) => string) | undefined,
): Codec {
  if (tag === undefined) return codec
  const choose = ({ [tag]: which, ...rows }: Readonly<Record<string, unknown>>): unknown => {
    const row = Object.values(rows).find((value) => value !== null)
    return row === undefined ? null : { [rename?.(tag) ?? tag]: which, ...(row as object) }
  }
  return documentCodec((object: never) => choose(codec.fromJson!(object) as Record<string, unknown>), true, required)
}

const readJson = (codec: Codec, value: unknown): unknown =>
  codec.fromJson === undefined ? codec.decode(value as never) : codec.fromJson(value)

/** One value as JSON, or an array of values, each read as its codec reads it. */
export const jsonValueCodec = (codec: Codec, single: boolean): Codec =>
  documentCodec((value) => readJson(codec, value), single)

function documentCodec(read: (value: never) => unknown, single: boolean, required?: string): Codec {
  const readNullable = (value: unknown): unknown => {
    const made = value === null ? null : read(value as never)
    if (made !== null) return made
    if (required !== undefined) throw new KantaError('not_found', required)
    return null
  }
  const fromJson = (value: unknown): unknown =>
    single ? readNullable(value) : (value as readonly unknown[]).map(readNullable)
  return {
    name: 'json',
    encode: jsonDocument.encode,
    decode: (value) => fromJson(value === null ? null : JSON.parse(String(value))),
    fromJson,
    json: 'json',
    ...(required !== undefined && { readsNull: true }),
  }
}
