import { KantaError, refuse } from '../error/index.ts'
import type { Context } from '../extend/index.ts'
import { show } from '../sql/index.ts'
import type { Selectable } from '../table/index.ts'
import type { Operator, Part, Scope, Tree, Value } from './condition.ts'
import type { ColumnRights, Operation, Policies, TableRules } from './declare.ts'
import { contextOf, listOf, rolesIn, rulesOfTable, scalarOf, seen, written } from './rules.ts'

/** True, false, or `null` for unknown. */
export type Truth = boolean | null

type Row = Readonly<Record<string, unknown>>

/** The values that a condition is evaluated with. */
interface World {
  readonly context: Context
  readonly rows: ReadonlyMap<Scope, Row>
  readonly related: Readonly<Record<string, readonly Row[]>>
  readonly policies: Policies
}

/** Evaluates a condition by the three-valued logic of SQL. */
export function evaluate(tree: Tree, world: World): Truth {
  switch (tree.kind) {
    case 'constant':
      return tree.value
    case 'role':
      return rolesIn(world.context).includes(tree.name)
    case 'null':
      return valueOf(tree.operand, world) === null
    case 'not':
      return negated(evaluate(tree.operand, world))
    case 'and':
    case 'or':
      return joined(tree.kind, tree.items, world)
    case 'compare':
      return compare(valueOf(tree.left, world), tree.operator, valueOf(tree.right, world))
    case 'in': {
      const left = valueOf(tree.left, world)
      const items = 'kind' in tree.items ? listOf(tree.items.name, world.context) : tree.items
      return among(left, items)
    }
    case 'exists':
      return exists(tree, world)
  }
}

const negated = (truth: Truth): Truth => (truth === null ? null : !truth)

function joined(kind: 'and' | 'or', items: readonly Tree[], world: World): Truth {
  const deciding = kind === 'or'
  let found: Truth = !deciding
  for (const item of items) {
    const truth = evaluate(item, world)
    if (truth === deciding) return deciding
    if (truth === null) found = null
  }
  return found
}

function among(left: unknown, items: readonly Value[]): Truth {
  if (items.length === 0) return false
  if (left === null) return null
  return items.some((item) => compare(left, '=', item) === true)
}

function exists({ scope, where }: Extract<Tree, { kind: 'exists' }>, world: World): boolean {
  const { policies, related } = world
  const rows = Object.hasOwn(related, scope.table) ? related[scope.table]! : undefined
  if (rows === undefined)
    return refuse(`A policy reads rows of '${scope.table}'. Give them: can(…, { related: { ${scope.table}: […] } }).`)
  const rules = rulesOfTable(policies.tables, scope.table)
  return rows.some((row) => {
    const inner = { ...world, rows: new Map([...world.rows, [scope, row]]) }
    if (evaluate(where, inner) !== true) return false
    return (
      rules === undefined || evaluate(seen(rules, 'select'), { ...world, rows: new Map([[rules.scope, row]]) }) === true
    )
  })
}

function valueOf(part: Part, { context, rows }: World): unknown {
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
  const holds = (tree: Tree, of: Row): boolean =>
    evaluate(tree, { context, related, policies, rows: new Map([[rules.scope, of]]) }) === true
  const { needs, answer } = question(operation, rules, row, changes, holds)
  // A missing value is an error, whichever branch would read it.
  for (const tree of needs)
    for (const [name, kind] of contextOf(tree, policies.tables))
      kind === 'list' ? listOf(name, context) : scalarOf(name, context)
  return answer() && mayWrite(rules, context, operation === 'insert' ? row : (changes ?? {}))
}

function question(
  operation: string,
  rules: TableRules,
  row: Row,
  changes: Row | undefined,
  holds: (tree: Tree, row: Row) => boolean,
): { readonly needs: readonly Tree[]; readonly answer: () => boolean } {
  switch (operation) {
    case 'insert': {
      const check = written(rules, 'insert', false)
      return { needs: [check], answer: () => holds(check, row) }
    }
    case 'update': {
      const [old, check] = [seen(rules, 'update'), written(rules, 'update', true)]
      return { needs: [old, check], answer: () => holds(old, row) && holds(check, { ...row, ...changes }) }
    }
    case 'select':
    case 'delete': {
      const tree = seen(rules, operation)
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
  const without = (right: keyof ColumnRights): readonly string[] =>
    [...(rules?.columns ?? [])].flatMap(([column, rights]) => (hasRight(rights[right], context) ? [] : [column]))
  return { read: without('read'), write: without('write') }
}

/** Throws the error for a column that the context may not use. */
export function refuseColumn(table: string, column: string, right: keyof ColumnRights): never {
  throw new KantaError(
    'policy',
    `The context may not ${right} '${table}.${column}'. Leave the column out, or give a context with a role that may.`,
  )
}
