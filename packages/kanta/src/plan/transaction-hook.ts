import type { Node } from '../ir/index.ts'
import type { Context } from './context.ts'
import type { Facts } from './resolve.ts'

/** A policy that a statement does without, and why. */
export interface Exemption {
  readonly policy: string
  /** What takes its place, such as `with deleted`; absent where the policy is off. */
  readonly mode?: string | undefined
  readonly reason?: string | undefined
}

/** A statement in a transaction, as a transaction hook sees it: more statements may join it. */
export interface StatementContext {
  readonly facts: Facts
  /** The kind of statement that the user asked for, and the statement as it runs, policies applied. */
  readonly requestedKind: Node['kind']
  readonly tree: Node
  readonly context: Context
  readonly exemptions: readonly Exemption[]
  /** The arguments of the statement, those of policies after those of the user. */
  readonly args: readonly unknown[]
  /** The notes of policies. */
  readonly notes: readonly object[]
  /**
   * Runs a statement that is made of this one, with the same arguments: its rows. It is planned once under its key; no
   * policy and no transaction hook sees it. Values of its own it takes as literals or as a `context` node. Its rows are read by
   * the codecs of their columns; or as the statement's own would come, under the names of the program (`as asked`), or
   * as the database holds them, which is exact and can be written back (`as stored`).
   */
  derive(
    key: string,
    make: (tree: Node) => Node,
    rows?: 'as asked' | 'as stored' | undefined,
  ): Promise<Record<string, unknown>[]>
  /** The transaction that it runs in, without plugins: a `Transaction`. */
  readonly db: unknown
  /** The same transaction with the plugins, context and exemptions of the statement. */
  readonly plugged: unknown
}

/**
 * Runs in one transaction with a statement: what it adds and the statement itself take effect together, or not at all. `next` runs the statement and gives its rows, or its result in an array.
 */
export interface TransactionHook {
  readonly name: string
  /** Returns whether it goes along with a statement, by what is known of it and what policies tell; asked once for each shape. */
  joins(facts: Facts, notes: readonly object[]): boolean
  around(statement: StatementContext, next: () => Promise<unknown[]>): Promise<unknown[]>
}
