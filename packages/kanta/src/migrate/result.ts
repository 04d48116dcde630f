import type { MigrationStatement } from './watch.ts'

export type Direction = 'up' | 'down'

/** What became of a migration. */
export interface MigrationResult {
  readonly name: string
  readonly direction: Direction
  /**
   * `done`: it lasts. `rolled back`: it failed, and left no trace. `dirty`: it failed outside of a transaction.
   * `unknown`: the connection was lost at its commit. `planned`: a dry run.
   */
  readonly status: 'done' | 'rolled back' | 'dirty' | 'unknown' | 'planned'
  /** Milliseconds. */
  readonly duration: number
  /** What it sent, in order; of more than 10,000 statements the first ones. */
  readonly statements: readonly MigrationStatement[]
  readonly statementCount: number
}

/** What a runner did. */
export interface MigrationRun {
  readonly dryRun: boolean
  /** One for each migration that was run, in order. Empty when there was nothing to do. */
  readonly results: readonly MigrationResult[]
  /** The migrations that are applied now; after a dry run, those that are still. */
  readonly applied: readonly string[]
}

/** What a runner tells while it works. */
export type MigrationEvent =
  | { readonly kind: 'waiting'; readonly lock: string; readonly holder: string; readonly waited: number }
  | { readonly kind: 'locked'; readonly lock: string }
  | {
      readonly kind: 'start'
      readonly name: string
      readonly direction: Direction
      /** Which of how many, from 1 on. */
      readonly number: number
      readonly of: number
    }
  | { readonly kind: 'statement'; readonly name: string; readonly statement: MigrationStatement }
  | { readonly kind: 'end'; readonly result: MigrationResult; readonly number: number; readonly of: number }
