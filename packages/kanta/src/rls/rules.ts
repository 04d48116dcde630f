import { KantaError } from '../error/index.ts'
import { type Context, contextValue } from '../extend/index.ts'
import type { Part, Tree, Value } from './condition.ts'
import type { Open, Rules, TableRules } from './declare.ts'

type Tables = ReadonlyMap<string, TableRules | Open>

/** What is declared of a table. A table of which nothing is known is refused, not left open. */
export function rulesOfTable(tables: Tables, name: string): TableRules | undefined {
  const found = tables.get(name)
  if (found === undefined)
    throw new KantaError(
      'policy',
      `The table '${name}' has no policies, and so nobody may use it. Declare it in policies(), or as open.`,
    )
  return 'operations' in found ? found : undefined
}

const allOf = (items: readonly Tree[]): Tree => (items.length === 1 ? items[0]! : { kind: 'and', items })

/** One of what is allowed, and nothing of what is denied. */
export function together({ allow, deny }: Rules): Tree {
  const allowed: Tree = allow.length === 1 ? allow[0]! : { kind: 'or', items: allow }
  return allOf([allowed, ...deny.map((operand): Tree => ({ kind: 'not', operand }))])
}

/** Which rows are there for an operation: those that it changes are among those that can be read. */
export function seen({ operations }: TableRules, operation: 'select' | 'update' | 'delete'): Tree {
  const read = together(operations.select.using)
  return operation === 'select' ? read : allOf([read, together(operations[operation].using)])
}

/** What is true of a row that is written; one that is given back, or was there before, can be read. */
export function written({ operations }: TableRules, operation: 'insert' | 'update', isRead: boolean): Tree {
  const check = together(operations[operation].withCheck)
  return isRead ? allOf([together(operations.select.using), check]) : check
}

/** Calls back for a condition and for all of its parts. */
export function eachTree(tree: Tree, visit: (tree: Tree) => void): void {
  visit(tree)
  if (tree.kind === 'and' || tree.kind === 'or') for (const item of tree.items) eachTree(item, visit)
  else if (tree.kind === 'not') eachTree(tree.operand, visit)
  else if (tree.kind === 'exists') eachTree(tree.where, visit)
}

export function relatedOf(tree: Tree): readonly string[] {
  const found: string[] = []
  eachTree(tree, (part) => {
    if (part.kind === 'exists') found.push(part.scope.table)
  })
  return found
}

/** What a condition reads of the context, by its names; those of related tables, too. */
export function contextOf(tree: Tree, tables: Tables): ReadonlyMap<string, 'value' | 'list'> {
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
        for (const [name, kind] of contextOf(seen(other, 'select'), tables)) found.set(name, kind)
    }
  })
  return found
}

/** Refuses related tables of which nothing is declared, and tables that need each other to be read. */
export function checkRelated(tables: Tables): void {
  const visit = (name: string, trail: readonly string[]): void => {
    if (trail.includes(name))
      throw new KantaError(
        'policy',
        `The policies on reading ${[...trail.slice(trail.indexOf(name)), name].map((one) => `'${one}'`).join(', ')} need each other. Leave one exists() out.`,
      )
    const rules = rulesOfTable(tables, name)
    if (rules !== undefined) for (const other of relatedOf(seen(rules, 'select'))) visit(other, [...trail, name])
  }
  for (const [name, rules] of tables) {
    visit(name, [])
    if (!('operations' in rules)) continue
    for (const { using, withCheck } of Object.values(rules.operations))
      for (const part of [using, withCheck]) for (const other of relatedOf(together(part))) visit(other, [])
  }
}

const wrong = (message: string): KantaError => new KantaError('policy', message)

/** One value of the context. */
export function scalarOf(name: string, context: Context): Value {
  const value = contextValue(name, context)
  if (typeof value === 'object' && !(value instanceof Date))
    throw wrong(`The context has no single value as '${name}', which a policy compares with. Give one.`)
  return value as Value
}

/** A list of the context. */
export function listOf(name: string, context: Context): readonly Value[] {
  const value = contextValue(name, context)
  if (!Array.isArray(value)) throw wrong(`The context has no list as '${name}', which a policy needs. Give a list.`)
  for (const item of value)
    if (item === null || item === undefined || (typeof item === 'object' && !(item instanceof Date)))
      throw wrong(`The list '${name}' of the context holds what is no value. Leave it out.`)
  return value as readonly Value[]
}

/** The roles that the context has. */
export function rolesIn(context: Context): readonly string[] {
  const roles = listOf('roles', context)
  for (const role of roles) if (typeof role !== 'string') throw wrong('The roles of the context are not all texts.')
  return roles as readonly string[]
}
