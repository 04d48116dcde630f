import type { MigrationStatement } from './watched-connection.ts'

/** The direction of a migration. */
export type Direction = 'up' | 'down'

/** The result of one migration. */
export interface MigrationResult {
  readonly name: string
  readonly direction: Direction
  /**
   * `done`: it was committed. `rolled back`: it failed and left no trace. `dirty`: it failed outside of a transaction.
   * `unknown`: the connection was lost during the commit. `planned`: it was a dry run.
   */
  readonly status: 'done' | 'rolled back' | 'dirty' | 'unknown' | 'planned'
  /** The duration in milliseconds. */
  readonly duration: number
  /** The statements that it sent, in order; at most the first 10,000. */
  readonly statements: readonly MigrationStatement[]
  readonly statementCount: number
}

/** The result of a run. */
export interface MigrationRun {
  readonly dryRun: boolean
  /** The results of the migrations that ran, in order. Empty if there was nothing to do. */
  readonly results: readonly MigrationResult[]
  /** The migrations that are applied after the run. A dry run does not change them. */
  readonly applied: readonly string[]
}

/** An event of a run. */
export type MigrationEvent =
  | { readonly kind: 'waiting'; readonly lock: string; readonly holder: string; readonly waited: number }
  | { readonly kind: 'locked'; readonly lock: string }
  | {
      readonly kind: 'start'
      readonly name: string
      readonly direction: Direction
      /** The number of the migration in this run, from 1 to `of`. */
      readonly number: number
      readonly of: number
    }
  | { readonly kind: 'statement'; readonly name: string; readonly statement: MigrationStatement }
  | { readonly kind: 'end'; readonly result: MigrationResult; readonly number: number; readonly of: number }
