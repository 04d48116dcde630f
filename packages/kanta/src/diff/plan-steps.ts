import { constraintsOf } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import type {
  CatalogColumn,
  CatalogForeignKey,
  CatalogIndex,
  CatalogName,
  CatalogTable,
  CatalogView,
} from '../introspect/index.ts'
import { type CompareContext, columnChanges, constraintForm, indexForm } from './equal.ts'
import { keepConstraintNames } from './name.ts'
import { dependentsOf, reasonsToRebuild } from './rebuild-reasons.ts'
import { applyRenames, keyOf, mentions, type ResolvedRenames } from './rename.ts'
import type { Rules } from './rule.ts'
import type { Side } from './side.ts'
import type { Constraint, Step } from './step.ts'

/** The differences between two lists. Items that differ only in their names are `renamed`. */
interface Changes<T> {
  readonly removed: readonly T[]
  readonly added: readonly T[]
  readonly renamed: readonly (readonly [T, string])[]
}

/** The differences between the old and the new form of a table. */
export interface TableChanges {
  readonly from: CatalogTable
  readonly to: CatalogTable
  readonly added: readonly CatalogColumn[]
  readonly removed: readonly CatalogColumn[]
  readonly altered: readonly (readonly [CatalogColumn, CatalogColumn, ReturnType<typeof columnChanges>])[]
  readonly constraints: Changes<Constraint>
  readonly indexes: Changes<CatalogIndex>
  readonly options: boolean
}

/** Returns the steps from one side to another, in an order in which each can run. */
export function planSteps(before: Side, to: Side, renames: ResolvedRenames, context: CompareContext): Step[] {
  const { rules } = context
  const from = applyRenames(before, renames, rules)
  // Names that MySQL generates depend on the existing ones, so write them out.
  const spoken = rules.writesConstraintNames ? keepConstraintNames(to, from, context) : to
  const nameAdded = new Map(spoken.tables.map((table) => [keyOf(table), table]))
  const old = new Map(from.tables.map((table) => [keyOf(table), table]))
  const target = new Map(to.tables.map((table) => [keyOf(table), table]))
  const dropped = from.tables.filter((table) => !target.has(keyOf(table)))
  const created = spoken.tables.filter((table) => !old.has(keyOf(table)))
  const changes = to.tables.flatMap((table) => {
    const same = old.get(keyOf(table))
    return same === undefined ? [] : [changesOf(same, table, context, nameAdded.get(keyOf(table)))]
  })
  const stages = new Stages()
  stages.renames.push(...renameSteps(before, renames))
  addEnumSteps(from, to, context, stages)
  addViewSteps(from, to, context, stages)
  addDropSteps(dropped, context, stages)
  addCreateSteps(created, context, stages)
  for (const change of changes) {
    const reasons = rules.rebuilds === undefined ? [] : reasonsToRebuild(change)
    if (reasons.length > 0) addRebuildStep(change, reasons, from, stages)
    else addAlterSteps(change, context, stages)
  }
  const steps = stages.steps()
  const rebuilt = steps.flatMap((step) => (step.kind === 'rebuildTable' ? [step.to.name] : []))
  const touched = [...rebuilt, ...(rules.rebuilds === undefined ? [] : dropped.map((table) => table.name))]
  if (touched.length > 0) steps.push({ kind: 'checkForeignKeys', tables: touched })
  return steps
}

/** The steps, grouped by the order in which they run. */
class Stages {
  readonly first: Step[] = []
  readonly renames: Step[] = []
  readonly constraintDrops: Step[] = []
  readonly addDropSteps: Step[] = []
  readonly addCreateSteps: Step[] = []
  readonly columns: Step[] = []
  readonly keys: Step[] = []
  readonly foreignKeys: Step[] = []
  readonly last: Step[] = []

  steps(): Step[] {
    const { first, renames, constraintDrops, addDropSteps, addCreateSteps, columns, keys, foreignKeys, last } = this
    return [
      ...first,
      ...renames,
      ...constraintDrops,
      ...addDropSteps,
      ...addCreateSteps,
      ...columns,
      ...keys,
      ...foreignKeys,
      ...last,
    ]
  }
}

function renameSteps(from: Side, { tables, columns }: ResolvedRenames): Step[] {
  const steps: Step[] = []
  for (const table of from.tables) {
    const key = keyOf(table)
    const to = tables.get(key)
    if (to !== undefined) steps.push({ kind: 'renameTable', table: nameOf(table), to })
    for (const [column, name] of columns.get(key) ?? [])
      steps.push({ kind: 'renameColumn', table: { ...nameOf(table), name: to ?? table.name }, column, to: name })
  }
  return steps
}

const nameOf = ({ schema, name }: CatalogName): CatalogName => ({ schema, name })

function changesOf(from: CatalogTable, to: CatalogTable, context: CompareContext, namedTarget = to): TableChanges {
  const wanted = constraintsOf(to)
  const names = constraintsOf(namedTarget).map((each) => each.name)
  const { dialect, comparesOptions } = context.rules
  const same = (a: string, b: string): boolean => dialect.foldName(a) === dialect.foldName(b)
  const pairs = to.columns.flatMap((column) => {
    const old = from.columns.find((each) => same(each.name, column.name))
    return old === undefined ? [] : [[old, column] as const]
  })
  return {
    from,
    to,
    added: to.columns.filter((column) => !from.columns.some((old) => same(old.name, column.name))),
    removed: from.columns.filter((column) => !to.columns.some((each) => same(each.name, column.name))),
    altered: pairs
      .map(([old, column]) => [old, column, columnChanges(old, column, to.name, context)] as const)
      .filter(([, , changes]) => changes.length > 0),
    constraints: nameAdded(
      compareLists(constraintsOf(from), wanted, (each) => constraintForm(each, to.name, context)),
      (each) => names[wanted.indexOf(each)] ?? each.name,
    ),
    indexes: compareLists(from.indexes, to.indexes, (each) => indexForm(each, to.name, context)),
    options: comparesOptions === true && from.options.join() !== to.options.join(),
  }
}

/** Returns the `alter table` steps of a change of one table. */
export function alterSteps(from: CatalogTable, to: CatalogTable, context: CompareContext): Step[] {
  const stages = new Stages()
  addAlterSteps(changesOf(from, to, context), context, stages)
  return stages.steps()
}

/** Names the added constraints. */
function nameAdded(changes: Changes<Constraint>, name: (each: Constraint) => string | null): Changes<Constraint> {
  return { ...changes, added: changes.added.map((each) => ({ ...each, name: name(each) })) }
}

/** Pairs items of the same form, those of the same name first. A missing name on one side is not a difference. */
function compareLists<T extends { readonly name: string | null }>(
  from: readonly T[],
  to: readonly T[],
  form: (each: T) => string,
): Changes<T> {
  const left = new Set(from)
  const added: T[] = []
  const renamed: (readonly [T, string])[] = []
  const find = (each: T, name: boolean): T | undefined => {
    for (const old of left) if (form(old) === form(each) && (!name || old.name === each.name)) return old
    return undefined
  }
  const open: T[] = []
  for (const each of to) {
    const same = find(each, true)
    if (same === undefined) open.push(each)
    else left.delete(same)
  }
  for (const each of open) {
    const same = find(each, false)
    if (same === undefined) added.push(each)
    else {
      left.delete(same)
      if (same.name !== null && each.name !== null) renamed.push([same, each.name])
    }
  }
  return { removed: [...left], added, renamed }
}

function addEnumSteps(from: Side, to: Side, context: CompareContext, stages: Stages): void {
  if (!context.full) return
  const old = new Map(from.enums.map((each) => [keyOf(each), each]))
  for (const each of to.enums) {
    const before = old.get(keyOf(each))
    old.delete(keyOf(each))
    const lost = before?.values.find((value) => !each.values.includes(value))
    if (lost !== undefined)
      refuse(
        `Cannot remove the value '${lost}' from the enum '${each.name}': no database supports that. Create an enum with another name, and change the columns to it.`,
      )
    if (before === undefined) stages.first.push({ kind: 'createEnum', enum: each })
    else
      each.values.forEach((value, i) => {
        if (before.values.includes(value)) return
        const next = each.values.slice(i + 1).find((later) => before.values.includes(later)) ?? null
        stages.first.push({ kind: 'addEnumValue', enum: nameOf(each), value, before: next })
      })
  }
  for (const each of old.values()) stages.last.push({ kind: 'dropEnum', enum: each })
}

function addViewSteps(from: Side, to: Side, context: CompareContext, stages: Stages): void {
  if (!context.full) return
  const key = (view: CatalogView): string =>
    `${keyOf(view)} ${view.materialized} ${view.definition.replace(/\s+/g, ' ')}`
  const before = new Set(from.views.map(key))
  const after = new Set(to.views.map(key))
  for (const view of from.views) if (!after.has(key(view))) stages.first.unshift({ kind: 'dropView', view })
  for (const view of sortViews(
    to.views.filter((each) => !before.has(key(each))),
    context.rules,
  ))
    stages.last.push({ kind: 'createView', view })
  const nameAdded = new Set(to.triggers.map((trigger) => trigger.definition))
  const was = new Set(from.triggers.map((trigger) => trigger.definition))
  for (const trigger of from.triggers)
    if (!nameAdded.has(trigger.definition) && to.tables.some((table) => table.name === trigger.table))
      stages.first.unshift({ kind: 'dropTrigger', trigger })
  for (const trigger of to.triggers)
    if (!was.has(trigger.definition)) stages.last.push({ kind: 'createTrigger', trigger })
}

/** Sorts views so that each follows the ones that it mentions. */
function sortViews(addViewSteps: readonly CatalogView[], { dialect }: Rules): CatalogView[] {
  const mentionsView = (a: CatalogView, b: CatalogView): number => Number(mentions(a.definition, b.name, dialect))
  return [...addViewSteps].sort((a, b) => mentionsView(a, b) - mentionsView(b, a))
}

/** Drops tables after those that refer to them. If tables refer to each other, their foreign keys go first. */
function addDropSteps(dropped: readonly CatalogTable[], { rules }: CompareContext, stages: Stages): void {
  const { order, back: backward } = sortByTargets(dropped)
  if (rules.dialect.capabilities.alterConstraints)
    for (const [table, key] of backward)
      stages.constraintDrops.push({
        kind: 'dropConstraint',
        table: nameOf(table),
        constraint: { type: 'foreign key', ...key },
      })
  for (const table of order.reverse()) stages.addDropSteps.push({ kind: 'dropTable', table })
}

/** Creates tables after those that they refer to. If tables refer to each other, foreign keys follow both. */
function addCreateSteps(created: readonly CatalogTable[], { rules }: CompareContext, stages: Stages): void {
  const { order, back: backward } = sortByTargets(created)
  const later = rules.dialect.capabilities.alterConstraints ? backward : []
  for (const table of order) {
    const keys = later.filter(([of]) => of === table).map(([, key]) => key)
    const foreignKeys = table.foreignKeys.filter((key) => !keys.includes(key))
    stages.addCreateSteps.push({ kind: 'createTable', table: { ...table, foreignKeys } })
    for (const index of table.indexes) stages.keys.push({ kind: 'createIndex', table: nameOf(table), index })
    for (const key of keys)
      stages.foreignKeys.push({
        kind: 'addConstraint',
        table: nameOf(table),
        constraint: { type: 'foreign key', ...key },
      })
  }
}

/** Sorts tables after those that they refer to, and returns the foreign keys that refer to a later table. */
function sortByTargets(tables: readonly CatalogTable[]): {
  readonly order: CatalogTable[]
  readonly back: readonly (readonly [CatalogTable, CatalogForeignKey])[]
} {
  const known = new Map(tables.map((table) => [keyOf(table), table]))
  const order: CatalogTable[] = []
  const seen = new Set<CatalogTable>()
  const visit = (table: CatalogTable): void => {
    if (seen.has(table)) return
    seen.add(table)
    for (const key of table.foreignKeys) {
      const target = known.get(keyOf(key.target))
      if (target !== undefined) visit(target)
    }
    order.push(table)
  }
  for (const table of tables) visit(table)
  const place = new Map(order.map((table, i) => [table, i]))
  const backward = order.flatMap((table) =>
    table.foreignKeys
      .filter((key) => (place.get(known.get(keyOf(key.target))!) ?? -1) > place.get(table)!)
      .map((key) => [table, key] as const),
  )
  return { order, back: backward }
}

function addRebuildStep(change: TableChanges, reasons: readonly string[], from: Side, stages: Stages): void {
  const { to } = change
  stages.columns.push({
    kind: 'rebuildTable',
    from: change.from,
    to,
    reasons,
    dependents: dependentsOf(change.from, from, stages.first),
  })
}

/** Adds the steps of columns. A computed column is dropped before its sources and added after them. */
function addColumnSteps(change: TableChanges, { rules }: CompareContext, table: CatalogName, stages: Stages): void {
  const computedLast = (a: CatalogColumn, b: CatalogColumn): number =>
    Number(a.generated !== null) - Number(b.generated !== null)
  const again = computedToReplace(change, rules)
  const drop = (column: CatalogColumn): Step => ({ kind: 'dropColumn', table, column })
  const add = (column: CatalogColumn): Step => ({ kind: 'addColumn', table, column })
  stages.columns.push(...again.map(drop), ...[...change.removed].sort(computedLast).reverse().map(drop))
  // Change types before adding columns that are computed from them.
  for (const [from, to, changes] of change.altered)
    if (!again.includes(to)) stages.columns.push({ kind: 'alterColumn', table, from, to, changes })
  for (const index of change.to.indexes)
    if (!change.indexes.added.includes(index) && again.some((column) => indexUses(index, column.name, rules))) {
      const old = change.from.indexes.find((each) => each.name === index.name)
      if (old !== undefined) stages.constraintDrops.push({ kind: 'dropIndex', table, index: old })
      stages.keys.push({ kind: 'createIndex', table, index })
    }
  stages.columns.push(...[...change.added, ...again].sort(computedLast).map(add))
}

/**
 * Returns the computed columns to drop and add again. No server can change their expression, and PostgreSQL cannot
 * change the type of a column that they use.
 */
function computedToReplace(
  { altered, added, to }: TableChanges,
  { locksTypesOfComputed, dialect }: Rules,
): CatalogColumn[] {
  const changed = altered.filter(
    ([from, column, changes]) =>
      changes.includes('generated') && (column.generated !== null || from.generated?.stored === false),
  )
  const retyped = altered.filter(([, , changes]) => changes.includes('type')).map(([column]) => column.name)
  const held = to.columns.filter(
    (column) =>
      locksTypesOfComputed === true &&
      column.generated !== null &&
      !added.includes(column) &&
      retyped.some((name) => mentions(column.generated!.expression, name, dialect)),
  )
  return [...new Set([...changed.map(([, column]) => column), ...held])]
}

const indexUses = (index: CatalogIndex, column: string, { dialect }: Rules): boolean =>
  index.parts.some((part) => part.column === column || mentions(part.expression ?? '', column, dialect)) ||
  mentions(index.where ?? '', column, dialect)

/** Adds the `alter table` steps of a table to their stages. A foreign key comes after the key that it refers to. */
function addAlterSteps(change: TableChanges, context: CompareContext, stages: Stages): void {
  const table = nameOf(change.to)
  const { constraints, indexes } = change
  const drop = (constraint: Constraint): Step => ({ kind: 'dropConstraint', table, constraint })
  const rank = (constraint: Constraint): number => (constraint.type === 'foreign key' ? 0 : 1)
  for (const constraint of constraints.removed) {
    if (rank(constraint) === 0) stages.constraintDrops.unshift(drop(constraint))
    else stages.constraintDrops.push(drop(constraint))
  }
  for (const index of indexes.removed) stages.constraintDrops.push({ kind: 'dropIndex', table, index })
  for (const [constraint, to] of constraints.renamed)
    stages.renames.push({ kind: 'renameConstraint', table, constraint, to })
  for (const [index, to] of indexes.renamed) {
    if (!context.rules.dialect.capabilities.renameIndex) {
      stages.constraintDrops.push({ kind: 'dropIndex', table, index })
      stages.keys.push({ kind: 'createIndex', table, index: { ...index, name: to } })
    } else stages.renames.push({ kind: 'renameIndex', table, index, to })
  }
  addColumnSteps(change, context, table, stages)
  for (const constraint of constraints.added) {
    const stage = constraint.type === 'foreign key' ? stages.foreignKeys : stages.keys
    stage.push({ kind: 'addConstraint', table, constraint })
  }
  for (const index of indexes.added) stages.keys.push({ kind: 'createIndex', table, index })
  if (context.full && change.from.comment !== change.to.comment)
    stages.last.push({ kind: 'commentTable', table, comment: change.to.comment })
}
