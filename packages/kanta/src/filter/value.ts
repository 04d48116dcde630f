import { refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import type { AbstractType, ColumnDefinition } from '../table/index.ts'
import type { FilterColumn, FilterValue } from './filter.ts'

const NUMBERS: ReadonlySet<AbstractType> = new Set(['integer', 'bigint', 'real'])
const MOMENTS: ReadonlySet<AbstractType> = new Set(['timestamp', 'unix', 'unixms'])
const TEXTS: ReadonlySet<AbstractType> = new Set(['text', 'varchar', 'enum'])
/** Types of which databases have no common order. */
const UNORDERED: ReadonlySet<AbstractType> = new Set(['enum', 'uuid', 'custom'])
/** Types of which a filter only asks whether they are null. */
const UNCOMPARED: ReadonlySet<AbstractType> = new Set(['json', 'bytes'])

export const holdsText = (definition: ColumnDefinition | undefined): boolean =>
  definition !== undefined && TEXTS.has(definition.type)
export const isOrdered = ({ type }: ColumnDefinition): boolean => !UNORDERED.has(type) && !UNCOMPARED.has(type)
export const isCompared = ({ type }: ColumnDefinition): boolean => !UNCOMPARED.has(type)

/** Checks a value that a filter compares with, since one from a request may be anything. */
export function checkValue(op: string, column: FilterColumn, value: unknown): FilterValue {
  const { definition, name } = column
  if (definition !== undefined) checkOperator(op, definition)
  if (value === undefined)
    return refuse(`${op}('${name}', undefined): the value is undefined. Leave the condition out.`)
  if (value === null) return refuse(`${op}('${name}', null) is never true in SQL. Use isNull() or isNotNull().`)
  if (value instanceof Date) return checkType(op, column, new Date(checkMoment(op, name, value)))
  const isValue =
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    typeof value === 'bigint' ||
    (typeof value === 'number' && Number.isFinite(value))
  if (!isValue)
    return refuse(`${op}('${name}', ${show(value)}): compare with a finite number, a text, a boolean or a Date.`)
  if (typeof value === 'string') checkText(op, name, value)
  return checkType(op, column, value as FilterValue)
}

function checkMoment(op: string, name: string, value: Date): number {
  const time = value.getTime()
  return Number.isNaN(time) ? refuse(`${op}('${name}', …): the Date is invalid.`) : time
}

/** Databases take no NUL in a text, and no half of a surrogate pair. */
export function checkText(op: string, name: string, text: unknown): string {
  if (typeof text !== 'string') return refuse(`${op}('${name}', ${show(text)}) takes a text.`)
  if (text.includes('\0')) refuse(`${op}('${name}', …): the text holds a NUL character. Leave it out.`)
  if (!text.isWellFormed()) refuse(`${op}('${name}', …): the text holds half a surrogate pair. Leave it out.`)
  return text
}

const ORDERS: ReadonlySet<string> = new Set(['gt', 'gte', 'lt', 'lte', 'between'])

/** Refuses operators that a type of column does not have on every database. */
function checkOperator(op: string, definition: ColumnDefinition): void {
  const { name, type } = definition
  if (!isCompared(definition))
    refuse(`${op}('${name}', …): a column of type ${type} is compared differently by each database. Use isNull().`)
  if (ORDERS.has(op) && !isOrdered(definition))
    refuse(`${op}('${name}', …): each database orders ${type} differently. Use eq(), ne() or anyOf().`)
}

const MOST = 2 ** 31

/** Tells whether an integer column could hold a number: PostgreSQL would refuse another one, and others find nothing. */
export const fitsInteger = (value: unknown): boolean =>
  typeof value === 'bigint'
    ? value >= -MOST && value < MOST
    : Number.isInteger(value) && (value as number) >= -MOST && (value as number) < MOST

/** Refuses a value of another type than the column's, which databases would compare in different ways. */
function checkType(op: string, { definition }: FilterColumn, value: FilterValue): FilterValue {
  if (definition === undefined) return value
  const { name, type, codec } = definition
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  const shown = value instanceof Date ? value.toISOString() : show(value)
  const wrong = (what: string): never =>
    refuse(`${op}('${name}', ${shown}): the column is ${type}, so compare it with ${what}.`)
  if (NUMBERS.has(type)) {
    if (!isNumber) return wrong(type === 'bigint' ? 'a bigint' : 'a number')
    if (type === 'integer' && !fitsInteger(value)) return wrong('a whole number of 32 bits')
    if (type === 'bigint' && Number.isSafeInteger(value)) return BigInt(value as number)
  } else if (MOMENTS.has(type)) {
    if (!(value instanceof Date)) return wrong('a Date')
  } else if (type === 'boolean') {
    if (typeof value !== 'boolean') return wrong('a boolean')
  } else if (type !== 'custom' && typeof value !== 'string') return wrong('a string')
  // Codecs refuse what is no value of the type; a value that the column cannot hold may still be compared.
  if (codec !== undefined) (codec.compared ?? codec).encode(value)
  return value
}

/** Refuses operators on texts for columns of other types. */
export function checkTextColumn(op: string, { definition, name }: FilterColumn): void {
  if (definition !== undefined && !holdsText(definition))
    refuse(`${op}('${name}', …) searches texts, and the column is ${definition.type}.`)
}
