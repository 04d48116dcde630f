import type { Connection } from '../driver/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import type { Chain } from '../sql/index.ts'
import type { Bound } from './bind.ts'
import type { Part } from './bulk.ts'
import type { RowDecoder } from './decode.ts'
import { throwIfAborted } from './failure.ts'
import { type Hook, type QueryEvent, throughHooks } from './hook.ts'
import type { Plan } from './plan.ts'
import type { Loan, Session } from './session.ts'

/** What runs the queries that are streamed. */
export interface StreamSource {
  readonly session: Session
  readonly settings: { readonly hooks: readonly Hook[] }
  plan(shape: Chain['shape']): Plan
  bind(plan: Plan, args: readonly unknown[]): Bound
  decoder(plan: Plan, sql: string, connection: Connection): RowDecoder | undefined
  event(part: Part, streaming: boolean): QueryEvent
  failure(cause: unknown, bound: Bound | undefined): KantaError
  execute(query: Chain, options: { readonly signal: AbortSignal | undefined }): Promise<unknown[]>
}

/** What an open stream holds, apart from the iterator, so that an iterator nobody has any more can be cleaned up after. */
class Hold {
  loan: Loan | undefined
  cursor: Iterator<unknown[]> | AsyncIterator<unknown[]> | undefined

  /** Closes the cursor and gives the connection back. */
  async release(): Promise<void> {
    const { cursor, loan } = this
    this.cursor = undefined
    this.loan = undefined
    try {
      await cursor?.return?.()
    } finally {
      loan?.end()
    }
  }
}

/** Gives back what streams hold that were left in their midst. */
const abandoned = new FinalizationRegistry<Hold>((hold) => {
  hold.release().catch(() => {})
})

/**
 * Rows as they are asked for. Where the session cannot leave a cursor open beside other work (one connection for
 * everything, in a library that then refuses other statements) the rows are read at once.
 */
export function streamRows(
  executor: StreamSource,
  query: Chain,
  chunkSize: number,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<unknown> {
  const hold = new Hold()
  const rows = read(executor, query, chunkSize, signal, hold)
  const iterator: AsyncIterableIterator<unknown> = {
    next: () => rows.next(),
    return: () => rows.return(undefined),
    throw: (error) => rows.throw(error),
    [Symbol.asyncIterator]: () => iterator,
  }
  abandoned.register(iterator, hold)
  return iterator
}

async function* read(
  executor: StreamSource,
  query: Chain,
  chunkSize: number,
  signal: AbortSignal | undefined,
  hold: Hold,
): AsyncGenerator<unknown, undefined, undefined> {
  const { session } = executor
  const ready = executor.plan(query.shape)
  if (ready.returnsRows !== true) refuse('stream() reads rows: a query, or a statement with returning().')
  if (!session.canHoldStream) {
    const rows = await executor.execute(query, { signal })
    for (const row of rows) {
      throwIfAborted(signal, 'The stream')
      yield row
    }
    return
  }
  throwIfAborted(signal)
  const bound = executor.bind(ready, query.args)
  const ended = Promise.withResolvers<void>()
  // A hook sees the stream from its start to its end; one that fails before the start stops it.
  ended.promise.catch(() => {})
  const role = ready.facts.readOnly ? 'read' : 'write'
  hold.loan = await session.lend(role, signal, async () => {
    await hold.cursor?.return?.()
  })
  const { connection } = hold.loan
  let failed: unknown
  try {
    await opened(executor, ready, bound, ended.promise)
    const decoder = (): RowDecoder | undefined => executor.decoder(ready, bound.sql, connection)
    const cursor = connection.stream(bound.sql, bound.parameters, chunkSize, ready.decoding.bigints)
    hold.cursor = cursor
    for (;;) {
      throwIfAborted(signal, 'The stream')
      const chunk = await cursor.next()
      if (chunk.done) return
      const rows = decoder()?.rows(chunk.value) ?? chunk.value
      for (const row of rows) {
        throwIfAborted(signal, 'The stream')
        yield row
      }
    }
  } catch (cause) {
    failed = executor.failure(cause, cause instanceof KantaError && cause.code === 'cancelled' ? undefined : bound)
    throw failed
  } finally {
    await hold.release()
    if (failed === undefined) ended.resolve()
    else ended.reject(failed)
  }
}

/** Starts the hooks of a stream, and waits until all of them have let it pass. */
function opened(executor: StreamSource, plan: Plan, bound: Bound, ended: Promise<void>): Promise<void> {
  const { hooks } = executor.settings
  if (hooks.length === 0) return Promise.resolve()
  return new Promise((pass, stop) => {
    throughHooks(hooks, executor.event({ plan, bound }, true), () => {
      pass()
      return ended
    }).catch(stop)
  })
}
