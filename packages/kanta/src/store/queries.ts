import { type DatabaseHandle, runnerOfQueryIn, runQueriesInBatch } from '../extend/internal/index.ts'
import type { Chain } from '../sql/index.ts'

/** A query that the builder has made. */
export interface StoreQuery extends Chain {
  execute(): Promise<unknown>
  compile(): unknown
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
