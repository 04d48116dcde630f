import { refuse, show } from '../error/index.ts'
import { type Node, type NodeOf, type Shape, start } from '../ir/index.ts'
import { definitionOf, isAliased } from '../table/index.ts'
import { Chain, extend, type Runner } from './chain.ts'
import { type CreationOf, Definition, indexesOf, lastOf } from './definition.ts'
import { given, isOperand, tableNode } from './operand.ts'
import { columnDefinition, commentText } from './schema-column.ts'
import { type Constraint, constraintNode, constraints } from './schema-constraint.ts'
import { modified } from './schema-part.ts'
import { partitionBounds, partitioning } from './schema-partition.ts'

const ON_COMMIT: readonly unknown[] = ['preserve rows', 'delete rows', 'drop']

/** What runs definitions knows how the database comments. */
export interface DefinitionRunner extends Runner {
  readonly commentStatements: boolean
  /** Creates a `table()`. */
  readonly creationOf: CreationOf
}

/** `create table …` */
export class CreateTableBuilder extends Definition<'createTable'> {
  temporary(): CreateTableBuilder {
    return extend(this, 'temporary', true)
  }

  onCommit(action: string): CreateTableBuilder {
    if (!ON_COMMIT.includes(action)) refuse(`onCommit(${show(action)}): use one of ${ON_COMMIT.join(', ')}.`)
    return extend(this, 'onCommit', action)
  }

  ifNotExists(): CreateTableBuilder {
    return extend(this, 'ifNotExists', true)
  }

  addColumn(name: unknown, type: unknown, build?: unknown): CreateTableBuilder {
    const args: unknown[] = []
    return extend(this, 'columns', columnDefinition(name, type, build, args), args)
  }

  addPrimaryKeyConstraint(name: unknown, columns: unknown, build?: unknown): CreateTableBuilder {
    return this.#constraint(constraints.primaryKey(name, columns, build))
  }

  addUniqueConstraint(name: unknown, columns: unknown, build?: unknown): CreateTableBuilder {
    return this.#constraint(constraints.unique(name, columns, build))
  }

  addIndex(name: unknown, columns: unknown, build?: unknown): CreateTableBuilder {
    return this.#constraint(constraints.index(name, columns, build))
  }

  addCheckConstraint(name: unknown, condition: unknown, build?: unknown): CreateTableBuilder {
    return this.#constraint(constraints.check(name, condition, build))
  }

  addForeignKeyConstraint(
    name: unknown,
    columns: unknown,
    table: unknown,
    targets: unknown,
    build?: unknown,
  ): CreateTableBuilder {
    return this.#constraint(constraints.foreignKey(name, columns, table, targets, build))
  }

  partitionBy(style: unknown, columns: unknown, build?: unknown): CreateTableBuilder {
    const args: unknown[] = []
    return extend(this, 'partitionBy', partitioning(style, columns, build, args), args)
  }

  partitionOf(table: unknown, rows: unknown): CreateTableBuilder {
    const args: unknown[] = []
    const bounds = partitionBounds(rows, args, 'partitionOf')
    return extend(extend(this, 'partitionOf', tableNode(table)), 'bounds', bounds, args)
  }

  comment(text: unknown): CreateTableBuilder {
    return extend(this, 'comment', commentText(text))
  }

  modifyFront(modifier: unknown): CreateTableBuilder {
    return modified(this, 'front', modifier)
  }

  modifyEnd(modifier: unknown): CreateTableBuilder {
    return modified(this, 'end', modifier)
  }

  as(query: unknown): CreateTableBuilder {
    const args: unknown[] = []
    return extend(this, 'query', queryNode(query, args, 'createTable().as'), args)
  }

  protected override following(): readonly Chain[] {
    const { creationOf } = this.runner as DefinitionRunner
    return [...indexesOf(this, creationOf), ...commentsOf(this)]
  }

  #constraint(made: Constraint): CreateTableBuilder {
    return extend(this, 'constraints', constraintNode(made), made.args)
  }
}

/** The comments of a new table, where they are statements of their own. */
function commentsOf({ shape, runner }: CreateTableBuilder): Chain[] {
  if (!(runner as DefinitionRunner).commentStatements) return []
  const calls: Shape[] = []
  for (let at: Shape | undefined = shape as unknown as Shape; at !== undefined; at = at.before) calls.unshift(at)
  const table = calls.find(({ part }) => part === 'table')!.value as Node
  return calls.flatMap(({ part, value }) => {
    if (part === 'comment') return [comment(table, undefined, value as Node, runner)]
    const column = part === 'columns' && (value as Node).kind === 'built' ? (value as NodeOf<'built'>).shape : undefined
    const text = column && lastOf(column, 'comment')
    return text === undefined ? [] : [comment(table, lastOf(column!, 'name') as Node, text as Node, runner)]
  })
}

function comment(table: Node, column: Node | undefined, text: Node, runner: Runner): Chain {
  const shape = start('comment')
    .step('object', column === undefined ? 'table' : 'column')
    .step('name', table)
  return new Chain(
    (column === undefined ? shape : shape.step('column', column)).step('text', text) as never,
    [],
    runner,
  )
}

/** The query of a table or a view. */
export function queryNode(query: unknown, args: unknown[], method: string): Node {
  return (isOperand(query) ? given(query, args) : undefined) ?? refuse(`${method}(${show(query)}) takes a query.`)
}

/** Begins a table: by its name, or as a `table()` says. */
export function createTable(table: unknown, runner: Runner): CreateTableBuilder {
  const definition = isAliased(table) ? undefined : definitionOf(table)
  const shape =
    definition === undefined
      ? start('createTable').step('table', tableNode(table))
      : (runner as DefinitionRunner).creationOf(definition).table
  return new CreateTableBuilder(shape, [], runner)
}
