import { refuse, show } from '../error/index.ts'
import { type DatabaseHandle, isOfSession, runnerOfQueryIn, runQueriesInBatch } from '../extend/internal/index.ts'
import type { ExecuteOptions } from '../face/index.ts'
import { Query } from '../sql/index.ts'
import { type Handle, handleOf } from './handle.ts'

/** A query of a batch. */
export interface BatchQuery {
  execute(options?: ExecuteOptions): Promise<unknown>
}

/** The result of `execute()` for each query. */
export type BatchResults<Q extends readonly BatchQuery[]> = {
  -readonly [I in keyof Q]: Awaited<ReturnType<Q[I]['execute']>>
}

/**
 * Runs queries that take effect together or not at all, and gives the results of each: in one round trip on D1 and
 * libSQL, elsewhere in one transaction. Each runs under the policies of the handle that it was built from.
 *
 * @throws KantaError `invalid_input` for what is not a query of this database or transaction.
 *
 * @example
 * ```ts
 * const [cities, [added]] = await batch(db, [
 *   db.selectFrom('city').select('name'),
 *   db.insertInto('employee').values({ name: 'Elias' }).returning('id'),
 * ])
 * ```
 */
export async function batch<const Q extends readonly BatchQuery[]>(
  db: Handle,
  queries: Q,
  options?: ExecuteOptions,
): Promise<BatchResults<Q>> {
  const handle = handleOf('batch()', db)
  const checked = queriesOf(handle, queries)
  if (checked.length === 0) return [] as never
  const results = handle.isTransaction ? undefined : await runQueriesInBatch(checked, options)
  return (results ?? (await runInTransaction(handle, checked, options))) as never
}

type AnyQuery = Query<never>

function queriesOf(db: DatabaseHandle, queries: readonly unknown[]): AnyQuery[] {
  if (!Array.isArray(queries)) return refuse(`batch() takes a list of queries, not ${show(queries)}.`)
  return queries.map((query, i) => {
    if (!(query instanceof Query))
      return refuse(`batch(): item ${i} is ${show(query)}, not a query. Leave out execute().`)
    if (!isOfSession(query.runner, db))
      refuse(
        `batch(): query ${i} was built from another database or transaction. Build it from the one given to batch().`,
      )
    return query as AnyQuery
  })
}

function runInTransaction(
  db: DatabaseHandle,
  queries: readonly AnyQuery[],
  options: ExecuteOptions | undefined,
): Promise<unknown[][]> {
  return db.transaction().execute(async (trx) => {
    const results: unknown[][] = []
    for (const query of queries) results.push(await runnerOfQueryIn(query.runner, trx).execute(query, options))
    return results
  }, options)
}
