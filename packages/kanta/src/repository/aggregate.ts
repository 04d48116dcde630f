import { KantaError, refuse } from '../error/index.ts'
import { dialectOf } from '../extend/internal/index.ts'
import {
  AggregateRequest,
  aggregate,
  aggregateParts,
  type CheckedAggregate,
  type DateBucket,
  type Filter,
  type Measure,
  type Sort,
  whereOf,
} from '../filter/index.ts'
import { node } from '../ir/index.ts'
import { caseOf, Expr, expressionBuilder, functions, type SelectBuilder, sql } from '../sql/index.ts'
import { definitionOf, table } from '../table/index.ts'
import type { Rows, Values } from './rows.ts'

/** The query of a request for aggregates, and how its rows are read. */
export interface AggregateQuery {
  readonly query: SelectBuilder
  /** Returns a row with the labels of its buckets. */
  readonly read: (row: Values) => Values
}

const RANKED = 'ranked'
const GROUPED = 'grouped'

/**
 * Returns the query of a request for aggregates. A percentile is the least value that has its share of the values below
 * it or equal to it, so that it is one of them on every database.
 *
 * @throws KantaError `unsupported` for buckets of several units or in another time zone.
 */
export function aggregateQuery(rows: Rows, given: unknown): AggregateQuery {
  const request = aggregateParts(given instanceof AggregateRequest ? given : aggregate(given as never))
  const writer = new AggregateWriter(rows, request)
  const buckets = Object.entries(request.dateBuckets)
  return { query: writer.query(), read: (row) => labelled(row, buckets) }
}

class AggregateWriter {
  readonly #rows: Rows
  readonly #request: CheckedAggregate
  readonly #measures: readonly (readonly [string, Measure])[]

  constructor(rows: Rows, request: CheckedAggregate) {
    this.#rows = rows
    this.#request = request
    this.#measures = Object.entries(request.measures)
    for (const [name, bucket] of Object.entries(request.dateBuckets)) checkBucket(name, bucket)
  }

  query(): SelectBuilder {
    const { having, topN, sort, limit, offset } = this.#request
    let query = this.#grouped()
    if (having !== undefined || topN !== undefined || sort.length > 0) query = this.#named(query)
    if (having !== undefined) query = query.where(whereOf(this.#rows.db as never, having, GROUPED))
    if (topN !== undefined) {
      const { partitionBy, sortBy, ties } = topN
      const rank = aggregated(ties, []).over((window: Window) =>
        ordered(window.partitionBy(partitionBy.map((name) => refTo(GROUPED, name))), sortBy),
      )
      query = this.#named(query.select(rank.as(RANKED))).where(refTo(GROUPED, RANKED), '<=', topN.limit)
      query = this.#named(query, this.#names())
    }
    for (const { column, direction } of sort) query = query.orderBy(refTo(GROUPED, column), direction)
    if (limit !== undefined) query = query.limit(limit)
    return offset === undefined ? query : query.offset(offset)
  }

  #names(): string[] {
    const { groupBy, dateBuckets, measures } = this.#request
    return [...groupBy, ...Object.keys(dateBuckets), ...Object.keys(measures)]
  }

  /** The rows of a query under one name, so that what it computes can be compared and sorted. */
  #named(query: SelectBuilder, names?: readonly string[]): SelectBuilder {
    const from = this.#rows.db.selectFrom(query.as(GROUPED))
    return names === undefined ? from.selectAll() : from.select(names.map((name) => refTo(GROUPED, name)))
  }

  #grouped(): SelectBuilder {
    const groups = this.#groups()
    const keys = groups.map(([, key]) => key)
    const isRanked = this.#measures.some(([, { measure }]) => RANKING.has(measure))
    let query = isRanked ? this.#rows.db.selectFrom(this.#ranked(keys).as(this.#rows.table.name)) : this.#filtered()
    for (const [name, key] of groups) query = query.select(key.as(name))
    this.#measures.forEach(([name, measure], i) => {
      query = query.select(this.#measure(measure, i).as(name))
    })
    return keys.length === 0 ? query : query.groupBy(keys)
  }

  #filtered(): SelectBuilder {
    const { filter } = this.#request
    const query = this.#rows.db.selectFrom(this.#rows.name)
    return filter === undefined ? query : this.#rows.matching(filter)(query)
  }

  #groups(): (readonly [string, Expr])[] {
    const { groupBy, dateBuckets } = this.#request
    return [
      ...groupBy.map((name) => [name, this.#rows.ref(name)] as const),
      ...Object.entries(dateBuckets).map(
        ([name, { field, interval }]) =>
          [name, functions.dateTrunc(unitOf(interval), this.#rows.ref(field)) as Expr] as const,
      ),
    ]
  }

  /** The rows with what the measures need of all rows of their group: how they are ordered, their number and mean. */
  #ranked(keys: readonly Expr[]): SelectBuilder {
    let query = this.#filtered().selectAll(this.#rows.table.name)
    this.#measures.forEach(([, measure], i) => {
      if (!RANKING.has(measure.measure)) return
      const value = this.#rows.ref(measure.field!)
      const over = (window: Window): Window => window.partitionBy([...keys, this.#counts(measure)])
      if (measure.measure !== 'percentile')
        query = query.select(functions.avg(this.#real(value)).over(over).as(`mean${i}`))
      else {
        const place = aggregated('row_number', []).over((window: Window) => over(window).orderBy(value))
        query = query.select([place.as(`place${i}`), functions.countAll().over(over).as(`size${i}`)])
      }
    })
    return query
  }

  /** Tells whether a row counts for a measure, as a number. */
  #counts({ field, where }: Measure): Expr {
    const conditions = [
      ...(field === undefined ? [] : [expressionBuilder()(this.#rows.ref(field), 'is not', null)]),
      ...(where === undefined ? [] : [this.#condition(where)]),
    ]
    if (conditions.length === 0) return expressionBuilder().lit(1) as Expr
    return when(expressionBuilder().and(conditions), expressionBuilder().lit(1)).else(expressionBuilder().lit(0)).end()
  }

  #condition(where: Filter<never>): unknown {
    return whereOf(this.#rows.db as never, where, this.#rows.name)(undefined as never)
  }

  /** A column as a number of double precision. */
  #real(value: Expr): Expr {
    return expressionBuilder().cast(value, sql.raw(dialectOf(this.#rows.db).typeName(REAL))) as Expr
  }

  #measure(measure: Measure, i: number): Expr {
    const { measure: name, field, where } = measure
    const value = field === undefined ? undefined : this.#rows.ref(field)
    const counted = (operand: unknown): unknown =>
      where === undefined ? operand : when(this.#condition(where), operand).end()
    switch (name) {
      case 'count':
        if (value === undefined && where === undefined) return functions.countAll() as Expr
        return functions.count(counted(value ?? expressionBuilder().lit(1))) as Expr
      case 'countDistinct':
        return functions.count(counted(value)).distinct() as Expr
      case 'percentile':
        return functions.min(this.#atShare(measure, value!, i)) as Expr
      case 'stddev':
      case 'stddevPop':
        return this.#deviation(measure, value!, i)
      default:
        return functions[name](counted(value)) as Expr
    }
  }

  /** The value of rows that have at least the share below them. In whole numbers, which compare everywhere. */
  #atShare(measure: Measure, value: Expr, i: number): Expr {
    const eb = expressionBuilder()
    const share = Math.round(measure.p! * SHARES)
    const { name } = this.#rows.table
    const isAt = eb(
      eb(refTo(name, `place${i}`), '*', eb.lit(SHARES)),
      '>=',
      eb(refTo(name, `size${i}`), '*', eb.lit(share)),
    )
    return when(eb.and([eb(this.#counts(measure), '=', eb.lit(1)), isAt]), value).end()
  }

  #deviation(measure: Measure, value: Expr, i: number): Expr {
    const eb = expressionBuilder()
    const distance = eb.parens(eb(this.#real(value), '-', refTo(this.#rows.table.name, `mean${i}`)))
    const isCounted = eb(this.#counts(measure), '=', eb.lit(1))
    const squares = functions.sum(when(isCounted, eb(distance, '*', distance)).end())
    const number = functions.count(when(isCounted, eb.lit(1)).end())
    const divisor = measure.measure === 'stddevPop' ? number : eb.parens(eb(number, '-', eb.lit(1)))
    const variance = eb(squares, '/', eb.fn('nullif', [divisor, eb.lit(0)]))
    return eb.fn('sqrt', [variance]) as Expr
  }
}

/** Shares are told apart to a millionth. */
const SHARES = 1_000_000
const RANKING: ReadonlySet<string> = new Set(['percentile', 'stddev', 'stddevPop'])
const REAL = definitionOf(table('real', (c) => ({ value: c.real() })))!.columns.get('value')!

interface Window {
  partitionBy(columns: readonly unknown[]): Window
  orderBy(column: unknown, direction?: string): Window
}

const aggregated = (name: string, operands: readonly unknown[]) =>
  (expressionBuilder().fn as unknown as Functions).agg(name, operands)
interface Functions {
  agg(name: string, operands: readonly unknown[]): { over(window: (window: Window) => Window): Expr }
}

const when = (condition: unknown, value: unknown) => caseOf().when(condition).then(value)
const refTo = (of: string, column: string): Expr =>
  new Expr(node({ kind: 'ref', schema: undefined, table: of, column }))
const ordered = (window: Window, sort: readonly Sort[]): Window =>
  sort.reduce((now, { column, direction }) => now.orderBy(refTo(GROUPED, column), direction), window)

const unitOf = (interval: DateBucket['interval']): string => (typeof interval === 'string' ? interval : interval.unit)

function checkBucket(name: string, { interval, timezone }: DateBucket): void {
  const every = typeof interval === 'string' ? 1 : interval.every
  if (every !== 1)
    throw new KantaError(
      'unsupported',
      `The bucket '${name}' takes ${every} units. Buckets of one unit are what every database computes alike.`,
    )
  if (timezone !== undefined && timezone !== 'UTC')
    throw new KantaError(
      'unsupported',
      `The bucket '${name}' begins in the zone '${timezone}'. Buckets begin in UTC, on every database.`,
    )
}

function labelled(row: Values, buckets: readonly (readonly [string, DateBucket])[]): Values {
  if (buckets.length === 0) return row
  const made: Record<string, unknown> = { ...row }
  for (const [name, { interval }] of buckets) made[name] = labelOf(row[name], unitOf(interval))
  return made
}

/** The label of a bucket by its first moment: `2024-02-29T12:05`, `2024-02-29`, `2024-W09`, `2024-02`, `2024-Q1`, `2024`. */
function labelOf(value: unknown, unit: string): string | null {
  if (value === null || value === undefined) return null
  const moment = value instanceof Date ? value : new Date(value as string)
  if (Number.isNaN(moment.getTime())) return refuse(`A bucket begins at ${String(value)}, which is no moment.`)
  const text = moment.toISOString()
  switch (unit) {
    case 'minute':
    case 'hour':
      return text.slice(0, 16)
    case 'day':
      return text.slice(0, 10)
    case 'week':
      return weekOf(moment)
    case 'month':
      return text.slice(0, 7)
    case 'quarter':
      return `${text.slice(0, 4)}-Q${Math.floor(moment.getUTCMonth() / 3) + 1}`
    default:
      return text.slice(0, 4)
  }
}

/** The week of ISO 8601 that begins on a Monday: it belongs to the year of its Thursday. */
function weekOf(monday: Date): string {
  const day = 86_400_000
  const thursday = new Date(monday.getTime() + 3 * day)
  const year = thursday.getUTCFullYear()
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * day)) + 1
  return `${year}-W${String(week).padStart(2, '0')}`
}
