import { mapChildren, mapTargets, type Node } from '../ir/index.ts'
import { checkName } from '../sql/index.ts'

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
  const ctes = 'ctes' in part ? part.ctes.flatMap((cte) => (cte.kind === 'cte' ? [cte.name] : [])) : []
  const inner = ctes.length === 0 ? hidden : new Set([...hidden, ...ctes])
  // What is written is a table, whatever a common table expression is called.
  const written = inner.size === 0 ? part : mapTargets(part, (target) => prefix(target, schema, NONE))
  return mapChildren(written, (child) => prefix(child, schema, inner))
}

const NONE: ReadonlySet<string> = new Set()
