import { KantaError, refuse } from '../../error/index.ts'
import { DatabaseHandle, databaseOfQuery } from '../../extend/internal/index.ts'
import type { Database } from '../../face/index.ts'
import { RUNNER, type Runner, show } from '../../sql/index.ts'
import { planFacets } from './database.ts'

/** A query whose rows or plan a check looks at. */
export interface CheckedQuery {
  execute(): Promise<unknown>
  explain(): Promise<Record<string, unknown>[]>
}

/** The outcome of a check. `message` says what was expected and what came. */
export interface CheckResult {
  readonly pass: boolean
  readonly message: string
}

/** Writes rows with the types of their values, the columns in one order, so that equal rows have equal texts. */
function textOf(rows: readonly unknown[]): string {
  return JSON.stringify(rows, function (this: Record<string, unknown>, key, converted) {
    const value = this[key]
    if (value instanceof Date) return { date: Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString() }
    if (value instanceof Uint8Array) return { bytes: [...value] }
    if (typeof value === 'bigint') return { bigint: String(value) }
    if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) }
    const isObject = typeof converted === 'object' && converted !== null && !Array.isArray(converted)
    return isObject ? Object.fromEntries(Object.entries(converted).sort(([a], [b]) => (a < b ? -1 : 1))) : converted
  })
}

/** Compares the rows of a query with others. */
async function rowsCheck(query: CheckedQuery, rows: readonly unknown[]): Promise<CheckResult> {
  if (typeof Object(query).execute !== 'function') refuse(`A check of rows takes a query, not ${show(query)}.`)
  if (!Array.isArray(rows)) refuse(`A check of rows takes a list of rows, not ${show(rows)}.`)
  const [actual, expected] = [textOf((await query.execute()) as readonly unknown[]), textOf(rows)]
  return { pass: actual === expected, message: `The query returns ${actual}, expected ${expected}.` }
}

/** Looks for an index in the plan of a query. */
async function indexCheck(query: CheckedQuery, index?: string): Promise<CheckResult> {
  const runner = (query as { readonly runner?: Runner }).runner ?? (query as { [RUNNER]?: Runner })[RUNNER]
  if (runner === undefined || typeof query.explain !== 'function')
    return refuse(`A check of indexes takes a query, not ${show(query)}.`)
  const used = planFacets.of(databaseOfQuery(runner).dialect).indexesOf(await query.explain())
  const pass = index === undefined ? used.length > 0 : used.includes(index)
  return {
    pass,
    message: `The plan uses ${used.length === 0 ? 'no index' : used.join(', ')}, expected ${index ?? 'any index'}.`,
  }
}

let counts = 0

/** Counts the statements that work sends to a database. */
async function countCheck<D extends Database<any>>(
  work: (db: D) => unknown,
  most: number,
  db: D,
): Promise<CheckResult> {
  if (!((db as unknown) instanceof DatabaseHandle))
    return refuse(`A check of statements takes a database, not ${show(db)}.`)
  if (!Number.isInteger(most) || most < 0)
    refuse(`A check of statements takes a whole number of them, not ${show(most)}.`)
  if (typeof work !== 'function') refuse(`A check of statements takes a function, not ${show(work)}.`)
  const sent: string[] = []
  // Checks may be in each other.
  const name = `statement count ${++counts}`
  const counted = (db as unknown as DatabaseHandle).withPlugins([
    { name, hooks: [{ name, watch: ({ sql }) => void sent.push(sql) }] },
  ])
  await work(counted as unknown as D)
  return {
    pass: sent.length <= most,
    message: `The work runs ${sent.length} statements, expected at most ${most}:\n${sent.map((sql) => `  ${sql}`).join('\n')}`,
  }
}

async function demand(check: Promise<CheckResult>): Promise<void> {
  const { pass, message } = await check
  if (!pass) throw new KantaError('conflict', message)
}

/**
 * Throws unless a query returns these rows; for `node:test` and any other runner.
 *
 * @throws KantaError `conflict` with the rows that came.
 */
export const assertReturnsRows = (query: CheckedQuery, rows: readonly unknown[]): Promise<void> =>
  demand(rowsCheck(query, rows))

/**
 * Throws unless the plan of a query uses an index. The primary key is called `primary key`, on PostgreSQL by the name
 * of its index. PostgreSQL reads small tables without one.
 *
 * @throws KantaError `conflict` with the indexes that the plan uses.
 */
export const assertUsesIndex = (query: CheckedQuery, index?: string): Promise<void> => demand(indexCheck(query, index))

/**
 * Throws if work sends more statements than this to a database. The work gets a handle of the database that counts.
 *
 * @throws KantaError `conflict` with the statements.
 */
export const assertRunsAtMost = <D extends Database<any>>(
  most: number,
  db: D,
  work: (db: D) => unknown,
): Promise<void> => demand(countCheck(work, most, db))

/** The answer of a matcher of vitest and jest. */
export interface MatcherResult {
  readonly pass: boolean
  message(): string
}

const matcher = async (check: Promise<CheckResult>): Promise<MatcherResult> => {
  const { pass, message } = await check
  return { pass, message: () => message }
}

/**
 * The matchers of vitest and jest: `toReturnRows(rows)`, `toUseIndex(name?)` and `toRunAtMost(most, db)`,
 * for `expect.extend(matchers)`.
 */
export const matchers = {
  toReturnRows: (query: CheckedQuery, rows: readonly unknown[]): Promise<MatcherResult> =>
    matcher(rowsCheck(query, rows)),
  toUseIndex: (query: CheckedQuery, index?: string): Promise<MatcherResult> => matcher(indexCheck(query, index)),
  toRunAtMost: (work: (db: never) => unknown, most: number, db: Database<any>): Promise<MatcherResult> =>
    matcher(countCheck(work as (db: Database<any>) => unknown, most, db)),
}
