import { refuse } from '../error/index.ts'
import { type Column, type ColumnGetter, checkActions, type ReferenceOptions } from './column.ts'
import type { Expression } from './expression.ts'
import { isName } from './name.ts'

type ConstraintDefinition =
  | { readonly kind: 'primary key'; readonly columns: readonly Column[] }
  | { readonly kind: 'unique constraint'; readonly name: string | undefined; readonly columns: readonly Column[] }
  | {
      readonly kind: 'index'
      readonly name: string | undefined
      readonly columns: readonly Column[]
      readonly unique: boolean
      readonly where: Expression<unknown> | undefined
    }
  | { readonly kind: 'check'; readonly name: string; readonly expression: Expression<unknown> }
  | {
      readonly kind: 'foreign key'
      readonly name: string | undefined
      readonly columns: readonly Column[]
      readonly references: () => readonly unknown[]
      readonly options: ReferenceOptions
    }

/** What the third argument of `table` lists. */
export class Constraint {
  readonly definition: ConstraintDefinition

  constructor(definition: ConstraintDefinition) {
    this.definition = definition
  }
}

interface Named {
  readonly name?: string
}

/** Returns the name that a constraint is given, if it is given one. */
const nameOf = ({ name }: Named): string | undefined =>
  name === undefined || isName(name) ? name : refuse('The name of a constraint must be a text that is not empty.')

/**
 * A primary key of several columns.
 *
 * @example
 * ```ts
 * table('seat', (c) => ({ row: c.integer(), place: c.integer() }), (t) => [primaryKey([t.row, t.place])])
 * ```
 */
export function primaryKey(columns: readonly Column[]): Constraint {
  return new Constraint({ kind: 'primary key', columns })
}

/** Allows each combination of values only once. */
export function unique(columns: readonly Column[], options: Named = {}): Constraint {
  return new Constraint({ kind: 'unique constraint', columns, name: nameOf(options) })
}

/**
 * An index; with `where`, of the rows for which the expression is true.
 *
 * @example
 * ```ts
 * index([t.country, t.population], { where: sql`deleted_at is null` })
 * ```
 */
export function index(
  columns: readonly Column[],
  options: Named & { readonly unique?: boolean; readonly where?: Expression<unknown> } = {},
): Constraint {
  return new Constraint({
    kind: 'index',
    columns,
    name: nameOf(options),
    unique: options.unique === true,
    where: options.where,
  })
}

/** Refuses rows for which the expression is false. */
export function check(name: string, expression: Expression<unknown>): Constraint {
  if (!isName(name)) refuse('A check needs a name.')
  return new Constraint({ kind: 'check', name, expression })
}

/**
 * A foreign key of several columns; a function gives the columns of this table or of one that is defined later.
 *
 * @example
 * ```ts
 * foreignKey([t.row, t.place], () => [seat.row, seat.place], { onDelete: 'cascade' })
 * ```
 */
export function foreignKey(
  columns: readonly Column[],
  references: readonly Column[] | ColumnGetter,
  options: Named & ReferenceOptions = {},
): Constraint {
  const { name: _, ...actions } = options
  checkActions(actions)
  const target = typeof references === 'function' ? (references as () => readonly unknown[]) : () => references
  return new Constraint({ kind: 'foreign key', columns, name: nameOf(options), options: actions, references: target })
}
