import {
  columnNode,
  constraintNode,
  createIndexNode,
  createTableNode,
  type Dialect,
  definitionNode,
  identifierNode,
  tableNode,
  textNode,
  titleOf,
} from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import type { CatalogColumn, CatalogName } from '../introspect/index.ts'
import type { Node, NodeOf } from '../ir/index.ts'
import {
  alterationNode,
  alterNode,
  columnCommentNode,
  dropIndexNode,
  dropNode,
  literalNode,
  printNode,
} from './node.ts'
import { ruleSets } from './rules.ts'
import type { Step } from './step.ts'

type Kind = Step['kind']
type StepOf<K extends Kind> = Extract<Step, { readonly kind: K }>

const tableCommentNode = (table: CatalogName, comment: string | null): NodeOf<'comment'> =>
  definitionNode('comment', { object: 'table', name: tableNode(table), text: literalNode(comment) })

/** Returns the comment statements of a new table and its columns, for databases that need them. */
function commentNodes(
  table: CatalogName,
  comment: string | null,
  columns: readonly CatalogColumn[],
  { capabilities }: Dialect,
): Node[] {
  if (!capabilities.commentStatements) return []
  return [
    ...(comment === null ? [] : [tableCommentNode(table, comment)]),
    ...columns.filter((column) => column.comment !== null).map((column) => columnCommentNode(table, column)),
  ]
}

const viewObject = (materialized: boolean): 'materialized view' | 'view' =>
  materialized ? 'materialized view' : 'view'

/** The statements of each kind of step. */
const NODES: { readonly [K in Kind]: (step: StepOf<K>, dialect: Dialect) => readonly Node[] } = {
  createTable: ({ table }, dialect) => [
    createTableNode(table, dialect),
    ...commentNodes(table, table.comment, table.columns, dialect),
  ],
  dropTable: ({ table }) => [dropNode('table', tableNode(table))],
  renameTable: ({ table, to }) => [alterNode(table, alterationNode('rename to', { name: identifierNode(to) }))],
  addColumn: ({ table, column, isKey }, dialect) => [
    alterNode(table, columnNode(column, dialect, isKey)),
    ...commentNodes(table, null, [column], dialect),
  ],
  dropColumn: ({ table, column }) => [
    alterNode(table, alterationNode('drop column', { name: identifierNode(column.name) })),
  ],
  renameColumn: ({ table, column, to }) => [
    alterNode(table, alterationNode('rename column', { name: identifierNode(column), to: identifierNode(to) })),
  ],
  alterColumn: (step, dialect) => ruleSets.of(dialect).alterColumn(step, dialect),
  addConstraint: ({ table, constraint }) => [alterNode(table, constraintNode(constraint))],
  dropConstraint: ({ table, constraint }, dialect) => ruleSets.of(dialect).dropConstraint(table, constraint, dialect),
  renameConstraint: ({ table, constraint, to }, dialect) =>
    ruleSets.of(dialect).renameConstraint(table, constraint, to, dialect),
  createIndex: ({ table, index }) => [createIndexNode(index, table)],
  dropIndex: ({ table, index }, dialect) => [dropIndexNode(table, index.name, dialect)],
  renameIndex: ({ table, index, to }) => [
    alterNode(table, alterationNode('rename index', { name: identifierNode(index.name), to: identifierNode(to) })),
  ],
  rebuildTable: (step, dialect) => rebuildsOf(step, dialect).rebuild(step, dialect),
  commentTable: ({ table, comment }) => [tableCommentNode(table, comment)],
  createEnum: ({ enum: type }) => [
    definitionNode('createType', { name: tableNode(type), values: type.values.map(literalNode) }),
  ],
  dropEnum: ({ enum: type }) => [dropNode('type', tableNode(type))],
  addEnumValue: ({ enum: type, value, before }) => {
    const place = before === null ? {} : { position: 'before', beside: literalNode(before) }
    const alteration = alterationNode('add value', { operand: literalNode(value), ...place })
    return [definitionNode('alter', { object: 'type', name: tableNode(type), alterations: [alteration] })]
  },
  createView: ({ view }, dialect) => [
    ruleSets.of(dialect).hasWholeViewStatements
      ? textNode(view.definition)
      : definitionNode('createView', {
          materialized: view.materialized,
          view: tableNode(view),
          query: textNode(view.definition),
        }),
  ],
  dropView: ({ view }) => [dropNode(viewObject(view.materialized), tableNode(view))],
  createTrigger: ({ trigger }, dialect) => [ruleSets.of(dialect).createTrigger(trigger)],
  dropTrigger: ({ trigger }, dialect) => [ruleSets.of(dialect).dropTrigger(trigger)],
  checkForeignKeys: (step, dialect) => rebuildsOf(step, dialect).checkForeignKeys(step.tables, dialect),
}

function rebuildsOf({ kind }: Step, dialect: Dialect) {
  return (
    ruleSets.of(dialect).rebuilds ?? refuse(`A step of the kind ${kind} is for SQLite, not for ${titleOf(dialect)}.`)
  )
}

/** Returns the statements of a step as nodes, which are those that the schema builder makes. */
function stepNodes(step: Step, dialect: Dialect): readonly Node[] {
  return (NODES[step.kind] as (step: Step, dialect: Dialect) => readonly Node[])(step, dialect)
}

/**
 * Returns the SQL of a step in one dialect.
 *
 * @throws KantaError `unsupported` where the database cannot make the change.
 */
export function printStep(step: Step, dialect: Dialect): readonly string[] {
  return stepNodes(step, dialect).map((node) => printNode(node, dialect))
}
