import { refuse } from '../../error/index.ts'
import type { Codec, SqlValue } from '../../table/index.ts'
import { arrayText, parseArray } from './array.ts'

const MOMENT = /^(\d{4,6}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,6})?)(Z|[+-]\d\d(?::?\d\d(?::\d\d)?)?)$/i

function moment(value: unknown): string {
  const match = typeof value === 'string' ? MOMENT.exec(value) : null
  if (match === null) return refuse(`A moment such as '2024-02-29T12:00:00.123456Z' is expected, not ${String(value)}.`)
  const [, day, clock, zone] = match as unknown as [string, string, string, string]
  const offset = /^(?:Z|[+-]00(?::?00(?::00)?)?)$/i.test(zone) ? 'Z' : zone.length === 3 ? `${zone}:00` : zone
  return `${day}T${clock}${offset}`
}

/**
 * Moments as text such as `'2024-02-29T12:00:00.123456Z'`, with the microseconds that a Date has no room for.
 *
 * @example
 * ```ts
 * import { table } from 'kanta'
 * import { exactTimestamp } from 'kanta/pg'
 *
 * export const event = table('event', (c) => ({
 *   id: c.integer().primaryKey(),
 *   at: c.custom('timestamptz', exactTimestamp),
 * }))
 * ```
 */
export const exactTimestamp: Codec<string> = {
  name: 'exact timestamp',
  encode: moment,
  decode: moment,
  fromJson: moment,
}

const asIs: Codec = { name: 'value', encode: (value) => value as SqlValue, decode: (value) => value }

/**
 * Arrays of a PostgreSQL array column; `item` says what each item is, where it is more than a number or a string.
 *
 * @example
 * ```ts
 * import { table } from 'kanta'
 * import { postgresArray } from 'kanta/pg'
 *
 * export const city = table('city', (c) => ({
 *   id: c.integer().primaryKey(),
 *   tags: c.custom('text[]', postgresArray<string>()),
 * }))
 * ```
 */
export function postgresArray<T>(item: Codec<T> = asIs as Codec<T>): Codec<(T | null)[]> {
  const each = (items: unknown, read: (value: never) => T): (T | null)[] =>
    (items as unknown[]).map((value) =>
      value === null ? null : Array.isArray(value) && item === asIs ? (each(value, read) as T) : read(value as never),
    )
  const write = (value: T | null): unknown => (value === null ? null : item.encode(value))
  return {
    name: `array of ${item.name}`,
    encode: (items) =>
      Array.isArray(items) ? arrayText(items.map(write)) : refuse('An array is expected for an array column.'),
    decode: (value) => each(Array.isArray(value) ? value : parseArray(String(value), (text) => text), item.decode),
    fromJson: (items) => each(items, (item.fromJson ?? item.decode) as (value: never) => T),
  }
}

/** A range: all between two bounds, of which `null` is none; `'empty'` for the one that holds nothing. */
export type Range<T> =
  | 'empty'
  | {
      readonly lower: T | null
      readonly upper: T | null
      readonly includesLower: boolean
      readonly includesUpper: boolean
    }

const RANGE = /^([[(])(?:"((?:[^"\\]|\\.|"")*)"|([^",]*)),(?:"((?:[^"\\]|\\.|"")*)"|([^",]*))([\])])$/s

/**
 * Ranges of a PostgreSQL range column; `bound` says what its bounds are.
 *
 * @example
 * ```ts
 * import { table } from 'kanta'
 * import { postgresRange } from 'kanta/pg'
 *
 * export const stay = table('stay', (c) => ({
 *   id: c.integer().primaryKey(),
 *   days: c.custom('daterange', postgresRange<string>()),
 * }))
 * ```
 */
export function postgresRange<T>(bound: Codec<T> = asIs as Codec<T>): Codec<Range<T>> {
  const write = (value: T | null): string => {
    const text = value === null ? '' : String(bound.encode(value))
    return value === null ? '' : `"${text.replace(/["\\]/g, '\\$&')}"`
  }
  const read = (inQuotes: string | undefined, bare: string | undefined): T | null => {
    if (inQuotes !== undefined) return bound.decode(inQuotes.replace(/\\(.)|"(")/gs, '$1$2'))
    return bare === undefined || bare === '' ? null : bound.decode(bare)
  }
  const decode = (value: unknown): Range<T> => {
    if (value === 'empty') return 'empty'
    const match = RANGE.exec(String(value))
    if (match === null) return refuse(`The database holds ${String(value)} where a range is expected.`)
    const [, open, lowerQuoted, lower, upperQuoted, upper, close] = match
    return {
      lower: read(lowerQuoted, lower),
      upper: read(upperQuoted, upper),
      includesLower: open === '[',
      includesUpper: close === ']',
    }
  }
  return {
    name: `range of ${bound.name}`,
    encode: (range) =>
      range === 'empty'
        ? 'empty'
        : `${range.includesLower ? '[' : '('}${write(range.lower)},${write(range.upper)}${range.includesUpper ? ']' : ')'}`,
    decode,
    fromJson: decode,
  }
}
