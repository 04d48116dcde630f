import { type Dialect, identifierNode, tableNode, textNode } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import type { CatalogName, CatalogTrigger } from '../introspect/index.ts'
import type { Node } from '../ir/index.ts'
import { alterationNode, alterNode, dropNode } from './node.ts'
import type { Rules } from './rule.ts'
import type { Constraint } from './step.ts'

/** Throws for a change that the database does not support, and names an alternative. */
export function refuseUnsupported(database: string, what: string, way: string): never {
  throw new KantaError('unsupported', `${database} cannot ${what}. ${way}`)
}

/** Returns the name of a constraint, and throws if it has none. */
export function constraintName(constraint: Constraint, table: CatalogName): Node {
  if (constraint.name === null)
    refuseUnsupported(
      'The database',
      `find the ${constraint.type} of '${table.name}' that has no name here`,
      'Give the constraint a name, or start from a catalog of introspect(), which has it.',
    )
  return identifierNode(constraint.name)
}

/** The rules of a database that follows the SQL standard. */
export const standardRules = {
  expressions: { booleans: 'numbers', nowIsCurrent: true, momentArguments: 0, synonyms: {} },
  locks: { scans: false, rewrites: 'types' },
  hasWholeViewStatements: false,
  dropConstraint: (table: CatalogName, constraint: Constraint, _: Dialect): readonly Node[] => [
    alterNode(table, alterationNode('drop constraint', { name: constraintName(constraint, table) })),
  ],
  renameConstraint: (table: CatalogName, constraint: Constraint, to: string, _: Dialect): readonly Node[] => [
    alterNode(
      table,
      alterationNode('rename constraint', { name: constraintName(constraint, table), to: identifierNode(to) }),
    ),
  ],
  createTrigger: (trigger: CatalogTrigger): Node => textNode(trigger.definition),
  dropTrigger: (trigger: CatalogTrigger): Node => dropNode('trigger', tableNode(trigger)),
} satisfies Partial<Rules>
