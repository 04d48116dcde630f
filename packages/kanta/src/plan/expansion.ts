import type { Dialect, IsolationLevel, TransactionSettings } from '../dialect/index.ts'
import type { Node } from '../ir/index.ts'
import type { SchemaDefinitions } from './attach.ts'
import type { Plan } from './plan.ts'

/** Where the relations of a schema keep what they do to statements. */
export const EXPAND: unique symbol = Symbol('expand')

/** The relations of a schema, as planning sees them. */
export interface Expansion {
  /** Puts queries in the place of the relations that a statement names; it has so many arguments. */
  readonly [EXPAND]: (statement: Node, schema: SchemaDefinitions, dialect: Dialect, args: number) => Expanded
}

/** A statement in which queries stand for relations, and what is read by statements of their own. */
export interface Expanded {
  readonly statement: Node
  readonly split: Split | undefined
}

/** Rows that further statements read, for those of a statement. */
export interface Split {
  /** The further statements. Their last arguments are lists: the keys of the rows for which they read. */
  readonly statements: readonly Expanded[]
  /** The number of these lists. */
  readonly lists: number
  /** Reads the rows of a plan, then those of its further statements by their keys, and joins them. */
  read(plan: Plan, args: readonly unknown[], run: RunPlan): Promise<unknown[]>
  /** Returns the isolation level of a transaction of its own; none where that of a transaction around will do. */
  levelIn(settings: TransactionSettings | undefined, snapshot: IsolationLevel): IsolationLevel | undefined
  /** Refuses what takes one statement. */
  refuse(what: string): never
}

/** Runs the statement of a plan. */
export type RunPlan = (plan: Plan, args: readonly unknown[]) => Promise<unknown[]>

export function isExpansion(value: unknown): value is Expansion {
  return typeof value === 'object' && value !== null && EXPAND in value
}
