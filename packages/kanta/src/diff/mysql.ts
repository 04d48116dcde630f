import { columnNode, constraintNode, definitionNode, identifierNode, tableNode, textNode } from '../dialect/index.ts'
import type { Node } from '../ir/index.ts'
import { alterationNode, alterNode, dropIndexNode } from './node.ts'
import type { Rules } from './rule.ts'
import { constraintName, standardRules } from './standard.ts'
import type { Constraint } from './step.ts'

const DROPS: Readonly<Record<Constraint['type'], string>> = {
  'primary key': 'drop primary key',
  unique: 'drop index',
  'foreign key': 'drop foreign key',
  check: 'drop constraint',
}

export const mysql: Rules = {
  ...standardRules,
  alterColumn: ({ table, to }, dialect) => [
    alterNode(table, alterationNode('modify column', { operand: columnNode(to, dialect) })),
  ],
  dropConstraint: (table, constraint) => {
    const name = constraint.type === 'primary key' ? undefined : constraintName(constraint, table)
    return [alterNode(table, alterationNode(DROPS[constraint.type], { name }))]
  },
  renameConstraint(table, constraint, to, dialect): readonly Node[] {
    if (constraint.type === 'unique' && constraint.name !== null) {
      const name = identifierNode(constraint.name)
      return [alterNode(table, alterationNode('rename index', { name, to: identifierNode(to) }))]
    }
    return [
      ...this.dropConstraint(table, constraint, dialect),
      alterNode(table, constraintNode({ ...constraint, name: to })),
    ]
  },
  createTrigger: (trigger) =>
    definitionNode('createTrigger', {
      name: tableNode(trigger),
      timing: trigger.timing,
      events: trigger.events,
      table: tableNode({ schema: null, name: trigger.table }),
      body: textNode(trigger.definition),
    }),
}

export const mariadb: Rules = {
  ...mysql,
  // The index that a foreign key made for itself stays behind under its name. MySQL cannot drop it if it is there.
  dropConstraint: (table, constraint, dialect) => {
    const dropped = mysql.dropConstraint(table, constraint, dialect)
    if (constraint.type !== 'foreign key') return dropped
    return [...dropped, { ...dropIndexNode(table, constraint.name!, dialect), ifExists: true }]
  },
}
