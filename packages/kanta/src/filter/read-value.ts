import type { ColumnDefinition } from '../table/index.ts'
import type { FilterValue } from './filter.ts'
import { describe, refuseAt } from './problem.ts'
import { fitsInteger } from './value.ts'

/** Where values come from: JSON has types, the text of a URL has none. */
export type ValueSource = 'json' | 'text'

const INTEGER = /^-?\d{1,20}$/
const NUMBER = /^-?\d{1,30}(?:\.\d{1,30})?(?:e[+-]?\d{1,3})?$/i
const DECIMAL = /^-?\d{1,65}(?:\.\d{1,38})?$/
const MOMENT = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/

/** Reads a value that somebody sent as one of a column. */
export function readValue(
  value: unknown,
  definition: ColumnDefinition,
  path: string,
  source: ValueSource,
  longest: number,
): FilterValue {
  const { name, type } = definition
  const refuse = (what: string): never => refuseAt(path, `give ${what}, not ${describe(value)}.`, name)
  if (typeof value === 'string' && value.length > longest)
    return refuseAt(path, `the text has ${value.length} characters, and at most ${longest} are taken.`, name)
  const fromText = typeof value === 'string' && source === 'text'
  switch (type) {
    case 'integer': {
      const number = fromText && INTEGER.test(value) ? Number(value) : value
      return fitsInteger(number) ? (number as number) : refuse('a whole number of 32 bits')
    }
    case 'bigint': {
      const number = typeof value === 'string' && INTEGER.test(value) ? BigInt(value) : value
      const whole = typeof number === 'number' && Number.isSafeInteger(number) ? BigInt(number) : number
      if (typeof whole !== 'bigint') return refuse('a whole number, or its digits as a string')
      return BigInt.asIntN(64, whole) === whole ? whole : refuse('a whole number of 64 bits')
    }
    case 'real': {
      const number = fromText && NUMBER.test(value) ? Number(value) : value
      return typeof number === 'number' && Number.isFinite(number) ? number : refuse('a number')
    }
    case 'decimal': {
      const text = typeof value === 'number' ? String(value) : value
      return typeof text === 'string' && DECIMAL.test(text) ? text : refuse("a decimal, such as '12.50'")
    }
    case 'boolean':
      if (fromText && (value === 'true' || value === 'false')) return value === 'true'
      return typeof value === 'boolean' ? value : refuse('true or false')
    case 'timestamp':
    case 'unix':
    case 'unixms':
      return readMoment(value) ?? refuse("a moment, such as '2024-02-29T12:00:00Z'")
    case 'custom':
      return isScalar(value) ? value : refuse('a text, a number or a boolean')
    default:
      return typeof value === 'string' ? value : refuse('a text')
  }
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))

/** Without a zone a moment is one of UTC. */
function readMoment(value: unknown): Date | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value
  if (typeof value !== 'string' || !MOMENT.test(value)) return undefined
  const isDay = value.length === 10
  const hasZone = /(?:Z|[+-]\d\d:\d\d)$/.test(value.slice(10))
  const date = new Date(isDay ? value : `${value.replace(' ', 'T')}${hasZone ? '' : 'Z'}`)
  // A day that a month lacks would be one of the next month.
  const isReal = !Number.isNaN(date.getTime()) && !Number.isNaN(Date.parse(value.slice(0, 10)))
  const day = new Date(`${value.slice(0, 10)}T00:00:00Z`)
  return isReal && day.toISOString().startsWith(value.slice(0, 10)) ? date : undefined
}
