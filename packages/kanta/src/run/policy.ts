import type { Node } from '../ir/index.ts'
import { checkName } from '../sql/index.ts'
import { withHidden } from './hidden.ts'

/** A statement as a tree: what policies read and write. */
export type Statement = Node

/**
 * A rewrite of every statement, once for each shape. Pure: values enter only through context slots
 * (`{ kind: 'context', name }`), which are read when the statement runs.
 */
export interface Policy {
  readonly name: string
  rewrite(statement: Statement): Statement
  /** Names of result columns that are known only when rows arrive, as with `select *`. */
  renameColumn?(name: string): string
}

/** Puts every unqualified table into a schema; the names of common table expressions are not tables. */
export function schemaPrefix(schema: string): Policy {
  checkName(schema, 'a schema')
  return { name: `schema ${schema}`, rewrite: (statement) => prefix(statement, schema, new Set()) }
}

function prefix(part: Node, schema: string, hidden: ReadonlySet<string>): Node {
  if (part.kind === 'table') return part.schema === undefined && !hidden.has(part.name) ? { ...part, schema } : part
  return withHidden(part, hidden, (child, inner) => prefix(child, schema, inner))
}
