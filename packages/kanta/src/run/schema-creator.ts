import { creationOf } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import { start } from '../ir/index.ts'
import { type Chain, Definition, indexesOf, show, tableNode } from '../sql/index.ts'
import { definitionOf, isAliased } from '../table/index.ts'
import type { Executor } from './execute.ts'

/** `db.schema`: tables from their definitions. `kanta/schema` has all else. */
export class SchemaCreator {
  readonly #executor: Executor

  constructor(executor: Executor) {
    this.#executor = executor
  }

  createTable(table: unknown): CreateTable {
    const definition = isAliased(table) ? undefined : definitionOf(table)
    if (definition === undefined)
      refuse(`createTable(${show(table)}) takes a table() value. For a name, use schemaBuilder(db) of 'kanta/schema'.`)
    const { dialect } = this.#executor.settings.planning
    return new CreateTable(creationOf(definition, dialect).table, [], this.#executor)
  }

  dropTable(table: unknown): DropTable {
    const shape = start('drop').step('object', 'table').step('names', tableNode(table))
    return new DropTable(shape, [], this.#executor)
  }
}

class CreateTable extends Definition<'createTable'> {
  ifNotExists(): CreateTable {
    return new CreateTable(this.shape.step('ifNotExists', true), [], this.runner)
  }

  protected override following(): readonly Chain[] {
    const { dialect } = (this.runner as Executor).settings.planning
    return indexesOf(this, (definition) => creationOf(definition, dialect))
  }
}

class DropTable extends Definition<'drop'> {
  ifExists(): DropTable {
    return new DropTable(this.shape.step('ifExists', true), [], this.runner)
  }
}
