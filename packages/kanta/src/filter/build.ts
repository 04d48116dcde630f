import { refuse } from '../error/index.ts'
import { isOperand, show } from '../sql/index.ts'
import { Column, type Expression, type SelectType } from '../table/index.ts'
import {
  type Comparison,
  constant,
  type Filter,
  type FilterColumn,
  type FilterTree,
  type FilterValue,
  filterOf,
  join,
  negate,
  type TextOperator,
  treeOf,
} from './filter.ts'
import { patternOf } from './pattern.ts'
import { checkText, checkTextColumn, checkValue } from './value.ts'

type Widened<V> = V extends string
  ? string
  : V extends number
    ? number
    : V extends bigint
      ? bigint
      : V extends boolean
        ? boolean
        : V
type LastName<R> = R extends `${string}.${infer Rest}` ? LastName<Rest> : R
type RowOf<R, V> = { readonly [P in LastName<R> & string]: V }
type ValueIn<V> = SelectType<V> & {}

/** A filter that compares one column with a value. */
export interface CompareFilter {
  <R, V>(column: Column<R, V>, value: NoInfer<ValueIn<V>>): Filter<RowOf<R, SelectType<V>>>
  <const K extends string, V extends FilterValue>(column: K, value: V): Filter<{ readonly [P in K]: Widened<V> | null }>
}
/** The same, where null asks for null. */
export interface EqualFilter {
  <R, V>(column: Column<R, V>, value: NoInfer<ValueIn<V>> | null): Filter<RowOf<R, SelectType<V>>>
  <const K extends string, V extends FilterValue>(column: K, value: V): Filter<{ readonly [P in K]: Widened<V> | null }>
  <const K extends string>(column: K, value: null): Filter<{ readonly [P in K]: unknown }>
}
/** A filter that compares one column with a list of values. */
export interface ListFilter {
  <R, V>(column: Column<R, V>, values: readonly NoInfer<ValueIn<V>>[]): Filter<RowOf<R, SelectType<V>>>
  <const K extends string, V extends FilterValue>(
    column: K,
    values: readonly V[],
  ): Filter<{ readonly [P in K]: Widened<V> | null }>
}
/** A filter that asks whether one column is between two values, or equal to one of them. */
export interface BetweenFilter {
  <R, V>(column: Column<R, V>, low: NoInfer<ValueIn<V>>, high: NoInfer<ValueIn<V>>): Filter<RowOf<R, SelectType<V>>>
  <const K extends string, V extends FilterValue>(
    column: K,
    low: V,
    high: NoInfer<Widened<V>>,
  ): Filter<{ readonly [P in K]: Widened<V> | null }>
}
/** A filter that searches the text of one column. */
export interface TextFilter {
  <R>(column: Column<R, unknown>, text: string): Filter<RowOf<R, string | null>>
  <const K extends string>(column: K, text: string): Filter<{ readonly [P in K]: string | null }>
}
/** A filter that asks whether one column is null. */
export interface NullFilter {
  <R>(column: Column<R, unknown>): Filter<RowOf<R, unknown>>
  <const K extends string>(column: K): Filter<{ readonly [P in K]: unknown }>
}

/** Returns the column that a filter names. */
export function columnOf(column: unknown): FilterColumn {
  if (column instanceof Column) return { name: column.name, table: column.table, definition: column.definition }
  if (typeof column !== 'string' || column === '')
    return refuse(`${show(column)} is not a column. Give its name, or a column of a table().`)
  return { name: column, table: undefined, definition: undefined }
}

const isNullTree = (column: FilterColumn): FilterTree => ({ kind: 'null', column })

/** Makes the tree of a comparison. */
export function compareTree(op: Comparison, column: FilterColumn, value: unknown): FilterTree {
  if (value === null && op === 'eq') return isNullTree(column)
  if (value === null && op === 'ne') return negate(isNullTree(column))
  return { kind: 'compare', column, op, value: checkValue(op, column, value) }
}

/** Makes the tree of a list: nothing is in an empty one. */
export function listTree(op: string, column: FilterColumn, values: unknown): FilterTree {
  if (!Array.isArray(values)) return refuse(`${op}('${column.name}', ${show(values)}) takes a list of values.`)
  if (values.length === 0) return constant(false)
  const items = Array.from(values as readonly unknown[], (value, i) => {
    if (value === null || value === undefined)
      return refuse(`${op}('${column.name}', […]): item ${i} is ${value}. Ask for null by isNull().`)
    return checkValue(op, column, value)
  })
  return { kind: 'in', column, values: Object.freeze(items) }
}

export function textTree(op: TextOperator, column: FilterColumn, value: unknown): FilterTree {
  checkTextColumn(op, column)
  const text = checkText(op, column.name, value)
  // A pattern that ends in a backslash is refused here.
  patternOf(op, text)
  return { kind: 'text', column, op, text }
}

export const betweenTree = (column: FilterColumn, low: unknown, high: unknown): FilterTree =>
  join('and', [
    { kind: 'compare', column, op: 'gte', value: checkValue('between', column, low) },
    { kind: 'compare', column, op: 'lte', value: checkValue('between', column, high) },
  ])

const comparing = (op: Comparison): CompareFilter =>
  ((column: unknown, value: unknown) => filterOf(compareTree(op, columnOf(column), value))) as never
const searching = (op: TextOperator): TextFilter =>
  ((column: unknown, text: unknown) => filterOf(textTree(op, columnOf(column), text))) as never

/**
 * Keeps the rows whose column equals a value; null asks for null.
 *
 * @throws KantaError `invalid_input` for `undefined` and for a value of another type than the column's.
 *
 * @example
 * ```ts
 * const rows = await db.selectFrom('city').selectAll().where(whereOf(db, eq('country', 'FI'), city)).execute()
 * ```
 */
export const eq: EqualFilter = comparing('eq') as never
/** Keeps the rows whose column holds another value, but not null, as in SQL; `ne(column, null)` asks for any value. */
export const ne: EqualFilter = comparing('ne') as never
/** Keeps the rows whose column is greater than a value. Texts go by code points. */
export const gt: CompareFilter = comparing('gt')
/** Keeps the rows whose column is greater than a value or equal to it. */
export const gte: CompareFilter = comparing('gte')
/** Keeps the rows whose column is less than a value. */
export const lt: CompareFilter = comparing('lt')
/** Keeps the rows whose column is less than a value or equal to it. */
export const lte: CompareFilter = comparing('lte')
/** Keeps the rows whose column equals one of some values; none for an empty list. */
export const anyOf: ListFilter = ((column: unknown, values: unknown) =>
  filterOf(listTree('anyOf', columnOf(column), values))) as never
/** Keeps the rows whose column holds none of some values; not those where it is null, unless the list is empty. */
export const notIn: ListFilter = ((column: unknown, values: unknown) =>
  filterOf(negate(listTree('notIn', columnOf(column), values)))) as never
/** Keeps the rows whose column is between two values, or equal to one of them. */
export const between: BetweenFilter = ((column: unknown, low: unknown, high: unknown) =>
  filterOf(betweenTree(columnOf(column), low, high))) as never
/**
 * Keeps the rows whose text matches a pattern: `%` is any text, `_` one character, and `\` takes the next character as
 * it is. Upper and lower case differ, on every database.
 */
export const like: TextFilter = searching('like')
/** The same as `like`, but A–Z and a–z are equal. Letters beyond them keep their case, on every database. */
export const ilike: TextFilter = searching('ilike')
/** Keeps the rows whose text contains another. */
export const contains: TextFilter = searching('contains')
/** Keeps the rows whose text contains another; A–Z and a–z are equal. */
export const iContains: TextFilter = searching('iContains')
/** Keeps the rows whose text starts with another. */
export const startsWith: TextFilter = searching('startsWith')
/** Keeps the rows whose text starts with another; A–Z and a–z are equal. */
export const iStartsWith: TextFilter = searching('iStartsWith')
/** Keeps the rows whose text ends with another. */
export const endsWith: TextFilter = searching('endsWith')
/** Keeps the rows whose text ends with another; A–Z and a–z are equal. */
export const iEndsWith: TextFilter = searching('iEndsWith')
/** Keeps the rows whose text equals another; A–Z and a–z are equal. */
export const iEq: TextFilter = searching('iEq')
/** Keeps the rows whose column is null. */
export const isNull: NullFilter = ((column: unknown) => filterOf(isNullTree(columnOf(column)))) as never
/** Keeps the rows whose column is not null. */
export const isNotNull: NullFilter = ((column: unknown) => filterOf(negate(isNullTree(columnOf(column))))) as never

type RowOfAll<F> = (F extends Filter<infer R> ? (row: R) => void : never) extends (row: infer I) => void ? I : never

/** Keeps the rows that every filter keeps; all rows for none. */
export function and<const F extends readonly Filter<never>[]>(...filters: F): Filter<RowOfAll<F[number]>> {
  return filterOf(join('and', filters.map(treeOf))) as never
}

/** Keeps the rows that a filter keeps; no row for none. */
export function or<const F extends readonly Filter<never>[]>(...filters: F): Filter<RowOfAll<F[number]>> {
  return filterOf(join('or', filters.map(treeOf))) as never
}

/** Keeps the rows for which a filter is false, and not those for which it is unknown: `not(eq('a', 1))` keeps no null. */
export function not<R>(filter: Filter<R>): Filter<R> {
  return filterOf(negate(treeOf(filter))) as never
}

/** Keeps every row. */
export const TRUE: Filter<unknown> = /* @__PURE__ */ filterOf(constant(true)) as never
/** Keeps no row. */
export const FALSE: Filter<unknown> = /* @__PURE__ */ filterOf(constant(false)) as never

/**
 * Keeps the rows for which an expression is true. Only code makes one: no data becomes SQL text, and `matches()` cannot
 * evaluate it.
 *
 * @example
 * ```ts
 * const odd = raw(sql<boolean>`id % 2 = 1`)
 * ```
 */
export function raw(expression: Expression<boolean | null>): Filter<unknown> {
  if (!isOperand(expression))
    return refuse(`raw(${show(expression)}) takes an expression, such as sql\`…\` or one of the expression builder.`)
  return filterOf({ kind: 'raw', expression }) as never
}

/** Asks whether a column holds a value, as other libraries call it: `isNotNull()`, or `isNull()` for false. */
export function exists<const K extends string>(column: K, wanted = true): Filter<{ readonly [P in K]: unknown }> {
  if (typeof wanted !== 'boolean') return refuse(`exists('${column}', ${show(wanted)}) takes true or false.`)
  return (wanted ? isNotNull(column) : isNull(column)) as never
}
