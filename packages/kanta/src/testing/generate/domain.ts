import type { CatalogColumn, Dialect } from '../../dialect/index.ts'
import type { Codec } from '../../table/index.ts'
import { millisecondsOf, type Value } from './expression.ts'

/** The values that a column can hold, in the form in which the database stores them. */
export type Domain = NumberDomain | ListDomain | TextDomain | { readonly kind: 'uuid' | 'bytes' | 'json' | 'unknown' }

/** Numbers, and what counts like them: dates are days, timestamps are milliseconds since 1970. */
export interface NumberDomain {
  readonly kind: 'number'
  readonly form: 'integer' | 'decimal' | 'real' | 'date' | 'timestamp' | 'unix' | 'unixms'
  readonly min: number
  readonly max: number
  readonly step: number
  /** The part of it that looks real. */
  readonly usual: readonly [number, number]
}

export interface ListDomain {
  readonly kind: 'list'
  readonly values: readonly unknown[]
}

export interface TextDomain {
  readonly kind: 'text'
  /** In characters. */
  readonly min: number
  readonly max: number
  /** A pattern of LIKE that every value has to match. */
  readonly like?: string | undefined
}

export const DAY = 86_400_000
/** Rows are of these years, whatever day it is, so that the same seed gives the same rows. */
const FIRST_DAY = Date.UTC(2020, 0, 1)
const LAST_DAY = Date.UTC(2025, 0, 1)
/** The years that every database can store. */
const LEAST_DAY = Date.UTC(1971, 0, 1)
const MOST_DAY = Date.UTC(2037, 11, 31)

const INTEGERS: readonly (readonly [RegExp, number])[] = [
  [/^(?:tinyint|int1)\b/, 127],
  [/^(?:smallint|int2|smallserial)\b/, 32_767],
  [/^mediumint\b/, 8_388_607],
  [/^(?:bigint|int8|bigserial)\b/, Number.MAX_SAFE_INTEGER],
]

/** Returns the values that the type of a column allows. */
export function domainOf(column: CatalogColumn, codec: Codec | undefined, dialect: Dialect): Domain {
  const type = column.type.toLowerCase()
  if (column.values !== null) return { kind: 'list', values: column.values }
  if (type.endsWith('[]')) return { kind: 'list', values: ['{}'] }
  switch (column.abstract) {
    case 'integer':
    case 'bigint':
      return integers(column.name, INTEGERS.find(([pattern]) => pattern.test(type))?.[1] ?? 2 ** 31 - 1)
    case 'real':
      return { ...integers(column.name, 1e9), form: 'real', step: 0.01 }
    case 'decimal':
      return decimals(column.name, type, codec)
    case 'boolean':
      return { kind: 'list', values: codec === undefined ? booleans(dialect) : [false, true].map(codec.encode) }
    case 'text':
    case 'varchar':
      return texts(type)
    case 'date':
      return /birth|born/i.test(column.name) ? born : moments('date', 1, DAY)
    case 'timestamp':
      return moments('timestamp', 1000, 1)
    case 'unix':
      return moments('unix', 1, 1000)
    case 'unixms':
      return moments('unixms', 1000, 1)
    case 'enum':
    case 'json':
    case 'bytes':
    case 'uuid':
      return { kind: column.abstract === 'enum' ? 'unknown' : column.abstract }
  }
  if (/^(?:char|character|bpchar|citext|nchar|name)\b/.test(type)) return texts(type)
  if (type === '' || type === 'any') return texts('text')
  if (/^num/.test(type)) return decimals(column.name, type, codec)
  if (/^time\b/.test(type)) return { kind: 'list', values: ['08:00:00', '09:30:00', '12:00:00', '17:45:00'] }
  if (/^interval\b/.test(type)) return { kind: 'list', values: ['1 hour', '1 day', '7 days'] }
  if (/^year\b/.test(type)) return { ...integers('year', 2100), min: 1970 }
  return { kind: 'unknown' }
}

/** The forms of false and true where no codec says them. */
const booleans = (dialect: Dialect): readonly unknown[] => (dialect.literal(true) === 'true' ? [false, true] : [0, 1])

function texts(type: string): TextDomain {
  const length = /\((\d+)\)/.exec(type)?.[1]
  const isFixed = /^(?:char|character|bpchar|nchar)\b(?! varying)/.test(type)
  const max = length === undefined ? (isFixed && /^char/.test(type) ? 1 : 255) : Number(length)
  return { kind: 'text', min: isFixed && length !== undefined && max <= 3 ? max : 0, max: Math.min(max, 255) }
}

const USUAL: readonly (readonly [RegExp, number, number])[] = [
  [/age$/i, 18, 90],
  [/year/i, 1950, 2024],
  [/month/i, 1, 12],
  [/rating|stars|score/i, 1, 5],
  [/percent|discount/i, 0, 100],
  [/count|quantity|stock|number|size|position|rank|level/i, 0, 200],
  [/population/i, 1000, 2_000_000],
  [/price|cost|amount|total|balance|salary/i, 1, 1000],
]

function integers(name: string, max: number): NumberDomain {
  const [, low, high] = USUAL.find(([pattern]) => pattern.test(name)) ?? [undefined, 0, 10_000]
  return { kind: 'number', form: 'integer', min: 0, max, step: 1, usual: [Math.min(low, max), Math.min(high, max)] }
}

function decimals(name: string, type: string, codec: Codec | undefined): NumberDomain {
  const [, precision = '12', scale = type.includes('(') ? '0' : '2'] = /\((\d+)(?:\s*,\s*(\d+))?\)/.exec(type) ?? []
  // Numbers of JavaScript are exact up to 15 digits.
  const digits = Math.min(Number(precision), 15)
  const places = Math.min(Number(scale), digits)
  const unit = unitOf(codec)
  const { usual } = integers(name, 10 ** (digits - places))
  const max = 10 ** (digits - places) - 10 ** -places
  if (unit === undefined && !type.startsWith('decimal_integer'))
    return {
      kind: 'number',
      form: 'decimal',
      min: 0,
      max,
      step: 10 ** -places,
      usual: [usual[0], Math.min(usual[1], max)],
    }
  const factor = unit ?? 10 ** places
  return {
    kind: 'number',
    form: 'integer',
    min: 0,
    max: Math.round(max * factor),
    step: 1,
    usual: [usual[0] * factor, Math.min(usual[1] * factor, Math.round(max * factor))],
  }
}

/** Returns the integer that a codec stores for 1, if it keeps decimals as integers of their smallest unit. */
function unitOf(codec: Codec | undefined): number | undefined {
  if (codec === undefined) return undefined
  const unit = codec.encode('1')
  return typeof unit === 'bigint' || (typeof unit === 'number' && unit > 1) ? Number(unit) : undefined
}

function moments(form: NumberDomain['form'], step: number, unit: number): NumberDomain {
  const days = [LEAST_DAY, MOST_DAY, FIRST_DAY, LAST_DAY].map((day) => Math.floor(day / unit))
  return { kind: 'number', form, step, min: days[0]!, max: days[1]!, usual: [days[2]!, days[3]!] }
}

const born: NumberDomain = {
  ...moments('date', 1, DAY),
  min: -14_600,
  usual: [Math.floor(Date.UTC(1950, 0, 1) / DAY), Math.floor(Date.UTC(2005, 0, 1) / DAY)],
}

/** Tells whether a domain is of days or moments. */
export const isTemporal = (domain: Domain): domain is NumberDomain =>
  domain.kind === 'number' && ['date', 'timestamp', 'unix', 'unixms'].includes(domain.form)

/** The milliseconds of one unit of a domain of days or moments. */
export const unitOfTime = ({ form }: NumberDomain): number => (form === 'date' ? DAY : form === 'unix' ? 1000 : 1)

/** Returns a number of a domain in the form in which the database stores it. */
export function storedNumber(number: number, domain: NumberDomain, codec: Codec | undefined): unknown {
  switch (domain.form) {
    case 'decimal':
      return number.toFixed(Math.max(0, Math.round(-Math.log10(domain.step))))
    case 'date':
      return new Date(number * DAY).toISOString().slice(0, 10)
    case 'timestamp': {
      const date = new Date(number)
      return codec === undefined ? date.toISOString().slice(0, 19).replace('T', ' ') : codec.encode(date)
    }
    default:
      return number
  }
}

/** Returns a stored value as a number of a domain, or `undefined` if it is none. */
export function numberOfStored(value: unknown, domain: NumberDomain): number | undefined {
  if (value === null || value === undefined) return undefined
  if (domain.form === 'date' || domain.form === 'timestamp') {
    const text = value instanceof Date ? value.toISOString() : String(value)
    const time = millisecondsOf(text)
    return time === undefined ? undefined : domain.form === 'date' ? Math.floor(time / DAY) : time
  }
  const number = Number(value)
  return Number.isNaN(number) ? undefined : number
}

/** Returns a stored value as expressions compute with it. */
export function comparable(value: unknown, domain: Domain): Value {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return value.toISOString()
  if (domain.kind === 'number' && domain.form === 'decimal') return Number(value)
  return value as Value
}

/** Returns how many values a domain has. */
export function sizeOf(domain: Domain): number {
  switch (domain.kind) {
    case 'number':
      return Math.max(0, Math.floor((domain.max - domain.min) / domain.step + 1e-9) + 1)
    case 'list':
      return domain.values.length
    case 'text':
      if (domain.max < domain.min) return 0
      if (domain.like !== undefined)
        return domain.like.includes('%') ? 36 ** Math.max(0, domain.max - domain.like.length) : 1
      return 36 ** Math.min(domain.max, 12)
    case 'uuid':
    case 'bytes':
      return 2 ** 52
    case 'json':
      return 1
    case 'unknown':
      return 0
  }
}
