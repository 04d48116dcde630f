import { KantaError } from '../error/index.ts'
import { type Context, contextValue } from '../extend/index.ts'
import type { ConditionTree, Part, Value } from './condition.ts'
import type { Open, Rules, TableRules } from './declare.ts'

type Tables = ReadonlyMap<string, TableRules | Open>

/** Returns the policies of a table; `undefined` for an open one. Refuses a table without any. */
export function rulesOfTable(tables: Tables, name: string): TableRules | undefined {
  const found = tables.get(name)
  if (found === undefined)
    throw new KantaError(
      'policy',
      `The table '${name}' has no policies, so that nobody may use it. Declare its policies in policies(), or declare it as open.`,
    )
  return 'operations' in found ? found : undefined
}

const allOf = (items: readonly ConditionTree[]): ConditionTree =>
  items.length === 1 ? items[0]! : { kind: 'and', items }

/** Combines policies: one must allow the row, and none may deny it. */
export function combine({ allow, deny }: Rules): ConditionTree {
  const allowed: ConditionTree = allow.length === 1 ? allow[0]! : { kind: 'or', items: allow }
  return allOf([allowed, ...deny.map((operand): ConditionTree => ({ kind: 'not', operand }))])
}

/** Returns the condition of the rows that an operation can see. It can change only rows that it can read. */
export function usingCondition({ operations }: TableRules, operation: 'select' | 'update' | 'delete'): ConditionTree {
  const read = combine(operations.select.using)
  return operation === 'select' ? read : allOf([read, combine(operations[operation].using)])
}

/**
 * Returns the condition that a written row must meet. A row that the statement returns or updates must stay readable.
 */
export function withCheckCondition(
  { operations }: TableRules,
  operation: 'insert' | 'update',
  isRead: boolean,
): ConditionTree {
  const check = combine(operations[operation].withCheck)
  return isRead ? allOf([combine(operations.select.using), check]) : check
}

/** Calls `visit` for a condition and for all of its parts. */
export function eachTree(tree: ConditionTree, visit: (tree: ConditionTree) => void): void {
  visit(tree)
  if (tree.kind === 'and' || tree.kind === 'or') for (const item of tree.items) eachTree(item, visit)
  else if (tree.kind === 'not') eachTree(tree.operand, visit)
  else if (tree.kind === 'exists') eachTree(tree.where, visit)
}

export function relatedTables(tree: ConditionTree): readonly string[] {
  const found: string[] = []
  eachTree(tree, (part) => {
    if (part.kind === 'exists') found.push(part.scope.table)
  })
  return found
}

/** Returns the names in the context that a condition reads, including the conditions of related tables. */
export function contextNamesIn(tree: ConditionTree, tables: Tables): ReadonlyMap<string, 'value' | 'list'> {
  const found = new Map<string, 'value' | 'list'>()
  const add = (part: Part): void => {
    if (part.kind === 'context') found.set(part.name, 'value')
  }
  eachTree(tree, (part) => {
    if (part.kind === 'role') found.set('roles', 'list')
    else if (part.kind === 'null') add(part.operand)
    else if (part.kind === 'compare') for (const side of [part.left, part.right]) add(side)
    else if (part.kind === 'in') {
      add(part.left)
      if ('kind' in part.items) found.set(part.items.name, 'list')
    } else if (part.kind === 'exists') {
      const other = rulesOfTable(tables, part.scope.table)
      if (other !== undefined)
        for (const [name, kind] of contextNamesIn(usingCondition(other, 'select'), tables)) found.set(name, kind)
    }
  })
  return found
}

/** Refuses related tables without policies, and policies on reading that depend on each other. */
export function checkRelated(tables: Tables): void {
  const visit = (name: string, trail: readonly string[]): void => {
    if (trail.includes(name))
      throw new KantaError(
        'policy',
        `The policies on reading ${[...trail.slice(trail.indexOf(name)), name].map((one) => `'${one}'`).join(', ')} depend on each other. Remove one exists().`,
      )
    const rules = rulesOfTable(tables, name)
    if (rules !== undefined)
      for (const other of relatedTables(usingCondition(rules, 'select'))) visit(other, [...trail, name])
  }
  for (const [name, rules] of tables) {
    visit(name, [])
    if (!('operations' in rules)) continue
    for (const { using, withCheck } of Object.values(rules.operations))
      for (const part of [using, withCheck]) for (const other of relatedTables(combine(part))) visit(other, [])
  }
}

const contextError = (message: string): KantaError => new KantaError('policy', message)

/** Returns a single value of the context. */
export function scalarOf(name: string, context: Context): Value {
  const value = contextValue(name, context)
  if (typeof value === 'object' && !(value instanceof Date))
    throw contextError(`A policy compares with '${name}' in the context, which is not a single value. Give one value.`)
  return value as Value
}

/** Returns a list of the context. */
export function listOf(name: string, context: Context): readonly Value[] {
  const value = contextValue(name, context)
  if (!Array.isArray(value))
    throw contextError(`A policy needs the list '${name}' in the context, which is not a list. Give a list.`)
  for (const item of value)
    if (item === null || item === undefined || (typeof item === 'object' && !(item instanceof Date)))
      throw contextError(`The list '${name}' in the context has an item that is not a value. Remove it.`)
  return value as readonly Value[]
}

/** Returns the roles in the context. */
export function rolesIn(context: Context): readonly string[] {
  const roles = listOf('roles', context)
  for (const role of roles)
    if (typeof role !== 'string')
      throw contextError("The list 'roles' in the context has an item that is not a text. Give names of roles.")
  return roles as readonly string[]
}
