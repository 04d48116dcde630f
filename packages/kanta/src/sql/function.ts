import { refuse, show } from '../error/index.ts'
import { CLEARED, type Node, node, pin, start } from '../ir/index.ts'
import { detached, extend } from './chain.ts'
import { conditionOf, Expr, ExprChain, literal, refComparison, references } from './expression.ts'
import { checkName, listOf, NO_ARGS, reference, valueOf } from './operand.ts'
import { orderNodes } from './order.ts'
import { windowNode } from './window.ts'

/** An aggregate or window function and what follows it. */
export class AggregateBuilder extends ExprChain<'aggregate'> {
  distinct(): AggregateBuilder {
    return extend(this, 'distinct', true)
  }

  orderBy(column: unknown, direction?: unknown): AggregateBuilder {
    const args: unknown[] = []
    return extend(this, 'orderBy', listOf(orderNodes(column, direction, args)), args)
  }

  clearOrderBy(): AggregateBuilder {
    return extend(this, 'orderBy', CLEARED)
  }

  withinGroupOrderBy(column: unknown, direction?: unknown): AggregateBuilder {
    const args: unknown[] = []
    return extend(this, 'withinGroup', listOf(orderNodes(column, direction, args)), args)
  }

  filterWhere(...condition: unknown[]): AggregateBuilder {
    const args: unknown[] = []
    return extend(this, 'filter', conditionOf(condition, args, 'filterWhere'), args)
  }

  filterWhereRef(lhs: unknown, op: unknown, rhs: unknown): AggregateBuilder {
    const args: unknown[] = []
    return extend(this, 'filter', refComparison(lhs, op, rhs, args), args)
  }

  over(window?: unknown): AggregateBuilder {
    const args: unknown[] = []
    return extend(this, 'over', windowNode(window, args), args)
  }
}

const FUNCTION = /^[a-z_][\w$]*(\.[a-z_][\w$]*)*$/i

/** Names of functions are text, so only names pass. */
function functionName(name: unknown): string {
  if (typeof name === 'string' && FUNCTION.test(name)) return name
  return refuse(`${show(name)} is not the name of a function. Use the sql template for other forms.`)
}

/** Arguments of functions: strings are columns, everything else that is not an expression is a value. */
function argument(value: unknown, args: unknown[]): Node {
  return typeof value === 'string' ? reference(value, args) : valueOf(value, args, 'An argument of the function')
}

const STAR = pin({ kind: 'star', table: undefined })

function aggregate(name: string, columns: readonly unknown[]): AggregateBuilder {
  const args: unknown[] = []
  const nodes = listArgument(name, columns).map((column) => argument(column, args))
  let shape = start('aggregate').step('name', functionName(name))
  if (nodes.length > 0) shape = shape.step('args', listOf(nodes))
  return new AggregateBuilder(shape, args, detached)
}

function call(name: string, columns: readonly unknown[]): Expr {
  const args: unknown[] = []
  const nodes = listArgument(name, columns).map((column) => argument(column, args))
  return new Expr(node({ kind: 'call', name: functionName(name), args: nodes }), args)
}

function listArgument(name: unknown, columns: unknown): readonly unknown[] {
  return Array.isArray(columns)
    ? Array.from(columns)
    : refuse(`The arguments of ${show(name)} are an array, not ${show(columns)}.`)
}

/** A number of rows as text of the statement, since some databases take no parameter for it. */
function rowCount(name: string, count: unknown): Expr {
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0
    ? new Expr(literal(count))
    : refuse(`fn.${name}: ${show(count)} is not a number of rows. Give a whole number.`)
}

/** `lag` and `lead`: a column, how many rows away, and what stands where there is no such row. */
function neighbour(name: 'lag' | 'lead', [column, offset, otherwise]: readonly unknown[]): AggregateBuilder {
  const value =
    typeof otherwise === 'string' ? [valueExpression(otherwise)] : otherwise === undefined ? [] : [otherwise]
  if (value.length === 0 && offset === undefined) return aggregate(name, [column])
  return aggregate(name, [column, rowCount(name, offset ?? 1), ...value])
}

/** A string as a value where strings are columns. */
function valueExpression(value: string): Expr {
  const args: unknown[] = []
  return new Expr(valueOf(value, args, 'An argument of the function'), args)
}

const UNITS: readonly unknown[] = ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second']

/** Cuts a date or a moment off to the beginning of a unit. */
function dateTrunc(unit: unknown, column: unknown): Expr {
  if (!UNITS.includes(unit)) refuse(`fn.dateTrunc: ${show(unit)} is not a unit. Use one of: ${UNITS.join(', ')}.`)
  const args: unknown[] = []
  return new Expr(node({ kind: 'dateTrunc', unit: unit as string, operand: argument(column, args) }), args)
}

/** A function that makes a table, such as `generate_series`. */
export class TableFunction {
  readonly node: Node
  readonly args: readonly unknown[]

  constructor(node: Node, args: readonly unknown[]) {
    this.node = node
    this.args = args
  }

  as(name: string, columns?: readonly string[]): Expr {
    checkName(name, 'an alias')
    if (columns !== undefined && (!Array.isArray(columns) || columns.length === 0))
      refuse(`as(${show(name)}, ${show(columns)}): give the names of the columns in an array.`)
    for (const column of columns ?? []) checkName(column, 'a column')
    return new Expr(node({ kind: 'alias', operand: this.node, name, columns }), this.args)
  }
}

/** `eb.fn`: callable for any function, with the aggregates by name. */
export const functions = Object.freeze(
  Object.assign((name: string, columns: readonly unknown[] = []): Expr => call(name, columns), {
    agg: (name: string, columns: readonly unknown[] = []) => aggregate(name, columns),
    avg: (column: unknown) => aggregate('avg', [column]),
    count: (column: unknown) => aggregate('count', [column]),
    countAll: (table?: string) => {
      const star = table === undefined ? STAR : node({ kind: 'star', table: checkName(table, 'a table') })
      return new AggregateBuilder(start('aggregate').step('name', 'count').step('args', star), NO_ARGS, detached)
    },
    max: (column: unknown) => aggregate('max', [column]),
    min: (column: unknown) => aggregate('min', [column]),
    sum: (column: unknown) => aggregate('sum', [column]),
    rowNumber: () => aggregate('row_number', []),
    rank: () => aggregate('rank', []),
    denseRank: () => aggregate('dense_rank', []),
    percentRank: () => aggregate('percent_rank', []),
    cumeDist: () => aggregate('cume_dist', []),
    ntile: (groups: unknown) => aggregate('ntile', [rowCount('ntile', groups)]),
    lag: (...column: unknown[]) => neighbour('lag', column),
    lead: (...column: unknown[]) => neighbour('lead', column),
    firstValue: (column: unknown) => aggregate('first_value', [column]),
    lastValue: (column: unknown) => aggregate('last_value', [column]),
    nthValue: (column: unknown, n: unknown) => aggregate('nth_value', [column, rowCount('nthValue', n)]),
    coalesce: (...columns: unknown[]) => call('coalesce', columns),
    any: (column: unknown) => call('any', [column]),
    dateTrunc,
    jsonAgg: (table: unknown) => aggregate('json_agg', [table]),
    toJson: (table: unknown) => call('to_json', [table]),
    table: (name: string, values: readonly unknown[] = []) => {
      const args: unknown[] = []
      const nodes = listArgument(name, values).map((value) => valueOf(value, args, 'An argument of the function'))
      return new TableFunction(node({ kind: 'call', name: functionName(name), args: nodes }), args)
    },
  }),
)

/** The columns of `groupBy(eb => eb.rollup([...]))` and its like. */
export function grouping(style: string, columns: unknown): Expr {
  const args: unknown[] = []
  const items = references(columns, args, reference)
  if (items.length === 0) refuse(`${style}([]) names no column.`)
  return new Expr(node({ kind: 'grouping', style, items }), args)
}

/** `eb.groupingSets([['a'], ['a', 'b'], []])` */
export function groupingSets(sets: readonly unknown[]): Expr {
  if (!Array.isArray(sets) || sets.length === 0) refuse(`groupingSets(${show(sets)}) takes an array of sets.`)
  const args: unknown[] = []
  const items = Array.from(sets, (set) =>
    node({ kind: 'tuple', items: references(Array.isArray(set) ? set : [set], args, reference) }),
  )
  return new Expr(node({ kind: 'grouping', style: 'grouping sets', items }), args)
}
