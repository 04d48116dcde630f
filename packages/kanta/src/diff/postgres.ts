import { columnNode, defaultNode, identifierNode, tableNode, wordNode } from '../dialect/index.ts'
import type { CatalogColumn } from '../introspect/index.ts'
import type { Kinds, Node } from '../ir/index.ts'
import { alterationNode, alterNode, columnCommentNode, dropNode } from './node.ts'
import type { AlterColumn, Rules } from './rule.ts'
import { cannot, standardRules } from './standard.ts'

export const postgres: Rules = {
  ...standardRules,
  alterColumn: (step, dialect) => {
    const { table, from, to, changes } = step
    const name = identifierNode(to.name)
    const has = (change: AlterColumn['changes'][number]): boolean => changes.includes(change)
    const nodes: Node[] = []
    const alter = (action: string, parts: Partial<Kinds['alteration']> = {}): void => {
      nodes.push(alterNode(table, alterationNode(action, { name, ...parts })))
    }
    // Where an expression comes or changes, the column is another one.
    if (has('generated')) alter('drop expression')
    const typed = has('type') || has('collation')
    // A default of the old type may not become one of the new by itself.
    if (typed && from.default !== null && from.identity === null) alter('drop default')
    if (typed) {
      const { collate } = columnNode(to, dialect)
      const using: Node = { kind: 'raw', strings: ['', `::${to.type}`], parts: [name] }
      alter('set data type', { operand: wordNode(to.type), collate, using })
    }
    if (has('identity')) dropNumbering(from, to, alter)
    if ((has('default') || typed) && to.generated === null && to.identity === null) {
      if (to.default !== null) alter('set default', { operand: defaultNode(to.default) })
      else if (from.default !== null && !typed && from.identity === null) alter('drop default')
    }
    if (has('nullable')) alter(to.nullable ? 'drop not null' : 'set not null')
    if (has('identity') && to.identity !== null)
      alter('add identity', { operand: wordNode(`generated ${to.identity} as identity`) })
    if (has('comment')) nodes.push(columnCommentNode(table, to))
    return nodes
  },
  dropTrigger: ({ schema, name, table }) =>
    dropNode('trigger', identifierNode(name), tableNode({ schema, name: table })),
}

function dropNumbering(from: CatalogColumn, to: CatalogColumn, alter: (action: string) => void): void {
  if (from.identity === 'auto') alter('drop default')
  else if (from.identity !== null) alter('drop identity')
  if (to.identity === 'auto')
    cannot('PostgreSQL', `make '${to.name}' serial once it is there`, 'Use identity(), or a sequence as its default.')
}
