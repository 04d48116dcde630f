import { refuse } from '../../error/index.ts'
import { type Node, type NodeOf, nodeWith } from '../../ir/index.ts'
import { withEqualValues } from '../grouped.ts'
import { ctes, type Printers, selectEnd, selectInOrder, standard, writeAround } from '../print.ts'
import type { Writer } from '../writer.ts'
import { castType } from './cast.ts'
import { type Flavor, unsupported } from './flavor.ts'
import { ALL, jsonObject, jsonPath, jsonRows } from './json.ts'
import { definitionsOf } from './schema.ts'
import { aggregates, notAPosition, sourcesOf } from './selected.ts'
import { inline, quote } from './text.ts'
import { printDelete, printInsert, printUpdate } from './write.ts'

const call = (name: string, ...args: Node[]): Node => ({ kind: 'call', name, args })

/** The expressions that truncate a date or a timestamp to each unit, before the cast back to a timestamp. */
const TRUNCATED: Readonly<Record<string, string>> = {
  year: "date_format(#, '%Y-01-01')",
  quarter: 'makedate(year(#), 1) + interval quarter(#) - 1 quarter',
  month: "date_format(#, '%Y-%m-01')",
  week: 'date(#) - interval weekday(#) day',
  day: 'date(#)',
  hour: "date_format(#, '%Y-%m-%d %H:00:00')",
  minute: "date_format(#, '%Y-%m-%d %H:%i:00')",
  second: "date_format(#, '%Y-%m-%d %H:%i:%s')",
}

/** Operators under another name. */
const RENAMED: Readonly<Record<string, string>> = { '==': '=', is: '<=>', 'is not distinct from': '<=>', '~': 'regexp' }

const ELSEWHERE: Readonly<Record<string, string>> = {
  glob: "Use 'like' or 'regexp'.",
  'not glob': "Use 'not like' or 'not regexp'.",
  match: 'Use match … against in the sql template.',
  'not match': 'Use match … against in the sql template.',
  'similar to': "Use 'regexp'.",
  'not similar to': "Use 'not regexp'.",
  '@>': 'Use json_contains().',
  '<@': 'Use json_contains() with its arguments the other way round.',
  '#': "Use '^', which is the exclusive or here.",
}

/** What `is` has words for; with anything else it is an equality that takes null for a value. */
const isWord = (part: Node): boolean =>
  (part.kind === 'literal' && (part.value === null || typeof part.value === 'boolean')) || part.kind === 'word'

function binary(n: NodeOf<'binary'>, w: Writer): void {
  const { op, left, right } = n
  if (op in ELSEWHERE) unsupported(`'${op}'`, ELSEWHERE[op]!, w)
  if (op === '||') {
    w.node(call('concat', left, right))
    return
  }
  if ((op === 'is' || op === 'is not') && isWord(right)) return standard.binary(n, w)
  if (op === 'is not' || op === 'is distinct from') {
    w.text('not (')
    standard.binary({ ...n, op: '<=>' }, w)
    w.text(')')
    return
  }
  if ((op === '!=' || op === '<>') && left.kind === 'tuple' && right.kind === 'tuple') return differ(left, right, w)
  const renamed = RENAMED[op] ?? op
  if ((op === 'in' || op === 'not in') && isLimited(right)) {
    // A query with a limit cannot stand there itself.
    const rows: Node = { kind: 'alias', operand: right, name: 'rows', columns: undefined }
    return standard.binary({ ...n, right: nodeWith('select', { items: [STAR], from: [rows] }) }, w)
  }
  standard.binary({ ...n, op: renamed, right: isDocument(left) ? document(right, w) : right }, w)
}

/** Rows differ where one of their values does: MariaDB loses rows of an outer join when it compares the rows as such. */
function differ(left: NodeOf<'tuple'>, right: NodeOf<'tuple'>, w: Writer): void {
  if (left.items.length !== right.items.length)
    refuse(`A row of ${left.items.length} values cannot be compared with one of ${right.items.length}.`)
  const pairs = left.items.map((item, i): Node => ({ kind: 'binary', op: '<>', left: item, right: right.items[i]! }))
  w.node({ kind: 'or', items: pairs })
}

const isDocument = (part: Node): boolean => part.kind === 'jsonPath' && !part.operator.startsWith('->>')

/** Beside a document of MySQL text is a string in it, unless it is said to be a document. */
function document(part: Node, w: Writer): Node {
  if (part.kind !== 'slot' || part.role === 'list' || w.dialect.name !== 'mysql') return part
  return { kind: 'cast', operand: part, type: { kind: 'word', text: 'json' } }
}

const STAR: Node = { kind: 'star', table: undefined }

const isLimited = (part: Node): boolean =>
  part.kind === 'select' &&
  (part.limit !== undefined ||
    part.offset !== undefined ||
    part.setOperations.some((operation) => operation.kind === 'setOperation' && isLimited(operation.query)))

/** The bits of a number are those of an unsigned one here, so that the complement of 36 would not be -37. */
function unary(n: NodeOf<'unary'>, w: Writer): void {
  if (n.op !== '~') return standard.unary(n, w)
  w.text('cast(')
  standard.unary(n, w)
  w.text(' as signed)')
}

/** Nulls come first in ascending order and last in descending order, so only the other way needs words. */
function order(n: NodeOf<'order'>, w: Writer): void {
  if (againstOrder(n)) {
    w.text('(')
      .node(n.operand)
      .text(n.direction === 'desc' ? ') is null desc, ' : ') is null, ')
  }
  standard.order({ ...n, operand: notAPosition(n.operand), nulls: undefined }, w)
}

const againstOrder = ({ nulls, direction }: NodeOf<'order'>): boolean =>
  nulls !== undefined && (nulls === 'last') !== (direction === 'desc')

/** A filter is a case that gives null, which aggregates leave out. */
function aggregate(n: NodeOf<'aggregate'>, w: Writer): void {
  const name = n.name.toLowerCase()
  if (n.args.length === 3 && LOOKING.has(name) && w.dialect.name === 'mariadb')
    unsupported(`A third argument of ${n.name}()`, 'Use coalesce() around it.', w)
  const joining = JOINING.has(name) && n.args.length === 2 && n.over === undefined && n.filter.length === 0
  if (joining) return joined(n, w)
  if (n.filter.length === 0) return standard.aggregate(n, w)
  const [value, ...more] = n.args
  if (more.length > 0)
    unsupported(`filterWhere() of ${n.name} with several arguments`, 'Use a subquery with where().', w)
  const result: Node = value === undefined || value.kind === 'star' ? { kind: 'literal', value: 1 } : value
  const condition: Node = n.filter.length === 1 ? n.filter[0]! : { kind: 'and', items: n.filter }
  const filtered: Node = {
    kind: 'case',
    operand: undefined,
    whens: [{ kind: 'when', condition, result }],
    otherwise: undefined,
  }
  standard.aggregate({ ...n, args: [filtered], filter: [] }, w)
}

/** Functions that join texts, whose second argument stands after its own word. */
const JOINING: ReadonlySet<string> = new Set(['group_concat', 'string_agg'])

function joined(n: NodeOf<'aggregate'>, w: Writer): void {
  const [value, separator] = n.args
  w.text('group_concat(')
    .text(n.distinct ? 'distinct ' : '')
    .node(value!)
    .clause(' order by ', n.orderBy)
  w.optional(' separator ', separator && inline(separator)).text(')')
}

/** Functions of a window with an argument for rows that are not there. */
const LOOKING: ReadonlySet<string> = new Set(['lag', 'lead'])

function frame(n: NodeOf<'frame'>, w: Writer): void {
  if (n.unit === 'groups') unsupported('groups()', 'Use rows() or range().', w)
  standard.frame(n, w)
}

function window(n: NodeOf<'window'>, w: Writer): void {
  if (n.exclude !== undefined && n.frame !== undefined)
    unsupported('exclude()', 'Leave rows out by a condition in the argument.', w)
  standard.window({ ...n, partitionBy: n.partitionBy.map(notAPosition), orderBy: n.orderBy.map(notAPosition) }, w)
}

/** `group by a, b with rollup` is the one form that both databases have. */
function grouping(n: NodeOf<'grouping'>, w: Writer): void {
  if (n.style !== 'rollup') return standard.grouping(n, w)
  w.list(n.items).text(' with rollup')
}

/** A star that is not the first of what is selected names its tables. */
function starsNamed(n: NodeOf<'select'>): readonly Node[] {
  return n.items.flatMap((item, i) => {
    if (i === 0 || item.kind !== 'star' || item.table !== undefined) return [item]
    return sourcesOf(n).map(({ name }): Node => ({ kind: 'star', table: name }))
  })
}

function select(given: NodeOf<'select'>, w: Writer): void {
  const n = withEqualValues(given)
  const rollup = n.groupBy.some((item) => item.kind === 'grouping' && item.style === 'rollup')
  if (rollup && n.groupBy.length > 1)
    unsupported('rollup() beside other columns', 'Group by rollup([…]) of all of them.', w)
  if (n.wait !== undefined && n.locks.length === 0)
    refuse(`${n.wait} says how to wait for a lock. Add forUpdate() or forShare().`)
  for (const count of [n.limit, n.offset])
    if (count !== undefined && count.kind !== 'slot' && count.kind !== 'literal')
      unsupported('An expression in limit() or offset()', 'Give a number.', w)
  const limit = n.offset !== undefined && n.limit === undefined ? ALL : n.limit
  const named = { ...n, items: starsNamed(n), groupBy: n.groupBy.map(notAPosition), orderBy: ordersOf(n), limit }
  ctes(named, w)
  selectInOrder(named, w)
  selectEnd(named, w)
}

function ordersOf(n: NodeOf<'select'>): readonly Node[] {
  const several = n.setOperations.length > 0
  return n.orderBy.flatMap((order): Node[] => {
    if (order.kind !== 'order') return [notAPosition(order)]
    const total = several || !againstOrder(order) ? undefined : aggregateOf(order.operand, n)
    if (total === undefined) return [order]
    // Whether an aggregate is null cannot be asked by the name that it has in the query.
    const isNull: Node = { kind: 'raw', strings: ['(', ') is null'], parts: [total] }
    const direction = order.direction === 'desc' ? 'desc' : undefined
    return [
      { ...order, operand: isNull, direction, nulls: undefined, collate: undefined },
      { ...order, nulls: undefined },
    ]
  })
}

/** The aggregate that a query gives a name. */
function aggregateOf(operand: Node, { items }: NodeOf<'select'>): Node | undefined {
  if (operand.kind !== 'ref' || operand.table !== undefined) return undefined
  const found = items.find((item) => item.kind === 'alias' && item.name === operand.column)
  return found?.kind === 'alias' && aggregates(found.operand) ? found.operand : undefined
}

/** A part of a set operation with an order, a limit or set operations of its own stands in parentheses. */
function setOperation(n: NodeOf<'setOperation'>, w: Writer): void {
  const { query } = n
  const simple =
    query.kind === 'select' &&
    query.orderBy.length + query.setOperations.length + query.ctes.length + query.locks.length === 0 &&
    query.limit === undefined &&
    query.offset === undefined
  if (simple) standard.setOperation(n, w)
  else w.text(` ${n.operator} `).node(query)
}

function lock(n: NodeOf<'lock'>, w: Writer, flavor: Flavor): void {
  if (n.strength !== 'update' && n.strength !== 'share')
    w.require('keyLocks', `for ${n.strength}`, 'Use forUpdate() or forShare().')
  if (flavor.name === 'mysql') return standard.lock(n, w)
  if (n.of.length > 0) unsupported(`for ${n.strength} of`, 'Lock the rows of all tables of the query.', w)
  w.text(n.strength === 'share' ? ' lock in share mode' : ' for update')
}

function alias(n: NodeOf<'alias'>, w: Writer): void {
  if (n.columns !== undefined && n.operand.kind === 'call')
    unsupported('A table made of a function', 'Use json_table() in the sql template, or list().', w)
  standard.alias(n, w)
}

/** The rows as queries: the types of parameters in `values` are not known when MariaDB prepares it. */
function values(n: NodeOf<'values'>, w: Writer): void {
  if (n.rows.kind !== 'slot') return refuse('values() takes its rows as they are given.')
  const codec = { ...(n.rows.codec as object), selects: n.columns.map(quote) }
  w.text('(')
    .node({ ...n.rows, codec })
    .text(')')
}

function listTable(n: NodeOf<'listTable'>, w: Writer, flavor: Flavor): void {
  const value = flavor.name === 'mysql' ? 'longtext' : 'longtext collate utf8mb4_bin'
  w.text('(select `position`, `value` from json_table(')
    .node(n.values)
    .text(`, '$[*]' columns(\`position\` for ordinality, \`value\` ${value} path '$')) as \`list\`)`)
}

function explain(n: NodeOf<'explain'>, w: Writer): void {
  w.text('explain').optional(' ', n.options)
  if (n.format !== undefined) w.text(` format=${n.format}`)
  w.text(' ').statement(n.statement)
}

/** The printers of MySQL and MariaDB. */
export function printersOf(flavor: Flavor): Printers {
  return {
    ...standard,
    binary,
    unary,
    bound: (n, w) => standard.bound(n.count === undefined ? n : { ...n, count: inline(n.count) }, w),
    order,
    aggregate,
    frame,
    window,
    grouping,
    select,
    setOperation,
    alias,
    values,
    explain,
    dateTrunc: (n, w) => writeAround(`cast(${TRUNCATED[n.unit]} as datetime(6))`, n.operand, w),
    cast: (n, w) => w.text('cast(').node(n.operand).text(' as ').node(castType(n.type, flavor.name)).text(')'),
    jsonPath: (n, w) => jsonPath(n, w, flavor.json),
    jsonObject: (n, w) => jsonObject(n, w, flavor.json),
    jsonRows: (n, w) => jsonRows(n, w, flavor.json),
    listTable: (n, w) => listTable(n, w, flavor),
    lock: (n, w) => lock(n, w, flavor),
    ...definitionsOf(flavor),
    insert: (n, w) => printInsert(n, w, flavor),
    update: (n, w) => printUpdate(n, w, flavor),
    delete: (n, w) => printDelete(n, w, flavor),
  }
}
