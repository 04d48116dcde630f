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

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each)))

/** Compares the rows of a query with others. */
async function rowsCheck(query: CheckedQuery, rows: readonly unknown[]): Promise<CheckResult> {
  const found = await query.execute()
  const [actual, expected] = [JSON.stringify(plain(found)), JSON.stringify(plain(rows))]
  return { pass: actual === expected, message: `The query returns ${actual}, expected ${expected}.` }
}

/** Looks for an index in the plan of a query. */
async function indexCheck(query: CheckedQuery, index?: string): Promise<CheckResult> {
  const runner = (query as { readonly runner?: Runner }).runner ?? (query as { [RUNNER]?: Runner })[RUNNER]
  if (runner === undefined) return refuse(`A check of indexes takes a query, not ${show(query)}.`)
  const used = planFacets.of(databaseOfQuery(runner).dialect).indexesOf(await query.explain())
  const pass = index === undefined ? used.length > 0 : used.includes(index)
  return {
    pass,
    message: `The plan uses ${used.length === 0 ? 'no index' : used.join(', ')}, expected ${index ?? 'any index'}.`,
  }
}

/** Counts the statements that work sends to a database. */
async function countCheck<D extends Database<any>>(
  work: (db: D) => unknown,
  most: number,
  db: D,
): Promise<CheckResult> {
  if (!((db as unknown) instanceof DatabaseHandle))
    return refuse(`A check of statements takes a database, not ${show(db)}.`)
  const sent: string[] = []
  const counted = (db as unknown as DatabaseHandle).withPlugins([
    { name: 'statement count', hooks: [{ name: 'statement count', watch: ({ sql }) => void sent.push(sql) }] },
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
 * Throws unless the plan of a query uses an index; the primary key is called `primary key`. PostgreSQL reads small
 * tables without one.
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
