import { columnNode, identifierNode, wordNode } from '../dialect/index.ts'
import { mssqlDialect } from '../dialect/mssql/index.ts'
import { alterationNode, alterNode } from './node.ts'
import type { Rules } from './rule.ts'
import { refuseUnsupported, standardRules } from './standard.ts'

export const mssql: Rules = {
  ...standardRules,
  dialect: mssqlDialect,
  defaultSchema: 'dbo',
  types: {
    synonyms: { integer: 'int', numeric: 'decimal', 'double precision': 'float' },
    decimalSize: '(18,0)',
    displayWidths: false,
    textHoldsAll: true,
  },
  alterColumn: ({ table, to, changes }, dialect) => {
    const other = changes.find((change) => change !== 'type' && change !== 'nullable' && change !== 'collation')
    if (other !== undefined)
      refuseUnsupported(
        'SQL Server',
        `change the ${other} of the column '${to.name}'`,
        'Add a column, copy the values and drop the old one.',
      )
    const { collate } = columnNode(to, dialect)
    const parts = { operand: wordNode(to.type), collate, nullable: to.nullable }
    return [alterNode(table, alterationNode('set data type', { name: identifierNode(to.name), ...parts }))]
  },
}
