import { databaseOfQuery, planOfQuery } from '../extend/internal/index.ts'
import { node } from '../ir/index.ts'
import type { Planning } from '../plan/index.ts'
import { Expr, expressionBuilder, Parameter, QueryCreator, SelectBuilder, sql } from '../sql/index.ts'
import { cursorFacets } from './facet.ts'
import { MOST_ROWS, pageable, selectOf } from './offset.ts'
import { checkNames, type OrderKey, orderOf } from './order.ts'
import { type CursorValue, type HashState, hashEnd, hashOn } from './token.ts'

const ROWS = 'kantarows'

/** The most statements of one form, and the most forms of one shape. */
const MOST = 64

/** The statement of a page, which takes the arguments of the query and then values of the cursor. */
interface Statement {
  readonly shape: SelectBuilder['shape']
  /** The value of the cursor that each argument is. */
  readonly places: readonly number[]
}

/**
 * The parts that all pages of the queries of one shape have in common in one database. To work it out takes longer than it takes
 * the database to find a page, so it is kept.
 */
export class PageForm {
  readonly keys: readonly OrderKey[]
  /** The names under which the rows hold the values of the keys. */
  readonly names: readonly string[]
  /** The keys of whose values no table says what they are. */
  readonly unknown: readonly OrderKey[]
  readonly #planning: Planning
  readonly #statements = new Map<number, Statement>()
  /** The last text of the query, the hash of it and the order, and the last hash with a subject. */
  #text: string | undefined = undefined
  #hashed: HashState | undefined = undefined
  #subject: unknown = undefined
  #hash: string | undefined = undefined

  constructor(query: SelectBuilder, key: readonly string[] | undefined, planning: Planning) {
    this.#planning = planning
    checkNames('paginateCursor()', query, planning.schema)
    this.keys = orderOf(query, key, planning)
    this.unknown = this.keys.filter(({ definition, isText }) => definition === undefined && !isText)
    this.names = this.keys.map(({ column, isText }, i) => (isText ? `kantakey${i}` : column))
  }

  /** Returns the hash of a query without its order, of the order and of a subject: cursors hold it. */
  hashOf(query: SelectBuilder, subject: unknown): string {
    const text = textOf(query)
    if (text !== this.#text) {
      this.#text = text
      this.#hashed = hashOn(textOfOrder(text, this.keys))
      this.#hash = undefined
    }
    if (this.#hash === undefined || subject !== this.#subject) {
      this.#subject = subject
      this.#hash = hashEnd(hashOn(JSON.stringify([typeof subject, String(subject)]).slice(1), this.#hashed))
    }
    return this.#hash
  }

  /** Returns the query of a page from a query without its order: the rows beyond values, in the order or against it. */
  pageOf(
    query: SelectBuilder,
    values: readonly CursorValue[] | undefined,
    isBack: boolean,
    limit: number,
  ): SelectBuilder {
    const name = nameOf(values, isBack, limit)
    let statement = this.#statements.get(name)
    if (statement === undefined) {
      statement = this.#statementOf(query, values, isBack, limit)
      if (this.#statements.size >= MOST) this.#statements.clear()
      this.#statements.set(name, statement)
    }
    const { shape, places } = statement
    if (values === undefined) return new SelectBuilder(shape, query.args, query.runner)
    // A copy of no arguments, which are frozen, would take as long as the rest.
    const args = query.args.length === 0 ? [] : query.args.slice()
    for (const place of places) args.push(values[place])
    return new SelectBuilder(shape, args, query.runner)
  }

  #statementOf(
    query: SelectBuilder,
    values: readonly CursorValue[] | undefined,
    isBack: boolean,
    limit: number,
  ): Statement {
    const { keys, names } = this
    const { textOf } = cursorFacets.of(this.#planning.dialect)
    const order = isBack ? keys.map(reversed) : keys
    let page = new QueryCreator(query.runner).selectFrom(query.as(ROWS)).selectAll(ROWS)
    keys.forEach((each, i) => {
      if (each.isText) page = page.select((textOf(refOf(each)) as Expr).as(names[i]))
    })
    for (const each of order) page = page.orderBy(refOf(each), direction(each))
    const given = values?.map((value, i) => (value === null ? null : new Parameter(`value ${i}`)))
    if (given !== undefined) page = page.where(beyond(order, given))
    // The limit stands in the text: SQLite prepares a statement again whenever a parameter there gets a value.
    page = page.limit(expressionBuilder().lit(limit))
    return { shape: page.shape, places: page.args.slice(query.args.length).map((arg) => given!.indexOf(arg as never)) }
  }
}

/** Numbers what the text of a page depends on: its direction, its limit, and which values of the cursor are null. */
function nameOf(values: readonly CursorValue[] | undefined, isBack: boolean, limit: number): number {
  let name = isBack ? 3 : 2
  if (values !== undefined) for (const value of values) name = name * 3 + (value === null ? 1 : 2)
  return name * (MOST_ROWS + 2) + limit
}

const forms = new WeakMap<Planning, WeakMap<object, Map<string, PageForm>>>()

/** Returns the form of the pages of a query, which is kept for its shape. */
export function formOf(given: unknown, key: readonly string[] | undefined): PageForm {
  const query = selectOf('paginateCursor()', given)
  const planning = databaseOfQuery(query.runner)
  const ofDatabase = forms.get(planning) ?? new WeakMap<object, Map<string, PageForm>>()
  const ofShape = ofDatabase.get(query.shape) ?? new Map<string, PageForm>()
  const name = key === undefined ? '' : JSON.stringify(key)
  let form = ofShape.get(name)
  if (form === undefined) {
    form = new PageForm(pageable('paginateCursor()', query), key, planning)
    if (ofShape.size >= MOST) ofShape.clear()
    ofShape.set(name, form)
    ofDatabase.set(query.shape, ofShape)
    forms.set(planning, ofDatabase)
  }
  return form
}

/** The text of a query, which most have once and for all. */
function textOf(query: SelectBuilder): string {
  const { sql: text, split } = planOfQuery(query)
  return text === undefined || split !== undefined ? (query.compile() as { readonly sql: string }).sql : text
}

/** Begins the text of a hash. Lists of any length and the numbers of parameters make no other query. */
function textOfOrder(text: string, keys: readonly OrderKey[]): string {
  const shape = text.replace(/\$\d+/g, '?').replace(/\?(?:, \?)+/g, '?')
  const order = keys.map(({ column, descending, nullsFirst }) => [column, descending, nullsFirst])
  return `${JSON.stringify([shape, order]).slice(0, -1)},`
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

const refOf = ({ column }: OrderKey): Expr => new Expr(node({ kind: 'ref', schema: undefined, table: ROWS, column }))

/** The form of a value in a cursor. */
type Given = Parameter | null

/**
 * Returns the condition for the rows that come after values in an order: `a >= x and (a > x or b > y)`. The first
 * comparison bounds what an index is read for, which alternatives alone would not do.
 */
function beyond(keys: readonly OrderKey[], values: readonly Given[]): unknown {
  const eb = expressionBuilder()
  const [key, ...others] = keys as [OrderKey, ...OrderKey[]]
  const [value, ...rest] = values as [Given, ...Given[]]
  const past = isPast(key, value)
  if (others.length === 0) return past ?? eb.lit(false)
  const deeper = beyond(others, rest)
  const later = past === undefined ? deeper : eb.or([past, deeper])
  const reached = isReached(key, value)
  return reached === undefined ? later : eb.and([reached, later])
}

const compare = (key: OrderKey, op: string, value: Given): unknown => {
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
function isPast(key: OrderKey, value: Given): unknown {
  const eb = expressionBuilder()
  if (value === null) return key.nullsFirst ? eb(refOf(key), 'is not', null) : undefined
  return orNull(key, compare(key, key.descending ? '<' : '>', value))
}

/** The column comes after a value or equals it; `undefined` where every row does. */
function isReached(key: OrderKey, value: Given): unknown {
  const eb = expressionBuilder()
  if (value === null) return key.nullsFirst ? undefined : eb(refOf(key), 'is', null)
  return orNull(key, compare(key, key.descending ? '<=' : '>=', value))
}

function orNull(key: OrderKey, condition: unknown): unknown {
  if (!key.nullable || key.nullsFirst) return condition
  const eb = expressionBuilder()
  return eb.or([condition, eb(refOf(key), 'is', null)])
}
