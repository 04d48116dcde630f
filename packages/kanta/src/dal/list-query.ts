import { CLEARED, fullName, type Node, type NodeOf, node, type Shape, start } from '../ir/index.ts'
import type { TableDefinition } from '../table/index.ts'

/** A query for the rows of many values of a column, made of one for those of one value. */
export interface ListQuery {
  readonly shape: Shape
  /** The type of the column, if it is known. */
  readonly type: string | undefined
}

/** The name under which the value of a row is read. No policy renames it. */
export const KEY = 'kantakey'

/** The parts of a query whose rows do not depend on other rows. */
const ROW_BY_ROW: ReadonlySet<string> = new Set(['from', 'items', 'where', 'orderBy'])

/**
 * Returns the query for many values: of a select of columns of one table, whose one condition is that a column equals a
 * value. Its rows are then those of the queries for each value. `undefined` for any other.
 */
export function listQuery(shape: Shape, schema: ReadonlyMap<string, TableDefinition>): ListQuery | undefined {
  const steps = stepsOf(shape)
  if (shape.kind !== 'select' || steps.some(({ part, value }) => !ROW_BY_ROW.has(part) || value === CLEARED))
    return undefined
  const valuesOf = (part: string): Node[] =>
    steps.filter((step) => step.part === part).flatMap(({ value }) => itemsOf(value as Node))
  const [table, ...tables] = valuesOf('from').map((from) => (from.kind === 'alias' ? from.operand : from))
  const [condition, ...conditions] = valuesOf('where')
  const items = valuesOf('items')
  if (table?.kind !== 'table' || tables.length > 0 || conditions.length > 0 || items.length === 0) return undefined
  if (condition?.kind !== 'binary' || condition.op !== '=' || condition.right.kind !== 'arg') return undefined
  const { left } = condition
  if (left.kind !== 'ref' || !items.every(isColumn) || !valuesOf('orderBy').every(isColumn)) return undefined
  const definition = (table.definition as TableDefinition | undefined) ?? schema.get(fullName(table))
  return { shape: inList(steps, condition), type: definition?.columns.get(left.column)?.type }
}

const itemsOf = (value: Node): readonly Node[] => (value.kind === 'list' ? value.items : [value])

/** Tells whether a node is a column, which has its value in each row by itself. */
function isColumn(item: Node): boolean {
  if (item.kind === 'alias' || item.kind === 'order') return item.operand.kind === 'ref'
  return item.kind === 'ref' || item.kind === 'star'
}

function stepsOf(shape: Shape): readonly Shape[] {
  const steps: Shape[] = []
  for (let at = shape; at.before !== undefined; at = at.before) steps.unshift(at)
  return steps
}

/** The same steps with a list on the right of the condition, and the column selected as the key. */
function inList(steps: readonly Shape[], condition: NodeOf<'binary'>): Shape {
  const right = node({ kind: 'arg', role: 'list' })
  const where = node({ ...condition, op: 'in', right })
  let shape = start('select')
  for (const { part, value } of steps) shape = shape.step(part as never, part === 'where' ? where : value)
  const key = node({ kind: 'alias', operand: condition.left, name: KEY, columns: undefined })
  return shape.step('items', key) as unknown as Shape
}
