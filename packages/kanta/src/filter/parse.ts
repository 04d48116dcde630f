import { checkOptions, nearest, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import { type ColumnDefinition, definitionOf, type InferRow, type Rowed, type Selectable } from '../table/index.ts'
import { betweenTree, compareTree, listTree, textTree } from './build.ts'
import {
  type Comparison,
  comparisons,
  type Filter,
  type FilterColumn,
  type FilterTree,
  filterOf,
  join,
  negate,
  type TextOperator,
  textOperators,
} from './filter.ts'
import { JUNCTIONS } from './json.ts'
import { at, describe, isPlain, keyIn, refuseAt } from './problem.ts'
import { readValue, type ValueSource } from './read-value.ts'
import { holdsText, isCompared, isOrdered } from './value.ts'

/** The operators that data may name. */
export const filterOperators = [
  ...comparisons,
  ...(['in', 'notIn', 'between', 'isNull', 'isNotNull', 'exists'] as const),
  ...textOperators,
] as const
/** An operator that data may name. */
export type FilterOperator = (typeof filterOperators)[number]

/** How much of a filter is taken. */
export interface FilterLimits {
  /** The most levels of `and`, `or` and `not` in each other: 5 unless given. */
  readonly depth?: number | undefined
  /** The most conditions and junctions together: 100 unless given. */
  readonly nodes?: number | undefined
  /** The most values of a list: 100 unless given. */
  readonly list?: number | undefined
  /** The most characters of a text: 1,000 unless given. */
  readonly text?: number | undefined
  /** The most `%` of a pattern: 5 unless given, since each of them multiplies the time that a database may take. */
  readonly wildcards?: number | undefined
}

/** The columns of a table that may be filtered, and by which operators. */
export type FilterAllowList<R> = { readonly [C in keyof R]?: readonly FilterOperator[] }

/** Options of `parseFilter()`. */
export interface ParseFilterOptions<T extends Rowed> {
  readonly table: T
  readonly filter: FilterAllowList<Selectable<InferRow<T>>>
  readonly limits?: FilterLimits | undefined
}

interface AllowedColumn {
  readonly column: FilterColumn
  readonly definition: ColumnDefinition
  readonly operators: ReadonlySet<string>
}

/** What may be asked for, checked once for each call. */
export interface AllowList {
  readonly columns: ReadonlyMap<string, AllowedColumn>
  readonly limits: Readonly<Required<{ [L in keyof FilterLimits]-?: number }>>
}

const LIMITS: AllowList['limits'] = { depth: 5, nodes: 100, list: 100, text: 1_000, wildcards: 5 }

/**
 * Reads a filter that somebody sent as JSON, such as `{ price: { gt: '5' }, or: [{ title: { contains: 'x' } }, …] }`.
 * Only the columns and operators of the lists pass. The conditions of one object all have to hold; a value alone means
 * `eq`, a list `in`. Moments are strings of ISO 8601; bigints and decimals may be strings.
 *
 * @throws KantaError `invalid_input` with the path of the bad part, such as `filter.and[3].price.gt`, and its column.
 *
 * @example
 * ```ts
 * const body = JSON.parse('{ "population": { "gte": 100000 }, "country": ["FI", "SE"] }')
 * const filter = parseFilter(body, { table: city, filter: { population: ['gt', 'gte'], country: ['eq', 'in'] } })
 * const rows = await db.selectFrom('city').selectAll().where(whereOf(db, filter, city)).execute()
 * ```
 */
export function parseFilter<T extends Rowed>(
  input: unknown,
  options: ParseFilterOptions<T>,
): Filter<Selectable<InferRow<T>>> {
  checkOptions('parseFilter()', options, ['table', 'filter', 'limits'])
  const allowed = allowListOf('parseFilter()', options.table, options.filter, options.limits)
  return filterOf(parseTree(input, allowed, 'filter')) as never
}

/** Checks the lists of a program: a mistake in them is one of the program. */
export function allowListOf(
  owner: string,
  table: unknown,
  filter: unknown,
  limits: FilterLimits | undefined = {},
): AllowList {
  const definition = definitionOf(table)
  if (definition === undefined) return refuse(`${owner}: 'table' is ${show(table)}. Give a table().`)
  if (!isPlain(filter)) return refuse(`${owner}: 'filter' lists what may be filtered, as in { price: ['gt', 'lt'] }.`)
  checkOptions(`The limits of ${owner}`, limits, Object.keys(LIMITS))
  const columns = new Map<string, AllowedColumn>()
  for (const [name, operators] of Object.entries(filter)) {
    const found = definition.columns.get(name)
    if (found === undefined)
      return refuse(
        `${owner}: '${definition.name}' has no column '${name}' to be filtered.${meant(name, definition.columns.keys())}`,
      )
    if (JUNCTIONS.has(name)) refuse(`${owner}: a column called '${name}' cannot be filtered by data.`)
    if (operators !== undefined)
      columns.set(name, {
        column: { name, table: undefined, definition: found },
        definition: found,
        operators: operatorsOf(owner, found, operators),
      })
  }
  return { columns, limits: { ...LIMITS, ...limitsOf(owner, limits) } }
}

const meant = (name: string, names: Iterable<string>): string => {
  const like = nearest(name, names)
  return like === undefined ? '' : ` Did you mean '${like}'?`
}

function limitsOf(owner: string, limits: FilterLimits): Partial<AllowList['limits']> {
  const given = Object.entries(limits).filter(([, value]) => value !== undefined)
  for (const [name, value] of given)
    if (!Number.isSafeInteger(value) || value < 0)
      refuse(`${owner}: the limit '${name}' is ${show(value)}. Give a whole number from 0.`)
  return Object.fromEntries(given)
}

const ORDERS: ReadonlySet<string> = new Set(['gt', 'gte', 'lt', 'lte', 'between'])
const TEXTS: ReadonlySet<string> = new Set(textOperators)
const NULLS: ReadonlySet<string> = new Set(['isNull', 'isNotNull', 'exists'])
const OPERATORS: ReadonlySet<unknown> = new Set(filterOperators)

function operatorsOf(owner: string, definition: ColumnDefinition, given: unknown): ReadonlySet<string> {
  const { name, type } = definition
  if (!Array.isArray(given)) return refuse(`${owner}: the operators of '${name}' are a list, as in ['eq', 'in'].`)
  for (const op of given as readonly unknown[]) {
    if (!OPERATORS.has(op))
      return refuse(`${owner}: '${name}' lists the unknown operator ${show(op)}. Use: ${filterOperators.join(', ')}.`)
    const fits = NULLS.has(op as string)
      ? true
      : TEXTS.has(op as string)
        ? holdsText(definition)
        : isCompared(definition) && (!ORDERS.has(op as string) || isOrdered(definition))
    if (!fits)
      return refuse(`${owner}: '${name}' is ${type}, for which databases have no common '${op}'. Leave it out.`)
  }
  return new Set(given as readonly string[])
}

/** Reads the tree of a filter. */
export function parseTree(input: unknown, allowed: AllowList, path: string): FilterTree {
  return new FilterParser(allowed, 'json').group(input, path, 0)
}

/** Reads filters within their limits. */
export class FilterParser {
  readonly #allowed: AllowList
  readonly #source: ValueSource
  #nodes = 0

  constructor(allowed: AllowList, source: ValueSource) {
    this.#allowed = allowed
    this.#source = source
  }

  group(input: unknown, path: string, depth: number): FilterTree {
    const { limits } = this.#allowed
    if (depth > limits.depth) return refuseAt(path, `the filter is nested more than ${limits.depth} levels deep.`)
    if (!isPlain(input)) return refuseAt(path, `give an object of columns and conditions, not ${describe(input)}.`)
    const keys = Object.keys(input)
    return join(
      'and',
      keys.map((key) => {
        const value = input[key]
        if (key === 'and' || key === 'or') return this.#junction(key, value, `${path}.${key}`, depth + 1)
        if (key === 'not') {
          this.#count(path)
          return negate(this.group(value, `${path}.not`, depth + 1))
        }
        return this.column(key, value, keyIn(path, key))
      }),
    )
  }

  #junction(kind: 'and' | 'or', input: unknown, path: string, depth: number): FilterTree {
    this.#count(path)
    if (!Array.isArray(input)) return refuseAt(path, `give a list of filters, not ${describe(input)}.`)
    const items = Array.from(input as readonly unknown[], (item, i) => {
      this.#count(path)
      return this.group(item, `${path}[${i}]`, depth)
    })
    return join(kind, items)
  }

  /** Counts a part; called before any work is done for it. */
  #count(path: string): void {
    const { nodes } = this.#allowed.limits
    if (++this.#nodes > nodes) refuseAt(path, `the filter has more than ${nodes} parts.`)
  }

  column(name: string, input: unknown, path: string): FilterTree {
    const allowed = this.#find(name, path)
    if (input === null) return this.condition(allowed, 'eq', null, path)
    if (Array.isArray(input)) return this.condition(allowed, 'in', input, path)
    if (!isPlain(input)) return this.condition(allowed, 'eq', input, path)
    const operators = Object.keys(input)
    if (operators.length === 0) return refuseAt(path, 'the condition names no operator.', name)
    return join(
      'and',
      operators.map((op) => this.condition(allowed, op, input[op], keyIn(path, op))),
    )
  }

  #find(name: string, path: string): AllowedColumn {
    const { columns } = this.#allowed
    return (
      columns.get(name) ??
      refuseAt(path, `no such column can be filtered. These can: ${[...columns.keys()].join(', ')}.`)
    )
  }

  condition({ column, definition, operators }: AllowedColumn, op: string, value: unknown, path: string): FilterTree {
    this.#count(path)
    if (!operators.has(op))
      return refuseAt(
        path,
        `'${column.name}' cannot be filtered so. It takes: ${[...operators].join(', ')}.`,
        column.name,
      )
    const { list, text } = this.#allowed.limits
    const read = (item: unknown, where: string) => readValue(item, definition, where, this.#source, text)
    if (NULLS.has(op)) return this.#null(column, op, value, path)
    if (TEXTS.has(op)) return this.#text(column, op as TextOperator, value, path)
    if (op === 'in' || op === 'notIn') {
      if (!Array.isArray(value)) return refuseAt(path, `give a list of values, not ${describe(value)}.`, column.name)
      if (value.length > list)
        return refuseAt(path, `the list has ${value.length} values, and at most ${list} are taken.`, column.name)
      const items = Array.from(value as readonly unknown[], (item, i) => read(item, `${path}[${i}]`))
      const tree = at(path, column.name, () => listTree(op, column, items))
      return op === 'in' ? tree : negate(tree)
    }
    if (op === 'between') {
      if (!Array.isArray(value) || value.length !== 2)
        return refuseAt(
          path,
          `give the two bounds as a list, not ${Array.isArray(value) ? `one of ${value.length}` : describe(value)}.`,
          column.name,
        )
      const [low, high] = [read(value[0], `${path}[0]`), read(value[1], `${path}[1]`)]
      return at(path, column.name, () => betweenTree(column, low, high))
    }
    const isNull = value === null && (op === 'eq' || op === 'ne')
    const given = isNull ? null : read(value, path)
    return at(path, column.name, () => compareTree(op as Comparison, column, given))
  }

  #null(column: FilterColumn, op: string, value: unknown, path: string): FilterTree {
    const wanted = this.#source === 'text' && (value === 'true' || value === 'false') ? value === 'true' : value
    if (typeof wanted !== 'boolean') return refuseAt(path, `give true or false, not ${describe(value)}.`, column.name)
    const tree: FilterTree = { kind: 'null', column }
    return wanted === (op === 'isNull') ? tree : negate(tree)
  }

  #text(column: FilterColumn, op: TextOperator, value: unknown, path: string): FilterTree {
    const { text: longest, wildcards } = this.#allowed.limits
    if (typeof value !== 'string') return refuseAt(path, `give a text, not ${describe(value)}.`, column.name)
    if (value.length > longest)
      return refuseAt(path, `the text has ${value.length} characters, and at most ${longest} are taken.`, column.name)
    const tree = at(path, column.name, () => textTree(op, column, value))
    const isPattern = op === 'like' || op === 'ilike'
    if (isPattern && value.replace(/\\[\s\S]/g, '').split('%').length - 1 > wildcards)
      return refuseAt(path, `the pattern has more than ${wildcards} '%'.`, column.name)
    return tree
  }
}
