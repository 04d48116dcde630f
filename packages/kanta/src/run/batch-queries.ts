import { CompletionCallbacks, ConnectionUse, throwIfAborted } from '../connect/index.ts'
import type { Chain, ExecuteOptions } from '../sql/index.ts'
import { runBatch } from './batch.ts'
import type { Executor } from './execute.ts'
import { inOperation, withSignal } from './operation.ts'
import { executorOf, type QueryRunner } from './query-runner.ts'
import { combineResults } from './run-parts.ts'
import { callOf, Statement, withConnection } from './statement.ts'

/** The places of the statements of a query in a batch: several for an insert of many rows. */
interface Placed {
  readonly from: number
  readonly to: number
}

/**
 * Runs queries in one batch of a connection, which takes effect as a whole, each under its own policies. Returns
 * `undefined`, and runs nothing, where the driver has no batches or a query needs a transaction.
 */
export async function runQueriesInBatch(
  queries: readonly Chain[],
  options: ExecuteOptions | undefined,
): Promise<unknown[][] | undefined> {
  const statements: Statement[] = []
  const placed: Placed[] = []
  for (const query of queries) {
    const executor = executorOf(query.runner as QueryRunner)
    await executor.session.start?.()
    const added = statementsOf(executor, query)
    if (added === undefined) return undefined
    placed.push({ from: statements.length, to: statements.length + added.length })
    statements.push(...added)
  }
  const { settings, session } = executorOf(queries[0]!.runner as QueryRunner)
  const lead = statements.find(({ plan }) => !plan.facts.readOnly) ?? statements[0]!
  const callbacks = new CompletionCallbacks()
  let results: unknown[][] | undefined
  try {
    const { readOnly } = lead.plan.facts
    const about = { kind: 'batch', size: statements.length, readOnly, signal: options?.signal } as const
    results = await inOperation(settings, session, about, async (signal) => {
      const ownOptions = withSignal(options, signal)
      return withConnection(lead, ownOptions, async () => {
        const { connection, runner } = lead
        if (connection!.batch === undefined || runner.session.inTransaction || connection!.inTransaction === true)
          return undefined
        lead.use ??= new ConnectionUse(connection!, ownOptions)
        throwIfAborted(signal)
        for (const statement of statements) statement.join(lead)
        return runBatch(statements, callbacks)
      })
    })
  } catch (error) {
    await callbacks.callAfterFailure(error, () => lead.waitForPending())
    throw error
  }
  if (results === undefined) return undefined
  await callbacks.callAfterSuccess()
  return placed.map(({ from, to }) =>
    to - from === 1 ? results[from]! : combineResults(statements[from]!, results.slice(from, to)),
  )
}

/** Returns the statements of a query; `undefined` where it needs more than to be sent. */
function statementsOf(executor: Executor, { shape, args }: Chain): Statement[] | undefined {
  const ready = executor.plan(shape)
  if (ready.transactionHooks !== undefined || ready.readBack !== undefined || ready.split) return undefined
  return executor
    .parts(ready, executor.prepare(ready, args))
    .map(({ plan, sql, parameters }) => new Statement(executor, callOf(plan), plan, sql, parameters))
}
