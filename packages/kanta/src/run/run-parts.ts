import { CompletionCallbacks, ConnectionUse, throwIfAborted } from '../connect/index.ts'
import type { Part } from '../plan/index.ts'
import type { ExecuteOptions } from '../sql/index.ts'
import { runBatch } from './batch.ts'
import { InsertResult } from './result.ts'
import { runAtomically } from './run-atomically.ts'
import { callOf, runStatement, Statement, type StatementRunner, withConnection } from './statement.ts'

/** Runs the parts of a statement on one connection; all take effect, or none. */
export async function runParts(
  runner: StatementRunner,
  parts: readonly Part[],
  options: ExecuteOptions | undefined,
): Promise<unknown[]> {
  const callbacks = new CompletionCallbacks()
  const statements = parts.map(
    ({ plan, sql, parameters }) => new Statement(runner, callOf(plan), plan, sql, parameters),
  )
  const first = statements[0]!
  let results: readonly (readonly unknown[])[]
  try {
    results = await withConnection(first, options, async () => {
      first.use ??= new ConnectionUse(first.connection!, options)
      throwIfAborted(options?.signal)
      for (const statement of statements) statement.join(first)
      return runAll(statements, callbacks)
    })
  } catch (error) {
    await callbacks.callAfterFailure(error, () => first.waitForPending())
    throw error
  }
  await callbacks.callAfterSuccess()
  return combineResults(first, results)
}

/** Runs statements in a batch if the connection has batches, else one by one in a transaction or a savepoint. */
function runAll(statements: readonly Statement[], callbacks: CompletionCallbacks): Promise<unknown[][]> {
  const { connection, use, plan, runner } = statements[0]!
  const nested = runner.session.inTransaction
  const canBatch = connection!.batch !== undefined && !nested && connection!.inTransaction !== true
  if (canBatch && plan.readBack === undefined) return runBatch(statements, callbacks)
  const { transaction } = runner.dialect
  const failure = (cause: unknown, sql: string): Error =>
    runner.toError(cause, { sql, parameters: [] }, sql === transaction.commit ? connection : undefined)
  return runAtomically(use!, { transactionSql: transaction, isNested: nested, failure }, async () => {
    const results: unknown[][] = []
    for (const statement of statements) {
      statement.start()
      results.push(
        await runner.runInHooks(statement, callbacks, async () => (await runStatement(statement)) as unknown[]),
      )
    }
    return results
  })
}

/** Combines the results of an insert's parts into the result of one statement. */
export function combineResults({ plan, runner }: Statement, results: readonly (readonly unknown[])[]): unknown[] {
  if (plan.result !== 'counts') return results.flat()
  let changes = 0n
  let insertId: bigint | undefined
  for (const [result] of results as readonly (readonly [InsertResult])[]) {
    changes += result.numInsertedOrUpdatedRows ?? 0n
    if (insertId === undefined || !runner.dialect.insertIdIsFirst) insertId = result.insertId ?? insertId
  }
  return [new InsertResult(insertId, changes)]
}
