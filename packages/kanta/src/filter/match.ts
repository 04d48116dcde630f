import { refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import { type ColumnDefinition, definitionOf, type Rowed } from '../table/index.ts'
import { type Comparison, type Filter, type FilterColumn, type FilterTree, type FilterValue, treeOf } from './filter.ts'
import { matchesPattern, patternOf } from './pattern.ts'
import { checkTextColumn, checkValue } from './value.ts'

/** True, false, or `null` for unknown. */
type Truth = boolean | null
type Row = Readonly<Record<string, unknown>>

/**
 * Tells whether a filter keeps a row, as the databases would: a comparison with null is unknown, and a row is kept if
 * the filter is true. Give the table where a column is a decimal, whose texts are compared as numbers, or has a codec of
 * its own.
 *
 * @throws KantaError `invalid_input` for what is no filter, for a row without a column that it names, for values of
 * different types, and for a filter with `raw()`.
 *
 * @example
 * ```ts
 * import { and, contains, gt, matches } from 'kanta/filter'
 *
 * matches(and(contains('name', 'sink'), gt('population', 500_000)), { name: 'Helsinki', population: 684_018 }) // true
 * ```
 */
export function matches<R extends object>(filter: Filter<R>, row: R, table?: Rowed): boolean {
  if (typeof row !== 'object' || row === null) return refuse(`matches(…, ${show(row)}) takes a row.`)
  const definition = table === undefined ? undefined : definitionOf(table)
  if (table !== undefined && definition === undefined)
    return refuse(`matches(…, ${show(table)}) takes a table() as its last argument.`)
  return evaluate(treeOf(filter), { row: row as unknown as Row, columns: definition?.columns }) === true
}

interface Evaluation {
  readonly row: Row
  readonly columns: ReadonlyMap<string, ColumnDefinition> | undefined
}

function evaluate(tree: FilterTree, evaluation: Evaluation): Truth {
  switch (tree.kind) {
    case 'constant':
      return tree.value
    case 'null':
      return read(tree.column, evaluation).value === null
    case 'not': {
      const truth = evaluate(tree.item, evaluation)
      return truth === null ? null : !truth
    }
    case 'and':
    case 'or':
      return evaluateItems(tree.items, tree.kind === 'or', evaluation)
    case 'compare': {
      const { value, column } = read(tree.column, evaluation)
      return value === null ? null : holds(tree.op, compare(value, tree.value, tree.op, column))
    }
    case 'in': {
      const { value, column } = read(tree.column, evaluation)
      return value === null ? null : tree.values.some((item) => compare(value, item, 'anyOf', column) === 0)
    }
    case 'text': {
      const { value, column } = read(tree.column, evaluation)
      checkTextColumn(tree.op, column)
      if (value === null) return null
      if (typeof value !== 'string') return refuse(`'${column.name}' of the row is ${show(value)}, and not a text.`)
      return matchesPattern(patternOf(tree.op, tree.text), value)
    }
    case 'raw':
      return refuse('The filter holds SQL of raw(), which only a database evaluates.')
  }
}

function evaluateItems(items: readonly FilterTree[], deciding: boolean, evaluation: Evaluation): Truth {
  let found: Truth = !deciding
  for (const item of items) {
    const truth = evaluate(item, evaluation)
    if (truth === deciding) return deciding
    if (truth === null) found = null
  }
  return found
}

function read(
  named: FilterColumn,
  { row, columns }: Evaluation,
): { readonly value: unknown; readonly column: FilterColumn } {
  const { name } = named
  const definition = named.definition ?? columns?.get(name)
  if (columns !== undefined && definition === undefined) refuse(`The filter names '${name}', which the table lacks.`)
  const value = Object.hasOwn(row, name) ? row[name] : undefined
  if (value === undefined) return refuse(`The filter names '${name}', which the row lacks. Give it, or null.`)
  return { value, column: { ...named, definition } }
}

const holds = (op: Comparison, order: number): boolean => {
  switch (op) {
    case 'eq':
      return order === 0
    case 'ne':
      return order !== 0
    case 'gt':
      return order > 0
    case 'gte':
      return order >= 0
    case 'lt':
      return order < 0
    case 'lte':
      return order <= 0
  }
}

/** Compares the value of a row with that of a filter: below 0, 0, or above 0. */
function compare(value: unknown, given: FilterValue, op: string, column: FilterColumn): number {
  const { definition, name } = column
  const other = checkValue(op, column, given)
  if (definition?.type === 'decimal') return compareDecimals(value, other, name)
  // What is stored may be less than what is given, such as whole seconds.
  const codec = definition?.codec
  const [a, b] =
    codec === undefined ? [value, other] : [codec.encode(value), (codec.compared ?? codec).encode(other as never)]
  return order(a, b, name)
}

const kindOf = (value: unknown): string =>
  typeof value === 'bigint' ? 'number' : value instanceof Date ? 'Date' : typeof value

const before = <T extends number | bigint | boolean>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

function order(a: unknown, b: unknown, name: string): number {
  if (kindOf(a) !== kindOf(b))
    return refuse(`'${name}' of the row is ${show(a)}, and the filter compares it with ${show(b)}, of another type.`)
  if (typeof a === 'string') return byCodePoint(a, b as string)
  if (a instanceof Date) return before(a.getTime(), (b as Date).getTime())
  // Databases that store no number put it above all numbers.
  if (typeof a === 'number' && Number.isNaN(a)) return 1
  return before(a as number, b as number)
}

/** Surrogates stand for what is above all other characters. */
const rank = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit)

/** Compares two texts by their code points, as databases do by their bytes in UTF-8. */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [one, other] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (one !== other) return rank(one) - rank(other)
  }
  return a.length - b.length
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?$/

function compareDecimals(value: unknown, given: FilterValue, name: string): number {
  const text = String(value)
  // PostgreSQL has both in decimals, and puts what is no number above all numbers.
  if (text === 'NaN' || text === 'Infinity') return 1
  if (text === '-Infinity') return -1
  const [a, b] = [DECIMAL.exec(text), DECIMAL.exec(String(given))]
  if (a === null || b === null) return refuse(`'${name}' of the row is ${show(value)}, and not a decimal.`)
  const scale = Math.max(a[3]?.length ?? 0, b[3]?.length ?? 0)
  const scaled = ([, sign, whole, fraction = '']: RegExpExecArray): bigint => {
    const digits = BigInt(whole! + fraction.padEnd(scale, '0'))
    return sign === '-' ? -digits : digits
  }
  return before(scaled(a), scaled(b))
}
