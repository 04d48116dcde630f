import { checkOptions, KantaError, refuse } from '../error/index.ts'
import { databaseOfQuery } from '../extend/internal/index.ts'
import type { AtRow, Returns } from '../face/index.ts'
import { node } from '../ir/index.ts'
import { Expr, expressionBuilder, QueryCreator, type SelectBuilder, show, sql } from '../sql/index.ts'
import { cursorFacets } from './facet.ts'
import { checkWhole, executeOptions, MOST_ROWS, pageable } from './offset.ts'
import { checkNames, checkRow, type OrderKey, orderOf } from './order.ts'
import {
  type CursorValue,
  decodeCursor,
  encodeCursor,
  hashText,
  type Protection,
  protectionOf,
  refuseCursor,
} from './token.ts'

/** Options of `paginateCursor()`. */
export interface CursorOptions<R> {
  /** The rows of a page, from 1 to 1,000; 20 unless given. */
  readonly limit?: number | undefined
  /** The cursor after which the page begins: `next` of the page before. */
  readonly after?: string | undefined
  /** The cursor before which the page ends: `previous` of the page after. */
  readonly before?: string | undefined
  /** Signs the cursors, so that nobody else can make one: a text of at least 32 characters. */
  readonly secret?: string | undefined
  /** Encrypts the cursors, so that nobody can read the values in them, either. */
  readonly encrypt?: boolean | undefined
  /** For whom the cursors are, such as the id of a user: those of another are refused. */
  readonly subject?: string | number | bigint | undefined
  /**
   * The columns that tell rows apart, where the query does not say: with joins, and without a `table()`. Where they do
   * not, and two rows are equal in them, the page is refused: a row would be lost between two pages.
   */
  readonly key?: readonly (keyof R & string)[] | undefined
  readonly signal?: AbortSignal | undefined
}

/** A page by a cursor. */
export interface CursorPage<R> {
  readonly data: R[]
  /** The cursor of the next page; null if there is none. */
  readonly next: string | null
  /** The cursor of the previous page, for `before`; null if there is none. */
  readonly previous: string | null
  readonly hasNext: boolean
  readonly hasPrev: boolean
}

/**
 * Reads a page of a query that begins after a row, or ends before one. It is found by the values of the row in the order
 * of the query, so that a late page is as quick as the first, and rows that are inserted or deleted meanwhile shift
 * nothing. The query may order by several columns in both directions, by columns that hold null, group and be distinct;
 * what it is ordered by has to be selected. A unique key is added to the order.
 *
 * @throws KantaError `invalid_input` for a cursor that was changed or is of another query, order, subject or secret.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { paginateCursor } from 'kanta/page'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
 * const db = kanta({ driver: sqlite(':memory:'), schema: { city } })
 * await db.schema.createTable(city).execute()
 *
 * const query = db.selectFrom('city').select(['id', 'name']).orderBy('name')
 * const first = await paginateCursor(query, { limit: 20 })
 * if (first.next !== null) await paginateCursor(query, { limit: 20, after: first.next })
 * ```
 */
export async function paginateCursor<Q extends Returns>(
  query: Q,
  options: CursorOptions<Q[AtRow]> = {},
): Promise<CursorPage<Q[AtRow]>> {
  const { rows, hasNext, hasPrev, cursorOf } = await readPage(query, options)
  const [first, last] = [rows.at(0), rows.at(-1)]
  return {
    data: rows.map(({ row }) => row) as never,
    next: hasNext ? await cursorOf(last, options.before) : null,
    previous: hasPrev ? await cursorOf(first, options.after) : null,
    hasNext,
    hasPrev,
  }
}

/** A connection of the Relay specification. */
export interface Connection<R> {
  readonly edges: { readonly node: R; readonly cursor: string }[]
  readonly pageInfo: {
    readonly hasNextPage: boolean
    readonly hasPreviousPage: boolean
    readonly startCursor: string | null
    readonly endCursor: string | null
  }
}

/** Options of `relayConnection()`: either `first` and `after`, or `last` and `before`. */
export interface ConnectionOptions<R> extends Omit<CursorOptions<R>, 'limit'> {
  readonly first?: number | undefined
  readonly last?: number | undefined
}

/**
 * Reads a page as a connection of the Relay specification: each row with a cursor of its own.
 *
 * @throws KantaError `invalid_input` as `paginateCursor()` does, and for `first` beside `last` or `before`.
 */
export async function relayConnection<Q extends Returns>(
  query: Q,
  { first, last, ...options }: ConnectionOptions<Q[AtRow]> = {},
): Promise<Connection<Q[AtRow]>> {
  if (last === undefined ? options.before !== undefined : first !== undefined || options.after !== undefined)
    refuse("relayConnection() takes either 'first' and 'after', or 'last' and 'before'.")
  const { rows, hasNext, hasPrev, cursorOf } = await readPage(
    query,
    { ...options, limit: first ?? last },
    last !== undefined,
  )
  const edges = await Promise.all(
    rows.map(async (found) => ({ node: found.row as never, cursor: (await cursorOf(found))! })),
  )
  return {
    edges,
    pageInfo: {
      hasNextPage: hasNext,
      hasPreviousPage: hasPrev,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

type Row = Record<string, unknown>
interface Found {
  readonly row: Row
  readonly values: readonly unknown[]
}

interface ReadPage {
  readonly rows: readonly Found[]
  readonly hasNext: boolean
  readonly hasPrev: boolean
  cursorOf(found: Found | undefined, otherwise?: string): Promise<string | null>
}

const OPTIONS = ['limit', 'after', 'before', 'secret', 'encrypt', 'subject', 'key', 'signal']
const ROWS = 'kantarows'

async function readPage(query: unknown, options: CursorOptions<never>, backwards = false): Promise<ReadPage> {
  checkOptions('paginateCursor()', options, OPTIONS)
  const { limit = 20, after, before, subject, key, signal } = options
  checkWhole('paginateCursor()', 'limit', limit, MOST_ROWS)
  if (after !== undefined && before !== undefined)
    throw new KantaError('invalid_input', "before: give either 'after' or 'before'.", { columns: [] })
  if (subject !== undefined && !['string', 'number', 'bigint'].includes(typeof subject))
    refuse(`paginateCursor(): 'subject' is ${show(subject)}. Give a text or a number.`)
  const select = pageable('paginateCursor()', query)
  const database = databaseOfQuery(select.runner)
  checkNames('paginateCursor()', select, database.schema)
  const keys = orderOf(select, key, database)
  const { textOf } = cursorFacets.of(database.dialect)
  const inner = select.clearOrderBy() as SelectBuilder
  const protection = protectionOf(options)
  const hash = hashOf(inner, keys, subject)
  const isBack = before !== undefined || backwards
  const cursor = before ?? after
  const order = isBack ? keys.map(reversed) : keys
  let page = new QueryCreator(select.runner).selectFrom(inner.as(ROWS)).selectAll(ROWS)
  keys.forEach((each, i) => {
    if (each.isText) page = page.select(asText(textOf(refOf(each)), `kantakey${i}`))
  })
  for (const each of order) page = page.orderBy(refOf(each), direction(each))
  if (cursor !== undefined) {
    const values = await valuesOf(cursor, before === undefined ? 'after' : 'before', hash, keys, protection)
    page = page.where(beyond(order, values))
  }
  const read = (await page.limit(limit + 1).execute(executeOptions(signal))) as Row[]
  checkRow('paginateCursor()', read[0])
  const all = read.map((row) => found(row, keys))
  checkApart(all, keys)
  const more = all.length > limit
  const rows = all.slice(0, limit)
  if (isBack) rows.reverse()
  return {
    rows,
    hasNext: isBack ? before !== undefined : more,
    hasPrev: isBack ? more : after !== undefined,
    cursorOf: async (one, otherwise) =>
      one === undefined ? (otherwise ?? null) : encodeCursor(one.values, hash, protection),
  }
}

/** Lists of any length and the numbers of parameters make no other query. */
function hashOf(query: SelectBuilder, keys: readonly OrderKey[], subject: unknown): string {
  const { sql: text } = query.compile() as { readonly sql: string }
  const shape = text.replace(/\$\d+/g, '?').replace(/\?(?:, \?)+/g, '?')
  const order = keys.map(({ column, descending, nullsFirst }) => [column, descending, nullsFirst])
  return hashText(JSON.stringify([shape, order, typeof subject, String(subject)]))
}

const reversed = (key: OrderKey): OrderKey => ({
  ...key,
  descending: !key.descending,
  nullsFirst: !key.nullsFirst,
  nulls: key.nulls === undefined ? undefined : key.nulls === 'first' ? 'last' : 'first',
})

interface Direction {
  asc(): Direction
  desc(): Direction
  nullsFirst(): Direction
  nullsLast(): Direction
}

const direction =
  ({ descending, nulls }: OrderKey) =>
  (ob: Direction) => {
    const directed = descending ? ob.desc() : ob.asc()
    return nulls === undefined ? directed : nulls === 'first' ? directed.nullsFirst() : directed.nullsLast()
  }

const asText = (expression: object, name: string): unknown => (expression as Expr).as(name)
const refOf = ({ column }: OrderKey): Expr => new Expr(node({ kind: 'ref', schema: undefined, table: ROWS, column }))

function found(row: Row, keys: readonly OrderKey[]): Found {
  const values = keys.map((key, i) => {
    if (!key.isText) return checkStored(row[key.column], key)
    const value = row[`kantakey${i}`]
    delete row[`kantakey${i}`]
    return value
  })
  return { row, values }
}

/** Refuses rows that their keys do not tell apart: where one ended a page, the others would be on none. */
function checkApart(rows: readonly Found[], keys: readonly OrderKey[]): void {
  for (let i = 1; i < rows.length; i++)
    if (keys.every((_, at) => isSame(rows[i - 1]!.values[at], rows[i]!.values[at])))
      refuse(
        `paginateCursor(): two rows have one key (${keys.map(({ column }) => `'${column}'`).join(', ')}). Name columns that tell all rows apart: { key: ['id', 'other_id'] }.`,
      )
}

const isSame = (a: unknown, b: unknown): boolean =>
  a instanceof Date && b instanceof Date ? a.getTime() === b.getTime() : a === b || Object.is(a, b)

function checkStored(value: unknown, { column, definition }: OrderKey): unknown {
  if (value === undefined)
    return refuse(`paginateCursor(): the rows have no column '${column}'. Order by a column of the result.`)
  if (value instanceof Date && definition === undefined)
    return refuse(
      `paginateCursor(): '${column}' is a Date, which may have fewer digits than what is stored. Order by a column of a table().`,
    )
  return value
}

async function valuesOf(
  cursor: string,
  name: string,
  hash: string,
  keys: readonly OrderKey[],
  protection: Protection,
): Promise<readonly CursorValue[]> {
  const values = await decodeCursor(name, cursor, hash, keys.length, protection)
  try {
    for (const [i, value] of values.entries()) checkCursorValue(value, keys[i]!)
  } catch (cause) {
    return refuseCursor(name, cause)
  }
  return values
}

/** Refuses what the column cannot hold, so that a forged value is never an error of the driver. */
function checkCursorValue(value: CursorValue, { definition, nullable }: OrderKey): void {
  if (value === null) return nullable ? undefined : refuse('null')
  if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) refuse('no text')
  if (definition === undefined) return
  const { type, codec } = definition
  if (type === 'timestamp') return void codec!.decode(value as never)
  if (type === 'integer')
    return Number.isInteger(value) && (value as number) === ((value as number) | 0) ? undefined : refuse('no integer')
  if (type === 'real') return typeof value === 'number' ? undefined : refuse('no number')
  if (type === 'text' || type === 'varchar') return typeof value === 'string' ? undefined : refuse('no text')
  if (codec !== undefined) (codec.compared ?? codec).encode(value)
}

/**
 * Returns the condition for the rows that come after values in an order: `a >= x and (a > x or b > y)`. The first
 * comparison bounds what an index is read for, which alternatives alone would not do.
 */
function beyond(keys: readonly OrderKey[], values: readonly CursorValue[]): unknown {
  const eb = expressionBuilder()
  const [key, ...others] = keys as [OrderKey, ...OrderKey[]]
  const [value, ...rest] = values as [CursorValue, ...CursorValue[]]
  const past = isPast(key, value)
  if (others.length === 0) return past ?? eb.lit(false)
  const deeper = beyond(others, rest)
  const later = past === undefined ? deeper : eb.or([past, deeper])
  const reached = isReached(key, value)
  return reached === undefined ? later : eb.and([reached, later])
}

const compare = (key: OrderKey, op: string, value: CursorValue): unknown => {
  if (!key.isText) return expressionBuilder()(refOf(key), op, value)
  const ref = refOf(key)
  switch (op) {
    case '>':
      return sql`${ref} > ${value}`
    case '>=':
      return sql`${ref} >= ${value}`
    case '<':
      return sql`${ref} < ${value}`
    default:
      return sql`${ref} <= ${value}`
  }
}

/** The column comes after a value; `undefined` where nothing does. */
function isPast(key: OrderKey, value: CursorValue): unknown {
  const eb = expressionBuilder()
  if (value === null) return key.nullsFirst ? eb(refOf(key), 'is not', null) : undefined
  return orNull(key, compare(key, key.descending ? '<' : '>', value))
}

/** The column comes after a value or equals it; `undefined` where every row does. */
function isReached(key: OrderKey, value: CursorValue): unknown {
  const eb = expressionBuilder()
  if (value === null) return key.nullsFirst ? undefined : eb(refOf(key), 'is', null)
  return orNull(key, compare(key, key.descending ? '<=' : '>=', value))
}

function orNull(key: OrderKey, condition: unknown): unknown {
  if (!key.nullable || key.nullsFirst) return condition
  const eb = expressionBuilder()
  return eb.or([condition, eb(refOf(key), 'is', null)])
}
