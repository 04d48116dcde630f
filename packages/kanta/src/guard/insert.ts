import { KantaError } from '../error/index.ts'
import { type Node, type NodeOf, nodeWith, sameValue } from '../run/index.ts'
import type { TableDefinition } from '../schema/index.ts'
import {
  another,
  checkSame,
  defaultOf,
  demanding,
  demandsOf,
  guardSets,
  newRow,
  refuseTwice,
  writtenByPolicy,
} from './change.ts'
import { all, choose, column, demand, never, sameName } from './expression.ts'
import type { Row, Stamp } from './rule.ts'
import type { Found, Ruled, Site } from './site.ts'

type Insert = NodeOf<'insert'>

const policyError = (message: string): KantaError => new KantaError('policy', message)

/** An insert: its rows get the values of policies and pass their checks; in a conflict it changes only rows that are there. */
export function guardInsert(insert: Insert, _hidden: ReadonlySet<string>, site: Site): Node {
  const target = site.target(insert.into, 'insert')
  if (target === undefined) return insert
  if (target.rules.length === 0) return guardDuplicate(guardConflict(insert, site), site)
  if (insert.verb === 'replace' || /replace/i.test(insert.or ?? ''))
    throw policyError(
      `Replacing rows of '${target.reference.name}' would delete the rows in their way past the policies of this database. Use onConflict() or onDuplicateKeyUpdate().`,
    )
  const checked = checkRows(stamped(insert, target, site), target, site)
  return guardDuplicate(guardConflict(checked, site), site)
}

/** The same insert with the values of the policies. */
export function stamped(insert: Insert, target: Found, site: Site): Insert {
  refuseTwice(insert.columns ?? [], target)
  for (const rule of target.rules) for (const name of insert.columns ?? []) rule.column?.(name, 'insert', site.late)
  return stampAll(withColumns(insert, target), target, site)
}

/** The same insert with the names of its columns. */
function withColumns(insert: Insert, target: Found): Insert {
  if (insert.columns !== undefined && !insert.defaults) return insert
  if (insert.defaults) {
    const [first] = target.rules.flatMap((rule) => Object.keys(rule.inserts ?? {}))
    if (first === undefined) return insert
    return { ...insert, defaults: false, columns: [], tuples: [{ kind: 'tuple', items: [] }] }
  }
  const definition = target.table.definition as TableDefinition | undefined
  if (definition === undefined)
    throw policyError(
      `An insert into '${target.reference.name}' names its columns, so that policies know them. Add columns([…]).`,
    )
  const columns = [...definition.columns.values()].flatMap(({ name, generated }) =>
    generated === 'always' ? [] : name,
  )
  return { ...insert, columns }
}

function stampAll(insert: Insert, target: Found, site: Site): Insert {
  let made = insert
  for (const rule of target.rules)
    for (const [name, stamp] of Object.entries(rule.inserts ?? {}))
      made = stampColumn(made, name, stamp, rule, target, site)
  return made
}

/** Writes one column of all rows. */
function stampColumn(insert: Insert, name: string, stamp: Stamp, rule: Ruled, target: Found, site: Site): Insert {
  const columns = insert.columns!
  const at = columns.findIndex((one) => sameName(one, name))
  if (at >= 0 && stamp.given === 'refuse') throw writtenByPolicy(name, rule, target)
  const value = stamp.value(noRow, site.late)
  if (insert.rows?.kind === 'slot') return stampRows(insert, insert.rows, name, at, stamp, value, rule, target, site)
  if (at >= 0 && stamp.given === 'keep') return insert
  const put = (items: readonly Node[]): readonly Node[] => {
    if (at < 0) return [...items, value]
    const given = items[at]!
    const operand = given.kind === 'alias' ? given.operand : given
    // The column itself of a table that the policy sees to has the value already.
    if (!(insert.query !== undefined && operand.kind === 'ref' && sameName(operand.column, name)))
      checkSame(operand, value, name, rule, target, site)
    return items.with(at, value)
  }
  return {
    ...insert,
    columns: at < 0 ? [...columns, name] : columns,
    tuples: insert.tuples.map((tuple) => (tuple.kind === 'tuple' ? { ...tuple, items: put(tuple.items) } : tuple)),
    query: insert.query === undefined ? undefined : withItem(insert.query, put, columns.length),
  }
}

const noRow: Row = (name) => {
  throw policyError(`A new row has no '${name}' yet.`)
}

/** The rows of the user, by copies with the value of the policy. */
function stampRows(
  insert: Insert,
  rows: NodeOf<'slot'>,
  name: string,
  at: number,
  { given }: Stamp,
  value: Node,
  rule: Ruled,
  target: Found,
  site: Site,
): Insert {
  const columns = insert.columns!
  const keys = (rows.codec as { columns: readonly string[] } | undefined)?.columns ?? columns
  // What a run makes is made by then.
  const make =
    value.kind === 'slot'
      ? (_: unknown, args: readonly unknown[]) => args[value.index]
      : value.kind === 'literal'
        ? () => value.value
        : undefined
  if (make === undefined)
    return stampColumn(asQuery(insert, rows, target), name, { value: () => value, given }, rule, target, site)
  const check = (own: unknown, stamped: unknown): void => {
    if (given === 'same' && !sameValue(own, stamped)) throw another(name, rule, target)
  }
  const key = at < 0 ? name : keys[at]!
  site.late.stampRows({ slot: rows.index, column: key, value: make, given, check })
  if (at >= 0) return insert
  return {
    ...insert,
    columns: [...columns, name],
    rows: { ...rows, codec: { columns: [...keys, key], codecs: undefined } },
  }
}

/** The rows of an insert as a query of them, for values that are no parameters. */
function asQuery(insert: Insert, rows: NodeOf<'slot'>, target: Found): Insert {
  const columns = insert.columns!
  if (insert.ragged)
    throw policyError(
      `The policies of '${target.reference.name}' need rows with the same columns. Give every row the same ones.`,
    )
  const definition = target.table.definition as TableDefinition | undefined
  const keys = (rows.codec as { columns: readonly string[] } | undefined)?.columns ?? columns
  const codecs = definition === undefined ? undefined : columns.map((name) => definition.columns.get(name)?.codec)
  const values: Node = { kind: 'values', columns: keys, rows: { ...rows, codec: { columns: keys, codecs } } }
  const query = nodeWith('select', {
    items: keys.map((key) => column(NEW, key)),
    from: [{ kind: 'alias', operand: values, name: NEW, columns: undefined }],
    // SQLite takes `on` after a query for that of a join.
    where: [TRUE],
  })
  return { ...insert, rows: undefined, query }
}

/** The name of the rows of an insert as a table. */
const NEW = 'kanta_new'
const TRUE: Node = { kind: 'binary', left: { kind: 'word', text: '1' }, op: '=', right: { kind: 'word', text: '1' } }

/** A query that selects one value more, or another, in each of its parts. */
function withItem(query: Node, put: (items: readonly Node[]) => readonly Node[], columns: number): Node {
  if (query.kind !== 'select')
    throw policyError('Policies need an insert from a query that selects. Use db.selectFrom(…) in expression().')
  if (query.items.some((item) => item.kind === 'star') || query.items.length !== columns)
    throw policyError('Policies need an insert from a query that names its columns, one for each. Use select([…]).')
  return {
    ...query,
    items: put(query.items),
    setOperations: query.setOperations.map((operation) =>
      operation.kind === 'setOperation' ? { ...operation, query: withItem(operation.query, put, columns) } : operation,
    ),
  }
}

/** The rows of an insert where each has to pass the checks of the policies. */
function checkRows(insert: Insert, target: Found, site: Site): Insert {
  if (!target.rules.some((rule) => rule.checks !== undefined)) return insert
  const columns = insert.columns ?? []
  const row: Row = (name) => {
    const at = columns.findIndex((one) => sameName(one, name))
    return at < 0 ? defaultOf(name, target) : column(NEW, columns[at]!)
  }
  const demands = demandsOf(target, row, 'insert', site)
  if (demands.length === 0) return insert
  const rows = queryOfRows(insert, target)
  const cte: Node = { kind: 'cte', name: NEW, columns, materialized: undefined, query: rows }
  const query = nodeWith('select', {
    ctes: [cte],
    recursive: false,
    items: columns.map((name) => column(NEW, name)),
    from: [{ kind: 'table', schema: undefined, name: NEW, definition: undefined }],
    where: demands,
  })
  return { ...insert, rows: undefined, tuples: [], query }
}

/** The rows of an insert, in whichever form they are given, as a query. */
function queryOfRows(insert: Insert, target: Found): Node {
  if (insert.query !== undefined) return insert.query
  if (insert.rows?.kind === 'slot') return asQuery(insert, insert.rows, target).query!
  const definition = target.table.definition as TableDefinition | undefined
  const rows = insert.tuples.map((tuple) => {
    const items = tuple.kind === 'tuple' ? tuple.items : []
    return nodeWith('select', {
      items: items.map((item, i) => {
        const codec = definition?.columns.get(insert.columns![i]!)?.codec
        return item.kind === 'slot' && codec !== undefined ? { ...item, codec } : item
      }),
    })
  })
  const [first, ...others] = rows
  return { ...first!, setOperations: others.map((query) => ({ kind: 'setOperation', operator: 'union all', query })) }
}

/** `on conflict do update`: a row that is not there for the statement fails it. */
function guardConflict(insert: Insert, site: Site): Insert {
  const { conflict } = insert
  const target = site.target(insert.into, 'update')
  if (conflict?.kind !== 'conflict' || conflict.action !== 'update' || target === undefined) return insert
  const row: Row = (name) => column(target.name, name)
  const sets = guardSets(conflict.sets, target, row, site)
  const demands = demandsOf(target, newRow(sets, row, target), 'update', site)
  const updateWhere = unlessHidden(target, all(conflict.updateWhere), row, site)
  return { ...insert, conflict: { ...conflict, sets: demanding(sets, demands, row), updateWhere } }
}

/** A condition that fails the statement where the row in the way is not there for it. */
function unlessHidden(target: Found, condition: Node | undefined, row: Row, site: Site): readonly Node[] {
  const hidden = hiddenRow(target, row, site)
  const demands = all(hidden)
  if (demands === undefined) return condition === undefined ? [] : [condition]
  return [condition === undefined ? demands : choose(demands, condition, never)]
}

function hiddenRow(target: Found, row: Row, site: Site): readonly Node[] {
  return target.rules.flatMap((rule) => {
    const sees = rule.sees?.(row, 'update', site.late)
    const why = `The row of '${target.reference.name}' that is in the way of the new one is not to be changed (policy '${rule.policy}').`
    return sees === undefined ? [] : [demand(sees, why, site.dialect)]
  })
}

/** `on duplicate key update` has no condition, so that all is asked where it sets a value. */
function guardDuplicate(insert: Insert, site: Site): Insert {
  const target = site.target(insert.into, 'update')
  if (insert.duplicate.length === 0 || target === undefined) return insert
  const row: Row = (name) => column(target.name, name)
  const sets = guardSets(insert.duplicate, target, row, site)
  const demands = demandsOf(target, newRow(sets, row, target), 'update', site)
  return { ...insert, duplicate: demanding(sets, [...hiddenRow(target, row, site), ...demands], row) }
}
