import type { Plugin } from '../extend/index.ts'
import { consoleLogger, type LogEntry, logHook } from '../extend/internal/index.ts'

/**
 * Calls back for every statement when it has ended.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { queryLog } from 'kanta/plugins'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({ driver: sqlite(':memory:'), plugins: [queryLog((entry) => console.log(entry.sql))] })
 * ```
 */
export function queryLog(tell: (entry: LogEntry) => void, options: { readonly redact?: boolean } = {}): Plugin {
  return { name: 'queryLog', hooks: [logHook(tell, options.redact === true, consoleLogger)] }
}

/**
 * Calls back for statements that took longer than `over` milliseconds, except streams.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { slowQueries } from 'kanta/plugins'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const slow = slowQueries({ over: 200, tell: (entry) => console.warn(entry.milliseconds, entry.sql) })
 * const db = kanta({ driver: sqlite(':memory:'), plugins: [slow] })
 * ```
 */
export function slowQueries(options: { readonly over: number; readonly tell: (entry: LogEntry) => void }): Plugin {
  const tell = (entry: LogEntry): void => {
    if (!entry.streaming && entry.milliseconds > options.over) options.tell(entry)
  }
  // One plugin for each limit is allowed.
  return { name: `slowQueries over ${options.over} ms`, hooks: [logHook(tell, false, consoleLogger)] }
}
