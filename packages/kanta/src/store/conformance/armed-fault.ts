import type { SqliteAdapter } from '../sqlite-adapter.ts'

/** A fault that can be armed after a store is open. */
export interface ArmedFault {
  /** Lets the operation of this number fail, counted from 1 on from now. */
  arm(operation: number): void
  disarm(): void
  /** Returns an adapter whose operations fail when armed. */
  wrap(adapter: SqliteAdapter): SqliteAdapter
}

/**
 * Makes a fault for adapters of SQLite. It counts statements and ends of transactions.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from 'node:sqlite'
 * import { createSqliteStore, fromNodeSqlite } from 'kanta/store'
 * import { makeArmedFault } from 'kanta/store/conformance'
 *
 * const fault = makeArmedFault()
 * const store = createSqliteStore(fault.wrap(fromNodeSqlite(new DatabaseSync(':memory:'))))
 * fault.arm(1)
 * await store.currentMeta('a').catch((error) => error.message) // 'The armed fault.'
 * ```
 */
export function makeArmedFault(): ArmedFault {
  let left = Number.POSITIVE_INFINITY
  const count = (): void => {
    if (--left === 0) throw new Error('The armed fault.')
  }
  return {
    arm(operation) {
      left = operation
    },
    disarm() {
      left = Number.POSITIVE_INFINITY
    },
    wrap: (adapter) => ({
      partBytes: adapter.partBytes,
      exec(sql, ...params) {
        count()
        adapter.exec(sql, ...params)
      },
      iterate<T>(sql: string, ...params: unknown[]) {
        count()
        return adapter.iterate<T>(sql, ...params)
      },
      transaction: (fn) =>
        adapter.transaction(() => {
          const result = fn()
          count()
          return result
        }),
      close: () => adapter.close(),
    }),
  }
}
