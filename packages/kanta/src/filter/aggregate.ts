import { checkOptions, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import { type Filter, isFilter } from './filter.ts'
import { isPlain } from './problem.ts'
import type { Sort } from './url.ts'

/** The name of a measure. */
export type MeasureName = (typeof NAMES)[number]
const NAMES = ['count', 'countDistinct', 'sum', 'avg', 'min', 'max', 'percentile', 'stddev', 'stddevPop'] as const

/** An aggregate over the rows of a group. */
export interface Measure {
  readonly measure: MeasureName
  /** The column; only a count does without one. */
  readonly field?: string | undefined
  /** The share of a percentile, from 0 to 1. */
  readonly p?: number | undefined
  /** The rows of the group that count. */
  readonly where?: Filter<never> | undefined
}

/** The length of a bucket: a unit, or several of one. */
export type BucketInterval =
  | BucketUnit
  | 'week'
  | 'quarter'
  | { readonly every: number; readonly unit: BucketUnit | 'week' | 'quarter' }
/** A unit of which a bucket may hold several. */
export type BucketUnit = 'minute' | 'hour' | 'day' | 'month' | 'year'

/** A group of moments that begin together, such as those of a day. */
export interface DateBucket {
  readonly field: string
  readonly interval: BucketInterval
  /** The zone in which days begin, such as `Europe/Helsinki`; UTC unless given. */
  readonly timezone?: string | undefined
}

/** The first groups of each partition. */
export interface TopN {
  readonly partitionBy: readonly string[]
  readonly sortBy: readonly Sort[]
  readonly limit: number
  readonly ties: 'rank' | 'dense_rank' | 'row_number'
}

/** A request for aggregates of groups of rows. */
export interface AggregateParts {
  readonly filter?: Filter<never> | undefined
  readonly groupBy?: string | readonly string[] | undefined
  readonly dateBuckets?: Readonly<Record<string, DateBucket>> | undefined
  readonly measures: Readonly<Record<string, Measure>>
  /** A filter over groups and measures, by their names. */
  readonly having?: Filter<never> | undefined
  readonly sort?: readonly AggregateSort[] | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
  readonly topN?:
    | (Pick<TopN, 'partitionBy' | 'limit'> & {
        readonly sortBy: readonly AggregateSort[]
        readonly ties?: TopN['ties'] | undefined
      })
    | undefined
}

/** A column of the result and the direction in which groups are sorted by it; ascending unless given. */
export interface AggregateSort {
  readonly column: string
  readonly direction?: 'asc' | 'desc' | undefined
}

/** The parts of a request once it is checked. */
export interface CheckedAggregate extends Omit<AggregateParts, 'groupBy' | 'topN' | 'dateBuckets' | 'sort'> {
  readonly groupBy: readonly string[]
  readonly dateBuckets: Readonly<Record<string, DateBucket>>
  readonly sort: readonly Sort[]
  readonly topN: TopN | undefined
}

const requests = new WeakMap<object, CheckedAggregate>()

/** A question about groups of rows, which `aggregate()` makes; no data is one. */
export class AggregateRequest {
  /** Keeps other classes from passing for this one in types. */
  declare protected readonly of: CheckedAggregate
}

const measure =
  (name: Exclude<MeasureName, 'count' | 'percentile'>) =>
  (field: string, where?: Filter<never>): Measure => ({ measure: name, field, where })

/** Counts rows; with a column those where it is not null. */
export const count = (field?: string, where?: Filter<never>): Measure => ({ measure: 'count', field, where })
/** Counts the different values of a column. */
export const countDistinct: (field: string, where?: Filter<never>) => Measure = measure('countDistinct')
/** The sum of a column. */
export const sum: (field: string, where?: Filter<never>) => Measure = measure('sum')
/** The average of a column. */
export const avg: (field: string, where?: Filter<never>) => Measure = measure('avg')
/** The least value of a column. */
export const min: (field: string, where?: Filter<never>) => Measure = measure('min')
/** The greatest value of a column. */
export const max: (field: string, where?: Filter<never>) => Measure = measure('max')
/** The standard deviation of a sample. */
export const stddev: (field: string, where?: Filter<never>) => Measure = measure('stddev')
/** The standard deviation of all. */
export const stddevPop: (field: string, where?: Filter<never>) => Measure = measure('stddevPop')
/** The value below which a share `p` of the values lies, from 0 to 1: 0.5 for the median. */
export const percentile = (field: string, p: number, where?: Filter<never>): Measure => ({
  ...{ measure: 'percentile', field, p, where },
})

/**
 * Makes a request for aggregates, for repositories to run.
 *
 * @throws KantaError `invalid_input` for a request without measures, and for any part that is wrong.
 *
 * @example
 * ```ts
 * import { aggregate, count, gt, percentile } from 'kanta/filter'
 *
 * const request = aggregate({
 *   filter: gt('price', '0'),
 *   groupBy: 'region',
 *   dateBuckets: { month: { field: 'sold_at', interval: 'month' } },
 *   measures: { sales: count(), median: percentile('price', 0.5) },
 *   sort: [{ column: 'sales', direction: 'desc' }],
 * })
 * ```
 */
export function aggregate(parts: AggregateParts): AggregateRequest {
  const known = ['filter', 'groupBy', 'dateBuckets', 'measures', 'having', 'sort', 'limit', 'offset', 'topN']
  checkOptions('aggregate()', parts, known)
  const measures = entriesOf('measures', parts.measures)
  if (measures.length === 0) refuse('aggregate() needs at least one measure, such as { rows: count() }.')
  for (const [name, each] of measures) checkMeasure(name, each)
  const groupBy = Object.freeze([parts.groupBy ?? []].flat()) as readonly string[]
  for (const column of groupBy) checkName('groupBy', column)
  const buckets = entriesOf('dateBuckets', parts.dateBuckets ?? {})
  for (const [name, bucket] of buckets) checkBucket(name, bucket)
  const names = [...groupBy, ...buckets.map(([name]) => name), ...measures.map(([name]) => name)]
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) refuse(`aggregate(): two columns of the result are called '${twice}'. Rename one.`)
  for (const part of ['filter', 'having'] as const)
    if (parts[part] !== undefined && !isFilter(parts[part]))
      refuse(`aggregate(): '${part}' is ${show(parts[part])}, and no filter.`)
  for (const part of ['limit', 'offset'] as const) {
    const value = parts[part]
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= (part === 'limit' ? 1 : 0)))
      refuse(`aggregate(): '${part}' is ${show(value)}. Give a whole number.`)
  }
  const checked = {
    ...parts,
    measures: Object.freeze(Object.fromEntries(measures)),
    groupBy,
    dateBuckets: Object.freeze(Object.fromEntries(buckets)),
    sort: checkSort('sort', parts.sort ?? [], names),
    topN: parts.topN === undefined ? undefined : checkTopN(parts.topN, names),
  } as CheckedAggregate
  const request = new AggregateRequest()
  requests.set(request, Object.freeze(checked))
  return request
}

/**
 * Returns the checked parts of a request.
 *
 * @throws KantaError `invalid_input` for anything but a request.
 */
export function aggregateParts(request: unknown): CheckedAggregate {
  const parts = typeof request === 'object' && request !== null ? requests.get(request) : undefined
  return parts ?? refuse(`${show(request)} is no request for aggregates. Make one with aggregate().`)
}

function entriesOf<T>(part: string, given: Readonly<Record<string, T>>): [string, T][] {
  if (!isPlain(given)) return refuse(`aggregate(): '${part}' is an object of names, not ${show(given)}.`)
  const entries = Object.entries(given) as [string, T][]
  for (const [name] of entries) checkName(part, name)
  return entries
}

function checkName(part: string, name: unknown): void {
  if (typeof name !== 'string' || name === '' || name === '__proto__')
    refuse(`aggregate(): '${part}' holds ${show(name)}, which is no name.`)
}

function checkMeasure(name: string, given: unknown): void {
  if (!isPlain(given) || !NAMES.includes(given.measure as MeasureName))
    return refuse(`aggregate(): the measure '${name}' is ${show(given)}. Make one with ${NAMES.join('(), ')}().`)
  const { measure, field, p, where } = given as unknown as Measure
  if (field === undefined ? measure !== 'count' : typeof field !== 'string' || field === '')
    refuse(`aggregate(): the measure '${name}' needs a column, not ${show(field)}.`)
  if (measure === 'percentile' && !(typeof p === 'number' && p >= 0 && p <= 1))
    refuse(`aggregate(): the percentile '${name}' is of ${show(p)}. Give a share from 0 to 1.`)
  if (where !== undefined && !isFilter(where))
    refuse(`aggregate(): 'where' of the measure '${name}' is ${show(where)}, and no filter.`)
}

const UNITS: ReadonlySet<unknown> = new Set(['minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'])

function checkBucket(name: string, given: unknown): void {
  if (!isPlain(given)) return refuse(`aggregate(): the bucket '${name}' is { field, interval }, not ${show(given)}.`)
  checkOptions(`The bucket '${name}'`, given, ['field', 'interval', 'timezone'])
  const { field, interval, timezone } = given as Record<string, unknown>
  if (typeof field !== 'string' || field === '') refuse(`aggregate(): the bucket '${name}' needs a column.`)
  const { every, unit } = isPlain(interval) ? interval : { every: 1, unit: interval }
  if (!UNITS.has(unit) || !Number.isSafeInteger(every) || (every as number) < 1)
    refuse(`aggregate(): the interval of '${name}' is ${show(interval)}. Use: ${[...UNITS].join(', ')}.`)
  if (timezone !== undefined && !(typeof timezone === 'string' && /^[\w+\-/]{1,64}$/.test(timezone)))
    refuse(`aggregate(): the time zone of '${name}' is ${show(timezone)}. Name one, such as 'Europe/Helsinki'.`)
}

function checkSort(part: string, given: unknown, names: readonly string[]): readonly Sort[] {
  if (!Array.isArray(given)) return refuse(`aggregate(): '${part}' is a list, as in [{ column, direction }].`)
  return Object.freeze(
    (given as readonly Partial<Sort>[]).map((each) => {
      const { column, direction = 'asc' } = isPlain(each) ? (each as Partial<Sort>) : {}
      if (column === undefined || !names.includes(column))
        return refuse(`aggregate(): '${part}' names ${show(column)}. The result has: ${names.join(', ')}.`)
      if (direction !== 'asc' && direction !== 'desc')
        return refuse(`aggregate(): the direction of '${column}' is ${show(direction)}. Use 'asc' or 'desc'.`)
      return Object.freeze({ column, direction })
    }),
  )
}

function checkTopN(given: NonNullable<AggregateParts['topN']>, names: readonly string[]): TopN {
  checkOptions('topN', given, ['partitionBy', 'sortBy', 'limit', 'ties'])
  const { partitionBy, limit, ties = 'row_number' } = given
  if (!Array.isArray(partitionBy) || partitionBy.some((name) => !names.includes(name)))
    refuse(`aggregate(): 'topN.partitionBy' names columns of the result: ${names.join(', ')}.`)
  if (!Number.isSafeInteger(limit) || limit < 1)
    refuse(`aggregate(): 'topN.limit' is ${show(limit)}. Give a whole number from 1.`)
  if (!['rank', 'dense_rank', 'row_number'].includes(ties))
    refuse(`aggregate(): 'topN.ties' is ${show(ties)}. Use 'rank', 'dense_rank' or 'row_number'.`)
  return Object.freeze({ partitionBy, sortBy: checkSort('topN.sortBy', given.sortBy, names), limit, ties })
}
