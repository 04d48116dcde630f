import { decoded, Oracle, type Table, undecoded } from './oracle.ts'
import type { Output, Read, Select } from './query.ts'
import type { Content } from './world.ts'

/** What a query should give: with and without codecs. */
export interface Expected {
  readonly decoded: readonly string[]
  readonly undecoded: readonly string[]
}

export function expectedRows(query: Select, content: Content, which: 'value' | 'other', exactLike = false): Expected {
  const table = new Oracle(content, which, exactLike).select(query)
  return rowsOf(query.outputs, table)
}

export function rowsOf(outputs: readonly Output[], table: Table): Expected {
  return { decoded: decoded(outputs, table).map(textOf), undecoded: decoded(undecoded(outputs), table).map(textOf) }
}

/** A row as text that tells types apart. Sums of fractions may differ in their last digits; -0 is 0. */
export function textOf(row: unknown): string {
  return JSON.stringify(plain(row))
}

/**
 * A row of a database as text. A boolean stays one where a column of booleans is read. The oracle holds other conditions
 * as SQLite does, as 1 and 0; that they are read as booleans is tested by cases.
 */
export const givenText = (row: unknown, outputs: readonly Output[]): string => textOf(counted(row, outputs))

function counted(row: unknown, outputs: readonly Output[]): unknown {
  const reads = new Map(outputs.map(({ name, read }) => [name, read]))
  const cells = Object.entries(row as object).map(([name, value]) => [name, countedCell(value, reads.get(name))])
  return Object.fromEntries(cells)
}

function countedCell(value: unknown, read: Read): unknown {
  if (typeof value === 'boolean') return read === 'bool' ? value : Number(value)
  if (typeof read !== 'object' || typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? value.map((row) => counted(row, read.columns)) : counted(value, read.columns)
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return `bigint ${value}`
  if (typeof value === 'number') return Number.isInteger(value) ? value + 0 : Number(value.toPrecision(12))
  if (typeof value === 'string') return `text ${value}`
  if (value instanceof Date) return `date ${value.toISOString()}`
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value).map(([key, item]) => [key, plain(item)])
}

/** What is wrong with rows; undefined when they are right. Their order counts as far as the query decides it. */
export function difference(query: Select, expected: readonly string[], actual: readonly string[]): string | undefined {
  if (query.ordered) return same(expected, actual)
  const wrong = same([...expected].sort(), [...actual].sort())
  if (wrong !== undefined) return wrong
  const keys = query.orderBy.flatMap((order) => (typeof order.by === 'string' ? [order.by] : []))
  const project = (row: string): string =>
    JSON.stringify((JSON.parse(row) as [string, unknown][]).filter(([name]) => keys.includes(name)))
  return same(expected.map(project), actual.map(project))
}

function same(expected: readonly string[], actual: readonly string[]): string | undefined {
  if (expected.length === actual.length && expected.every((row, i) => row === actual[i])) return undefined
  return `expected\n${expected.join('\n')}\nbut got\n${actual.join('\n')}`
}
