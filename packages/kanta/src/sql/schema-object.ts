import { refuse, show } from '../error/index.ts'
import { type Kinds, type Node, type NodeOf, node, type Shape, start } from '../ir/index.ts'
import { extend } from './chain.ts'
import { Definition } from './definition.ts'
import { literal } from './expression.ts'
import { listOf, tableNode, typeNode } from './operand.ts'
import { commentText, defaultValue } from './schema-column.ts'
import { constraintNode, constraints } from './schema-constraint.ts'
import { built, columnName, identifier } from './schema-part.ts'

/** `drop …` */
export class DropBuilder extends Definition<'drop'> {
  ifExists(): DropBuilder {
    return extend(this, 'ifExists', true)
  }

  cascade(): DropBuilder {
    return extend(this, 'cascade', true)
  }
}

/** `drop table …` */
export class DropTableBuilder extends DropBuilder {
  temporary(): DropTableBuilder {
    return extend(this, 'temporary', true)
  }
}

/** `drop index …` */
export class DropIndexBuilder extends DropBuilder {
  on(table: unknown): DropIndexBuilder {
    return extend(this, 'on', tableNode(table))
  }

  concurrently(): DropIndexBuilder {
    return extend(this, 'concurrently', true)
  }
}

/** `drop view …` */
export class DropViewBuilder extends DropBuilder {
  materialized(): DropViewBuilder {
    return extend(this, 'object', 'materialized view')
  }
}

type Dropped = Kinds['drop']['object']

/** What is dropped, by its name. */
export const dropping = (object: Dropped, names: Node): Shape<'drop'> =>
  start('drop').step('object', object).step('names', names)

/** `create schema …` */
export class CreateSchemaBuilder extends Definition<'createSchema'> {
  ifNotExists(): CreateSchemaBuilder {
    return extend(this, 'ifNotExists', true)
  }
}

const text = (value: unknown, method: string): Node =>
  typeof value === 'string' ? literal(value) : refuse(`${method}(${show(value)}) takes a text.`)

/** `create type …` */
export class CreateTypeBuilder extends Definition<'createType'> {
  asEnum(values: unknown): CreateTypeBuilder {
    if (!Array.isArray(values) || values.length === 0) return refuse('asEnum() takes an array with one text or more.')
    return extend(this, 'values', listOf(Array.from(values, (value) => text(value, 'asEnum'))))
  }
}

/** `alter type …` */
export class AlterTypeBuilder {
  readonly #shape: Shape<'alter'>
  readonly #runner: Definition<'alter'>['runner']

  constructor(name: unknown, runner: Definition<'alter'>['runner']) {
    this.#shape = start('alter').step('object', 'type').step('name', tableNode(name))
    this.#runner = runner
  }

  addValue(value: unknown): AlterTypeAddValueBuilder {
    return new AlterTypeAddValueBuilder(this.#with('add value', { operand: text(value, 'addValue') }), [], this.#runner)
  }

  renameTo(name: unknown): Definition<'alter'> {
    return this.#change('rename to', { name: identifier(name, 'a type') })
  }

  renameValue(value: unknown, to: unknown): Definition<'alter'> {
    return this.#change('rename value', { operand: text(value, 'renameValue'), to: text(to, 'renameValue') })
  }

  setSchema(name: unknown): Definition<'alter'> {
    return this.#change('set schema', { name: identifier(name, 'a schema') })
  }

  #change(action: string, parts: Partial<Kinds['alteration']>): Definition<'alter'> {
    return new Definition(this.#with(action, parts), [], this.#runner)
  }

  #with(action: string, parts: Partial<Kinds['alteration']>): Shape<'alter'> {
    let change = start('alteration').step('action', action)
    for (const [part, value] of Object.entries(parts)) change = change.step(part as keyof Kinds['alteration'], value)
    return this.#shape.step('alterations', built(change))
  }
}

/** `alter type … add value …` */
export class AlterTypeAddValueBuilder extends Definition<'alter'> {
  ifNotExists(): AlterTypeAddValueBuilder {
    return this.#with([['ifNotExists', true]])
  }

  before(value: unknown): AlterTypeAddValueBuilder {
    return this.#with([
      ['position', 'before'],
      ['beside', text(value, 'before')],
    ])
  }

  after(value: unknown): AlterTypeAddValueBuilder {
    return this.#with([
      ['position', 'after'],
      ['beside', text(value, 'after')],
    ])
  }

  #with(parts: readonly (readonly [keyof Kinds['alteration'], unknown])[]): AlterTypeAddValueBuilder {
    const { before, value } = this.shape
    let change = (value as NodeOf<'built'>).shape as unknown as Shape<'alteration'>
    for (const [part, given] of parts) change = change.step(part, given)
    return new AlterTypeAddValueBuilder(before!.step('alterations', built(change)), [], this.runner)
  }
}

/** `create domain …` */
export class CreateDomainBuilder extends Definition<'createDomain'> {
  notNull(): CreateDomainBuilder {
    return extend(this, 'notNull', true)
  }

  defaultTo(value: unknown): CreateDomainBuilder {
    const args: unknown[] = []
    return extend(this, 'default', defaultValue(value, args), args)
  }

  addCheckConstraint(name: unknown, condition: unknown): CreateDomainBuilder {
    const made = constraints.check(name, condition, undefined)
    return extend(this, 'constraints', constraintNode(made), made.args)
  }
}

/** The values that both `create domain` and its arguments begin with. */
export function domain(name: unknown, type: unknown, runner: Definition<'alter'>['runner']): CreateDomainBuilder {
  const args: unknown[] = []
  const shape = start('createDomain').step('name', tableNode(name)).step('type', typeNode(type, args))
  return new CreateDomainBuilder(shape, args, runner)
}

const whole = (value: unknown, method: string): Node =>
  Number.isSafeInteger(value) || typeof value === 'bigint'
    ? literal(value)
    : refuse(`${method}(${show(value)}) takes a whole number.`)

/** The options of a sequence. */
class SequenceBuilder<K extends 'createSequence' | 'alter'> extends Definition<K> {
  startWith(value: unknown): this {
    return this.option('start with', whole(value, 'startWith'))
  }

  incrementBy(value: unknown): this {
    return this.option('increment by', whole(value, 'incrementBy'))
  }

  minValue(value: unknown): this {
    return this.option('minvalue', whole(value, 'minValue'))
  }

  noMinValue(): this {
    return this.option('no minvalue')
  }

  maxValue(value: unknown): this {
    return this.option('maxvalue', whole(value, 'maxValue'))
  }

  noMaxValue(): this {
    return this.option('no maxvalue')
  }

  cache(value: unknown): this {
    return this.option('cache', whole(value, 'cache'))
  }

  cycle(): this {
    return this.option('cycle')
  }

  noCycle(): this {
    return this.option('no cycle')
  }

  protected option(action: string, operand?: Node): this {
    const part = (this.shape.kind as string) === 'alter' ? 'alterations' : 'options'
    return extend(this, part, node({ kind: 'sequenceOption', action, operand }))
  }
}

/** `create sequence …` */
export class CreateSequenceBuilder extends SequenceBuilder<'createSequence'> {
  ifNotExists(): CreateSequenceBuilder {
    return extend(this, 'ifNotExists', true)
  }

  temporary(): CreateSequenceBuilder {
    return extend(this, 'temporary', true)
  }

  as(type: unknown): CreateSequenceBuilder {
    return this.option('as', typeNode(type, []))
  }
}

/** `alter sequence …` */
export class AlterSequenceBuilder extends SequenceBuilder<'alter'> {
  restart(): AlterSequenceBuilder {
    return this.option('restart')
  }

  restartWith(value: unknown): AlterSequenceBuilder {
    return this.option('restart with', whole(value, 'restartWith'))
  }
}

/** `truncate …` */
export class TruncateBuilder extends Definition<'truncate'> {
  cascade(): TruncateBuilder {
    return extend(this, 'cascade', true)
  }

  restartIdentity(): TruncateBuilder {
    return extend(this, 'identity', 'restart')
  }

  continueIdentity(): TruncateBuilder {
    return extend(this, 'identity', 'continue')
  }
}

/** `comment on …`; null takes the comment away. */
export function commentOn(
  object: Kinds['comment']['object'],
  name: Node,
  column: unknown,
  comment: unknown,
): Shape<'comment'> {
  const shape = start('comment').step('object', object).step('name', name)
  const named = column === undefined ? shape : shape.step('column', columnName(column))
  return named.step('text', comment === null ? literal(null) : commentText(comment))
}
