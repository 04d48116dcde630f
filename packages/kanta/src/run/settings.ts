import type { Transaction } from '../connect/index.ts'
import type { Driver } from '../driver/index.ts'
import type { Context, Exemption, Planning } from '../plan/index.ts'
import type { Executor } from './execute.ts'
import type { Hook } from './hook.ts'
import type { Logger } from './logger.ts'
import type { Plugin } from './plugin.ts'
import type { QueryRunner } from './query-runner.ts'

/** The settings that a database shares with its transactions. */
export interface Settings {
  readonly driver: Driver
  readonly planning: Planning
  readonly hooks: readonly Hook[]
  readonly plugins: readonly Plugin<object, unknown>[]
  readonly context: Context
  /** Returns the context of the calling code, if `ambientContext()` keeps one. */
  readonly ambientContext: (() => Context | undefined) | undefined
  /** The policies that are disabled for statements, with the reasons. */
  readonly exemptions: readonly Exemption[]
  /** The notes that plugins left on the database for their hooks. */
  readonly notes: ReadonlyMap<symbol, unknown>
  /** Returns the database handle of a transaction. */
  readonly inTransaction: (settings: Settings, transaction: Transaction) => unknown
  /** Makes the runner of a handle where it is not the plain one, such as one that batches look-ups. */
  readonly makeRunner?: ((executor: Executor) => QueryRunner) | undefined
  /** The logger of the database and of its plugins. */
  readonly logger: Logger
  /** Leaves parameters out of errors and logs. */
  readonly redact: boolean
  /** Is false with `PLAN_CACHE=off`, which plans each run afresh; tests compare the two. */
  readonly planCache: boolean
}
