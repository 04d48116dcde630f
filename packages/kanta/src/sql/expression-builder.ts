import { refuse, show } from '../error/index.ts'
import { node } from '../ir/index.ts'
import { provideBuilder } from './callback.ts'
import { caseOf } from './case.ts'
import { detached } from './chain.ts'
import { QueryCreator } from './creator.ts'
import { comparedValue, comparison, conditionOf, Expr, literal, tupleOf } from './expression.ts'
import { functions, grouping, groupingSets } from './function.ts'
import { type JsonPathBuilder, jsonPath } from './json.ts'
import { parseTable, reference, typeNode, valueOf } from './operand.ts'
import { checkUnary } from './operator.ts'

const creator = new QueryCreator(detached)

let relatedRows = (_: unknown): unknown =>
  refuse("The schema has no relations. Declare them by relations() of 'kanta/relations'.")

/** Sets how `related` makes a query of a relation: programs without relations do not carry that. */
export function provideRelated(make: (relation: unknown) => unknown): void {
  relatedRows = make
}

function expression(make: (args: unknown[]) => ReturnType<typeof node>): Expr {
  const args: unknown[] = []
  const made = make(args)
  return new Expr(made as Expr['node'], args)
}

/** `and([…])`, `or([…])` of expressions, or of an object of columns and values. */
function junction(kind: 'and' | 'or', conditions: unknown): Expr {
  const args: unknown[] = []
  const given = Array.isArray(conditions)
    ? conditions
    : Object.entries(objectOf(kind, conditions)).map(([column, value]) => comparisonOf(column, value))
  if (given.length === 0) {
    if (kind === 'or') return new Expr(literal(false))
    return refuse('and([]) has no conditions and would pass every row. Say eb.lit(true) where every row is meant.')
  }
  const items = Array.from(given, (condition: unknown, i: number) => {
    if (condition === undefined)
      refuse(`${kind}([…]): condition ${i} is undefined. Filter the list, or leave the condition out.`)
    return conditionOf([condition], args, kind)
  })
  return new Expr(items.length === 1 ? items[0]! : node({ kind, items }), args)
}

function objectOf(kind: string, conditions: unknown): object {
  if (typeof conditions === 'object' && conditions !== null) return conditions
  return refuse(`${kind}(${show(conditions)}) takes an array of conditions or an object of columns and values.`)
}

function comparisonOf(column: string, value: unknown): Expr {
  return expression((args) =>
    comparison(column, Array.isArray(value) ? 'in' : value === null ? 'is' : '=', value, args, 'and/or of an object'),
  )
}

function between(column: unknown, low: unknown, high: unknown, symmetric: boolean): Expr {
  return expression((args) => {
    const operand = reference(column, args)
    if (low === null || high === null)
      refuse(`between(${show(column)}, ${show(low)}, ${show(high)}) is never true in SQL: a bound is null.`)
    return node({
      kind: 'between',
      operand,
      symmetric,
      low: comparedValue(low, args, 'The lower bound'),
      high: comparedValue(high, args, 'The upper bound'),
    })
  })
}

function unary(op: string, operand: unknown): Expr {
  return expression((args) => node({ kind: 'unary', op: checkUnary(op), operand: reference(operand, args) }))
}

function makeBuilder() {
  const eb = (lhs: unknown, op: unknown, rhs: unknown): Expr =>
    expression((args) => comparison(lhs, op, rhs, args, 'eb'))
  const methods = {
    fn: functions,
    case: caseOf,
    selectFrom: (tables: unknown) => creator.selectFrom(tables),
    related: (relation: unknown) => relatedRows(relation),
    selectNoFrom: (columns: unknown) => creator.selectNoFrom(columns),
    ref: (column: unknown, operator?: string): Expr | JsonPathBuilder =>
      operator === undefined || column === undefined
        ? expression((args) => reference(column, args))
        : jsonPath(column, operator),
    jsonPath: () => jsonPath(undefined, '->$'),
    table: (name: string) => new Expr(parseTable(name)),
    val: (value: unknown) => expression((args) => valueOf(value, args, 'eb.val')),
    lit: (value: unknown) => new Expr(literal(value)),
    tuple: (...items: unknown[]) => expression((args) => tupleOf(items, args)),
    refTuple: (...columns: unknown[]) =>
      columns.length === 0
        ? refuse('A tuple holds one item or more.')
        : expression((args) => node({ kind: 'tuple', items: columns.map((column) => reference(column, args)) })),
    unary,
    not: (condition: unknown) => unary('not', condition),
    exists: (query: unknown) => unary('exists', query),
    neg: (operand: unknown) => unary('-', operand),
    between: (column: unknown, low: unknown, high: unknown) => between(column, low, high, false),
    betweenSymmetric: (column: unknown, low: unknown, high: unknown) => between(column, low, high, true),
    and: (conditions: unknown) => junction('and', conditions),
    or: (conditions: unknown) => junction('or', conditions),
    parens: (...condition: unknown[]) =>
      expression((args) => node({ kind: 'parens', operand: conditionOf(condition, args, 'parens') })),
    cast: (operand: unknown, type: unknown) =>
      expression((args) => node({ kind: 'cast', operand: reference(operand, args), type: typeNode(type, args) })),
    rollup: (columns: unknown) => grouping('rollup', columns),
    cube: (columns: unknown) => grouping('cube', columns),
    groupingSets: (sets: readonly unknown[]) => groupingSets(sets),
  }
  return Object.freeze(Object.assign(eb, methods, { eb }))
}

/** One object for all queries, since it knows only what it is given. */
const builder = makeBuilder()

/** Gives callbacks their expression builder. Called when a database opens, so that bundlers see that it is needed. */
export function provideExpressionBuilder(): void {
  provideBuilder(builder)
}

/**
 * The expression builder for expressions made apart from a query.
 *
 * @example
 * ```ts
 * const eb = expressionBuilder<{ city: { name: string } }, 'city'>()
 * const isNamed = eb('city.name', '=', 'Turku')
 * ```
 */
export function expressionBuilder(): typeof builder {
  provideBuilder(builder)
  return builder
}
