import { type Node, type NodeOf, nodeWith } from '../run/index.ts'
import { checkRepeatable, defaultOf, demandsOf, guardSets, newRow, rowOfSets, withDemands } from './change.ts'
import { all, assignment, choose, column, never } from './expression.ts'
import { stampInsert } from './insert.ts'
import type { Row } from './rule.ts'
import { filterInQuery } from './select.ts'
import type { GuardedTable, StatementGuard } from './statement-guard.ts'

/** Guards a merge: hidden rows match nothing, and each action follows the rules of its kind of statement. */
export function guardMerge(merge: NodeOf<'merge'>, cteNames: ReadonlySet<string>, guard: StatementGuard): Node {
  const source = merge.using === undefined ? undefined : guard.sourceTable(merge.using, cteNames)
  const using = source === undefined ? merge.using : filterInQuery(source, merge.using!, guard)
  const target = guard.targetTable(merge.into, 'update', cteNames)
  if (target === undefined) return { ...merge, using }
  const sees = guard.rowFilter(target, 'update')
  const whens = merge.whens.map((when) =>
    when.kind === 'mergeWhen' ? guardWhen(when, merge, target, sees, guard) : when,
  )
  return { ...merge, using, on: sees === undefined ? merge.on : [...merge.on, sees], whens }
}

function guardWhen(
  when: NodeOf<'mergeWhen'>,
  merge: NodeOf<'merge'>,
  target: GuardedTable,
  sees: Node | undefined,
  guard: StatementGuard,
): Node {
  const { action, match } = when
  if (action.kind !== 'mergeAction') return when
  if (action.action === 'insert') return guardMergeInsert(when, action, merge, target.cteNames, guard)
  const bySource = match === 'not matched by source'
  const filterHere = bySource ? sees : undefined
  const row: Row = (of) => column(target.name, of)
  if (action.action.startsWith('delete')) {
    const deleted = guard.targetTable(merge.into, 'delete', target.cteNames)!
    const stamps = deleted.rules.flatMap(({ rule }) => Object.entries(rule.deletes ?? {}))
    const mayDelete = guard.rowFilter(deleted, 'delete')
    const condition = all([when.condition, filterHere, mayDelete])
    if (stamps.length === 0) return { ...when, condition }
    const sets = [
      ...guardSets([], target, row, guard),
      ...stamps.map(([name, stamp]) => assignment(name, stamp.value(row, guard.runValues))),
    ]
    return { ...when, condition, action: { ...action, action: 'update', sets } }
  }
  if (!action.action.startsWith('update')) return { ...when, condition: all([when.condition, filterHere]) }
  const given = action.sets.flatMap((set) => (set.kind === 'update' ? set.sets : [set]))
  const sets = guardSets(given, target, row, guard)
  const demands = demandsOf(target, rowOfSets(sets, row, target, guard), 'update', guard)
  return {
    ...when,
    condition: all([when.condition, filterHere]),
    action: { ...action, sets: withDemands(sets, demands, row) },
  }
}

/** Guards an insert of a merge like an insert of one row. */
function guardMergeInsert(
  when: NodeOf<'mergeWhen'>,
  action: NodeOf<'mergeAction'>,
  merge: NodeOf<'merge'>,
  cteNames: ReadonlySet<string>,
  guard: StatementGuard,
): Node {
  const target = guard.targetTable(merge.into, 'insert', cteNames)
  if (target === undefined || target.rules.length === 0) return when
  const tuple: Node = { kind: 'tuple', items: action.values }
  const insert = nodeWith('insert', { verb: 'insert', into: merge.into, columns: action.columns, tuples: [tuple] })
  const { columns = [], tuples } = stampInsert(insert, target, guard)
  const values = tuples[0]?.kind === 'tuple' ? tuples[0].items : []
  const row = newRow(target, guard, (name) => {
    const value = values[columns.findIndex((one) => guard.sameColumn(one, name))]
    if (value === undefined || value.kind === 'default') return { stored: defaultOf(name, target) }
    return { value: checkRepeatable(value, name, target) }
  })
  const demand = all(demandsOf(target, row, 'insert', guard))
  const condition =
    demand === undefined || when.condition === undefined ? demand : choose(when.condition, demand, never)
  return { ...when, condition: condition ?? when.condition, action: { ...action, columns, values } }
}
