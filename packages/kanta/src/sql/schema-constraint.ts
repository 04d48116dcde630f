import { refuse, show } from '../error/index.ts'
import { type Kinds, type Node, type Shape, start } from '../ir/index.ts'
import { detached, extend } from './chain.ts'
import { listOf, tableNode } from './operand.ts'
import {
  built,
  columnList,
  expression,
  identifier,
  indexed,
  indexMethod,
  madeBy,
  PartBuilder,
  references,
} from './schema-part.ts'

/** When a constraint is checked, what happens to rows that point to one that changes, how an index is made. */
export class ConstraintBuilder extends PartBuilder<'constraint'> {
  onDelete(action: string): ConstraintBuilder {
    return extend(this, 'onDelete', action)
  }

  onUpdate(action: string): ConstraintBuilder {
    return extend(this, 'onUpdate', action)
  }

  deferrable(): ConstraintBuilder {
    return extend(this, 'deferrable', true)
  }

  notDeferrable(): ConstraintBuilder {
    return extend(this, 'deferrable', false)
  }

  initiallyDeferred(): ConstraintBuilder {
    return extend(this, 'initially', 'deferred')
  }

  initiallyImmediate(): ConstraintBuilder {
    return extend(this, 'initially', 'immediate')
  }

  nullsNotDistinct(): ConstraintBuilder {
    return extend(this, 'nullsNotDistinct', true)
  }

  using(method: unknown): ConstraintBuilder {
    const args: unknown[] = []
    return extend(this, 'using', indexMethod(method, args), args)
  }
}

/** A constraint, and the values in it. */
export interface Constraint {
  readonly shape: Shape<'constraint'>
  readonly args: readonly unknown[]
}

type Style = Kinds['constraint']['style']

/** The call of a method such as `addUniqueConstraint(name, columns, build)`. */
export const constraints = {
  primaryKey: (name: unknown, columns: unknown, build: unknown): Constraint =>
    constraint('primary key', name, 'columns', columnList(columns, 'addPrimaryKeyConstraint'), [], build),
  unique(name: unknown, columns: unknown, build: unknown): Constraint {
    const args: unknown[] = []
    return constraint('unique', name, 'columns', parts(columns, args, 'addUniqueConstraint'), args, build)
  },
  check(name: unknown, condition: unknown, build: unknown): Constraint {
    const args: unknown[] = []
    return constraint('check', name, 'check', expression(condition, args, 'addCheckConstraint'), args, build)
  },
  foreignKey(name: unknown, columns: unknown, table: unknown, targets: unknown, build: unknown): Constraint {
    const own = columnList(columns, 'addForeignKeyConstraint')
    const others = columnList(targets, 'addForeignKeyConstraint')
    const count = (list: Node): number => (list.kind === 'list' ? list.items.length : 1)
    if (count(own) !== count(others))
      refuse(`The foreign key ${show(name)} has ${count(own)} columns and points to ${count(others)}.`)
    const target = references(tableNode(table), others.kind === 'list' ? others.items : [others])
    const shape = shapeOf('foreign key', name).step('columns', own).step('references', target)
    return made(shape, [], build)
  },
  index(name: unknown, columns: unknown, build: unknown): Constraint {
    const args: unknown[] = []
    return constraint('index', name, 'columns', parts(columns, args, 'addIndex'), args, build)
  },
}

/** Columns and expressions. */
function parts(columns: unknown, args: unknown[], method: string): Node {
  if (!Array.isArray(columns) || columns.length === 0)
    return refuse(`${method}(…, ${show(columns)}): give an array with the name of one column or more.`)
  return listOf(Array.from(columns, (column) => indexed(column, args)))
}

function shapeOf(style: Style, name: unknown): Shape<'constraint'> {
  const shape = start('constraint').step('style', style)
  return shape.step('name', identifier(name, style.endsWith('index') ? 'an index' : 'a constraint'))
}

function constraint(
  style: Style,
  name: unknown,
  part: 'columns' | 'check',
  value: Node,
  args: readonly unknown[],
  build: unknown,
): Constraint {
  return made(shapeOf(style, name).step(part, value), args, build)
}

function made(shape: Shape<'constraint'>, args: readonly unknown[], build: unknown): Constraint {
  return madeBy(new ConstraintBuilder(shape, args, detached), build, 'constraint')
}

export const constraintNode = ({ shape }: Constraint): Node => built(shape)
/** An index that further calls describe. */
export const namedIndex = (name: unknown): Shape<'constraint'> => shapeOf('index', name)
