import type { Transaction } from '../connect/index.ts'
import type { Driver } from '../driver/index.ts'
import type { Context, Exemption, Planning } from '../plan/index.ts'
import type { Hook } from './hook.ts'
import type { Plugin } from './plugin.ts'

/** What is the same for a database and for every transaction of it. */
export interface Settings {
  readonly driver: Driver
  readonly planning: Planning
  readonly hooks: readonly Hook[]
  readonly plugins: readonly Plugin<object>[]
  readonly context: Context
  /** The context of the running code, where that is kept. */
  readonly ambientContext: (() => Context | undefined) | undefined
  /** The policies that statements do without, and why. */
  readonly exemptions: readonly Exemption[]
  /** What plugins have left with the database for their hooks. */
  readonly notes: ReadonlyMap<symbol, unknown>
  /** The database that a transaction is. */
  readonly inTransaction: (settings: Settings, transaction: Transaction) => unknown
  /** Leaves parameters out of errors. */
  readonly redact: boolean
  /** `PLAN_CACHE=off`: plans each time, for holding both ways against each other. */
  readonly planCache: boolean
}
