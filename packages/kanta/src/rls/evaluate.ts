import { KantaError, refuse } from '../error/index.ts'
import type { Context } from '../extend/index.ts'
import { show } from '../sql/index.ts'
import type { Selectable } from '../table/index.ts'
import type { ConditionTree, Operator, Part, RowScope, Value } from './condition.ts'
import type { ColumnRights, Operation, Policies, TableRules } from './declare.ts'
import { contextNamesIn, listOf, rolesIn, rulesOfTable, scalarOf, usingCondition, withCheckCondition } from './rules.ts'

/** True, false, or `null` for unknown. */
export type Truth = boolean | null

type Row = Readonly<Record<string, unknown>>

/** The values that a condition is evaluated with. */
interface Evaluation {
  readonly context: Context
  readonly rows: ReadonlyMap<RowScope, Row>
  readonly related: Readonly<Record<string, readonly Row[]>>
  readonly policies: Policies
}

/** Evaluates a condition by the three-valued logic of SQL. */
export function evaluate(tree: ConditionTree, evaluation: Evaluation): Truth {
  switch (tree.kind) {
    case 'constant':
      return tree.value
    case 'role':
      return rolesIn(evaluation.context).includes(tree.name)
    case 'null':
      return valueOf(tree.operand, evaluation) === null
    case 'not':
      return negate(evaluate(tree.operand, evaluation))
    case 'and':
    case 'or':
      return evaluateItems(tree.kind, tree.items, evaluation)
    case 'compare':
      return compare(valueOf(tree.left, evaluation), tree.operator, valueOf(tree.right, evaluation))
    case 'in': {
      const left = valueOf(tree.left, evaluation)
      const items = 'kind' in tree.items ? listOf(tree.items.name, evaluation.context) : tree.items
      return evaluateIn(left, items)
    }
    case 'exists':
      return evaluateExists(tree, evaluation)
  }
}

const negate = (truth: Truth): Truth => (truth === null ? null : !truth)

function evaluateItems(kind: 'and' | 'or', items: readonly ConditionTree[], evaluation: Evaluation): Truth {
  const deciding = kind === 'or'
  let found: Truth = !deciding
  for (const item of items) {
    const truth = evaluate(item, evaluation)
    if (truth === deciding) return deciding
    if (truth === null) found = null
  }
  return found
}

function evaluateIn(left: unknown, items: readonly Value[]): Truth {
  if (items.length === 0) return false
  if (left === null) return null
  return items.some((item) => compare(left, '=', item) === true)
}

function evaluateExists({ scope, where }: Extract<ConditionTree, { kind: 'exists' }>, evaluation: Evaluation): boolean {
  const { policies, related } = evaluation
  const rows = Object.hasOwn(related, scope.table) ? related[scope.table]! : undefined
  if (rows === undefined)
    return refuse(`A policy reads rows of '${scope.table}'. Give them: can(…, { related: { ${scope.table}: […] } }).`)
  const rules = rulesOfTable(policies.tables, scope.table)
  return rows.some((row) => {
    const inner = { ...evaluation, rows: new Map([...evaluation.rows, [scope, row]]) }
    if (evaluate(where, inner) !== true) return false
    return (
      rules === undefined ||
      evaluate(usingCondition(rules, 'select'), { ...evaluation, rows: new Map([[rules.scope, row]]) }) === true
    )
  })
}

function valueOf(part: Part, { context, rows }: Evaluation): unknown {
  if (part.kind === 'value') return part.value
  if (part.kind === 'context') return scalarOf(part.name, context)
  const row = rows.get(part.scope)!
  const value = Object.hasOwn(row, part.column) ? row[part.column] : undefined
  if (value === undefined)
    return refuse(`A policy on '${part.scope.table}' reads '${part.column}', which the row lacks. Give it.`)
  return value
}

/** Returns the type and the value of an operand: numbers compare with numbers, other values with their own type. */
function comparable(value: unknown): { readonly type: string; readonly value: number | bigint | string | boolean } {
  if (value instanceof Date) return { type: 'Date', value: value.getTime() }
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return { type: 'number', value }
    case 'string':
    case 'boolean':
      return { type: typeof value, value }
    default:
      return refuse(`A policy compares numbers, texts, booleans and Dates, not ${show(value)}.`)
  }
}

export const isOrder = (operator: Operator): boolean => operator !== '=' && operator !== '<>'

export const refuseOrder = (what: string): never =>
  refuse(`A policy orders ${what}, but each database orders texts differently. Compare texts with eq() and ne().`)

function compare(left: unknown, operator: Operator, right: unknown): Truth {
  if (left === null || right === null) return null
  const [one, two] = [comparable(left), comparable(right)]
  if (one.type !== two.type)
    return refuse(
      `A policy compares ${show(left)} with ${show(right)}, which have different types. Give values of one type.`,
    )
  if (isOrder(operator) && one.type === 'string') refuseOrder(`the text ${show(left)}`)
  const [a, b] = [one.value, two.value]
  switch (operator) {
    // A number may equal a bigint.
    case '=':
      return a <= b && a >= b
    case '<>':
      return a < b || a > b
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
  }
}

/** Options of `can()`. */
export interface CanOptions<R = Row> {
  /** The values that an update sets, by column. */
  readonly changes?: Partial<R> | undefined
  /** The rows of other tables that policies read with `exists()`: all of them, or those that can matter. */
  readonly related?: Readonly<Record<string, readonly Row[]>> | undefined
}

/**
 * Checks, without a database, whether a context may do something with a row. For an update, `changes` are the values
 * that it sets: both the old and the new row are checked, and the rights to write these columns.
 *
 * @throws KantaError `policy` for a table without policies and for a value that the context lacks, `invalid_input` for a
 * row without a column that a policy reads, and without related rows where a policy needs them.
 *
 * @example
 * ```ts
 * const rules = policies<Tables, { home: string }>({
 *   city: ({ allow }) => [allow('all', ({ row, context }) => row.country.eq(context.home))],
 * })
 * can(rules, { home: 'FI' }, 'update', 'city', { country: 'FI' }, { changes: { name: 'Turku' } }) // true
 * can(rules, { home: 'FI' }, 'update', 'city', { country: 'FI' }, { changes: { country: 'SE' } }) // false
 * ```
 */
export function can<DB, C, T extends keyof DB & string>(
  policies: Policies<DB, C>,
  context: Readonly<NoInfer<C>> & Context,
  operation: Operation,
  table: T,
  row: Partial<Selectable<DB[T]>>,
  { changes, related = {} }: CanOptions<Selectable<DB[T]>> = {},
): boolean {
  if (changes !== undefined && operation !== 'update')
    refuse(`can() takes changes only for 'update', not for '${operation}'. Leave them out.`)
  const rules = rulesOfTable(policies.tables, table)
  if (rules === undefined) return true
  const holds = (tree: ConditionTree, of: Row): boolean =>
    evaluate(tree, { context, related, policies, rows: new Map([[rules.scope, of]]) }) === true
  const { needs, answer } = conditionsFor(operation, rules, row, changes, holds)
  // A missing value is an error, whichever branch would read it.
  for (const tree of needs)
    for (const [name, kind] of contextNamesIn(tree, policies.tables))
      kind === 'list' ? listOf(name, context) : scalarOf(name, context)
  return answer() && mayWrite(rules, context, operation === 'insert' ? row : (changes ?? {}))
}

function conditionsFor(
  operation: string,
  rules: TableRules,
  row: Row,
  changes: Row | undefined,
  holds: (tree: ConditionTree, row: Row) => boolean,
): { readonly needs: readonly ConditionTree[]; readonly answer: () => boolean } {
  switch (operation) {
    case 'insert': {
      const check = withCheckCondition(rules, 'insert', false)
      return { needs: [check], answer: () => holds(check, row) }
    }
    case 'update': {
      const [old, check] = [usingCondition(rules, 'update'), withCheckCondition(rules, 'update', true)]
      return { needs: [old, check], answer: () => holds(old, row) && holds(check, { ...row, ...changes }) }
    }
    case 'select':
    case 'delete': {
      const tree = usingCondition(rules, operation)
      return { needs: [tree], answer: () => holds(tree, row) }
    }
    default:
      return refuse(`Unknown operation ${show(operation)} in can(). Use select, insert, update or delete.`)
  }
}

function mayWrite(rules: TableRules, context: Context, row: Row): boolean {
  return Object.keys(row).every((column) => hasRight(rules.columns.get(column)?.write, context))
}

/** Returns true if a context has one of the roles that a right needs. */
export function hasRight(roles: readonly string[] | undefined, context: Context): boolean {
  if (roles === undefined) return true
  const held = rolesIn(context)
  return roles.some((role) => held.includes(role))
}

/**
 * Returns the columns of a table that a context may not read, and those that it may not write.
 *
 * @throws KantaError `policy` for a table without policies, and for a context without roles.
 *
 * @example
 * ```ts
 * const rules = policies<Tables>({
 *   city: ({ allow, columns }) => [allow('all'), columns({ profile: { read: ['clerk'], write: [] } })],
 * })
 * forbiddenColumns(rules, { roles: ['clerk'] }, 'city') // { read: [], write: ['profile'] }
 * ```
 */
export function forbiddenColumns<DB, C>(
  policies: Policies<DB, C>,
  context: Context,
  table: keyof DB & string,
): { readonly read: readonly string[]; readonly write: readonly string[] } {
  const rules = rulesOfTable(policies.tables, table)
  const forbidden = (right: keyof ColumnRights): readonly string[] =>
    [...(rules?.columns ?? [])].flatMap(([column, rights]) => (hasRight(rights[right], context) ? [] : [column]))
  return { read: forbidden('read'), write: forbidden('write') }
}

/** Throws the error for a column that the context may not use. */
export function refuseColumn(table: string, column: string, right: keyof ColumnRights): never {
  throw new KantaError(
    'policy',
    `The context may not ${right} '${table}.${column}'. Leave the column out, or give a context with a role that may.`,
  )
}
