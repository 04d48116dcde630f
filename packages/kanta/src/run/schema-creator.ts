import { refuse } from '../error/index.ts'
import { type Node, start } from '../ir/index.ts'
import { definitionOf, type TableDefinition } from '../schema/index.ts'
import { Chain, type ExecuteOptions, isOperand, show, source } from '../sql/index.ts'
import type { Executor } from './execute.ts'

/** `db.schema`: tables from their definitions. */
export class SchemaCreator {
  readonly #executor: Executor

  constructor(executor: Executor) {
    this.#executor = executor
  }

  createTable(table: unknown): SchemaStatement<'createTable'> {
    if (definitionOf(table) === undefined) refuse(`createTable(${show(table)}) takes a table() value.`)
    return new SchemaStatement(start('createTable').step('table', tableNode(table)), [], this.#executor)
  }

  dropTable(table: unknown): SchemaStatement<'dropTable'> {
    return new SchemaStatement(start('dropTable').step('table', tableNode(table)), [], this.#executor)
  }
}

function tableNode(table: unknown): ReturnType<typeof source> {
  const found = source(table, [])
  return found.kind === 'alias' ? found.operand : found
}

/** A statement that changes the schema. */
class SchemaStatement<K extends 'createTable' | 'dropTable'> extends Chain<K> {
  ifNotExists(): SchemaStatement<K> {
    if (this.shape.kind !== 'createTable') refuse('dropTable() has no ifNotExists(). Use ifExists().')
    return new SchemaStatement(this.shape.step('ifNotExists' as never, true), this.args, this.runner)
  }

  ifExists(): SchemaStatement<K> {
    if (this.shape.kind !== 'dropTable') refuse('createTable() has no ifExists(). Use ifNotExists().')
    return new SchemaStatement(this.shape.step('ifExists' as never, true), this.args, this.runner)
  }

  /** Runs the statement, and for a new table those of its indexes. */
  async execute(options?: ExecuteOptions): Promise<void> {
    await this.runner.execute(this as unknown as Chain, options)
    for (const index of indexesOf(this as unknown as Chain)) await this.runner.execute(index, options)
  }

  compile(): unknown {
    return this.runner.compile(this as unknown as Chain)
  }
}

/** The indexes of a table that is created, in statements of their own. */
function indexesOf(statement: Chain): Chain[] {
  if (statement.shape.kind !== 'createTable') return []
  const parts = new Map<string, unknown>()
  for (let at: Chain['shape'] | undefined = statement.shape; at !== undefined; at = at.before)
    if (!parts.has(at.part)) parts.set(at.part, at.value)
  const table = parts.get('table') as ReturnType<typeof source>
  if (table.kind !== 'table') return []
  const definition = table.definition as TableDefinition
  return definition.indexes.map((index) => {
    const name = index.name ?? [definition.name, ...index.columns, 'index'].join('_')
    const shape = start('createIndex').step('name', name).step('table', table).step('columns', index.columns)
    const filtered = index.where === undefined ? shape : shape.step('where', conditionOf(index.where, name))
    const unique = filtered.step('unique', index.unique).step('ifNotExists', parts.get('ifNotExists') === true)
    return new Chain(unique as unknown as Chain['shape'], [], statement.runner)
  })
}

/** The rows that an index is of. Its text is no query's, and takes no values. */
function conditionOf(where: unknown, index: string): Node {
  if (!isOperand(where))
    return refuse(`The index '${index}' is of rows by an expression, such as sql\`…\`, not ${show(where)}.`)
  if (where.args.length > 0)
    refuse(`The expression of the index '${index}' takes no values. Use sql.lit(value) for a constant.`)
  return where.node
}
