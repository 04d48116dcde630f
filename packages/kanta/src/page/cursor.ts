import { checkOptions, KantaError, refuse } from '../error/index.ts'
import type { AtRow, Returns } from '../face/index.ts'
import { type SelectBuilder, show } from '../sql/index.ts'
import { formOf, type PageForm } from './form.ts'
import { checkWhole, executeOptions, MOST_ROWS } from './offset.ts'
import { checkRow, type OrderKey } from './order.ts'
import { type CursorValue, decodeCursor, encodeCursor, type Protection, protectionOf, refuseCursor } from './token.ts'

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
  const reading = new Reading(query, options)
  const { rows, hasNext, hasPrev } = reading.pageOf((await reading.rows()) as Row[])
  const [first, last] = [rows[0], rows.at(-1)]
  const next = hasNext ? (last === undefined ? (options.before ?? null) : reading.cursorOf(last)) : null
  const previous = hasPrev ? (first === undefined ? (options.after ?? null) : reading.cursorOf(first)) : null
  reading.dropTexts(rows)
  return {
    data: rows as never,
    next: next instanceof Promise ? await next : next,
    previous: previous instanceof Promise ? await previous : previous,
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
  const reading = new Reading(query, { ...options, limit: first ?? last }, last !== undefined)
  const { rows, hasNext, hasPrev } = reading.pageOf((await reading.rows()) as Row[])
  const made = rows.map((row) => reading.cursorOf(row))
  reading.dropTexts(rows)
  const cursors = await Promise.all(made)
  const edges = rows.map((row, i) => ({ node: row as never, cursor: cursors[i]! }))
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

const OPTIONS = ['limit', 'after', 'before', 'secret', 'encrypt', 'subject', 'key', 'signal']

/** One reading of a page. What needs no promise takes none: awaiting one takes as long as a part of the page. */
class Reading {
  readonly #form: PageForm
  readonly #inner: SelectBuilder
  readonly #options: CursorOptions<never>
  readonly #limit: number
  readonly #isBack: boolean
  readonly #hash: string
  readonly #protection: Protection

  constructor(query: unknown, options: CursorOptions<never>, backwards = false) {
    checkOptions('paginateCursor()', options, OPTIONS)
    const { limit = 20, after, before, subject, key } = options
    checkWhole('paginateCursor()', 'limit', limit, MOST_ROWS)
    if (after !== undefined && before !== undefined)
      throw new KantaError('invalid_input', "before: give either 'after' or 'before'.", { columns: [] })
    if (subject !== undefined && !['string', 'number', 'bigint'].includes(typeof subject))
      refuse(`paginateCursor(): 'subject' is ${show(subject)}. Give a text or a number.`)
    this.#options = options
    this.#limit = limit
    this.#isBack = before !== undefined || backwards
    this.#form = formOf(query, key)
    this.#inner = (query as SelectBuilder).clearOrderBy() as SelectBuilder
    this.#protection = protectionOf(options)
    this.#hash = this.#form.hashOf(this.#inner, subject)
  }

  /** Reads the rows, and one more, which tells that there are others. */
  rows(): Promise<unknown[]> {
    const { after, before } = this.#options
    const name = before === undefined ? 'after' : 'before'
    const values = valuesOf(before ?? after, name, this.#hash, this.#form.keys, this.#protection)
    return values instanceof Promise ? values.then((known) => this.#rowsBeyond(known)) : this.#rowsBeyond(values)
  }

  #rowsBeyond(values: readonly CursorValue[] | undefined): Promise<unknown[]> {
    const query = this.#form.pageOf(this.#inner, values, this.#isBack, this.#limit + 1)
    return query.execute(executeOptions(this.#options.signal))
  }

  pageOf(all: Row[]): { readonly rows: Row[]; readonly hasNext: boolean; readonly hasPrev: boolean } {
    checkRow('paginateCursor()', all[0])
    checkRows(all, this.#form)
    const more = all.length > this.#limit
    const rows = all.slice(0, this.#limit)
    const { after, before } = this.#options
    if (!this.#isBack) return { rows, hasNext: more, hasPrev: after !== undefined }
    return { rows: rows.reverse(), hasNext: before !== undefined, hasPrev: more }
  }

  cursorOf(row: Row): string | Promise<string> {
    const values: unknown[] = []
    for (const name of this.#form.names) values.push(row[name])
    return encodeCursor(values, this.#hash, this.#protection)
  }

  /** Takes the texts of keys, which only cursors need, out of the rows. */
  dropTexts(rows: readonly Row[]): void {
    const { keys, names } = this.#form
    // The last property goes first: so the rows stay quick to read.
    for (let i = keys.length - 1; i >= 0; i--) {
      if (!keys[i]!.isText) continue
      for (const row of rows) delete row[names[i]!]
    }
  }
}

/**
 * Refuses rows without the values that cursors hold, and rows that their keys do not tell apart: where one ended a page,
 * the others would be on none.
 */
function checkRows(rows: readonly Row[], { keys, names, unknown }: PageForm): void {
  if (rows.length === 0) return
  for (const { column, isText } of keys) {
    if (!isText && rows[0]![column] === undefined)
      refuse(`paginateCursor(): the rows have no column '${column}'. Order by a column of the result.`)
  }
  for (const { column } of unknown) {
    if (rows.some((row) => row[column] instanceof Date))
      refuse(
        `paginateCursor(): '${column}' is a Date, which may have fewer digits than what is stored. Order by a column of a table().`,
      )
  }
  // The last key is the one that most likely tells two rows apart.
  const last = names.at(-1)!
  let before = rows[0]![last]
  for (let i = 1; i < rows.length; i++) {
    const value = rows[i]![last]
    if (isSame(before, value) && names.every((name) => isSame(rows[i - 1]![name], rows[i]![name])))
      refuse(
        `paginateCursor(): two rows have one key (${keys.map(({ column }) => `'${column}'`).join(', ')}). Name columns that tell all rows apart: { key: ['id', 'other_id'] }.`,
      )
    before = value
  }
}

const isSame = (a: unknown, b: unknown): boolean =>
  a instanceof Date && b instanceof Date ? a.getTime() === b.getTime() : a === b || Object.is(a, b)

/** Returns the values of a cursor; only those of a protected one have to be waited for. */
function valuesOf(
  cursor: string | undefined,
  name: string,
  hash: string,
  keys: readonly OrderKey[],
  protection: Protection,
): readonly CursorValue[] | undefined | Promise<readonly CursorValue[]> {
  if (cursor === undefined) return undefined
  const values = decodeCursor(name, cursor, hash, keys.length, protection)
  return values instanceof Promise
    ? values.then((known) => checkValues(known, name, keys))
    : checkValues(values, name, keys)
}

function checkValues(values: readonly CursorValue[], name: string, keys: readonly OrderKey[]): readonly CursorValue[] {
  try {
    for (let i = 0; i < keys.length; i++) checkCursorValue(values[i]!, keys[i]!)
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
