import { CompletionCallbacks, ConnectionUse, type Lease, suppress, throwIfAborted } from '../connect/index.ts'
import type { MaybePromise } from '../driver/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import type { Bound, Plan } from '../plan/index.ts'
import type { Chain, ExecuteOptions } from '../sql/index.ts'
import { chainOf, type QueryEvent } from './hook.ts'
import { beginOperation, type HookSettings, hasOperationHooks, withSignal } from './operation.ts'
import { callOf, decoderOf, Statement, type StatementRunner } from './statement.ts'

/** The executor of streamed queries. */
export interface StreamSource extends StatementRunner {
  readonly settings: HookSettings
  plan(shape: Chain['shape']): Plan
  bind(plan: Plan, args: readonly unknown[]): Bound
  prepare(plan: Plan, args: readonly unknown[]): readonly unknown[]
  start(query: Chain, single: boolean, options: ExecuteOptions | undefined): Promise<unknown>
}

/**
 * The state of an open stream. It is separate from the iterator, so that it can be cleaned up when the iterator is
 * garbage-collected.
 */
class StreamState {
  loan: Lease | undefined
  use: ConnectionUse | undefined
  cursor: Iterator<unknown[]> | AsyncIterator<unknown[]> | undefined
  /** Ends the operation for its hooks. */
  endOperation: ((error?: unknown) => void) | undefined
  /** Is true if its transaction ended before the stream. */
  isCutShort = false
  /** Is true if the iterator was garbage-collected. */
  isAbandoned = false

  /** Closes the cursor and releases the connection. */
  async release(): Promise<void> {
    const { cursor, loan, use } = this
    this.cursor = undefined
    this.loan = undefined
    try {
      await use?.waitForPending()
      // A server that does not answer cannot close a cursor either.
      if (use?.isBroken !== true && loan?.connection.isOpen !== false) await cursor?.return?.()
    } catch (error) {
      use?.markBroken()
      throw error
    } finally {
      loan?.end(use?.isBroken)
    }
  }
}

/** Releases the connections of streams whose iterators were garbage-collected before their end. */
const abandonedStreams = new FinalizationRegistry<StreamState>((hold) => {
  hold.isAbandoned = true
  hold
    .release()
    .catch(() => {})
    .finally(() => hold.endOperation?.())
})

/**
 * Streams the rows of a query. The rows are read at once if the session cannot keep a cursor open beside other work, as
 * with a single connection of a library that refuses other statements meanwhile.
 */
export function streamRows(
  executor: StreamSource,
  query: Chain,
  chunkSize: number,
  options: ExecuteOptions | undefined,
): AsyncIterableIterator<unknown> {
  const hold = new StreamState()
  const rows = new Rows(read(executor, query, chunkSize, options, hold), options?.signal)
  abandonedStreams.register(rows, hold)
  return rows
}

type Result = IteratorResult<unknown, undefined>

/** The iterator of single rows over chunks. A buffered row costs one promise; an async generator would make several. */
class Rows implements AsyncIterableIterator<unknown> {
  readonly #chunks: AsyncGenerator<unknown[], undefined, undefined>
  readonly #signal: AbortSignal | undefined
  #chunk: unknown[] = []
  #at = 0
  /** The read of the next chunk. */
  #reading: Promise<IteratorResult<unknown[], undefined>> | undefined

  constructor(chunks: AsyncGenerator<unknown[], undefined, undefined>, signal: AbortSignal | undefined) {
    this.#chunks = chunks
    this.#signal = signal
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Result> {
    // Calls during the read of a chunk get its rows in the order of the calls.
    if (this.#reading !== undefined) return this.#reading.then(this.#next, this.#next)
    if (this.#at >= this.#chunk.length) return this.#read()
    try {
      throwIfAborted(this.#signal, 'The stream')
    } catch (error) {
      return this.throw(error)
    }
    return Promise.resolve({ done: false, value: this.#chunk[this.#at++] })
  }

  readonly #next = (): Promise<Result> => this.next()

  return(): Promise<Result> {
    if (this.#reading !== undefined) return this.#reading.then(this.#return, this.#return)
    this.#chunk = []
    return this.#chunks.return(undefined)
  }

  readonly #return = (): Promise<Result> => this.return()

  throw(error: unknown): Promise<Result> {
    const stop = (): Promise<Result> => this.throw(error)
    if (this.#reading !== undefined) return this.#reading.then(stop, stop)
    this.#chunk = []
    return this.#chunks.throw(error)
  }

  async #read(): Promise<Result> {
    this.#reading = this.#chunks.next()
    try {
      const { done, value } = await this.#reading
      if (done) return { done: true, value: undefined }
      this.#chunk = value
      this.#at = 1
      return { done: false, value: value[0] }
    } finally {
      this.#reading = undefined
    }
  }
}

async function* read(
  executor: StreamSource,
  query: Chain,
  chunkSize: number,
  options: ExecuteOptions | undefined,
  hold: StreamState,
): AsyncGenerator<unknown[], undefined, undefined> {
  const { session } = executor
  const signal = options?.signal
  await session.start?.()
  const ready = executor.plan(query.shape)
  ready.split?.refuse('stream()')
  if (ready.result !== 'rows')
    refuse('stream() needs a statement that returns rows. Add returning(), or use execute().')
  if (!session.canHoldStream || ready.transactionHooks !== undefined) {
    const rows = (await executor.start(query, false, options)) as unknown[]
    throwIfAborted(signal, 'The stream')
    if (rows.length > 0) yield rows
    return
  }
  throwIfAborted(signal)
  const { sql, parameters } = executor.bind(ready, executor.prepare(ready, query.args))
  const statement = new Statement(executor, callOf(ready), ready, sql, parameters)
  const ended = Promise.withResolvers<void>()
  // A hook runs around the whole stream; if it fails before the start, nothing is read.
  ended.promise.catch(() => {})
  const role = ready.facts.readOnly ? 'read' : 'write'
  let ownOptions = options
  const lease = (own: AbortSignal | undefined): Promise<Lease> => {
    ownOptions = withSignal(options, own)
    return session.lease(role, own, async () => {
      hold.isCutShort = true
      await hold.cursor?.return?.()
    })
  }
  if (hasOperationHooks(executor.settings.hooks, session, 'stream')) {
    const { facts } = ready
    const about = { kind: 'stream', facts, readOnly: facts.readOnly, signal } as const
    const begun = await beginOperation(executor.settings, about, lease)
    hold.loan = begun.value
    hold.endOperation = begun.end
  } else hold.loan = await lease(signal)
  const { connection } = hold.loan
  statement.connection = connection
  const use = new ConnectionUse(connection, ownOptions)
  hold.use = use
  const after = new CompletionCallbacks()
  let failed: unknown
  try {
    if (hold.isAbandoned) return
    await startHooks(executor, executor.event(statement, true, after), ended.promise)
    const cursor = connection.stream(sql, parameters, chunkSize, ready.decoding.bigints)
    hold.cursor = cursor
    for (;;) {
      throwIfAborted(ownOptions?.signal, 'The stream')
      const chunk = await use.run(() => cursor.next() as MaybePromise<IteratorResult<unknown[]>>)
      if (chunk.done && hold.isCutShort) throw cutShortError()
      if (chunk.done && connection.isOpen === false) throw closedError()
      if (chunk.done) return
      after.noteSuccess(chunk)
      const rows = decoderOf(ready, sql, connection)?.rows(chunk.value) ?? chunk.value
      if (rows.length > 0) yield rows
    }
  } catch (cause) {
    failed = statement.toError(cause)
    throw failed
  } finally {
    try {
      await hold.release()
    } catch (cause) {
      failed = failed === undefined ? executor.toError(cause, statement) : suppress(failed, cause)
    }
    hold.endOperation?.(failed)
    if (failed === undefined) {
      ended.resolve()
      await after.callAfterSuccess()
    } else {
      ended.reject(failed)
      // Rows may have been read, so a write may have taken effect.
      await after.callAfterFailure(failed, () => use.waitForPending())
    }
    // biome-ignore lint/correctness/noUnsafeFinally: the reader must get the error of closing the cursor
    if (failed !== undefined) throw failed
  }
}

const cutShortError = (): KantaError =>
  new KantaError(
    'transaction',
    'The transaction ended before its stream was read to the end. Read the stream, or leave its loop, before the transaction ends.',
  )

const closedError = (): KantaError =>
  new KantaError('connection', 'The connection was closed before its stream was read to the end.')

/** Starts the hooks of a stream, and resolves once all of them have called `next`. */
function startHooks(executor: StreamSource, event: QueryEvent, ended: Promise<void>): Promise<void> {
  const { hooks } = executor.settings
  if (hooks.length === 0) return Promise.resolve()
  return new Promise((pass, stop) => {
    const passed = (): Promise<void> => {
      pass()
      return ended
    }
    chainOf(hooks)(event, passed).catch(stop)
  })
}
