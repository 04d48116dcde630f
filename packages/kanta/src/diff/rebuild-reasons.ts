import type { CatalogColumn, CatalogTable } from '../introspect/index.ts'
import type { TableChanges } from './plan-steps.ts'
import { mentions } from './rename.ts'
import type { Side } from './side.ts'
import type { Constraint, Dependent, Step } from './step.ts'

/** Returns the reasons why SQLite's `alter table` cannot make a change; none if it can. */
export function reasonsToRebuild(change: TableChanges): string[] {
  const { constraints, altered, added, removed, to, from } = change
  const reasons: string[] = []
  const describe = (constraint: Constraint): string =>
    constraint.type === 'check'
      ? `check (${constraint.expression})`
      : `${constraint.type} (${constraint.columns.join(', ')})`
  for (const constraint of constraints.removed) reasons.push(`the ${describe(constraint)} is dropped`)
  for (const constraint of constraints.added) reasons.push(`the ${describe(constraint)} is added`)
  for (const [constraint, name] of constraints.renamed)
    reasons.push(`the ${describe(constraint)} is renamed to ${name}`)
  for (const [column, , changes] of altered)
    reasons.push(`the ${changes.join(' and ')} of ${column.name} ${changes.length > 1 ? 'change' : 'changes'}`)
  for (const column of added) if (!isAddable(column)) reasons.push(`${column.name} cannot be added to existing rows`)
  for (const column of removed) if (!isDroppable(column, from)) reasons.push(`${column.name} is part of something else`)
  if (change.options) reasons.push(`the options of ${to.name} change`)
  return reasons
}

/** Checks if a column can be added without writing rows: its default is null or a constant. */
function isAddable(column: CatalogColumn): boolean {
  if (column.generated !== null) return !column.generated.stored
  if (column.identity !== null) return false
  if (column.default === null) return column.nullable
  const constant = /^(?:[+-]?[\d.]+|'(?:[^']|'')*'|x'[\da-f]*'|null|true|false)$/i.test(column.default.trim())
  return constant && (column.nullable || column.default.toLowerCase() !== 'null')
}

/** Checks if SQLite can drop a column: nothing else mentions it. */
function isDroppable(column: CatalogColumn, table: CatalogTable): boolean {
  const { name } = column
  const keys = [...(table.primaryKey === null ? [] : [table.primaryKey]), ...table.uniques, ...table.foreignKeys]
  return !(
    keys.some((key) => key.columns.includes(name)) ||
    table.checks.some((check) => mentions(check.expression, name, 'sqlite')) ||
    table.indexes.some(
      (index) =>
        index.parts.some((part) => part.column === name || mentions(part.expression ?? '', name, 'sqlite')) ||
        mentions(index.where ?? '', name, 'sqlite'),
    ) ||
    table.columns.some((each) => each.generated !== null && mentions(each.generated.expression, name, 'sqlite'))
  )
}

/** Returns the views and triggers that mention a table, directly or by other views, except those that a step drops. */
export function dependentsOf(table: CatalogTable, side: Side, before: readonly Step[]): Dependent[] {
  const removed = new Set(
    before.flatMap((step) =>
      step.kind === 'dropView' ? [step.view.name] : step.kind === 'dropTrigger' ? [step.trigger.name] : [],
    ),
  )
  const names = new Set([table.name])
  const found: Dependent[] = []
  const dependents: Dependent[] = [
    ...side.views.map(({ name, definition }) => ({ type: 'view' as const, name, definition })),
    ...side.triggers.map(({ name, definition }) => ({ type: 'trigger' as const, name, definition })),
  ].filter((each) => !removed.has(each.name))
  for (let grown = true; grown; ) {
    grown = false
    for (const each of dependents) {
      if (found.includes(each) || ![...names].some((name) => mentions(each.definition, name, 'sqlite'))) continue
      found.push(each)
      if (each.type === 'view') names.add(each.name)
      grown = true
    }
  }
  return found
}
