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
import { isOwnTrigger } from './own-objects.ts'
import { dependentsOf, reasonsToRebuild } from './rebuild-reasons.ts'
import { applyRenames, keyOf, mentions, type ResolvedRenames } from './rename.ts'
import type { Rules } from './rule.ts'
import type { Side } from './side.ts'
import type { ColumnChange, Constraint, Step } from './step.ts'

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
  readonly altered: readonly (readonly [CatalogColumn, CatalogColumn, readonly ColumnChange[]])[]
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
  if (rules.dialect.capabilities.alterConstraints) addForeignKeyRenewals(changes, dropped, rules, stages)
  addDropSteps(dropped, context, stages)
  addCreateSteps(created, changes, context, stages)
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
  readonly foreignKeyDrops: Step[] = []
  /** Columns that are no longer numbered, while they still have a key. */
  readonly numberingDrops: Step[] = []
  readonly constraintDrops: Step[] = []
  readonly drops: Step[] = []
  readonly creations: Step[] = []
  readonly columns: Step[] = []
  readonly keys: Step[] = []
  /** Columns that are numbered once they have a key. */
  readonly numberings: Step[] = []
  readonly foreignKeys: Step[] = []
  readonly last: Step[] = []

  steps(): Step[] {
    return [
      ...this.first,
      ...this.renames,
      ...this.foreignKeyDrops,
      ...this.numberingDrops,
      ...this.constraintDrops,
      ...this.drops,
      ...this.creations,
      ...this.columns,
      ...this.keys,
      ...this.numberings,
      ...this.foreignKeys,
      ...this.last,
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
  const constraints = nameAdded(
    compareLists(constraintsOf(from), wanted, (each) => constraintForm(each, to.name, context)),
    (each) => names[wanted.indexOf(each)] ?? each.name,
  )
  const losesCheck = ({ name }: CatalogColumn): boolean =>
    constraints.removed.some((each) => each.type === 'check' && each.column === name)
  const compare = (old: CatalogColumn, column: CatalogColumn): ColumnChange[] => [
    ...columnChanges(old, column, to.name, context),
    ...(losesCheck(old) ? ['check' as const] : []),
  ]
  return {
    from,
    to,
    added: to.columns.filter((column) => !from.columns.some((old) => same(old.name, column.name))),
    removed: from.columns.filter((column) => !to.columns.some((each) => same(each.name, column.name))),
    altered: pairs
      .map(([old, column]) => [old, column, compare(old, column)] as const)
      .filter(([, , changes]) => changes.length > 0),
    constraints,
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
  addTriggerSteps(from, to, stages)
}

function addTriggerSteps(from: Side, to: Side, stages: Stages): void {
  const after = new Set(to.triggers.map((trigger) => trigger.definition))
  const before = new Set(from.triggers.map((trigger) => trigger.definition))
  for (const trigger of from.triggers)
    if (
      !isOwnTrigger(trigger) &&
      !after.has(trigger.definition) &&
      to.tables.some(({ name }) => name === trigger.table)
    )
      stages.first.unshift({ kind: 'dropTrigger', trigger })
  for (const trigger of to.triggers)
    if (!isOwnTrigger(trigger) && !before.has(trigger.definition)) stages.last.push({ kind: 'createTrigger', trigger })
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
    for (const [table, key] of backward) stages.foreignKeyDrops.push(foreignKeyStep('dropConstraint', table, key))
  for (const table of order.reverse()) stages.drops.push({ kind: 'dropTable', table })
}

/** Creates tables after those that they refer to. If tables refer to each other, foreign keys follow both. */
function addCreateSteps(
  created: readonly CatalogTable[],
  changes: readonly TableChanges[],
  { rules }: CompareContext,
  stages: Stages,
): void {
  const { order, back: backward } = sortByTargets(created)
  const mayFollow = rules.dialect.capabilities.alterConstraints
  const old = new Set(changes.map((change) => keyOf(change.to)))
  for (const table of order) {
    // A table that is there may get the key that is referred to only after this.
    const keys = table.foreignKeys.filter(
      (key) => mayFollow && (old.has(keyOf(key.target)) || backward.some(([, each]) => each === key)),
    )
    const foreignKeys = table.foreignKeys.filter((key) => !keys.includes(key))
    stages.creations.push({ kind: 'createTable', table: { ...table, foreignKeys } })
    for (const index of table.indexes) stages.keys.push({ kind: 'createIndex', table: nameOf(table), index })
    for (const key of keys) stages.foreignKeys.push(foreignKeyStep('addConstraint', table, key))
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

const foreignKeyStep = (
  kind: 'addConstraint' | 'dropConstraint',
  table: CatalogName,
  key: CatalogForeignKey,
): Extract<Step, { readonly kind: 'addConstraint' | 'dropConstraint' }> => ({
  kind,
  table: nameOf(table),
  constraint: { type: 'foreign key', ...key },
})

/**
 * Drops the foreign keys that stand in the way of a change of another key, an index or a column, and adds those again
 * that stay.
 */
function addForeignKeyRenewals(
  changes: readonly TableChanges[],
  dropped: readonly CatalogTable[],
  rules: Rules,
  stages: Stages,
): void {
  const changeOf = new Map(changes.map((change) => [keyOf(change.from), change]))
  const isInTheWay = (table: CatalogTable, key: CatalogForeignKey): boolean => {
    const own = changeOf.get(keyOf(table))
    const target = changeOf.get(keyOf(key.target))
    return (
      (own !== undefined && (locksColumns(own, key.columns, rules) || replaces(own, key.columns, rules))) ||
      (target !== undefined &&
        (locksColumns(target, key.target.columns, rules) ||
          replaces(target, key.target.columns, rules) ||
          losesKey(target, key.target.columns)))
    )
  }
  for (const table of dropped)
    for (const key of table.foreignKeys)
      if (isInTheWay(table, key)) stages.foreignKeyDrops.push(foreignKeyStep('dropConstraint', table, key))
  for (const { from, constraints } of changes) {
    const removed = new Set(constraints.removed.flatMap((each) => (each.type === 'foreign key' ? [each.name] : [])))
    for (const key of from.foreignKeys) {
      if (removed.has(key.name) || !isInTheWay(from, key)) continue
      const renamed = constraints.renamed.find(([each]) => each.type === 'foreign key' && each.name === key.name)
      const current = { ...key, name: renamed?.[1] ?? key.name }
      stages.foreignKeyDrops.push(foreignKeyStep('dropConstraint', from, current))
      stages.foreignKeys.push(foreignKeyStep('addConstraint', from, current))
    }
  }
}

/** Checks if a foreign key over these columns would make the database refuse a change of the columns or an index. */
function locksColumns(change: TableChanges, columns: readonly string[], rules: Rules): boolean {
  if (rules.locksColumnsOfForeignKeys !== true) return false
  const isCovered = (key: readonly (string | null)[]): boolean => columns.every((column, i) => key[i] === column)
  const partsOf = (index: CatalogIndex): readonly (string | null)[] => index.parts.map((part) => part.column)
  const loses = (constraint: Constraint): boolean => constraint.type !== 'check' && isCovered(constraint.columns)
  return (
    change.altered.some(
      ([, { name }, changes]) =>
        columns.includes(name) && changes.some((each) => each !== 'default' && each !== 'comment'),
    ) ||
    change.constraints.removed.some((each) => each.type !== 'foreign key' && loses(each)) ||
    change.indexes.removed.some((index) => isCovered(partsOf(index))) ||
    (changesKey(change) &&
      change.from.columns.some((column) => column.identity !== null && columns.includes(column.name)))
  )
}

/** Checks if one of these columns is dropped and added again. */
const replaces = (change: TableChanges, columns: readonly string[], rules: Rules): boolean =>
  columnsToReplace(change, rules).some(([{ name }]) => columns.includes(name))

/** Checks if a table loses a key over these columns, to which foreign keys may refer. */
function losesKey({ constraints, indexes }: TableChanges, columns: readonly string[]): boolean {
  const isKey = (key: readonly (string | null)[]): boolean =>
    key.length === columns.length && columns.every((column) => key.includes(column))
  return (
    constraints.removed.some(
      (each) => (each.type === 'primary key' || each.type === 'unique') && isKey(each.columns),
    ) || indexes.removed.some((index) => index.unique && isKey(index.parts.map((part) => part.column)))
  )
}

/** Checks if a constraint is neither removed nor renamed, nor part of the definition of a column. */
const staysInPlace = (constraint: Constraint, { constraints }: TableChanges): boolean =>
  !(constraint.type === 'check' && constraint.column !== undefined) &&
  ![...constraints.removed, ...constraints.renamed.map(([each]) => each)].some(
    (each) => each.type === constraint.type && each.name === constraint.name,
  )

const constraintUses = (constraint: Constraint, column: string, { dialect }: Rules): boolean =>
  constraint.type === 'check' ? mentions(constraint.expression, column, dialect) : constraint.columns.includes(column)

/** Checks if the primary key changes. */
const changesKey = ({ constraints }: TableChanges): boolean =>
  [...constraints.removed, ...constraints.added].some((each) => each.type === 'primary key')

/** Adds the steps of columns. A computed column is dropped before its sources and added after them. */
function addColumnSteps(change: TableChanges, { rules }: CompareContext, table: CatalogName, stages: Stages): void {
  const computedLast = (a: CatalogColumn, b: CatalogColumn): number =>
    Number(a.generated !== null) - Number(b.generated !== null)
  const replaced = columnsToReplace(change, rules)
  const again = replaced.map(([, column]) => column)
  const drop = (column: CatalogColumn): Step => ({ kind: 'dropColumn', table, column })
  const gone = [...change.removed, ...replaced.map(([column]) => column)].sort(computedLast).reverse()
  stages.columns.push(...gone.map(drop))
  // Change types before adding columns that are computed from them.
  for (const [from, to, changes] of change.altered)
    if (!again.includes(to)) addColumnChange(change, { from, to, changes }, rules, table, stages)
  for (const index of change.to.indexes)
    if (!change.indexes.added.includes(index) && again.some((column) => indexUses(index, column.name, rules))) {
      const old = change.from.indexes.find((each) => each.name === index.name)
      if (old !== undefined) stages.constraintDrops.push({ kind: 'dropIndex', table, index: old })
      stages.keys.push({ kind: 'createIndex', table, index })
    }
  for (const constraint of constraintsOf(change.from))
    if (
      staysInPlace(constraint, change) &&
      constraint.type !== 'foreign key' &&
      again.some((column) => constraintUses(constraint, column.name, rules))
    ) {
      stages.constraintDrops.push({ kind: 'dropConstraint', table, constraint })
      stages.keys.push({ kind: 'addConstraint', table, constraint })
    }
  for (const column of [...change.added, ...again].sort(computedLast))
    stages.columns.push({
      kind: 'addColumn',
      table,
      column,
      ...(isNumberedKey(column, change, rules) && { isKey: true }),
    })
}

/** Checks if a new column has to become the primary key at once. */
const isNumberedKey = (column: CatalogColumn, { to }: TableChanges, { numbersKeysOnly }: Rules): boolean =>
  numbersKeysOnly === true && column.identity !== null && to.primaryKey?.columns.join() === column.name

interface ColumnPair {
  readonly from: CatalogColumn
  readonly to: CatalogColumn
  readonly changes: readonly ColumnChange[]
}

/** Adds the steps of one column. Where only a key is numbered, the numbering ends before the key does, or follows it. */
function addColumnChange(
  change: TableChanges,
  { from, to, changes }: ColumnPair,
  rules: Rules,
  table: CatalogName,
  stages: Stages,
): void {
  const held = change.from.checks.find((check) => check.column === from.name && !changes.includes('check'))
  const alter = (before: CatalogColumn, after: CatalogColumn, what: readonly ColumnChange[]): Step => ({
    kind: 'alterColumn',
    table,
    from: before,
    to: after,
    changes: what,
    ...(held !== undefined && { check: held.expression }),
  })
  const renumbers = rules.numbersKeysOnly === true && (changes.includes('identity') || changesKey(change))
  if (!renumbers) {
    if (changes.length > 0) stages.columns.push(alter(from, to, changes))
    return
  }
  const [plainFrom, plainTo] = [from, to].map((column) => ({ ...column, identity: null })) as [
    CatalogColumn,
    CatalogColumn,
  ]
  const others = changes.filter((each) => each !== 'identity')
  if (from.identity !== null) stages.numberingDrops.push(alter(from, plainFrom, ['identity']))
  if (others.length > 0) stages.columns.push(alter(plainFrom, plainTo, others))
  if (to.identity !== null) stages.numberings.push(alter(plainTo, to, ['identity']))
}

/**
 * Returns the columns to drop and add again. No server can change the expression of a computed column, and PostgreSQL
 * cannot change the type of a column that one uses.
 */
function columnsToReplace(
  { altered, added, from, to }: TableChanges,
  { locksTypesOfComputed, dialect }: Rules,
): (readonly [CatalogColumn, CatalogColumn])[] {
  const changed = altered.filter(
    ([old, column, changes]) =>
      changes.includes('generated') && (column.generated !== null || old.generated?.stored === false),
  )
  const retyped = altered.filter(([, , changes]) => changes.includes('type')).map(([column]) => column.name)
  const pairs = new Map<CatalogColumn, CatalogColumn>(changed.map(([old, column]) => [column, old]))
  for (const column of to.columns) {
    const isHeld =
      locksTypesOfComputed === true &&
      column.generated !== null &&
      !added.includes(column) &&
      retyped.some((name) => mentions(column.generated!.expression, name, dialect))
    const old = from.columns.find((each) => dialect.foldName(each.name) === dialect.foldName(column.name))
    if (isHeld && old !== undefined) pairs.set(column, old)
  }
  return [...pairs].map(([column, old]) => [old, column])
}

const indexUses = (index: CatalogIndex, column: string, { dialect }: Rules): boolean =>
  index.parts.some((part) => part.column === column || mentions(part.expression ?? '', column, dialect)) ||
  mentions(index.where ?? '', column, dialect)

/** Adds the `alter table` steps of a table to their stages. A foreign key comes after the key that it refers to. */
function addAlterSteps(change: TableChanges, context: CompareContext, stages: Stages): void {
  const table = nameOf(change.to)
  const { constraints, indexes } = change
  for (const constraint of constraints.removed) {
    // A check in the definition of a column goes when the column changes.
    if (constraint.type === 'check' && constraint.column !== undefined) continue
    const stage = constraint.type === 'foreign key' ? stages.foreignKeyDrops : stages.constraintDrops
    stage.push({ kind: 'dropConstraint', table, constraint })
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
    if (
      constraint.type === 'primary key' &&
      change.added.some((column) => isNumberedKey(column, change, context.rules))
    )
      continue
    const stage = constraint.type === 'foreign key' ? stages.foreignKeys : stages.keys
    stage.push({ kind: 'addConstraint', table, constraint })
  }
  for (const index of indexes.added) stages.keys.push({ kind: 'createIndex', table, index })
  if (context.full && change.from.comment !== change.to.comment)
    stages.last.push({ kind: 'commentTable', table, comment: change.to.comment })
}
