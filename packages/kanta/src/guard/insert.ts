import { writeCodec } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { type Node, type NodeOf, nodeWith, sameValue } from '../run/index.ts'
import type { Codec, ColumnDefinition, SqlValue, TableDefinition } from '../table/index.ts'
import {
  checkSame,
  defaultOf,
  demandsOf,
  guardSets,
  mismatchError,
  newRow,
  policyColumnError,
  refuseOtherName,
  refuseTwice,
  rowOfSets,
  withDemands,
} from './change.ts'
import { all, choose, column, demand, equal, never } from './expression.ts'
import type { Row, Stamp } from './rule.ts'
import type { GuardedTable, PolicyRule, StatementGuard } from './statement-guard.ts'

type Insert = NodeOf<'insert'>

const policyError = (message: string): KantaError => new KantaError('policy', message)

/**
 * Adds the values of policies to the rows of an insert, and checks these. On a conflict it may change only rows that
 * policies show.
 */
export function guardInsert(insert: Insert, cteNames: ReadonlySet<string>, guard: StatementGuard): Node {
  const target = guard.targetTable(insert.into, 'insert', cteNames)
  if (target === undefined) return insert
  if (target.rules.length === 0) return guardDuplicate(guardConflict(insert, cteNames, guard), cteNames, guard)
  if (insert.verb === 'replace' || /replace/i.test(insert.or ?? ''))
    throw policyError(
      `Replacing rows of '${target.reference.name}' would delete conflicting rows and bypass the policies of this database. Use onConflict() or onDuplicateKeyUpdate().`,
    )
  const checked = checkRows(stampInsert(insert, target, guard), target, guard)
  return guardDuplicate(guardConflict(checked, cteNames, guard), cteNames, guard)
}

/** Returns the insert with the values of the policies. */
export function stampInsert(insert: Insert, target: GuardedTable, guard: StatementGuard): Insert {
  refuseTwice(insert.columns ?? [], target, guard)
  const named = withColumns(insert, target)
  for (const name of named.columns ?? []) {
    refuseOtherName(name, target, guard)
    for (const rule of target.rules) guard.checkColumn(rule, name, 'insert')
  }
  return stampColumns(named, target, guard)
}

/** Returns the insert with the names of its columns. */
function withColumns(insert: Insert, target: GuardedTable): Insert {
  if (insert.columns !== undefined && !insert.defaults) return insert
  if (insert.defaults) {
    const [first] = target.rules.flatMap(({ rule }) => Object.keys(rule.inserts ?? {}))
    if (first === undefined) return insert
    return { ...insert, defaults: false, columns: [], tuples: [{ kind: 'tuple', items: [] }] }
  }
  const definition = target.table.definition as TableDefinition | undefined
  if (definition === undefined)
    throw policyError(
      `The policies of '${target.reference.name}' need to know the columns of an insert. Add columns([…]).`,
    )
  const columns = [...definition.columns.values()].flatMap(({ name, generated }) =>
    generated === 'always' ? [] : name,
  )
  return { ...insert, columns }
}

function stampColumns(insert: Insert, target: GuardedTable, guard: StatementGuard): Insert {
  let made = insert
  for (const policyRule of target.rules)
    for (const [name, stamp] of Object.entries(policyRule.rule.inserts ?? {}))
      made = stampColumn(made, name, stamp, policyRule, target, guard)
  return made
}

/** Writes one column of all rows of an insert. */
function stampColumn(
  insert: Insert,
  name: string,
  stamp: Stamp,
  rule: PolicyRule,
  target: GuardedTable,
  guard: StatementGuard,
): Insert {
  const columns = insert.columns!
  const at = columns.findIndex((one) => guard.sameColumn(one, name))
  if (at >= 0 && stamp.userValue === 'refuse') throw policyColumnError(name, rule, target)
  const value = stamp.value(noRow, guard.runValues)
  if (insert.rows?.kind === 'slot')
    return stampArgument(insert, insert.rows, name, at, stamp, value, rule, target, guard)
  if (at >= 0 && stamp.userValue === 'keep') return insert
  if (insert.query !== undefined && !canSelectMore(insert.query)) {
    const same = at < 0 ? [] : [sameInRows(insert.query, at, value, name, rule, target, guard)]
    return stampColumn(
      { ...insert, query: nameColumns(insert.query, columns, same, guard) },
      name,
      stamp,
      rule,
      target,
      guard,
    )
  }
  const put = (items: readonly Node[]): readonly Node[] => {
    if (at < 0) return [...items, value]
    const given = items[at]!
    checkItem(given, insert.query !== undefined, value, name, rule, target, guard)
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

/** Stamps the rows that an argument holds: each run copies them and adds the value of the policy. */
function stampArgument(
  insert: Insert,
  rows: NodeOf<'slot'>,
  name: string,
  at: number,
  { userValue }: Stamp,
  value: Node,
  rule: PolicyRule,
  target: GuardedTable,
  guard: StatementGuard,
): Insert {
  const columns = insert.columns!
  const keys = (rows.codec as { columns: readonly string[] } | undefined)?.columns ?? columns
  // A slot of a run has its value before rows are stamped.
  const make =
    value.kind === 'slot'
      ? (_: unknown, args: readonly unknown[]) => args[value.index]
      : value.kind === 'literal'
        ? () => value.value
        : undefined
  if (make === undefined)
    return stampColumn(
      toQuery(insert, rows, target, guard),
      name,
      { value: () => value, userValue },
      rule,
      target,
      guard,
    )
  const check = (own: unknown, stamped: unknown): void => {
    if (userValue === 'same' && !sameValue(own, stamped)) throw mismatchError(name, rule, target)
  }
  const key = at < 0 ? name : keys[at]!
  guard.runValues.addRowStamp({ slot: rows.index, column: key, value: make, userValue, check })
  if (at >= 0) return insert
  return {
    ...insert,
    columns: [...columns, name],
    rows: { ...rows, codec: { columns: [...keys, key], codecs: undefined } },
  }
}

/** Turns an insert of rows into an insert from a query, so that a policy can add an expression. */
function toQuery(insert: Insert, rows: NodeOf<'slot'>, target: GuardedTable, guard: StatementGuard): Insert {
  const columns = insert.columns!
  const query = nodeWith('select', {
    items: columns.map((name) => column(NEW_ROWS, name)),
    from: [{ kind: 'alias', operand: queryOfSlot(rows, insert, target, guard), name: NEW_ROWS, columns: undefined }],
    // Without `where`, SQLite reads `on conflict` after a query as the `on` of a join.
    where: [TRUE],
  })
  return { ...insert, rows: undefined, query }
}

/** Returns a query of the rows that an argument holds. */
function queryOfSlot(rows: NodeOf<'slot'>, insert: Insert, target: GuardedTable, guard: StatementGuard): Node {
  const columns = insert.columns!
  if (insert.ragged)
    throw policyError(
      `The policies of '${target.reference.name}' need rows with the same columns. Give each row the same columns.`,
    )
  const keys = (rows.codec as { columns: readonly string[] } | undefined)?.columns ?? columns
  const codecs = columns.map((name) => codecOf(name, target))
  if (guard.semantics.untypedValues) {
    const selects = columns.map((name) => guard.dialect.quote(name))
    const slot: Node = { ...rows, codec: { columns: keys, codecs, selects } }
    return typeByTable({ kind: 'raw', strings: ['', ''], parts: [slot] }, columns, target)
  }
  // What is read from them has the types of the columns for which they are.
  const definitions = columns.map((name) => definitionIn(name, target))
  const values: Node = {
    kind: 'values',
    columns: keys,
    rows: { ...rows, codec: { columns: keys, codecs, definitions } },
  }
  const items = keys.map((key, i): Node => {
    const read = column(NEW_ROWS, key)
    return key === columns[i] ? read : { kind: 'alias', operand: read, name: columns[i]!, columns: undefined }
  })
  const from: Node[] = [{ kind: 'alias', operand: values, name: NEW_ROWS, columns: undefined }]
  return nodeWith('select', { items, from, where: [TRUE] })
}

const definitionIn = (name: string, { table }: GuardedTable): ColumnDefinition | undefined =>
  (table.definition as TableDefinition | undefined)?.columns.get(name)

function codecOf(name: string, target: GuardedTable): unknown {
  const column = definitionIn(name, target)
  return column === undefined ? undefined : writeCodec(column)
}

/**
 * Gives the values of a query the types of the table, by a union with none of its rows: PostgreSQL would take them for
 * text.
 */
function typeByTable(query: Node, columns: readonly string[], { table }: GuardedTable): Node {
  const items = columns.map((name) => column(undefined, name))
  return nodeWith('select', {
    items,
    from: [table],
    where: [never],
    setOperations: [{ kind: 'setOperation', operator: 'union all', query }],
  })
}

/** The name of the common table expression that holds the new rows. */
const NEW_ROWS = 'kanta_new'
const TRUE: Node = { kind: 'binary', left: { kind: 'word', text: '1' }, op: '=', right: { kind: 'word', text: '1' } }

/**
 * Returns true if a query can select one more value. One that compares rows, as `distinct` and `union` do, needs typed
 * values.
 */
function canSelectMore(query: Node): boolean {
  if (query.kind !== 'select') return true
  const { setOperations, distinct, distinctOn, items } = query
  const compares = setOperations.length > 0 || distinct || distinctOn.length > 0
  return !compares && !items.some((item) => item.kind === 'star')
}

/** Wraps a query, so that its columns have the names of the columns that the insert writes. */
function nameColumns(query: Node, columns: readonly string[], where: readonly Node[], guard: StatementGuard): Node {
  return nodeWith('select', {
    ctes: [{ kind: 'cte', name: NEW_ROWS, columns, materialized: undefined, query: isolateOrder(query, guard) }],
    items: columns.map((name) => column(NEW_ROWS, name)),
    from: [{ kind: 'table', schema: undefined, name: NEW_ROWS, definition: undefined }],
    where: [TRUE, ...where],
  })
}

/**
 * Wraps a query that has an order where renamed columns would change it: MariaDB takes the names in `order by` for the
 * new ones.
 */
function isolateOrder(query: Node, { semantics }: StatementGuard): Node {
  if (query.kind !== 'select' || query.orderBy.length === 0 || !semantics.cteColumnsRenameOrder) return query
  const from: Node[] = [{ kind: 'alias', operand: query, name: NEW_ROWS, columns: undefined }]
  return nodeWith('select', { items: [{ kind: 'star', table: undefined }], from })
}

/**
 * Returns a condition that fails the statement for a row with another value than the policy writes. It belongs outside
 * of the query: an aggregate or a set operation has its value only there.
 */
function sameInRows(
  query: Node,
  at: number,
  value: Node,
  name: string,
  rule: PolicyRule,
  target: GuardedTable,
  guard: StatementGuard,
): Node {
  const checkPart = (part: Node): void => {
    if (part.kind !== 'select' || part.items[at] === undefined || part.items.some((item) => item.kind === 'star'))
      throw policyError(
        `The policies need the columns of a query that inserts '${target.reference.name}.${name}'. Name them in select().`,
      )
    checkItem(part.items[at], true, value, name, rule, target, guard)
    for (const operation of part.setOperations) if (operation.kind === 'setOperation') checkPart(operation.query)
  }
  checkPart(query)
  const why = `'${target.reference.name}' would get another '${name}' than the policy '${rule.policy}' allows.`
  return demand(equal(column(NEW_ROWS, name), value), why, guard.dialect)
}

/** Checks the user's value for a column of a policy: it must be the same value, or the same column of a table. */
function checkItem(
  item: Node,
  inQuery: boolean,
  value: Node,
  name: string,
  rule: PolicyRule,
  target: GuardedTable,
  guard: StatementGuard,
): void {
  const operand = item.kind === 'alias' ? item.operand : item
  if (!(inQuery && operand.kind === 'ref' && guard.sameColumn(operand.column, name)))
    checkSame(operand, value, name, rule, target, guard)
}

/** Replaces the items that a query selects. */
function withItem(query: Node, put: (items: readonly Node[]) => readonly Node[], columns: number): Node {
  if (query.kind !== 'select')
    throw policyError('Policies cannot add a column to this query. Use db.selectFrom(…) in expression().')
  if (query.items.length !== columns)
    throw policyError(`The insert names ${columns} columns, but its query selects ${query.items.length}.`)
  return { ...query, items: put(query.items) }
}

/** Turns an insert into one from a query whose rows must pass the checks of the policies. */
function checkRows(insert: Insert, target: GuardedTable, guard: StatementGuard): Insert {
  if (!target.rules.some(({ rule }) => rule.checks !== undefined)) return insert
  const columns = insert.columns ?? []
  const row = newRow(target, guard, (name) => {
    const at = columns.findIndex((one) => guard.sameColumn(one, name))
    return at < 0 ? { stored: defaultOf(name, target) } : { value: column(NEW_ROWS, columns[at]!) }
  })
  const isRead = [insert.returning, insert.output, insert.duplicate].some((part) => part.length > 0)
  const demands = demandsOf(target, row, 'insert', guard, isRead || insert.conflict !== undefined)
  if (demands.length === 0) return insert
  if (columns.length === 0)
    throw policyError(`The policies of '${target.reference.name}' check new rows. Give the row values.`)
  const cte: Node = {
    kind: 'cte',
    name: NEW_ROWS,
    columns,
    ...computeOnce(isolateOrder(queryOfRows(insert, target, guard), guard), guard),
  }
  const query = nodeWith('select', {
    ctes: [cte],
    recursive: false,
    items: columns.map((name) => column(NEW_ROWS, name)),
    from: [{ kind: 'table', schema: undefined, name: NEW_ROWS, definition: undefined }],
    where: demands,
  })
  return { ...insert, rows: undefined, tuples: [], query }
}

/** Keeps the database from merging a query into the one that checks its rows, so that it checks what it writes. */
function computeOnce(query: Node, { dialect }: StatementGuard): Pick<NodeOf<'cte'>, 'materialized' | 'query'> {
  if (dialect.capabilities.materializedCtes) return { materialized: true, query }
  const free = query.kind === 'select' && query.limit === undefined && query.setOperations.length === 0
  return { materialized: undefined, query: free && query.from.length > 0 ? { ...query, limit: MAX_LIMIT } : query }
}

/** The limit that means all rows in MySQL. https://dev.mysql.com/doc/refman/8.4/en/select.html */
const MAX_LIMIT: Node = { kind: 'literal', value: 9223372036854775807n }

/** Returns the rows of an insert as a query, whatever form they have. */
function queryOfRows(insert: Insert, target: GuardedTable, guard: StatementGuard): Node {
  if (insert.rows?.kind === 'slot') return queryOfSlot(insert.rows, insert, target, guard)
  const query = withCodecs(insert.query ?? queryOfTuples(insert.tuples), insert.columns!, target)
  return guard.semantics.untypedValues ? typeByTable(query, insert.columns!, target) : query
}

function queryOfTuples(tuples: readonly Node[]): Node {
  const rows = tuples.map((tuple) => nodeWith('select', { items: tuple.kind === 'tuple' ? tuple.items : [] }))
  const [first, ...others] = rows
  return { ...first!, setOperations: others.map((query) => ({ kind: 'setOperation', operator: 'union all', query })) }
}

/** Gives the values of a query the codecs of their columns. */
function withCodecs(query: Node, columns: readonly string[], target: GuardedTable): Node {
  if (query.kind !== 'select') return query
  const withCodec = (item: Node, i: number): Node => {
    if (item.kind === 'alias') return { ...item, operand: withCodec(item.operand, i) }
    return item.kind === 'slot' ? { ...item, codec: codecOf(columns[i]!, target) ?? PLAIN_CODEC } : item
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

/** The codec of a column without a definition. */
const PLAIN_CODEC: Codec = { name: 'as given', encode: (value) => value as SqlValue, decode: (value) => value }

/** Guards `on conflict do update`: a conflict with a row that policies hide fails the statement. */
function guardConflict(insert: Insert, cteNames: ReadonlySet<string>, guard: StatementGuard): Insert {
  const { conflict } = insert
  const target = guard.targetTable(insert.into, 'update', cteNames)
  if (conflict?.kind !== 'conflict' || conflict.action !== 'update' || target === undefined) return insert
  const row: Row = (name) => column(target.name, name)
  const sets = guardSets(conflict.sets, target, row, guard)
  const demands = demandsOf(target, rowOfSets(sets, row, target, guard), 'update', guard)
  const updateWhere = demandVisible(target, all(conflict.updateWhere), row, guard)
  return { ...insert, conflict: { ...conflict, sets: withDemands(sets, demands, row), updateWhere } }
}

/** Returns a condition that fails the statement if policies hide the conflicting row. */
function demandVisible(
  target: GuardedTable,
  condition: Node | undefined,
  row: Row,
  guard: StatementGuard,
): readonly Node[] {
  const demands = all(visibilityDemands(target, row, guard))
  if (demands === undefined) return condition === undefined ? [] : [condition]
  return [condition === undefined ? demands : choose(demands, condition, never)]
}

function visibilityDemands(target: GuardedTable, row: Row, guard: StatementGuard): readonly Node[] {
  return target.rules.flatMap((policyRule) => {
    const condition = policyRule.rule.sees?.(row, 'update', guard.runValues)
    const sees = guard.guardCondition(condition, target, policyRule)
    const why = `The policy '${policyRule.policy}' does not allow this insert to change the conflicting row of '${target.reference.name}'.`
    return sees === undefined ? [] : [demand(sees, why, guard.dialect)]
  })
}

/** Guards `on duplicate key update`, which has no condition: the demands go into a value that it sets. */
function guardDuplicate(insert: Insert, cteNames: ReadonlySet<string>, guard: StatementGuard): Insert {
  const target = guard.targetTable(insert.into, 'update', cteNames)
  if (insert.duplicate.length === 0 || target === undefined) return insert
  const row: Row = (name) => column(target.name, name)
  const sets = guardSets(insert.duplicate, target, row, guard)
  const demands = demandsOf(target, rowOfSets(sets, row, target, guard), 'update', guard)
  return { ...insert, duplicate: withDemands(sets, [...visibilityDemands(target, row, guard), ...demands], row) }
}
