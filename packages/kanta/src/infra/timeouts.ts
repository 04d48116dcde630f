import { onAbort, startTimer } from '../driver/index.ts'
import { checkOptions } from '../error/index.ts'
import type { Hook, Plugin } from '../extend/index.ts'
import { ownPlugin } from '../extend/internal/index.ts'
import { numberOption } from './number-option.ts'

/** The milliseconds that each kind of operation may take, its wait for a connection included. */
export interface TimeoutLimits {
  readonly statement?: number | undefined
  readonly stream?: number | undefined
  readonly batch?: number | undefined
  readonly transaction?: number | undefined
  readonly connection?: number | undefined
}

const KINDS: readonly (keyof TimeoutLimits)[] = ['statement', 'stream', 'batch', 'transaction', 'connection']

/**
 * Limits how long operations take. One that takes longer fails with `timeout`: its statement is cancelled on the
 * server, and a transaction is rolled back. Statements in a transaction share its time.
 *
 * The database itself does not enforce these limits: `statementTimeout` of a driver does, also after a crash of the
 * program. SQLite in the same process cannot be interrupted while a statement runs.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { timeouts } from 'kanta/infra'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({
 *   driver: sqlite(':memory:'),
 *   plugins: [timeouts({ statement: 5_000, transaction: 30_000 })],
 * })
 * ```
 */
export function timeouts(limits: TimeoutLimits): Plugin {
  checkOptions('timeouts()', limits, KINDS)
  for (const kind of KINDS) numberOption('timeouts()', kind, limits[kind], 0, 1)
  const hook: Hook = {
    name: 'timeouts',
    operations: KINDS.filter((kind) => limits[kind] !== undefined),
    operation: async (operation, next) => {
      const limit = limits[operation.kind as keyof TimeoutLimits]!
      const late = new AbortController()
      const tooLong = (): void =>
        late.abort(new DOMException(`The ${operation.kind} took longer than ${limit} ms.`, 'TimeoutError'))
      const { signal } = operation
      if (signal?.aborted === true) return next()
      // Not AbortSignal.any(), whose signals are kept for as long as one that all operations share.
      const ignore = onAbort(signal, () => late.abort(signal!.reason))
      const stop = startTimer(limit, tooLong)
      try {
        return await next(late.signal)
      } finally {
        stop()
        ignore()
      }
    },
  }
  return ownPlugin({ name: 'timeouts', priority: 400, hooks: [hook] })
}
