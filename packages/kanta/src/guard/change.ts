import type { Dialect } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { eachChild, type Node, type NodeOf, nodeWith, sameValue } from '../run/index.ts'
import type { ColumnDefinition, TableDefinition } from '../table/index.ts'
import { semanticsOf } from './database/index.ts'
import { all, assignment, choose, column, demand, literal, word } from './expression.ts'
import type { Row, RowUse, Stamp } from './rule.ts'
import { guardSources } from './select.ts'
import type { GuardedTable, PolicyRule, StatementGuard } from './statement-guard.ts'
import { volatileFunctionIn } from './volatile.ts'

const policyError = (message: string): KantaError => new KantaError('policy', message)

/** Restricts an update to the rows that policies show, and checks the rows that it writes. */
export function guardUpdate(
  update: NodeOf<'update'>,
  cteNames: ReadonlySet<string>,
  guard: StatementGuard,
  use: RowUse = 'update',
  own: readonly Node[] = [],
): Node {
  const target = soleTarget(update.targets, guard, use, cteNames)
  const { from, joins, where } = guardSources(update.from, update.joins, cteNames, guard)
  refuseSetsElsewhere(update, cteNames, guard)
  if (target === undefined || target.rules.length === 0)
    return { ...update, from, joins, where: [...update.where, ...where], sets: [...update.sets, ...own] }
  refuseOuterJoins(update.joins)
  const row: Row = (of) => column(target.name, of)
  const sets = [...guardSets(update.sets, target, row, guard), ...own]
  const sees = guard.rowFilter(target, use)
  // For a delete that became an update, the policy itself sets the columns.
  const demands = use === 'delete' ? [] : demandsOf(target, rowOfSets(sets, row, target, guard), 'update', guard)
  return {
    ...update,
    from,
    joins,
    sets: withDemands(sets, demands, row),
    where: [...update.where, ...where, ...(sees === undefined ? [] : [sees])],
  }
}

/** Refuses to set columns of other tables than the targets if a policy applies to any of the tables. */
function refuseSetsElsewhere(update: NodeOf<'update'>, cteNames: ReadonlySet<string>, guard: StatementGuard): void {
  const joined = update.joins.flatMap((join) => (join.kind === 'joined' ? (join.source ?? []) : []))
  const others = [...update.from, ...joined].flatMap((source) => guard.sourceTable(source, cteNames) ?? [])
  const targets = update.targets.flatMap((target) => guard.targetTable(target, 'update', cteNames) ?? [])
  if (![...others, ...targets].some(({ rules }) => rules.length > 0)) return
  for (const set of update.sets) refuseOtherTables(set, targets)
}

/**
 * Puts the demands into the first value that is set: the database computes that for exactly the rows that it writes.
 * The `otherwise` branch never runs; it only gives the expression its type.
 */
export function withDemands(sets: readonly Node[], demands: readonly Node[], row: Row): readonly Node[] {
  const demand = all(demands)
  if (demand === undefined) return sets
  const at = sets.findIndex((set) => set.kind === 'assignment' && set.value.kind !== 'default')
  const set = sets[at]
  if (set?.kind !== 'assignment')
    throw policyError(
      'The policies of this database check what an update sets, but it sets only defaults. Set one column to a value.',
    )
  return sets.with(at, { ...set, value: choose(demand, set.value, row(assignedColumn(set))) })
}

/** Restricts a delete to the rows that policies show, or turns it into an update. */
export function guardDelete(remove: NodeOf<'delete'>, cteNames: ReadonlySet<string>, guard: StatementGuard): Node {
  const targets = remove.targets.map((target) => resolveTarget(target, remove.using))
  const target = soleTarget(targets, guard, 'delete', cteNames)
  const stamps = target?.rules.flatMap(({ rule }) => Object.entries(rule.deletes ?? {})) ?? []
  if (target === undefined || stamps.length === 0) {
    const { from, joins, where } = guardSources(remove.using, remove.joins, cteNames, guard)
    const sees = target === undefined ? undefined : guard.rowFilter(target, 'delete')
    return { ...remove, using: from, joins, where: [...remove.where, ...where, ...(sees === undefined ? [] : [sees])] }
  }
  if (remove.using.some((source) => !targets.includes(source)) && !guard.dialect.capabilities.updateFrom)
    throw policyError(
      `A delete from '${target.reference.name}' becomes an update here, which cannot have using(). Use a subquery in where().`,
    )
  const row: Row = (of) => column(target.name, of)
  const own = stamps.map(([name, stamp]) => assignment(name, stamp.value(row, guard.runValues)))
  const { using, kind: _, ...rest } = remove
  const from = using.filter((source) => !targets.includes(source))
  return guardUpdate(nodeWith('update', { ...rest, targets, from, sets: [] }), cteNames, guard, 'delete', own)
}

/** Returns the table that a target means: in MySQL a target may be the alias of a table of `using`. */
function resolveTarget(target: Node, using: readonly Node[]): Node {
  if (target.kind !== 'table') return target
  return using.find((source) => 'name' in source && source.name === target.name) ?? target
}

/** Returns the one table that a statement changes. */
function soleTarget(
  targets: readonly Node[],
  guard: StatementGuard,
  use: RowUse,
  cteNames: ReadonlySet<string>,
): GuardedTable | undefined {
  const found = targets.map((target) => guard.targetTable(target, use, cteNames))
  if (targets.length > 1 && found.some((one) => one !== undefined && one.rules.length > 0))
    throw policyError('Policies cannot apply to a write to several tables. Write them one by one in a transaction.')
  return found[0]
}

function refuseOuterJoins(joins: readonly Node[]): void {
  for (const join of joins)
    if (join.kind === 'joined' && (join.style === 'right join' || join.style === 'full join'))
      throw policyError(`An update under a policy cannot have a ${join.style}. Use a subquery in where().`)
}

/** Checks the assignments of the user and adds those of the policies. */
export function guardSets(
  sets: readonly Node[],
  target: GuardedTable,
  row: Row,
  guard: StatementGuard,
): readonly Node[] {
  const made = [...sets]
  for (const set of sets) {
    refuseOtherTables(set, [target])
    refuseOtherName(assignedColumn(set), target, guard)
  }
  refuseTwice(sets.map(assignedColumn), target, guard)
  for (const policyRule of target.rules) {
    for (const set of sets) guard.checkColumn(policyRule, assignedColumn(set), 'update')
    for (const [name, stamp] of Object.entries(policyRule.rule.updates ?? {})) {
      const at = made.findIndex((set) => guard.sameColumn(assignedColumn(set), name))
      const value = stamp.value(row, guard.runValues)
      if (at < 0) made.push(assignment(name, value))
      else if (!keepsUserValue(stamp, made[at]!, value, name, policyRule, target, guard))
        made[at] = assignment(name, value)
    }
  }
  return made
}

/** Returns the column that an assignment writes. */
function assignedColumn(set: Node): string {
  if (set.kind === 'assignment' && set.column.kind === 'ref') return set.column.column
  throw policyError('SQL text that sets a column bypasses the policies of this database. Set the column by its name.')
}

function refuseOtherTables(set: Node, targets: readonly GuardedTable[]): void {
  assignedColumn(set)
  if (set.kind !== 'assignment' || set.column.kind !== 'ref' || set.column.table === undefined) return
  const { schema, table, column } = set.column
  const isTarget = ({ name, reference }: GuardedTable): boolean =>
    name === table && (schema === undefined || reference.schema === schema)
  if (!targets.some(isTarget))
    throw policyError(
      `set() of '${table}.${column}' does not write '${targets.map(({ name }) => name).join(', ')}'. Update the tables one by one.`,
    )
}

/** Refuses another name of a column, such as `rowid`: policies know only the defined one. */
export function refuseOtherName(name: string, { rules, reference }: GuardedTable, guard: StatementGuard): void {
  const [column] = rules.length === 0 ? [] : guard.semantics.names.columnsOf(name, reference.definition, guard.dialect)
  if (column === undefined) return
  const instead = column === '*' ? 'Name the column itself.' : `Write '${column}'.`
  throw policyError(
    `'${reference.name}.${name}' is another name of a column, which the policies of this database do not know. ${instead}`,
  )
}

/** Refuses a column that is given twice, since databases differ in which value counts. */
export function refuseTwice(names: readonly string[], { reference }: GuardedTable, guard: StatementGuard): void {
  const twice = names.find((name, i) => names.findIndex((other) => guard.sameColumn(name, other)) < i)
  if (twice !== undefined) throw policyError(`'${reference.name}.${twice}' is given twice. Leave one out.`)
}

/** Checks the user's value for a column that a policy writes, and returns whether the statement keeps it. */
function keepsUserValue(
  stamp: Stamp,
  set: Node,
  value: Node,
  name: string,
  rule: PolicyRule,
  target: GuardedTable,
  guard: StatementGuard,
): boolean {
  if (stamp.userValue === 'keep') return true
  if (stamp.userValue === 'refuse') throw policyColumnError(name, rule, target)
  checkSame(set.kind === 'assignment' ? set.value : set, value, name, rule, target, guard)
  return false
}

export function policyColumnError(name: string, { policy }: PolicyRule, { reference }: GuardedTable): KantaError {
  return policyError(`'${reference.name}.${name}' is written by the policy '${policy}'. Leave it out.`)
}

/** Checks for each run that the user gave the value that the policy writes. */
export function checkSame(
  given: Node,
  value: Node,
  name: string,
  rule: PolicyRule,
  target: GuardedTable,
  guard: StatementGuard,
): void {
  if (given.kind !== 'slot' || value.kind !== 'slot') throw policyColumnError(name, rule, target)
  guard.runValues.check((_, args) => {
    if (!sameValue(args[given.index], args[value.index])) throw mismatchError(name, rule, target)
  })
}

export function mismatchError(name: string, { policy }: PolicyRule, { reference }: GuardedTable): KantaError {
  return policyError(
    `'${reference.name}.${name}' differs from the value in the context, which the policy '${policy}' requires. Leave it out.`,
  )
}

/** A new row, and the conditions under which the database stores its values as the policies check them. */
export interface NewRow {
  readonly row: Row
  readonly storedChecks: Map<string, Node>
}

/** Returns the row that assignments make. */
export function rowOfSets(sets: readonly Node[], row: Row, target: GuardedTable, guard: StatementGuard): NewRow {
  return newRow(target, guard, (name) => {
    const set = sets.find((one) => one.kind === 'assignment' && guard.sameColumn(assignedColumn(one), name))
    if (set?.kind !== 'assignment') return { stored: row(name) }
    return set.value.kind === 'default'
      ? { stored: defaultOf(name, target) }
      : { value: checkRepeatable(set.value, name, target) }
  })
}

/** Returns a row of values as the database stores them, which may differ from the given ones. */
export function newRow(
  target: GuardedTable,
  { dialect, semantics }: StatementGuard,
  of: (name: string) => { readonly stored: Node } | { readonly value: Node },
): NewRow {
  const storedChecks = new Map<string, Node>()
  const row: Row = (name) => {
    const found = of(name)
    if ('stored' in found) return found.stored
    const column = target.reference.definition?.columns.get(name)
    const value = asColumn(found.value, column, dialect)
    if (found.value.kind === 'literal' && found.value.value === null) return value
    const stored = semantics.stored(value, column, dialect)
    if (stored.given !== undefined) storedChecks.set(name, stored.given)
    return stored.value
  }
  return { row, storedChecks }
}

/** Gives a value the type of its column, which the database could not infer from a comparison with another value. */
function asColumn(value: Node, column: ColumnDefinition | undefined, dialect: Dialect): Node {
  const isNull = value.kind === 'literal' && value.value === null
  if (column === undefined || !(isNull || value.kind === 'slot')) return value
  const encoded = value.kind === 'slot' ? { ...value, codec: value.codec ?? column.codec } : value
  if (!semanticsOf(dialect).untypedValues) return encoded
  // A length would cut values silently.
  return { kind: 'cast', operand: encoded, type: word(dialect.typeName({ ...column, typeArguments: [] })) }
}

/** Checks that a value stays the same when the database computes it again, for a check of a policy. */
export function checkRepeatable(value: Node, name: string, { reference }: GuardedTable): Node {
  const check = (part: Node): void => {
    const unsteady = volatileFunctionIn(part)
    if (unsteady !== undefined)
      throw policyError(
        `A policy checks '${reference.name}.${name}', but ${unsteady}() returns another value at each call. Give a value.`,
      )
    eachChild(part, check)
  }
  check(value)
  return value
}

/** Returns the value of a column that the statement leaves out. */
export function defaultOf(name: string, { table, reference }: GuardedTable): Node {
  const known = (table.definition as TableDefinition | undefined)?.columns.get(name)
  const given = known as { readonly hasDefault?: boolean; readonly default?: unknown } | undefined
  if (
    known === undefined ||
    given?.hasDefault === true ||
    given?.default !== undefined ||
    known.generated !== undefined
  )
    throw policyError(
      `A policy on '${reference.name}' reads '${name}', but this statement leaves it to the database. Give it a value.`,
    )
  return literal(null)
}

/** Returns conditions that fail the statement for a row that a policy does not allow. */
export function demandsOf(
  target: GuardedTable,
  { row, storedChecks }: NewRow,
  use: 'insert' | 'update',
  guard: StatementGuard,
  isRead = true,
): readonly Node[] {
  return target.rules.flatMap((policyRule) => {
    storedChecks.clear()
    const allowed = guard.guardCondition(
      policyRule.rule.checks?.(row, use, guard.runValues, isRead),
      target,
      policyRule,
    )
    if (allowed === undefined) return []
    const check = all([...storedChecks.values(), allowed])!
    const why = `The policy '${policyRule.policy}' does not allow this ${use} of '${target.reference.name}'.`
    return [demand(check, why, guard.dialect)]
  })
}
