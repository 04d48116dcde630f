import { type Node, type NodeOf, nodeWith } from '../run/index.ts'
import { defaultOf, demanding, demandsOf, guardSets, newRow, steady, writtenRow } from './change.ts'
import { all, assignment, choose, column, never } from './expression.ts'
import { stamped } from './insert.ts'
import type { Row } from './rule.ts'
import { filtered } from './select.ts'
import type { Found, Site } from './site.ts'

/** A merge: rows that are not there for the statement match nothing, and each action is as the statement of its kind. */
export function guardMerge(merge: NodeOf<'merge'>, hidden: ReadonlySet<string>, site: Site): Node {
  const source = merge.using === undefined ? undefined : site.source(merge.using, hidden)
  const using = source === undefined ? merge.using : filtered(source, merge.using!, site)
  const target = site.target(merge.into, 'update', hidden)
  if (target === undefined) return { ...merge, using }
  const sees = site.sees(target, 'update')
  const whens = merge.whens.map((when) =>
    when.kind === 'mergeWhen' ? guardWhen(when, merge, target, sees, site) : when,
  )
  return { ...merge, using, on: sees === undefined ? merge.on : [...merge.on, sees], whens }
}

function guardWhen(
  when: NodeOf<'mergeWhen'>,
  merge: NodeOf<'merge'>,
  target: Found,
  sees: Node | undefined,
  site: Site,
): Node {
  const { action, match } = when
  if (action.kind !== 'mergeAction') return when
  if (action.action === 'insert') return guardMergeInsert(when, action, merge, target.hidden, site)
  const bySource = match === 'not matched by source'
  const onlySeen = bySource ? sees : undefined
  const row: Row = (of) => column(target.name, of)
  if (action.action.startsWith('delete')) {
    const deleted = site.target(merge.into, 'delete', target.hidden)!
    const stamps = deleted.rules.flatMap((rule) => Object.entries(rule.deletes ?? {}))
    const mayDelete = site.sees(deleted, 'delete')
    const condition = all([when.condition, onlySeen, mayDelete])
    if (stamps.length === 0) return { ...when, condition }
    const sets = [
      ...guardSets([], target, row, site),
      ...stamps.map(([name, stamp]) => assignment(name, stamp.value(row, site.late))),
    ]
    return { ...when, condition, action: { ...action, action: 'update', sets } }
  }
  if (!action.action.startsWith('update')) return { ...when, condition: all([when.condition, onlySeen]) }
  const given = action.sets.flatMap((set) => (set.kind === 'update' ? set.sets : [set]))
  const sets = guardSets(given, target, row, site)
  const demands = demandsOf(target, newRow(sets, row, target, site), 'update', site)
  return {
    ...when,
    condition: all([when.condition, onlySeen]),
    action: { ...action, sets: demanding(sets, demands, row) },
  }
}

/** An insert of a merge, as that of one row. */
function guardMergeInsert(
  when: NodeOf<'mergeWhen'>,
  action: NodeOf<'mergeAction'>,
  merge: NodeOf<'merge'>,
  hidden: ReadonlySet<string>,
  site: Site,
): Node {
  const target = site.target(merge.into, 'insert', hidden)
  if (target === undefined || target.rules.length === 0) return when
  const tuple: Node = { kind: 'tuple', items: action.values }
  const insert = nodeWith('insert', { verb: 'insert', into: merge.into, columns: action.columns, tuples: [tuple] })
  const { columns = [], tuples } = stamped(insert, target, site)
  const values = tuples[0]?.kind === 'tuple' ? tuples[0].items : []
  const row = writtenRow(target, site, (name) => {
    const value = values[columns.findIndex((one) => site.sameColumn(one, name))]
    if (value === undefined || value.kind === 'default') return { stored: defaultOf(name, target) }
    return { value: steady(value, name, target) }
  })
  const demand = all(demandsOf(target, row, 'insert', site))
  const condition =
    demand === undefined || when.condition === undefined ? demand : choose(when.condition, demand, never)
  return { ...when, condition: condition ?? when.condition, action: { ...action, columns, values } }
}
