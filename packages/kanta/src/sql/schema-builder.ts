import { refuse, show } from '../error/index.ts'
import { start } from '../ir/index.ts'
import { Column } from '../table/index.ts'
import type { Runner } from './chain.ts'
import { Definition } from './definition.ts'
import { listOf, tableNode } from './operand.ts'
import { AlterTableBuilder } from './schema-alter.ts'
import { CreateIndexBuilder } from './schema-index.ts'
import {
  AlterSequenceBuilder,
  AlterTypeBuilder,
  type CreateDomainBuilder,
  CreateSchemaBuilder,
  CreateSequenceBuilder,
  CreateTypeBuilder,
  commentOn,
  DropBuilder,
  DropIndexBuilder,
  DropTableBuilder,
  DropViewBuilder,
  domain,
  dropping,
  TruncateBuilder,
} from './schema-object.ts'
import { identifier } from './schema-part.ts'
import { type CreateTableBuilder, createTable } from './schema-table.ts'
import { CreateViewBuilder, RefreshMaterializedViewBuilder } from './schema-view.ts'

/** Where definitions begin. */
export class SchemaBuilder {
  readonly #runner: Runner

  constructor(runner: Runner) {
    this.#runner = runner
  }

  createTable(table: unknown): CreateTableBuilder {
    return createTable(table, this.#runner)
  }

  alterTable(table: unknown): AlterTableBuilder {
    return new AlterTableBuilder(
      start('alter').step('object', 'table').step('name', tableNode(table)),
      [],
      this.#runner,
    )
  }

  dropTable(table: unknown): DropTableBuilder {
    return new DropTableBuilder(dropping('table', tableNode(table)), [], this.#runner)
  }

  truncate(tables: unknown): TruncateBuilder {
    const names = (Array.isArray(tables) ? Array.from(tables) : [tables]).map(tableNode)
    if (names.length === 0) refuse('truncate([]) names no table.')
    return new TruncateBuilder(start('truncate').step('tables', listOf(names)), [], this.#runner)
  }

  createIndex(name: unknown): CreateIndexBuilder {
    return new CreateIndexBuilder(start('createIndex').step('name', identifier(name, 'an index')), [], this.#runner)
  }

  dropIndex(name: unknown): DropIndexBuilder {
    return new DropIndexBuilder(dropping('index', tableNode(name)), [], this.#runner)
  }

  createSchema(name: unknown): CreateSchemaBuilder {
    return new CreateSchemaBuilder(start('createSchema').step('name', identifier(name, 'a schema')), [], this.#runner)
  }

  dropSchema(name: unknown): DropBuilder {
    return new DropBuilder(dropping('schema', identifier(name, 'a schema')), [], this.#runner)
  }

  createView(name: unknown): CreateViewBuilder {
    return new CreateViewBuilder(start('createView').step('view', tableNode(name)), [], this.#runner)
  }

  refreshMaterializedView(name: unknown): RefreshMaterializedViewBuilder {
    return new RefreshMaterializedViewBuilder(start('refreshView').step('view', tableNode(name)), [], this.#runner)
  }

  dropView(name: unknown): DropViewBuilder {
    return new DropViewBuilder(dropping('view', tableNode(name)), [], this.#runner)
  }

  createType(name: unknown): CreateTypeBuilder {
    return new CreateTypeBuilder(start('createType').step('name', tableNode(name)), [], this.#runner)
  }

  alterType(name: unknown): AlterTypeBuilder {
    return new AlterTypeBuilder(name, this.#runner)
  }

  dropType(names: unknown): DropBuilder {
    const types = (Array.isArray(names) ? Array.from(names) : [names]).map(tableNode)
    if (types.length === 0) refuse('dropType([]) names no type.')
    return new DropBuilder(dropping('type', listOf(types)), [], this.#runner)
  }

  createDomain(name: unknown, type: unknown): CreateDomainBuilder {
    return domain(name, type, this.#runner)
  }

  dropDomain(name: unknown): DropBuilder {
    return new DropBuilder(dropping('domain', tableNode(name)), [], this.#runner)
  }

  createSequence(name: unknown): CreateSequenceBuilder {
    return new CreateSequenceBuilder(start('createSequence').step('name', tableNode(name)), [], this.#runner)
  }

  alterSequence(name: unknown): AlterSequenceBuilder {
    const shape = start('alter').step('object', 'sequence').step('name', tableNode(name))
    return new AlterSequenceBuilder(shape, [], this.#runner)
  }

  dropSequence(name: unknown): DropBuilder {
    return new DropBuilder(dropping('sequence', tableNode(name)), [], this.#runner)
  }

  commentOnTable(table: unknown, text: unknown): Definition<'comment'> {
    return new Definition(commentOn('table', tableNode(table), undefined, text), [], this.#runner)
  }

  commentOnColumn(column: unknown, text: unknown): Definition<'comment'> {
    const [table, name] = columnOf(column)
    return new Definition(commentOn('column', tableNode(table), name, text), [], this.#runner)
  }
}

/** The table of a column and its name. */
function columnOf(column: unknown): readonly [table: string, name: string] {
  if (column instanceof Column)
    return [column.schema === undefined ? column.table : `${column.schema}.${column.table}`, column.name]
  const at = typeof column === 'string' ? column.lastIndexOf('.') : -1
  if (at < 1) refuse(`commentOnColumn(${show(column)}) takes a column with its table, such as 'city.name'.`)
  return [(column as string).slice(0, at), (column as string).slice(at + 1)]
}
