import { creatingDialect, declareDecimals } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import { declareKinds, schemaFields, start } from '../ir/index.ts'
import { type Chain, Definition, indexesOf, show, tableNode } from '../sql/index.ts'
import { definitionOf, isAliased, table as tableOf } from '../table/index.ts'
import { type DialectRunner, runnerIn } from './dialect-runner.ts'
import type { QueryRunner } from './query-runner.ts'

let creatorOf: ((runner: QueryRunner) => SchemaCreator) | undefined

/**
 * Defines a table. Columns are not null unless they say so; a name with a dot is in a schema, as in `'geo.city'`.
 *
 * @example
 * ```ts
 * const city = table('city', (c) => ({
 *   id: c.integer().primaryKey(),
 *   name: c.text(),
 *   country: c.text().references(() => country.cca2),
 *   population: c.integer().nullable(),
 * }), (t) => [index([t.country])])
 * ```
 */
// It also registers `SchemaCreator` and decimals, so that bundles of programs without table() drop that.
export const table: typeof tableOf = (...definition) => {
  if (creatorOf === undefined) {
    creatorOf = (runner) => new SchemaCreator(runner)
    declareDecimals()
  }
  return tableOf(...definition)
}

/** Returns the schema creator of `db.schema`. */
export function schemaOf(runner: QueryRunner): SchemaCreator {
  return creatorOf === undefined
    ? refuse("db.schema needs a table(), and none is defined. Use schemaBuilder(db) of 'kanta/schema'.")
    : creatorOf(runner)
}

/** The creator of tables from their definitions (`db.schema`). `kanta/schema` has all other schema statements. */
export class SchemaCreator {
  readonly #runner: DialectRunner

  constructor(runner: QueryRunner) {
    declareKinds(schemaFields)
    this.#runner = runnerIn(runner, creatingDialect)
  }

  createTable(table: unknown): CreateTable {
    const definition = isAliased(table) ? undefined : definitionOf(table)
    if (definition === undefined)
      refuse(`createTable(${show(table)}) takes a table() value. For a name, use schemaBuilder(db) of 'kanta/schema'.`)
    return new CreateTable(this.#runner.creationOf(definition).table, [], this.#runner)
  }

  dropTable(table: unknown): DropTable {
    const shape = start('drop').step('object', 'table').step('names', tableNode(table))
    return new DropTable(shape, [], this.#runner)
  }
}

class CreateTable extends Definition<'createTable'> {
  ifNotExists(): CreateTable {
    return new CreateTable(this.shape.step('ifNotExists', true), [], this.runner)
  }

  protected override following(): readonly Chain[] {
    return indexesOf(this, (this.runner as DialectRunner).creationOf)
  }
}

class DropTable extends Definition<'drop'> {
  ifExists(): DropTable {
    return new DropTable(this.shape.step('ifExists', true), [], this.runner)
  }
}
