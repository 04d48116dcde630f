import { checkOptions, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import { definitionOf, type InferRow, type Rowed, type Selectable } from '../table/index.ts'
import { type Filter, type FilterTree, filterOf, join } from './filter.ts'
import {
  type AllowList,
  allowListOf,
  type FilterAllowList,
  type FilterLimits,
  FilterParser,
  parseTree,
} from './parse.ts'
import { isPlain, keyIn, refuseAt } from './problem.ts'

/** Options of `parseUrl()`: what a URL may ask for. */
export interface ParseUrlOptions<T extends Rowed> {
  readonly table: T
  readonly filter: FilterAllowList<Selectable<InferRow<T>>>
  /** The columns by which rows may be sorted. */
  readonly sort: readonly (keyof Selectable<InferRow<T>> & string)[]
  /** The most rows of a page, from 1 to 1,000. */
  readonly maxLimit: number
  /** The rows of a page for which the URL does not say how many: 20 unless given, and never more than `maxLimit`. */
  readonly defaultLimit?: number | undefined
  /** The columns that may be selected by `select`; without it there is no such parameter. */
  readonly select?: readonly (keyof Selectable<InferRow<T>> & string)[] | undefined
  /** Lets the URL search by `search`; the number is the most characters, 200 for true. */
  readonly search?: boolean | number | undefined
  readonly limits?: FilterLimits | undefined
}

/** A column to sort by. */
export interface Sort<C = string> {
  readonly column: C
  readonly direction: 'asc' | 'desc'
}

/** What a URL asks for. */
export interface UrlQuery<R> {
  readonly filter: Filter<R>
  readonly sort: readonly Sort<keyof R & string>[]
  readonly limit: number
  /** The number of the page, from 1, where the URL names one. */
  readonly page?: number | undefined
  /** The cursor after which, or before which, the page is. */
  readonly after?: string | undefined
  readonly before?: string | undefined
  readonly search?: string | undefined
  readonly select?: readonly (keyof R & string)[] | undefined
}

/** The parameters of a URL: of `URLSearchParams`, as text, or as a server has parsed them. */
export type UrlParameters =
  | string
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>

const LONGEST_URL = 16_000
const MOST_PARAMETERS = 100
const LONGEST_CURSOR = 4_000
const MOST_SORTS = 8
const LAST_PAGE = 1_000_000_000

/**
 * Reads what a URL asks for: `?price[gt]=5&title[contains]=x&sort=-published,title&page=2&limit=20`. Parameters that
 * are no column of the list and none of these are refused: `page`, `limit`, `after`, `before`, `sort`, `filter` (JSON as
 * `parseFilter()` reads it), and where they are allowed `select` and `search`. A list is given as `id[in]=1,2,3`, or by
 * several parameters of one name.
 *
 * @throws KantaError `invalid_input` with the name of the bad parameter.
 *
 * @example
 * ```ts
 * const url = new URL('https://example.com/cities?population[gt]=100000&name[startsWith]=H&sort=-population&limit=5')
 * const asked = parseUrl(url.searchParams, {
 *   table: city,
 *   filter: { population: ['gt', 'lt'], name: ['eq', 'startsWith'] },
 *   sort: ['population', 'name'],
 *   maxLimit: 100,
 * })
 * let query = db.selectFrom('city').selectAll().where(whereOf(db, asked.filter, city)).limit(asked.limit)
 * for (const { column, direction } of asked.sort) query = query.orderBy(column, direction)
 * ```
 */
export function parseUrl<T extends Rowed>(
  parameters: UrlParameters,
  options: ParseUrlOptions<T>,
): UrlQuery<Selectable<InferRow<T>>> {
  const known = ['table', 'filter', 'sort', 'maxLimit', 'defaultLimit', 'select', 'search', 'limits']
  checkOptions('parseUrl()', options, known)
  const allowed = allowListOf('parseUrl()', options.table, options.filter, options.limits)
  const { maxLimit, defaultLimit = Math.min(20, maxLimit), search = false } = options
  checkCount('maxLimit', maxLimit, 1_000)
  checkCount('defaultLimit', defaultLimit, maxLimit)
  const longest = search === true ? 200 : search
  if (longest !== false) checkCount('search', longest, 10_000)
  const names = {
    sort: columnList('sort', options.sort, options.table),
    select: undefined as ReadonlySet<string> | undefined,
  }
  if (options.select !== undefined) names.select = columnList('select', options.select, options.table)
  const reader = new UrlReader(allowed, groupParameters(parameters))
  const asked = {
    sort: reader.sort(names.sort),
    limit: reader.count('limit', maxLimit) ?? defaultLimit,
    page: reader.count('page', LAST_PAGE),
    after: reader.text('after', LONGEST_CURSOR),
    before: reader.text('before', LONGEST_CURSOR),
    search: longest === false ? undefined : reader.text('search', longest),
    select: names.select === undefined ? undefined : reader.select(names.select),
  }
  const given = (['page', 'after', 'before'] as const).filter((name) => asked[name] !== undefined)
  if (given.length > 1) refuseAt(given[1]!, `give either '${given[0]}' or '${given[1]}'.`)
  const taken = [...TAKEN, ...(longest === false ? [] : ['search']), ...(names.select === undefined ? [] : ['select'])]
  const filter = filterOf(reader.filter(taken))
  const present = Object.entries(asked).filter(([, value]) => value !== undefined)
  return { filter, ...Object.fromEntries(present) } as never
}

const TAKEN = ['page', 'limit', 'after', 'before', 'sort', 'filter']

function checkCount(name: string, value: unknown, most: number): void {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > most)
    refuse(`parseUrl(): '${name}' is ${show(value)}. Give a whole number from 1 to ${most}.`)
}

function columnList(name: string, given: unknown, table: unknown): ReadonlySet<string> {
  if (!Array.isArray(given)) return refuse(`parseUrl(): '${name}' is a list of columns, as in ['published'].`)
  const { columns } = definitionOf(table)!
  for (const column of given as readonly unknown[])
    if (typeof column !== 'string' || !columns.has(column))
      refuse(`parseUrl(): '${name}' lists ${show(column)}, which is no column of the table.`)
  return new Set(given as readonly string[])
}

/** Gathers the values of each name. */
function groupParameters(parameters: UrlParameters): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  let [count, length] = [0, 0]
  for (const [name, value] of pairsOf(parameters)) {
    if (typeof name !== 'string' || typeof value !== 'string') return refuseAt('url', 'a parameter is not a text.')
    length += name.length + value.length
    if (++count > MOST_PARAMETERS) refuseAt('url', `there are more than ${MOST_PARAMETERS} parameters.`)
    if (length > LONGEST_URL) refuseAt('url', `the parameters have more than ${LONGEST_URL} characters.`)
    const known = groups.get(name)
    if (known === undefined) groups.set(name, [value])
    else known.push(value)
  }
  return groups
}

function* pairsOf(parameters: UrlParameters): Iterable<readonly [unknown, unknown]> {
  if (typeof parameters === 'string') {
    if (parameters.length > 3 * LONGEST_URL) refuseAt('url', `the parameters have more than ${LONGEST_URL} characters.`)
    yield* new URLSearchParams(parameters)
  } else if (typeof parameters !== 'object' || parameters === null)
    refuse(`parseUrl(${show(parameters)}, …) takes the search parameters of a URL.`)
  else if (Symbol.iterator in parameters) {
    for (const pair of parameters as Iterable<unknown>)
      yield Array.isArray(pair) ? [pair[0], pair[1]] : refuse('parseUrl() takes pairs of names and values.')
  } else if (!isPlain(parameters)) refuse(`parseUrl(${show(parameters)}, …) takes the search parameters of a URL.`)
  else
    for (const [name, value] of Object.entries(parameters))
      if (value !== undefined) for (const each of Array.isArray(value) ? value : [value]) yield [name, each]
}

const NAME = /^([^[\]]{1,64})(?:\[(\w{1,20})\])?$/

/** Reads the parameters of one URL. */
class UrlReader {
  readonly #allowed: AllowList
  readonly #groups: ReadonlyMap<string, readonly string[]>

  constructor(allowed: AllowList, groups: ReadonlyMap<string, readonly string[]>) {
    this.#allowed = allowed
    this.#groups = groups
  }

  text(name: string, longest: number): string | undefined {
    const values = this.#groups.get(name)
    if (values === undefined) return undefined
    if (values.length > 1) refuseAt(name, 'the parameter is given more than once.')
    const [value] = values as readonly [string]
    if (value === '') refuseAt(name, 'the parameter is empty.')
    if (value.length > longest)
      refuseAt(name, `the text has ${value.length} characters, and at most ${longest} are taken.`)
    if (value.includes('\0') || !value.isWellFormed()) refuseAt(name, 'the text holds what no text can hold.')
    return value
  }

  count(name: string, most: number): number | undefined {
    const text = this.text(name, 20)
    if (text === undefined) return undefined
    const number = /^\d+$/.test(text) ? Number(text) : 0
    if (number < 1 || number > most) refuseAt(name, `give a whole number from 1 to ${most}.`)
    return number
  }

  sort(columns: ReadonlySet<string>): readonly Sort[] {
    return this.#names('sort', columns).map((name) =>
      name.startsWith('-') ? { column: name.slice(1), direction: 'desc' } : { column: name, direction: 'asc' },
    )
  }

  select(columns: ReadonlySet<string>): readonly string[] | undefined {
    return this.#groups.has('select') ? this.#names('select', columns) : undefined
  }

  /** A list of columns, each at most once, with a minus where that is a direction. */
  #names(parameter: 'sort' | 'select', columns: ReadonlySet<string>): readonly string[] {
    const names = this.text(parameter, 1_000)?.split(',') ?? []
    const most = parameter === 'sort' ? MOST_SORTS : columns.size
    if (names.length > most) refuseAt(parameter, `at most ${most} columns can be named.`)
    const seen = new Set<string>()
    for (const name of names) {
      const column = parameter === 'sort' && name.startsWith('-') ? name.slice(1) : name
      const path = keyIn(parameter, column)
      if (!columns.has(column)) refuseAt(path, `no such column. These can be named: ${[...columns].join(', ')}.`)
      if (seen.has(column)) refuseAt(path, 'the column is named twice.', column)
      seen.add(column)
    }
    return names
  }

  /** Reads all parameters but those that are taken. */
  filter(taken: readonly string[]): FilterTree {
    const parser = new FilterParser(this.#allowed, 'text')
    const trees: FilterTree[] = []
    const json = this.text('filter', LONGEST_URL)
    if (json !== undefined) trees.push(parseTree(parseJson(json), this.#allowed, 'filter'))
    for (const [name, values] of this.#groups) {
      if (taken.includes(name)) continue
      const [, column, op = 'eq'] = NAME.exec(name) ?? []
      if (column === undefined || !this.#allowed.columns.has(column)) {
        const names = [...taken, ...this.#allowed.columns.keys()].join(', ')
        return refuseAt(keyIn('url', name), `no such parameter. These are: ${names}.`)
      }
      trees.push(parser.column(column, { [op]: valueIn(op, values, name) }, column))
    }
    return join('and', trees)
  }
}

const LISTS: ReadonlySet<string> = new Set(['in', 'notIn', 'between'])

/** The value of a parameter, or the list of those operators that take one. */
function valueIn(op: string, values: readonly string[], name: string): string | readonly string[] {
  if (LISTS.has(op)) return values.length === 1 ? values[0]!.split(',') : values
  return values.length === 1 ? values[0]! : refuseAt(keyIn('url', name), 'the parameter is given more than once.')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return refuseAt('filter', 'this is not JSON.')
  }
}
