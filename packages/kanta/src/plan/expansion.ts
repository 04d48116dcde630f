import type { Dialect } from '../dialect/index.ts'
import type { Node } from '../ir/index.ts'
import type { SchemaDefinitions } from './attach.ts'

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

type Row = Readonly<Record<string, unknown>>

/** Rows that further statements read, for those of a statement. */
export interface Split {
  /** The further statements. Their last arguments are lists: the keys of the rows for which they read. */
  readonly statements: readonly Expanded[]
  /** How many lists these are. */
  readonly lists: number
  /** Returns the lists for rows, for one run of a statement after the other. */
  listsOf(rows: readonly Row[], statement: number): readonly (readonly (readonly unknown[])[])[]
  /** Returns the rows with what the statements have read. */
  join(rows: readonly Row[], read: readonly (readonly Row[])[], rename: (name: string) => string): readonly Row[]
}

export function isExpansion(value: unknown): value is Expansion {
  return typeof value === 'object' && value !== null && EXPAND in value
}
