import { KantaError } from '../error/index.ts'
import { type Node, type NodeOf, nodeWith, sameValue } from '../run/index.ts'
import type { Codec, SqlValue, TableDefinition } from '../table/index.ts'
import {
  another,
  checkSame,
  defaultOf,
  demanding,
  demandsOf,
  guardSets,
  newRow,
  refuseOtherName,
  refuseTwice,
  writtenByPolicy,
  writtenRow,
} from './change.ts'
import { all, choose, column, demand, equal, never } from './expression.ts'
import type { Row, Stamp } from './rule.ts'
import type { Found, Ruled, Site } from './site.ts'

type Insert = NodeOf<'insert'>

const policyError = (message: string): KantaError => new KantaError('policy', message)

/** An insert: its rows get the values of policies and pass their checks; in a conflict it changes only rows that are there. */
export function guardInsert(insert: Insert, hidden: ReadonlySet<string>, site: Site): Node {
  const target = site.target(insert.into, 'insert', hidden)
  if (target === undefined) return insert
  if (target.rules.length === 0) return guardDuplicate(guardConflict(insert, hidden, site), hidden, site)
  if (insert.verb === 'replace' || /replace/i.test(insert.or ?? ''))
    throw policyError(
      `Replacing rows of '${target.reference.name}' would delete the rows in their way past the policies of this database. Use onConflict() or onDuplicateKeyUpdate().`,
    )
  const checked = checkRows(stamped(insert, target, site), target, site)
  return guardDuplicate(guardConflict(checked, hidden, site), hidden, site)
}

/** The same insert with the values of the policies. */
export function stamped(insert: Insert, target: Found, site: Site): Insert {
  refuseTwice(insert.columns ?? [], target, site)
  const named = withColumns(insert, target)
  for (const name of named.columns ?? []) {
    refuseOtherName(name, target, site)
    for (const rule of target.rules) site.column(rule, name, 'insert')
  }
  return stampAll(named, target, site)
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
  const at = columns.findIndex((one) => site.sameColumn(one, name))
  if (at >= 0 && stamp.given === 'refuse') throw writtenByPolicy(name, rule, target)
  const value = stamp.value(noRow, site.late)
  if (insert.rows?.kind === 'slot') return stampRows(insert, insert.rows, name, at, stamp, value, rule, target, site)
  if (at >= 0 && stamp.given === 'keep') return insert
  if (insert.query !== undefined && !isPlain(insert.query)) {
    const same = at < 0 ? [] : [sameInRows(insert.query, at, value, name, rule, target, site)]
    return stampColumn({ ...insert, query: named(insert.query, columns, same, site) }, name, stamp, rule, target, site)
  }
  const put = (items: readonly Node[]): readonly Node[] => {
    if (at < 0) return [...items, value]
    const given = items[at]!
    checkItem(given, insert.query !== undefined, value, name, rule, target, site)
    return items.with(at, given.kind === 'alias' ? { ...given, operand: value } : value)
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
    return stampColumn(asQuery(insert, rows, target, site), name, { value: () => value, given }, rule, target, site)
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

/** The same insert of rows as that of a query of them, for values that are no parameters. */
function asQuery(insert: Insert, rows: NodeOf<'slot'>, target: Found, site: Site): Insert {
  const columns = insert.columns!
  const query = nodeWith('select', {
    items: columns.map((name) => column(NEW, name)),
    from: [{ kind: 'alias', operand: queryOfSlot(rows, insert, target, site), name: NEW, columns: undefined }],
    // SQLite takes `on` after a query for that of a join.
    where: [TRUE],
  })
  return { ...insert, rows: undefined, query }
}

/** The rows that an argument brings, as a query of the columns of an insert. */
function queryOfSlot(rows: NodeOf<'slot'>, insert: Insert, target: Found, site: Site): Node {
  const columns = insert.columns!
  if (insert.ragged)
    throw policyError(
      `The policies of '${target.reference.name}' need rows with the same columns. Give every row the same ones.`,
    )
  const keys = (rows.codec as { columns: readonly string[] } | undefined)?.columns ?? columns
  const codecs = columns.map((name) => codecOf(name, target))
  if (site.semantics.untypedValues) {
    const selects = columns.map((name) => site.dialect.quote(name))
    const slot: Node = { ...rows, codec: { columns: keys, codecs, selects } }
    return asTyped({ kind: 'raw', strings: ['', ''], parts: [slot] }, columns, target)
  }
  const values: Node = { kind: 'values', columns: keys, rows: { ...rows, codec: { columns: keys, codecs } } }
  const items = keys.map((key, i): Node => {
    const read = column(NEW, key)
    return key === columns[i] ? read : { kind: 'alias', operand: read, name: columns[i]!, columns: undefined }
  })
  const from: Node[] = [{ kind: 'alias', operand: values, name: NEW, columns: undefined }]
  return nodeWith('select', { items, from, where: [TRUE] })
}

const codecOf = (name: string, { table }: Found): unknown =>
  (table.definition as TableDefinition | undefined)?.columns.get(name)?.codec

/** PostgreSQL takes a value of a query for text, but beside others it takes it for what they are: here, no rows. */
function asTyped(query: Node, columns: readonly string[], { table }: Found): Node {
  const items = columns.map((name) => column(undefined, name))
  return nodeWith('select', {
    items,
    from: [table],
    where: [never],
    setOperations: [{ kind: 'setOperation', operator: 'union all', query }],
  })
}

/** The name of the rows of an insert as a table. */
const NEW = 'kanta_new'
const TRUE: Node = { kind: 'binary', left: { kind: 'word', text: '1' }, op: '=', right: { kind: 'word', text: '1' } }

/** Whether a value can stand beside what a query selects: where rows are held against each other it has to have a type. */
function isPlain(query: Node): boolean {
  if (query.kind !== 'select') return true
  const { setOperations, distinct, distinctOn, items } = query
  const compares = setOperations.length > 0 || distinct || distinctOn.length > 0
  return !compares && !items.some((item) => item.kind === 'star')
}

/** A query of another, whose columns have the names of those that an insert writes. */
function named(query: Node, columns: readonly string[], where: readonly Node[], site: Site): Node {
  return nodeWith('select', {
    ctes: [{ kind: 'cte', name: NEW, columns, materialized: undefined, query: ordered(query, site) }],
    items: columns.map((name) => column(NEW, name)),
    from: [{ kind: 'table', schema: undefined, name: NEW, definition: undefined }],
    where: [TRUE, ...where],
  })
}

/** A query whose columns may get other names: MariaDB takes those of its order for the new ones. */
function ordered(query: Node, { semantics }: Site): Node {
  if (query.kind !== 'select' || query.orderBy.length === 0 || !semantics.cteColumnsRenameOrder) return query
  const from: Node[] = [{ kind: 'alias', operand: query, name: NEW, columns: undefined }]
  return nodeWith('select', { items: [{ kind: 'star', table: undefined }], from })
}

/**
 * Fails a statement for a row that has another value than the policy writes: what a query computes of all its rows is
 * known of each of them only outside of it.
 */
function sameInRows(query: Node, at: number, value: Node, name: string, rule: Ruled, target: Found, site: Site): Node {
  const checkPart = (part: Node): void => {
    if (part.kind !== 'select' || part.items[at] === undefined || part.items.some((item) => item.kind === 'star'))
      throw policyError(`An insert of '${target.reference.name}.${name}' from a query names the columns of the query.`)
    checkItem(part.items[at], true, value, name, rule, target, site)
    for (const operation of part.setOperations) if (operation.kind === 'setOperation') checkPart(operation.query)
  }
  checkPart(query)
  const why = `'${target.reference.name}' gets another '${name}' than the policy '${rule.policy}' allows.`
  return demand(equal(column(NEW, name), value), why, site.dialect)
}

/** Checks what a user gave for a column of a policy: the value itself, or that column of a table, which has it. */
function checkItem(
  item: Node,
  inQuery: boolean,
  value: Node,
  name: string,
  rule: Ruled,
  target: Found,
  site: Site,
): void {
  const operand = item.kind === 'alias' ? item.operand : item
  if (!(inQuery && operand.kind === 'ref' && site.sameColumn(operand.column, name)))
    checkSame(operand, value, name, rule, target, site)
}

/** A query that selects one value more, or another. */
function withItem(query: Node, put: (items: readonly Node[]) => readonly Node[], columns: number): Node {
  if (query.kind !== 'select')
    throw policyError('Policies need an insert from a query that selects. Use db.selectFrom(…) in expression().')
  if (query.items.length !== columns)
    throw policyError(`The insert names ${columns} columns, and its query selects ${query.items.length}.`)
  return { ...query, items: put(query.items) }
}

/** The rows of an insert where each has to pass the checks of the policies. */
function checkRows(insert: Insert, target: Found, site: Site): Insert {
  if (!target.rules.some((rule) => rule.checks !== undefined)) return insert
  const columns = insert.columns ?? []
  const row = writtenRow(target, site, (name) => {
    const at = columns.findIndex((one) => site.sameColumn(one, name))
    return at < 0 ? { stored: defaultOf(name, target) } : { value: column(NEW, columns[at]!) }
  })
  const isRead = [insert.returning, insert.output, insert.duplicate].some((part) => part.length > 0)
  const demands = demandsOf(target, row, 'insert', site, isRead || insert.conflict !== undefined)
  if (demands.length === 0) return insert
  if (columns.length === 0)
    throw policyError(`The policies of '${target.reference.name}' check new rows. Give this one values.`)
  const cte: Node = {
    kind: 'cte',
    name: NEW,
    columns,
    ...computedOnce(ordered(queryOfRows(insert, target, site), site), site),
  }
  const query = nodeWith('select', {
    ctes: [cte],
    recursive: false,
    items: columns.map((name) => column(NEW, name)),
    from: [{ kind: 'table', schema: undefined, name: NEW, definition: undefined }],
    where: demands,
  })
  return { ...insert, rows: undefined, tuples: [], query }
}

/** A query that a database does not put together with the one that checks its rows, so that it checks what is written. */
function computedOnce(query: Node, { dialect }: Site): Pick<NodeOf<'cte'>, 'materialized' | 'query'> {
  if (dialect.capabilities.materializedCtes) return { materialized: true, query }
  const free = query.kind === 'select' && query.limit === undefined && query.setOperations.length === 0
  return { materialized: undefined, query: free && query.from.length > 0 ? { ...query, limit: MOST } : query }
}

/** MySQL's way to have all rows, but with a limit. https://dev.mysql.com/doc/refman/8.4/en/select.html */
const MOST: Node = { kind: 'literal', value: 9223372036854775807n }

/** The rows of an insert, in whichever form they are given, as a query. */
function queryOfRows(insert: Insert, target: Found, site: Site): Node {
  if (insert.rows?.kind === 'slot') return queryOfSlot(insert.rows, insert, target, site)
  const query = withCodecs(insert.query ?? queryOfTuples(insert.tuples), insert.columns!, target)
  return site.semantics.untypedValues ? asTyped(query, insert.columns!, target) : query
}

function queryOfTuples(tuples: readonly Node[]): Node {
  const rows = tuples.map((tuple) => nodeWith('select', { items: tuple.kind === 'tuple' ? tuple.items : [] }))
  const [first, ...others] = rows
  return { ...first!, setOperations: others.map((query) => ({ kind: 'setOperation', operator: 'union all', query })) }
}

/** A query whose values are written as the columns that they are for. */
function withCodecs(query: Node, columns: readonly string[], target: Found): Node {
  if (query.kind !== 'select') return query
  const withCodec = (item: Node, i: number): Node => {
    if (item.kind === 'alias') return { ...item, operand: withCodec(item.operand, i) }
    return item.kind === 'slot' ? { ...item, codec: codecOf(columns[i]!, target) ?? AS_GIVEN } : item
  }
  return {
    ...query,
    items: query.items.map(withCodec),
    setOperations: query.setOperations.map((operation) =>
      operation.kind === 'setOperation'
        ? { ...operation, query: withCodecs(operation.query, columns, target) }
        : operation,
    ),
  }
}

/** Of a column that nobody knows. */
const AS_GIVEN: Codec = { name: 'as given', encode: (value) => value as SqlValue, decode: (value) => value }

/** `on conflict do update`: a row that is not there for the statement fails it. */
function guardConflict(insert: Insert, hidden: ReadonlySet<string>, site: Site): Insert {
  const { conflict } = insert
  const target = site.target(insert.into, 'update', hidden)
  if (conflict?.kind !== 'conflict' || conflict.action !== 'update' || target === undefined) return insert
  const row: Row = (name) => column(target.name, name)
  const sets = guardSets(conflict.sets, target, row, site)
  const demands = demandsOf(target, newRow(sets, row, target, site), 'update', site)
  const updateWhere = unlessHidden(target, all(conflict.updateWhere), row, site)
  return { ...insert, conflict: { ...conflict, sets: demanding(sets, demands, row), updateWhere } }
}

/** A condition that fails the statement where the row in the way is not there for it. */
function unlessHidden(target: Found, condition: Node | undefined, row: Row, site: Site): readonly Node[] {
  const demands = all(hiddenRow(target, row, site))
  if (demands === undefined) return condition === undefined ? [] : [condition]
  return [condition === undefined ? demands : choose(demands, condition, never)]
}

function hiddenRow(target: Found, row: Row, site: Site): readonly Node[] {
  return target.rules.flatMap((rule) => {
    const sees = site.own(rule.sees?.(row, 'update', site.late), target, rule)
    const why = `The row of '${target.reference.name}' that is in the way of the new one is not to be changed (policy '${rule.policy}').`
    return sees === undefined ? [] : [demand(sees, why, site.dialect)]
  })
}

/** `on duplicate key update` has no condition, so that all is asked where it sets a value. */
function guardDuplicate(insert: Insert, hidden: ReadonlySet<string>, site: Site): Insert {
  const target = site.target(insert.into, 'update', hidden)
  if (insert.duplicate.length === 0 || target === undefined) return insert
  const row: Row = (name) => column(target.name, name)
  const sets = guardSets(insert.duplicate, target, row, site)
  const demands = demandsOf(target, newRow(sets, row, target, site), 'update', site)
  return { ...insert, duplicate: demanding(sets, [...hiddenRow(target, row, site), ...demands], row) }
}
