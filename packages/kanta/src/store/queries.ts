import { type DatabaseHandle, runnerOfQueryIn, runQueriesInBatch } from '../extend/internal/index.ts'
import { type Chain, Parameter, Query } from '../sql/index.ts'

/** A query that the builder has made. */
export interface StoreQuery extends Chain {
  execute(): Promise<unknown>
  compile(): unknown
}

/** Makes a query of the values of its parameters. */
export type QueryTemplate<N extends string> = (values: Readonly<Record<N, unknown>>) => StoreQuery

/** Builds a query once: to build it takes longer than to run it. `slot` gives the place of a parameter. */
export function queryTemplate<N extends string>(build: (slot: (name: N) => unknown) => StoreQuery): QueryTemplate<N> {
  const { shape, args, runner } = build((name) => new Parameter(name))
  return (values) => {
    const given = args.map((arg) => (arg instanceof Parameter ? values[arg.name as N] : arg))
    return new Query(shape, given, runner) as StoreQuery
  }
}

/** The functions of an expression builder that the store uses. */
export interface ExpressionTools {
  (left: unknown, operator: string, right: unknown): { as(name: string): unknown }
  readonly fn: {
    max(column: string): { as(name: string): unknown }
    coalesce(...values: unknown[]): unknown
  }
  val(value: unknown): { as(name: string): unknown }
  lit(value: number): unknown
  exists(query: unknown): unknown
  not(condition: unknown): unknown
}

/** Runs queries that take effect together or not at all, and returns the rows of each. */
export async function runTogether(db: DatabaseHandle, queries: readonly StoreQuery[]): Promise<unknown[][]> {
  if (queries.length === 1) return [(await queries[0]!.execute()) as unknown[]]
  const results = db.isTransaction ? undefined : await runQueriesInBatch(queries, undefined)
  if (results !== undefined) return results
  return transactionOn(db, async (trx) => {
    const rows: unknown[][] = []
    for (const query of queries) rows.push(await runnerOfQueryIn(query.runner, trx).execute(query))
    return rows
  })
}

/** Runs a transaction, again after a conflict with another one; inside of a transaction, a savepoint. */
export function transactionOn<T>(db: DatabaseHandle, work: (trx: DatabaseHandle) => Promise<T>): Promise<T> {
  const transaction = db.transaction()
  return (db.isTransaction ? transaction : transaction.retry(RETRIES)).execute(work)
}

export const RETRIES = { attempts: 20, maxDelay: 200 }
