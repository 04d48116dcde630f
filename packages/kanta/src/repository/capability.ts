import type { Dialect } from '../dialect/index.ts'
import { type DatabaseHandle, dialectOf } from '../extend/internal/index.ts'

/** The abilities of the operations of a repository on its database. */
export interface Capabilities {
  /** Is true if several operations can be one transaction: `withTransaction()`, nested writes, `bulkWrite()`. */
  readonly transactions: boolean
  readonly nestedTransactions: boolean
  /** Is true if `{ ifVersion }` is there: the database has the plugin `version()`. */
  readonly optimisticConcurrency: boolean
  readonly softDelete: boolean
  readonly search: boolean
  readonly history: boolean
  readonly upsert: true
  readonly duplicateKeyError: true
  readonly distinct: true
  readonly getOrCreate: true
  readonly aggregate: true
  readonly lookupPopulate: true
  readonly streaming: true
  readonly regexFilter: false
  readonly arrayOperators: false
  readonly changeStreams: false
  readonly readOnly: false
}

export function capabilitiesOf(db: DatabaseHandle): Capabilities {
  const has = (name: string): boolean => (db as unknown as Record<string, unknown>)[name] !== undefined
  const transactions = hasTransactions(dialectOf(db))
  return Object.freeze({
    transactions,
    nestedTransactions: transactions,
    optimisticConcurrency: has('ifVersion'),
    softDelete: has('restore'),
    search: has('search'),
    history: has('audit'),
    ...({ upsert: true, duplicateKeyError: true, distinct: true, getOrCreate: true, aggregate: true } as const),
    ...({ lookupPopulate: true, streaming: true } as const),
    ...({ regexFilter: false, arrayOperators: false, changeStreams: false, readOnly: false } as const),
  })
}

/** Tells whether several statements can be one transaction. */
export function hasTransactions({ transaction }: Dialect): boolean {
  try {
    return transaction.begin({}).length > 0
  } catch {
    return false
  }
}
