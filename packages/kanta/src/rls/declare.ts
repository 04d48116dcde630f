import { checkOptions, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import type { SelectType } from '../table/index.ts'
import { type ConditionTree, RowCondition, type RowScope, Term, type TermList } from './condition.ts'
import { checkRelated } from './rules.ts'

/** The operations that a policy may be about. */
export type Operation = 'select' | 'insert' | 'update' | 'delete'
export const OPERATIONS: readonly Operation[] = ['select', 'insert', 'update', 'delete']

/** The columns of a row, in a condition. */
export type RowTerms<T> = { readonly [C in keyof T]-?: Term<NonNullable<SelectType<T[C]>>> }

/** The values in the context, in a condition. */
export type ContextTerms<C> = {
  readonly [K in keyof C]-?: C[K] extends readonly (infer I)[] ? TermList<I> : Term<NonNullable<C[K]>>
}

/** The terms that a condition can use. */
export interface ConditionTerms<DB, C, T extends keyof DB> {
  /** The row: for `using` the existing row, for `withCheck` the new one. */
  readonly row: RowTerms<DB[T]>
  /** The values that `db.as()` gives. A missing one is an error when the statement runs. */
  readonly context: ContextTerms<C>
  /** Checks that the list `roles` in the context contains a role. */
  role(name: string): RowCondition
  /** Checks that the context can see a row of another table for which the condition holds. */
  exists<O extends keyof DB & string>(
    table: O,
    where: (other: { readonly row: RowTerms<DB[O]> }) => RowCondition,
  ): RowCondition
}

/** A function that gives the condition of a policy. */
export type RowPredicate<DB, C, T extends keyof DB> = (given: ConditionTerms<DB, C, T>) => RowCondition

/** Conditions on the existing row (`using`) and on the new row (`withCheck`, which defaults to `using`). */
export interface PolicyConditions<DB, C, T extends keyof DB> {
  readonly using: RowPredicate<DB, C, T>
  readonly withCheck?: RowPredicate<DB, C, T> | undefined
}

/** Options of one policy. */
export interface PolicyOptions {
  /** The roles in the context that the policy applies to, any of them; everybody by default. */
  readonly roles?: readonly string[] | undefined
}

/** The roles that may read and write a column: everybody by default, nobody for an empty list. */
export interface ColumnRights {
  readonly read?: readonly string[] | undefined
  readonly write?: readonly string[] | undefined
}

/** The functions that declare the policies of a table. */
export interface TablePolicies<DB, C, T extends keyof DB> {
  /**
   * Allows the rows for which the condition is true; all rows without a condition. Rows that no policy allows are
   * hidden.
   */
  allow(
    operations: Operation | 'all' | readonly Operation[],
    condition?: RowPredicate<DB, C, T> | PolicyConditions<DB, C, T>,
    options?: PolicyOptions,
  ): Declaration
  /** Hides the rows for which the condition is true or unknown, even if another policy allows them. */
  deny(
    operations: Operation | 'all' | readonly Operation[],
    condition?: RowPredicate<DB, C, T> | PolicyConditions<DB, C, T>,
    options?: PolicyOptions,
  ): Declaration
  /** Declares which roles may read and write some columns. */
  columns(rights: { readonly [K in keyof DB[T]]?: ColumnRights }): Declaration
}

/** A policy of a table. */
export class Declaration {
  readonly #declared: DeclaredPolicy

  constructor(declared: DeclaredPolicy) {
    this.#declared = declared
  }

  static of(value: unknown, table: string): DeclaredPolicy {
    if (typeof value === 'object' && value !== null && #declared in value) return value.#declared
    return refuse(`The policies of '${table}' must be results of allow(), deny() and columns(), not ${show(value)}.`)
  }
}

type DeclaredPolicy =
  | {
      readonly kind: 'allow' | 'deny'
      readonly operations: readonly Operation[]
      readonly using: ConditionTree
      readonly withCheck: ConditionTree
    }
  | { readonly kind: 'columns'; readonly rights: ReadonlyMap<string, ColumnRights> }

/** The conditions that allow and deny one operation on a table. */
export interface OperationRules {
  readonly using: Rules
  readonly withCheck: Rules
}
export interface Rules {
  readonly allow: readonly ConditionTree[]
  readonly deny: readonly ConditionTree[]
}

export interface TableRules {
  readonly name: string
  /** The row that the conditions name. */
  readonly scope: RowScope
  readonly operations: Readonly<Record<Operation, OperationRules>>
  readonly columns: ReadonlyMap<string, ColumnRights>
}

const OPEN: unique symbol = Symbol('open')

/** Declares that everybody may do everything with a table. */
export const open: { readonly [OPEN]: true } = Object.freeze({ [OPEN]: true as const })
/** The declaration of a table that is open to everybody. */
export type Open = typeof open

/** Policies of tables, created by `policies()`. */
export class Policies<out DB = unknown, out C = unknown> {
  declare protected readonly of: readonly [DB, C]
  /** The policies by table; `open` for a table that everybody may use. */
  readonly tables: ReadonlyMap<string, TableRules | Open>

  constructor(tables: ReadonlyMap<string, TableRules | Open>) {
    this.tables = tables
    Object.freeze(this)
  }
}

/** The policies of each table. */
export type PoliciesOf<DB, C> = {
  readonly [T in keyof DB & string]?: Open | ((policies: TablePolicies<DB, C, T>) => readonly Declaration[])
}

/**
 * Declares what a context may do with which rows, for statements, for PostgreSQL's own policies and for `can()`.
 * Statements on a table without policies are refused; a table where nothing is allowed shows no rows.
 *
 * @throws KantaError `invalid_input` for an invalid policy, `policy` for related tables that are not declared or whose policies depend on each other.
 *
 * @example
 * ```ts
 * const rules = policies<Tables, { home: string }>({
 *   city: ({ allow, deny }) => [
 *     allow('select', ({ row, context }) => or(row.capital.eq(true), row.country.eq(context.home))),
 *     allow(['insert', 'update'], ({ row, context }) => row.country.eq(context.home)),
 *     deny('update', ({ row }) => row.population.isNull()),
 *   ],
 * })
 * ```
 */
export function policies<DB, C = {}>(tables: PoliciesOf<DB, C>): Policies<DB, C> {
  if (typeof tables !== 'object' || tables === null)
    refuse(`policies() takes an object of tables and their policies, not ${show(tables)}.`)
  const found = new Map<string, TableRules | Open>()
  for (const [name, make] of Object.entries(tables)) found.set(name, make === open ? open : rulesOf(name, make))
  checkRelated(found)
  return new Policies(found)
}

function rulesOf(name: string, make: unknown): TableRules {
  if (typeof make !== 'function')
    return refuse(`The policies of '${name}' must be a callback, ({ allow }) => [allow('select')], or open.`)
  const scope: RowScope = { table: name }
  const given = termsFor(scope)
  const rule =
    (kind: 'allow' | 'deny') =>
    (operations: unknown, condition?: unknown, options?: PolicyOptions): Declaration =>
      new Declaration(policyOf(kind, operations, condition, options, given, name))
  const made: unknown = make({
    allow: rule('allow'),
    deny: rule('deny'),
    columns: (rights: unknown) => columnsOf(rights, name),
  })
  if (!Array.isArray(made)) return refuse(`The policies of '${name}' must be a list, not ${show(made)}.`)
  return gatherRules(
    name,
    scope,
    made.map((one) => Declaration.of(one, name)),
  )
}

function gatherRules(name: string, scope: RowScope, declared: readonly DeclaredPolicy[]): TableRules {
  const columns = new Map<string, ColumnRights>()
  for (const one of declared) {
    if (one.kind !== 'columns') continue
    for (const [column, rights] of one.rights) {
      if (columns.has(column)) refuse(`The rights on '${name}.${column}' are given twice. Leave one out.`)
      columns.set(column, rights)
    }
  }
  const of = (operation: Operation, part: 'using' | 'withCheck'): Rules => {
    const trees = (kind: 'allow' | 'deny'): readonly ConditionTree[] =>
      declared.flatMap((one) => (one.kind === kind && one.operations.includes(operation) ? [one[part]] : []))
    return { allow: trees('allow'), deny: trees('deny') }
  }
  const entries = OPERATIONS.map((operation) => [
    operation,
    { using: of(operation, 'using'), withCheck: of(operation, 'withCheck') },
  ])
  return { name, scope, columns, operations: Object.fromEntries(entries) as TableRules['operations'] }
}

const ALWAYS: ConditionTree = { kind: 'constant', value: true }

function policyOf(
  kind: 'allow' | 'deny',
  asked: unknown,
  condition: unknown,
  options: PolicyOptions | undefined,
  given: unknown,
  table: string,
): DeclaredPolicy {
  const operations =
    asked === 'all' ? OPERATIONS : Array.isArray(asked) ? (asked as readonly Operation[]) : [asked as Operation]
  for (const operation of operations)
    if (!OPERATIONS.includes(operation))
      refuse(
        `${kind}() of '${table}': ${show(operation)} is not an operation. Use 'all', or some of ${OPERATIONS.join(', ')}.`,
      )
  if (operations.length === 0)
    refuse(`${kind}() of '${table}' names no operation. Use 'all', or some of ${OPERATIONS.join(', ')}.`)
  if (options !== undefined) checkOptions(`${kind}() of '${table}'`, options, ['roles'])
  const roles = options?.roles === undefined ? undefined : rolesOf(options.roles, `${kind}() of '${table}'`)
  const limited = (tree: ConditionTree): ConditionTree =>
    roles === undefined ? tree : { kind: 'and', items: [anyRole(roles), tree] }
  const treeOf = (predicate: unknown): ConditionTree =>
    typeof predicate === 'function'
      ? RowCondition.treeOf(predicate(given))
      : refuse(
          `${kind}() of '${table}' takes a condition as a callback: ({ row, context }) => row.owner.eq(context.user).`,
        )
  if (condition === undefined || typeof condition === 'function') {
    const tree = limited(condition === undefined ? ALWAYS : treeOf(condition))
    return { kind, operations, using: tree, withCheck: tree }
  }
  if (typeof condition !== 'object' || condition === null) return treeOf(condition) as never
  for (const name of Object.keys(condition))
    if (name !== 'using' && name !== 'withCheck')
      refuse(`Unknown option ${show(name)} in a policy of '${table}'. Give a condition, or { using, withCheck }.`)
  const both = condition as { readonly using?: unknown; readonly withCheck?: unknown }
  if (both.withCheck !== undefined && !operations.includes('update'))
    refuse(`A policy of '${table}' has withCheck, which only an update has besides using. Give one condition.`)
  const using = limited(treeOf(both.using))
  return { kind, operations, using, withCheck: both.withCheck === undefined ? using : limited(treeOf(both.withCheck)) }
}

const anyRole = (roles: readonly string[]): ConditionTree => ({
  kind: 'or',
  items: roles.map((name) => ({ kind: 'role', name })),
})

function rolesOf(roles: unknown, where: string): readonly string[] {
  if (!Array.isArray(roles)) return refuse(`${where}: roles must be a list of names, not ${show(roles)}.`)
  for (const role of roles)
    if (typeof role !== 'string' || role === '') refuse(`${where}: ${show(role)} is not a role. Give its name.`)
  return Object.freeze([...roles])
}

function columnsOf(rights: unknown, table: string): Declaration {
  if (typeof rights !== 'object' || rights === null)
    return refuse(`columns() of '${table}' takes an object: { salary: { read: ['hr'], write: ['hr'] } }.`)
  const found = new Map<string, ColumnRights>()
  for (const [column, given] of Object.entries(rights as Record<string, Record<string, unknown>>)) {
    const kept: Record<string, readonly string[]> = {}
    for (const [name, roles] of Object.entries(given ?? {})) {
      if (name !== 'read' && name !== 'write')
        refuse(`Unknown right ${show(name)} on '${table}.${column}'. Use { read, write }.`)
      if (roles !== undefined) kept[name] = rolesOf(roles, `${name} of '${table}.${column}'`)
    }
    found.set(column, kept)
  }
  return new Declaration({ kind: 'columns', rights: found })
}

/** Returns an object that makes the term of a name when it is read. */
function lazyTerms<T>(make: (name: string) => T): object {
  return new Proxy(Object.freeze({}), { get: (_, name) => (typeof name === 'string' ? make(name) : undefined) })
}

function termsFor(scope: RowScope): object {
  const rowOf = (one: RowScope): object => lazyTerms((column) => new Term({ kind: 'column', scope: one, column }))
  return Object.freeze({
    row: rowOf(scope),
    context: lazyTerms((name) => new Term({ kind: 'context', name })),
    role: (name: unknown) => new RowCondition({ kind: 'role', name: rolesOf([name], 'role()')[0]! }),
    exists: (table: unknown, where: unknown) => {
      if (typeof table !== 'string' || typeof where !== 'function')
        return refuse(
          `exists() takes a table and a condition: exists('member', (other) => other.row.team.eq(row.team)).`,
        )
      const other: RowScope = { table }
      const tree = RowCondition.treeOf(where({ row: rowOf(other) }))
      return new RowCondition({ kind: 'exists', scope: other, where: tree })
    },
  })
}
