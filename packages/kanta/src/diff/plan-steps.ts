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
import { columnChanges, constraintForm, indexForm } from './equal.ts'
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
  /** What is on both sides, with the name that it gets. */
  readonly kept: readonly (readonly [T, string | null])[]
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
export function planSteps(before: Side, to: Side, renames: ResolvedRenames, rules: Rules): Step[] {
  const from = applyRenames(before, renames, rules)
  // Names that MySQL generates depend on the existing ones, so write them out.
  const spoken = rules.writesConstraintNames ? keepConstraintNames(to, from, rules) : to
  const nameAdded = new Map(spoken.tables.map((table) => [keyOf(table), table]))
  const old = new Map(from.tables.map((table) => [keyOf(table), table]))
  const target = new Map(to.tables.map((table) => [keyOf(table), table]))
  const dropped = from.tables.filter((table) => !target.has(keyOf(table)))
  const created = spoken.tables.filter((table) => !old.has(keyOf(table)))
  const changes = to.tables.flatMap((table) => {
    const same = old.get(keyOf(table))
    return same === undefined ? [] : [changesOf(same, table, rules, nameAdded.get(keyOf(table)))]
  })
  const stages = new Stages()
  stages.renames.push(...renameSteps(before, renames))
  addEnumSteps(from, to, stages)
  addViewSteps(from, to, rules, stages)
  const isInTheWay = foreignKeysInTheWay(changes, rules)
  addDropSteps(dropped, isInTheWay, rules, stages)
  addCreateSteps(created, changes, rules, stages)
  for (const change of changes) {
    const reasons = rules.rebuilds === undefined ? [] : reasonsToRebuild(change)
    if (reasons.length > 0) addRebuildStep(change, reasons, from, stages)
    else addAlterSteps(change, constraintsToRenew(change, isInTheWay, rules), rules, stages)
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
  readonly names: Step[] = []
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
      ...this.names,
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

function changesOf(from: CatalogTable, to: CatalogTable, rules: Rules, namedTarget = to): TableChanges {
  const wanted = constraintsOf(to)
  const names = constraintsOf(namedTarget).map((each) => each.name)
  const { dialect, comparesOptions } = rules
  const same = (a: string, b: string): boolean => dialect.foldName(a) === dialect.foldName(b)
  const pairs = to.columns.flatMap((column) => {
    const old = from.columns.find((each) => same(each.name, column.name))
    return old === undefined ? [] : [[old, column] as const]
  })
  const constraints = nameAdded(
    compareLists(constraintsOf(from), wanted, (each) => constraintForm(each, to.name, rules)),
    (each) => names[wanted.indexOf(each)] ?? each.name,
  )
  const losesCheck = ({ name }: CatalogColumn): boolean =>
    constraints.removed.some((each) => each.type === 'check' && each.column === name)
  const compare = (old: CatalogColumn, column: CatalogColumn): ColumnChange[] => [
    ...columnChanges(old, column, to.name, rules),
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
    indexes: compareLists(from.indexes, to.indexes, (each) => indexForm(each, to.name, rules)),
    options: comparesOptions === true && from.options.join() !== to.options.join(),
  }
}

/** Returns the `alter table` steps of a change of one table. */
export function alterSteps(from: CatalogTable, to: CatalogTable, rules: Rules): Step[] {
  const stages = new Stages()
  addAlterSteps(changesOf(from, to, rules), [], rules, stages)
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
  const kept: (readonly [T, string | null])[] = []
  const find = (each: T, name: boolean): T | undefined => {
    for (const old of left) if (form(old) === form(each) && (!name || old.name === each.name)) return old
    return undefined
  }
  const open: T[] = []
  const keep = (old: T, name: string | null): void => {
    left.delete(old)
    kept.push([old, name ?? old.name])
  }
  for (const each of to) {
    const same = find(each, true)
    if (same === undefined) open.push(each)
    else keep(same, each.name)
  }
  for (const each of open) {
    const same = find(each, false)
    if (same === undefined) added.push(each)
    else keep(same, each.name)
  }
  const isRenamed = (pair: readonly [T, string | null]): pair is readonly [T, string] =>
    pair[0].name !== null && pair[1] !== null && pair[0].name !== pair[1]
  return { removed: [...left], added, renamed: kept.filter(isRenamed), kept }
}

function addEnumSteps(from: Side, to: Side, stages: Stages): void {
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

function addViewSteps(from: Side, to: Side, rules: Rules, stages: Stages): void {
  const key = (view: CatalogView): string =>
    `${keyOf(view)} ${view.materialized} ${view.definition.replace(/\s+/g, ' ')}`
  const before = new Set(from.views.map(key))
  const after = new Set(to.views.map(key))
  for (const view of from.views) if (!after.has(key(view))) stages.first.unshift({ kind: 'dropView', view })
  for (const view of sortViews(
    to.views.filter((each) => !before.has(key(each))),
    rules,
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
function addDropSteps(
  dropped: readonly CatalogTable[],
  isInTheWay: (table: CatalogTable, key: CatalogForeignKey) => boolean,
  rules: Rules,
  stages: Stages,
): void {
  const { order, back } = sortByTargets(dropped)
  const backward = new Set(back.map(([, key]) => key))
  if (rules.dialect.capabilities.alterConstraints)
    for (const table of dropped)
      for (const key of table.foreignKeys)
        if (backward.has(key) || isInTheWay(table, key))
          stages.foreignKeyDrops.push(foreignKeyStep('dropConstraint', table, key))
  for (const table of order.reverse()) stages.drops.push({ kind: 'dropTable', table })
}

/** Creates tables after those that they refer to. If tables refer to each other, foreign keys follow both. */
function addCreateSteps(
  created: readonly CatalogTable[],
  changes: readonly TableChanges[],
  rules: Rules,
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

/** Tells for a foreign key if it has to go while a key, an index or a column of the two tables changes. */
function foreignKeysInTheWay(
  changes: readonly TableChanges[],
  rules: Rules,
): (table: CatalogTable, key: CatalogForeignKey) => boolean {
  const changeOf = new Map(changes.map((change) => [keyOf(change.from), change]))
  return (table, key) => {
    if (!rules.dialect.capabilities.alterConstraints) return false
    const own = changeOf.get(keyOf(table))
    const target = changeOf.get(keyOf(key.target))
    const { columns } = key.target
    return (
      (own !== undefined && (locksColumns(own, key.columns, rules) || replaces(own, key.columns, rules))) ||
      (target !== undefined &&
        (locksColumns(target, columns, rules) || replaces(target, columns, rules) || losesKey(target, columns)))
    )
  }
}

/** Returns the constraints to drop and add again, since they stay but something that they stand on changes. */
function constraintsToRenew(
  change: TableChanges,
  isInTheWay: (table: CatalogTable, key: CatalogForeignKey) => boolean,
  rules: Rules,
): (readonly [Constraint, string | null])[] {
  const again = columnsToReplace(change, rules).map(([{ name }]) => name)
  return change.constraints.kept.filter(([constraint]) => {
    if (constraint.type === 'foreign key') return isInTheWay(change.from, constraint)
    if (constraint.type === 'check' && constraint.column !== undefined) return false
    return again.some((column) => constraintUses(constraint, column, rules))
  })
}

/** Checks if a foreign key over these columns would make the database refuse a change of the columns or an index. */
function locksColumns(change: TableChanges, columns: readonly string[], rules: Rules): boolean {
  const { changesLockedByForeignKeys: locked } = rules
  if (locked === undefined) return false
  const isLocked = (each: ColumnChange): boolean =>
    locked === 'type' ? each === 'type' : each !== 'default' && each !== 'comment'
  if (change.altered.some(([, { name }, all]) => columns.includes(name) && all.some(isLocked))) return true
  if (locked === 'type') return false
  const isCovered = (key: readonly (string | null)[]): boolean => columns.every((column, i) => key[i] === column)
  const partsOf = (index: CatalogIndex): readonly (string | null)[] => index.parts.map((part) => part.column)
  const loses = (constraint: Constraint): boolean => constraint.type !== 'check' && isCovered(constraint.columns)
  return (
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

const constraintUses = (constraint: Constraint, column: string, { dialect }: Rules): boolean =>
  constraint.type === 'check' ? mentions(constraint.expression, column, dialect) : constraint.columns.includes(column)

/** Checks if the primary key changes. */
const changesKey = ({ constraints }: TableChanges): boolean =>
  [...constraints.removed, ...constraints.added].some((each) => each.type === 'primary key')

/** Adds the steps of columns. A computed column is dropped before its sources and added after them. */
function addColumnSteps(change: TableChanges, rules: Rules, table: CatalogName, stages: Stages): void {
  const computedLast = (a: CatalogColumn, b: CatalogColumn): number =>
    Number(a.generated !== null) - Number(b.generated !== null)
  const replaced = columnsToReplace(change, rules)
  const again = replaced.map(([, column]) => column)
  const drop = (column: CatalogColumn): Step => ({ kind: 'dropColumn', table, column })
  const gone = [...change.removed, ...replaced.map(([column]) => column)].sort(computedLast).reverse()
  stages.columns.push(...gone.map(drop))
  // No type of a column changes while another is computed from it.
  const computedFirst = [...change.altered].sort(([a], [b]) => computedLast(b, a))
  for (const [from, to, changes] of computedFirst)
    if (!again.includes(to)) addColumnChange(change, { from, to, changes }, rules, table, stages)
  for (const index of change.to.indexes)
    if (!change.indexes.added.includes(index) && again.some((column) => indexUses(index, column.name, rules))) {
      const old = change.from.indexes.find((each) => each.name === index.name)
      if (old !== undefined) stages.constraintDrops.push({ kind: 'dropIndex', table, index: old })
      stages.keys.push({ kind: 'createIndex', table, index })
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
function addAlterSteps(
  change: TableChanges,
  renewed: readonly (readonly [Constraint, string | null])[],
  rules: Rules,
  stages: Stages,
): void {
  const table = nameOf(change.to)
  const { constraints, indexes } = change
  const drop = (constraint: Constraint): void => {
    // A check in the definition of a column goes when the column changes.
    if (constraint.type === 'check' && constraint.column !== undefined) return
    const stage = constraint.type === 'foreign key' ? stages.foreignKeyDrops : stages.constraintDrops
    stage.push({ kind: 'dropConstraint', table, constraint })
  }
  const add = (constraint: Constraint): void => {
    const stage = constraint.type === 'foreign key' ? stages.foreignKeys : stages.keys
    stage.push({ kind: 'addConstraint', table, constraint })
  }
  constraints.removed.forEach(drop)
  for (const index of indexes.removed) stages.constraintDrops.push({ kind: 'dropIndex', table, index })
  for (const [constraint, name] of renewed) {
    drop(constraint)
    add({ ...constraint, name })
  }
  const isRenewed = (constraint: Constraint): boolean => renewed.some(([each]) => each === constraint)
  const newNames: NewName[] = constraints.renamed
    .filter(([constraint]) => !isRenewed(constraint))
    .map(([constraint, to]) => ({
      from: constraint.name!,
      to,
      step: (from, name) => ({ kind: 'renameConstraint', table, constraint: { ...constraint, name: from }, to: name }),
    }))
  for (const [index, to] of indexes.renamed) {
    if (!rules.dialect.capabilities.renameIndex) {
      stages.constraintDrops.push({ kind: 'dropIndex', table, index })
      stages.keys.push({ kind: 'createIndex', table, index: { ...index, name: to } })
    } else
      newNames.push({
        from: index.name,
        to,
        step: (from, name) => ({ kind: 'renameIndex', table, index: { ...index, name: from }, to: name }),
      })
  }
  stages.names.push(...orderNames(newNames))
  addColumnSteps(change, rules, table, stages)
  for (const constraint of constraints.added) {
    if (constraint.type === 'primary key' && change.added.some((column) => isNumberedKey(column, change, rules)))
      continue
    add(constraint)
  }
  for (const index of indexes.added) stages.keys.push({ kind: 'createIndex', table, index })
  if (change.from.comment !== change.to.comment)
    stages.last.push({ kind: 'commentTable', table, comment: change.to.comment })
}

/** A new name of a constraint or an index. */
interface NewName {
  readonly from: string
  readonly to: string
  step(from: string, to: string): Step
}

/** Returns the steps in an order in which each name is free. Where names change places, one goes by another meanwhile. */
function orderNames(names: readonly NewName[]): Step[] {
  const steps: Step[] = []
  let left = [...names]
  while (left.length > 0) {
    const free = left.find(({ to }) => !left.some(({ from }) => from === to))
    const next = free ?? left[0]!
    const to = free === undefined ? `kanta_${steps.length}` : next.to
    steps.push(next.step(next.from, to))
    left = left.filter((each) => each !== next)
    if (free === undefined) left.push({ ...next, from: to })
  }
  return steps
}
