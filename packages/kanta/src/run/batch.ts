import type { CompletionCallbacks } from '../connect/index.ts'
import type { ExecuteResult } from '../driver/index.ts'
import type { Statement } from './statement.ts'

/**
 * Runs statements in one batch of their connection and returns the result of each. A batch is sent as a whole, so the
 * hooks of all statements start first; if one of them throws, nothing is sent.
 */
export async function runBatch(statements: readonly Statement[], callbacks: CompletionCallbacks): Promise<unknown[][]> {
  const sent = Promise.withResolvers<readonly ExecuteResult[]>()
  // Each statement in the batch reports the failure, so this promise need not.
  sent.promise.catch(() => {})
  let waitingCount = statements.length
  const enter = async (statement: Statement, index: number): Promise<unknown[]> => {
    if (--waitingCount === 0) sent.resolve(send(statements))
    return statement.settle(sent.promise.then((answers) => answers[index]!))
  }
  const runs = statements.map(async (statement, index) => {
    try {
      return await statement.runner.runInHooks(statement, callbacks, () => enter(statement, index))
    } catch (error) {
      sent.reject(error)
      throw error
    }
  })
  const ended = await Promise.allSettled(runs)
  const failed = ended.find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return ended.map((one) => (one as PromiseFulfilledResult<unknown[]>).value)
}

/** Sends all statements. An error is reported with the first one. */
async function send(statements: readonly Statement[]): Promise<readonly ExecuteResult[]> {
  const first = statements[0]!
  const texts = statements.map(({ sql, parameters, plan }) => ({ sql, parameters, bigints: plan.decoding.bigints }))
  try {
    return await first.use!.run(() => first.connection!.batch!(texts))
  } catch (cause) {
    throw first.toError(cause)
  }
}
