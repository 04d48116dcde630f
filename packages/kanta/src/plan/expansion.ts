import type { Dialect } from '../dialect/index.ts'
import type { Node } from '../ir/index.ts'
import type { SchemaDefinitions } from './attach.ts'

/** Where the relations of a schema keep what they do to statements. */
export const EXPAND: unique symbol = Symbol('expand')

/** The relations of a schema, as planning sees them. */
export interface Expansion {
  /** Puts queries in the place of the relations that a statement names. */
  readonly [EXPAND]: (statement: Node, schema: SchemaDefinitions, dialect: Dialect) => Node
}

export function isExpansion(value: unknown): value is Expansion {
  return typeof value === 'object' && value !== null && EXPAND in value
}
