import { columnNode, identifierNode, wordNode } from '../dialect/index.ts'
import { alterationNode, alterNode } from './node.ts'
import type { Rules } from './rule.ts'
import { cannot, standardRules } from './standard.ts'

export const mssql: Rules = {
  ...standardRules,
  alterColumn: ({ table, to, changes }, dialect) => {
    const other = changes.find((change) => change !== 'type' && change !== 'nullable' && change !== 'collation')
    if (other !== undefined)
      cannot(
        'SQL Server',
        `change the ${other} of the column '${to.name}'`,
        'Add a column, copy the values and drop the old one.',
      )
    const { collate } = columnNode(to, dialect)
    const parts = { operand: wordNode(to.type), collate, nullable: to.nullable }
    return [alterNode(table, alterationNode('set data type', { name: identifierNode(to.name), ...parts }))]
  },
}
