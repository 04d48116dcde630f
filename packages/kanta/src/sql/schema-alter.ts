import { refuse, show } from '../error/index.ts'
import { type Kind, type Kinds, type Node, type NodeOf, type Shape, start } from '../ir/index.ts'
import { detached, extend } from './chain.ts'
import { Definition } from './definition.ts'
import { listOf, tableNode, typeNode } from './operand.ts'
import { columnDefinition, defaultValue } from './schema-column.ts'
import { type Constraint, constraints, namedIndex } from './schema-constraint.ts'
import { built, expression, identifier, indexed, indexMethod, madeBy, PartBuilder } from './schema-part.ts'
import { partitionBounds } from './schema-partition.ts'

/** `c => c.setNotNull()`: one change of a column. */
export class AlterColumnBuilder extends PartBuilder<'alteration'> {
  setDataType(type: unknown): AlterColumnBuilder {
    const args: unknown[] = []
    return extend(this.#change('set data type'), 'operand', typeNode(type, args), args)
  }

  setDefault(value: unknown): AlterColumnBuilder {
    const args: unknown[] = []
    return extend(this.#change('set default'), 'operand', defaultValue(value, args), args)
  }

  dropDefault(): AlterColumnBuilder {
    return this.#change('drop default')
  }

  setNotNull(): AlterColumnBuilder {
    return this.#change('set not null')
  }

  dropNotNull(): AlterColumnBuilder {
    return this.#change('drop not null')
  }

  #change(action: string): AlterColumnBuilder {
    if (this.shape.part !== 'name') refuse('alterColumn() makes one change. Call it again for another.')
    return extend(this, 'action', action)
  }
}

/** `c => c.ifExists()` */
export class DropColumnBuilder extends PartBuilder<'alteration'> {
  ifExists(): DropColumnBuilder {
    return extend(this, 'ifExists', true)
  }
}

const alteration = (action: string): Shape<'alteration'> => start('alteration').step('action', action)

/** `alter table …` */
export class AlterTableBuilder extends Definition<'alter'> {
  renameTo(name: unknown): AlterTableBuilder {
    return this.add(alteration('rename to').step('name', identifier(name, 'a table')))
  }

  setSchema(name: unknown): AlterTableBuilder {
    return this.add(alteration('set schema').step('name', identifier(name, 'a schema')))
  }

  addColumn(name: unknown, type: unknown, build?: unknown): AlterTableBuilder {
    const args: unknown[] = []
    return this.#next(columnDefinition(name, type, build, args), args)
  }

  modifyColumn(name: unknown, type: unknown, build?: unknown): AlterTableBuilder {
    const args: unknown[] = []
    const column = columnDefinition(name, type, build, args)
    return this.add(alteration('modify column').step('operand', column), args)
  }

  alterColumn(name: unknown, build: unknown): AlterTableBuilder {
    const shape = start('alteration').step('name', identifier(name, 'a column'))
    const made = madeBy(new AlterColumnBuilder(shape, [], detached), build, 'alterColumn')
    if (made.shape === shape)
      refuse(`alterColumn(${show(name)}) changes nothing. Return (c) => c.setNotNull(), or the like.`)
    return this.add(made.shape, made.args)
  }

  dropColumn(name: unknown, build?: unknown): AlterTableBuilder {
    const shape = alteration('drop column').step('name', identifier(name, 'a column'))
    return this.add(madeBy(new DropColumnBuilder(shape, [], detached), build, 'dropColumn').shape)
  }

  renameColumn(name: unknown, to: unknown): AlterTableBuilder {
    return this.add(renaming('rename column', name, to, 'a column'))
  }

  addPrimaryKeyConstraint(name: unknown, columns: unknown, build?: unknown): AlterTableConstraintBuilder {
    return this.#constraint(constraints.primaryKey(name, columns, build))
  }

  addUniqueConstraint(name: unknown, columns: unknown, build?: unknown): AlterTableConstraintBuilder {
    return this.#constraint(constraints.unique(name, columns, build))
  }

  addCheckConstraint(name: unknown, condition: unknown, build?: unknown): AlterTableConstraintBuilder {
    return this.#constraint(constraints.check(name, condition, build))
  }

  addForeignKeyConstraint(
    name: unknown,
    columns: unknown,
    table: unknown,
    targets: unknown,
    build?: unknown,
  ): AlterTableConstraintBuilder {
    return this.#constraint(constraints.foreignKey(name, columns, table, targets, build))
  }

  dropConstraint(name: unknown): AlterTableDropConstraintBuilder {
    const shape = alteration('drop constraint').step('name', identifier(name, 'a constraint'))
    const { shape: whole, args } = this.add(shape)
    return new AlterTableDropConstraintBuilder(whole, args, this.runner)
  }

  renameConstraint(name: unknown, to: unknown): AlterTableBuilder {
    return this.add(renaming('rename constraint', name, to, 'a constraint'))
  }

  addIndex(name: unknown): AlterTableAddIndexBuilder {
    const { shape, args } = this.#next(built(namedIndex(name)))
    return new AlterTableAddIndexBuilder(shape, args, this.runner)
  }

  dropIndex(name: unknown): AlterTableBuilder {
    return this.add(alteration('drop index').step('name', identifier(name, 'an index')))
  }

  renameIndex(name: unknown, to: unknown): AlterTableBuilder {
    return this.add(renaming('rename index', name, to, 'an index'))
  }

  attachPartition(table: unknown, rows: unknown): AlterTableBuilder {
    const args: unknown[] = []
    const bounds = partitionBounds(rows, args, 'attachPartition')
    return this.add(alteration('attach partition').step('name', tableNode(table)).step('operand', bounds), args)
  }

  detachPartition(table: unknown): AlterTableBuilder {
    return this.add(alteration('detach partition').step('name', tableNode(table)))
  }

  modifyEnd(modifier: unknown): AlterTableBuilder {
    const args: unknown[] = []
    const operand = expression(modifier, args, 'modifyEnd')
    return this.#after(this.shape.step('modifiers', operand), args)
  }

  /** One more change. */
  protected add(change: Shape<'alteration'>, args?: readonly unknown[]): AlterTableBuilder {
    return this.#next(built(change), args)
  }

  /** The last change, with one more call. */
  protected last<K extends Kind>(part: keyof Kinds[K] & string, value: unknown): Shape<'alter'> {
    const { before, value: last } = this.shape
    const change = (last as NodeOf<'built'>).shape as unknown as Shape<K>
    return before!.step('alterations', built(change.step(part, value)))
  }

  #constraint({ shape, args }: Constraint): AlterTableConstraintBuilder {
    const made = this.#next(built(shape), args)
    return new AlterTableConstraintBuilder(made.shape, made.args, this.runner)
  }

  #next(change: Node, args: readonly unknown[] = []): AlterTableBuilder {
    return this.#after(this.shape.step('alterations', change), args)
  }

  #after(shape: Shape<'alter'>, args: readonly unknown[]): AlterTableBuilder {
    return new AlterTableBuilder(shape, [...this.args, ...args], this.runner)
  }
}

function renaming(action: string, name: unknown, to: unknown, what: string): Shape<'alteration'> {
  return alteration(action).step('name', identifier(name, what)).step('to', identifier(to, what))
}

/** A constraint that was added last, which further calls describe. */
export class AlterTableConstraintBuilder extends AlterTableBuilder {
  onDelete(action: string): AlterTableConstraintBuilder {
    return this.#with('onDelete', action)
  }

  onUpdate(action: string): AlterTableConstraintBuilder {
    return this.#with('onUpdate', action)
  }

  deferrable(): AlterTableConstraintBuilder {
    return this.#with('deferrable', true)
  }

  notDeferrable(): AlterTableConstraintBuilder {
    return this.#with('deferrable', false)
  }

  initiallyDeferred(): AlterTableConstraintBuilder {
    return this.#with('initially', 'deferred')
  }

  initiallyImmediate(): AlterTableConstraintBuilder {
    return this.#with('initially', 'immediate')
  }

  #with(part: keyof Kinds['constraint'], value: unknown): AlterTableConstraintBuilder {
    return new AlterTableConstraintBuilder(this.last<'constraint'>(part, value), this.args, this.runner)
  }
}

/** A constraint that was dropped last. */
export class AlterTableDropConstraintBuilder extends AlterTableBuilder {
  ifExists(): AlterTableDropConstraintBuilder {
    return this.#with('ifExists', true)
  }

  cascade(): AlterTableDropConstraintBuilder {
    return this.#with('behavior', 'cascade')
  }

  restrict(): AlterTableDropConstraintBuilder {
    return this.#with('behavior', 'restrict')
  }

  #with(part: keyof Kinds['alteration'], value: unknown): AlterTableDropConstraintBuilder {
    return new AlterTableDropConstraintBuilder(this.last<'alteration'>(part, value), this.args, this.runner)
  }
}

/** An index that was added last, which further calls describe. */
export class AlterTableAddIndexBuilder extends AlterTableBuilder {
  unique(): AlterTableAddIndexBuilder {
    return this.#with('style', 'unique index')
  }

  column(column: unknown): AlterTableAddIndexBuilder {
    const args: unknown[] = []
    return this.#with('columns', indexed(column, args), args)
  }

  columns(columns: unknown): AlterTableAddIndexBuilder {
    if (!Array.isArray(columns) || columns.length === 0)
      return refuse(`columns(${show(columns)}) takes an array with the name of one column or more.`)
    const args: unknown[] = []
    return this.#with('columns', listOf(Array.from(columns, (column) => indexed(column, args))), args)
  }

  expression(value: unknown): AlterTableAddIndexBuilder {
    const args: unknown[] = []
    return this.#with('columns', expression(value, args, 'expression'), args)
  }

  using(method: unknown): AlterTableAddIndexBuilder {
    const args: unknown[] = []
    return this.#with('using', indexMethod(method, args), args)
  }

  #with(part: keyof Kinds['constraint'], value: unknown, args: readonly unknown[] = []): AlterTableAddIndexBuilder {
    return new AlterTableAddIndexBuilder(this.last<'constraint'>(part, value), [...this.args, ...args], this.runner)
  }
}
