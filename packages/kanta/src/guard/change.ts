import type { Dialect } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { type Node, type NodeOf, nodeWith, sameValue } from '../run/index.ts'
import type { ColumnDefinition } from '../schema/index.ts'
import { all, assignment, column, demandAmong, sameName, word } from './expression.ts'
import type { Row, RowUse, Stamp } from './rule.ts'
import { guardSources } from './select.ts'
import type { Found, Ruled, Site } from './site.ts'

const policyError = (message: string): KantaError => new KantaError('policy', message)

/** An update: changes only rows that are there, to rows that may be. */
export function guardUpdate(
  update: NodeOf<'update'>,
  hidden: ReadonlySet<string>,
  site: Site,
  use: RowUse = 'update',
  own: readonly Node[] = [],
): Node {
  const target = soleTarget(update.targets, site, use)
  const { from, joins, where } = guardSources(update.from, update.joins, hidden, site)
  if (target === undefined || target.rules.length === 0)
    return { ...update, from, joins, where: [...update.where, ...where], sets: [...update.sets, ...own] }
  refuseOuterJoins(update.joins)
  const row: Row = (of) => column(target.name, of)
  const sets = [...guardSets(update.sets, target, row, site), ...own]
  const sees = site.sees(target, use)
  const conditions = [...update.where, ...where, ...(sees === undefined ? [] : [sees])]
  const ons = joins.flatMap((join) => (join.kind === 'joined' ? join.on : []))
  const checks = demandsOf(target, newRow(sets, row, target, site), 'update', all([...ons, ...conditions]), site)
  return { ...update, from, joins, sets, where: [...conditions, ...checks] }
}

/** A delete: takes only rows that are there, or makes an update of it. */
export function guardDelete(remove: NodeOf<'delete'>, hidden: ReadonlySet<string>, site: Site): Node {
  const target = soleTarget(remove.targets, site, 'delete')
  const stamps = target?.rules.flatMap((rule) => Object.entries(rule.deletes ?? {})) ?? []
  if (target === undefined || stamps.length === 0) {
    const { from, joins, where } = guardSources(remove.using, remove.joins, hidden, site)
    const sees = target === undefined ? undefined : site.sees(target, 'delete')
    return { ...remove, using: from, joins, where: [...remove.where, ...where, ...(sees === undefined ? [] : [sees])] }
  }
  if (remove.using.length > 0 && !site.dialect.capabilities.updateFrom)
    throw policyError(
      `A delete from '${target.reference.name}' is an update here, which cannot have using(). Use a subquery in where().`,
    )
  const row: Row = (of) => column(target.name, of)
  const own = stamps.map(([name, stamp]) => assignment(name, stamp.value(row, site.late)))
  const { targets, using: from, kind: _, ...rest } = remove
  return guardUpdate(nodeWith('update', { ...rest, targets, from, sets: [] }), hidden, site, 'delete', own)
}

/** The one table that a statement changes. */
function soleTarget(targets: readonly Node[], site: Site, use: RowUse): Found | undefined {
  const found = targets.map((target) => site.target(target, use))
  if (targets.length > 1 && found.some((one) => one !== undefined && one.rules.length > 0))
    throw policyError('Policies apply to one table that is written. Write the tables one by one in a transaction.')
  return found[0]
}

function refuseOuterJoins(joins: readonly Node[]): void {
  for (const join of joins)
    if (join.kind === 'joined' && (join.style === 'right join' || join.style === 'full join'))
      throw policyError(`An update under a policy cannot have a ${join.style}. Use a subquery in where().`)
}

/** The assignments of the user, which policies have seen, and those of the policies. */
export function guardSets(sets: readonly Node[], target: Found, row: Row, site: Site): readonly Node[] {
  const made = [...sets]
  for (const set of sets) refuseOtherTables(set, target)
  for (const rule of target.rules) {
    for (const set of sets) rule.column?.(assigned(set), 'update', site.late)
    for (const [name, stamp] of Object.entries(rule.updates ?? {})) {
      const at = made.findIndex((set) => sameName(assigned(set), name))
      const value = stamp.value(row, site.late)
      if (at < 0) made.push(assignment(name, value))
      else if (!keepsGiven(stamp, made[at]!, value, name, rule, target, site)) made[at] = assignment(name, value)
    }
  }
  return made
}

/** The column that an assignment writes. */
function assigned(set: Node): string {
  if (set.kind === 'assignment' && set.column.kind === 'ref') return set.column.column
  throw policyError('A column that is set by SQL text would pass by the policies of this database. Give its name.')
}

function refuseOtherTables(set: Node, { name, reference }: Found): void {
  if (set.kind !== 'assignment' || set.column.kind !== 'ref' || set.column.table === undefined) return
  if (!sameName(set.column.table, name) && !sameName(set.column.table, reference.name))
    throw policyError(
      `set() of '${set.column.table}.${set.column.column}' writes another table than '${name}'. Update that by itself.`,
    )
}

/** Whether what the user gave for a column of a policy stands. */
function keepsGiven(
  stamp: Stamp,
  set: Node,
  value: Node,
  name: string,
  rule: Ruled,
  target: Found,
  site: Site,
): boolean {
  if (stamp.given === 'keep') return true
  if (stamp.given === 'refuse') throw writtenByPolicy(name, rule, target)
  checkSame(set.kind === 'assignment' ? set.value : set, value, name, rule, target, site)
  return false
}

export function writtenByPolicy(name: string, { policy }: Ruled, { reference }: Found): KantaError {
  return policyError(`'${reference.name}.${name}' is written by the policy '${policy}'. Leave it out.`)
}

/** Checks for each run that the user gave the value that the policy writes. */
export function checkSame(given: Node, value: Node, name: string, rule: Ruled, target: Found, site: Site): void {
  if (given.kind !== 'slot' || value.kind !== 'slot') throw writtenByPolicy(name, rule, target)
  site.late.check((_, args) => {
    if (!sameValue(args[given.index], args[value.index])) throw another(name, rule, target)
  })
}

export function another(name: string, { policy }: Ruled, { reference }: Found): KantaError {
  return policyError(
    `'${reference.name}.${name}' has another value than the context, which the policy '${policy}' refuses. Leave it out.`,
  )
}

/** A row as assignments make it. */
export function newRow(sets: readonly Node[], row: Row, { reference }: Found, { dialect }: Site): Row {
  return (name) => {
    const set = sets.find((one) => one.kind === 'assignment' && sameName(assigned(one), name))
    return set?.kind === 'assignment'
      ? asColumn(set.value, reference.definition?.columns.get(name), dialect)
      : row(name)
  }
}

/** A value on its way into a column as that holds it: beside another value nothing would tell its type. */
export function asColumn(value: Node, column: ColumnDefinition | undefined, dialect: Dialect): Node {
  const isNull = value.kind === 'literal' && value.value === null
  if (column === undefined || !(isNull || value.kind === 'slot')) return value
  const encoded = value.kind === 'slot' ? { ...value, codec: value.codec ?? column.codec } : value
  if (dialect.name !== 'postgres') return encoded
  // A length would cut values silently.
  return { kind: 'cast', operand: encoded, type: word(dialect.typeName({ ...column, typeArguments: [] })) }
}

/** Conditions that fail the statement where a row that it writes, among those of which `among` holds, may not be so. */
export function demandsOf(
  target: Found,
  row: Row,
  use: 'insert' | 'update',
  among: Node | undefined,
  site: Site,
  isRead = true,
): readonly Node[] {
  return target.rules.flatMap((rule) => {
    const check = rule.checks?.(row, use, site.late, isRead)
    if (check === undefined) return []
    const why = `The policy '${rule.policy}' does not allow this ${use} of '${target.reference.name}'`
    return [demandAmong(among, check, why, site.dialect)]
  })
}
