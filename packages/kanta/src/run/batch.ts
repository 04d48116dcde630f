import type { Connection, ExecuteResult } from '../driver/index.ts'
import { type Hook, type Part, type QueryEvent, throughHooks } from '../plan/index.ts'

/** What runs the parts of a statement as one. */
export interface BatchSource {
  readonly hooks: readonly Hook[]
  event(part: Part): QueryEvent
  /** The rows, or the result object, of what one of them did. */
  result(part: Part, answer: ExecuteResult): unknown[]
  failure(cause: unknown, part: Part): Error
}

/**
 * Runs the parts in one batch of the connection, and gives what each gave. A batch cannot be begun without its last
 * statement, so the hooks of all are entered first; when one of them throws, nothing is sent.
 */
export async function runBatch(
  parts: readonly Part[],
  connection: Required<Pick<Connection, 'batch'>>,
  source: BatchSource,
): Promise<unknown[][]> {
  const sent = Promise.withResolvers<readonly ExecuteResult[]>()
  // Whoever entered gets to know of it; a hook that threw before has told already.
  sent.promise.catch(() => {})
  const statements = parts.map(({ plan, bound }) => ({ ...bound, bigints: plan.decoding.bigints }))
  const send = async (): Promise<readonly ExecuteResult[]> => {
    try {
      return await connection.batch(statements)
    } catch (cause) {
      throw source.failure(cause, parts[0]!)
    }
  }
  let outside = parts.length
  const enter = async (part: Part, index: number): Promise<unknown[]> => {
    if (--outside === 0) sent.resolve(send())
    return source.result(part, (await sent.promise)[index]!)
  }
  const runs = parts.map(async (part, index) => {
    try {
      return await throughHooks(source.hooks, source.event(part), () => enter(part, index))
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
