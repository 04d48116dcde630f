import type { Dialect } from '../dialect/index.ts'
import type { Node } from '../ir/index.ts'
import type { SchemaDefinitions } from './attach.ts'

/** Puts queries in the place of the relations that a statement names. */
export type Expand = (statement: Node, schema: SchemaDefinitions, dialect: Dialect) => Node

/** Where the relations of a schema keep what they do to statements. */
export const EXPAND: unique symbol = Symbol('expand')

export interface Expansion {
  readonly [EXPAND]: Expand
}

export function isExpansion(value: unknown): value is Expansion {
  return typeof value === 'object' && value !== null && EXPAND in value
}
