import { type Dialect, definingDialect, definitionNode, identifierNode, tableNode, Writer } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import type { CatalogColumn, CatalogName } from '../introspect/index.ts'
import type { Kinds, Node, NodeOf } from '../ir/index.ts'

/** Returns an `alter table` with one change. */
export const alterNode = (table: CatalogName, alteration: Node): NodeOf<'alter'> =>
  definitionNode('alter', { object: 'table', name: tableNode(table), alterations: [alteration] })

export const alterationNode = (action: string, parts: Partial<Kinds['alteration']> = {}): NodeOf<'alteration'> =>
  definitionNode('alteration', { action, ...parts })

export const dropNode = (object: Kinds['drop']['object'], name: Node, on?: Node): NodeOf<'drop'> =>
  definitionNode('drop', { object, names: [name], on })

export const literalNode = (value: string | null): Node => ({ kind: 'literal', value })

/** Returns a statement of SQL text with nodes between its parts. */
export const statement = (strings: TemplateStringsArray, ...parts: readonly Node[]): Node => ({
  kind: 'raw',
  strings,
  parts,
})

/** Returns a drop of an index, with its table if the database needs that. */
export function dropIndexNode({ schema, name }: CatalogName, index: string, { capabilities }: Dialect): NodeOf<'drop'> {
  return capabilities.indexesOfTables
    ? dropNode('index', identifierNode(index), tableNode({ schema, name }))
    : dropNode('index', tableNode({ schema, name: index }))
}

/** Returns the `comment on column` statement of a column. */
export const columnCommentNode = (table: CatalogName, { name, comment }: CatalogColumn): NodeOf<'comment'> =>
  definitionNode('comment', {
    object: 'column',
    name: tableNode(table),
    column: identifierNode(name),
    text: literalNode(comment),
  })

/** Returns the text of a node that holds no values. */
export function printNode(node: Node, dialect: Dialect): string {
  const { pieces } = new Writer(definingDialect(dialect), new Map()).statement(node)
  return pieces
    .map((piece) =>
      typeof piece === 'string'
        ? piece
        : refuse('An expression in the definition of a table takes no values. Use sql.lit(value) for a constant.'),
    )
    .join('')
}
