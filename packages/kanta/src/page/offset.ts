import { checkOptions, refuse } from '../error/index.ts'
import { databaseOfQuery } from '../extend/internal/index.ts'
import type { AtRow, Returns } from '../face/index.ts'
import { CLEARED, type Shape } from '../ir/index.ts'
import { type ExecuteOptions, expressionBuilder, functions, QueryCreator, SelectBuilder, show } from '../sql/index.ts'
import { checkNames, checkRow } from './order.ts'

/** Options of `paginate()`. */
export interface PageOptions {
  /** The number of the page, from 1; 1 unless given. */
  readonly page?: number | undefined
  /** The rows of a page, from 1 to 1,000; 20 unless given. */
  readonly limit?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A page by its number, with the total of all pages. */
export interface OffsetPage<R> {
  readonly method: 'offset'
  readonly data: R[]
  readonly page: number
  readonly limit: number
  readonly total: number
  readonly pages: number
  readonly hasNext: boolean
  readonly hasPrev: boolean
}

/** The most rows of a page. */
export const MOST_ROWS = 1_000
const LAST_PAGE = 1_000_000_000

// Without an underscore and in lower case, so that no policy renames them.
const TOTAL = 'kantatotal'
const ROW = 'kantarow'

/**
 * Reads a page of a query by its number, and how many rows there are in all: one statement, so both are of one moment.
 * The query may group, be distinct or combine others. Order by a unique column last, or rows may stand on two pages.
 *
 * @throws KantaError `invalid_input` for a page or a limit that is no whole number in its range, and for a query that
 * has a limit or a lock of its own, or two columns of one name.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { paginate } from 'kanta/page'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
 * const db = kanta({ driver: sqlite(':memory:'), schema: { city } })
 * await db.schema.createTable(city).execute()
 *
 * const query = db.selectFrom('city').select(['id', 'name']).orderBy('name').orderBy('id')
 * const { data, total, pages, hasNext } = await paginate(query, { page: 2, limit: 20 })
 * ```
 */
export async function paginate<Q extends Returns>(query: Q, options: PageOptions = {}): Promise<OffsetPage<Q[AtRow]>> {
  checkOptions('paginate()', options, ['page', 'limit', 'signal'])
  const { page = 1, limit = 20, signal } = options
  checkWhole('paginate()', 'page', page, LAST_PAGE)
  checkWhole('paginate()', 'limit', limit, MOST_ROWS)
  const select = pageable('paginate()', query)
  checkNames('paginate()', select, databaseOfQuery(select.runner).schema)
  const rows = (await pageQuery(select, limit, (page - 1) * limit).execute(executeOptions(signal))) as Row[]
  checkRow('paginate()', rows[0])
  const total = Number(rows[0]![TOTAL])
  const data = rows.filter((row) => row[ROW] !== null).map(({ [TOTAL]: _, [ROW]: __, ...row }) => row)
  const pages = Math.ceil(total / limit)
  return { method: 'offset', data: data as never, page, limit, total, pages, hasNext: page < pages, hasPrev: page > 1 }
}

type Row = Record<string, unknown>

export const executeOptions = (signal: AbortSignal | undefined): ExecuteOptions | undefined =>
  signal === undefined ? undefined : { signal }

export function checkWhole(owner: string, name: string, value: unknown, most: number): void {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > most)
    refuse(`${owner}: '${name}' is ${show(value)}. Give a whole number from 1 to ${most.toLocaleString('en')}.`)
}

const OWN_PARTS = ['limit', 'offset', 'fetch', 'top', 'locks'] as const

export function selectOf(owner: string, query: unknown): SelectBuilder {
  if (query instanceof SelectBuilder) return query
  return refuse(`${owner} takes a select query that was built from a database, not ${show(query)}.`)
}

/** Returns the query, if it can be read page by page. */
export function pageable(owner: string, given: unknown): SelectBuilder {
  const query = selectOf(owner, given)
  const set = new Map<string, unknown>()
  for (let at = query.shape as unknown as Shape; at.before !== undefined; at = at.before)
    if (!set.has(at.part)) set.set(at.part, at.value)
  for (const part of OWN_PARTS)
    if (set.has(part) && set.get(part) !== CLEARED)
      refuse(`${owner}: the query has a '${part}' of its own. Leave it out: the page sets how many rows are read.`)
  return query
}

/**
 * Returns the rows of a page beside the total. The total is the one row on the left, so that it is there past the end,
 * too; the page is read row by row on the right, in its order.
 */
function pageQuery(query: SelectBuilder, limit: number, offset: number): SelectBuilder {
  const creator = new QueryCreator(query.runner)
  const counted = creator
    .selectFrom((query.clearOrderBy() as SelectBuilder).as('kantacounted'))
    .select(functions.countAll().as(TOTAL))
  const cut = query.limit(limit).offset(offset)
  const marked = creator.selectFrom(cut.as('kantacut')).selectAll().select(expressionBuilder().lit(1).as(ROW))
  return creator
    .selectFrom(counted.as('kantacount'))
    .leftJoin(marked.as('kantapage'), (join: { onTrue(): unknown }) => join.onTrue())
    .select(`kantacount.${TOTAL}`)
    .selectAll('kantapage')
}
