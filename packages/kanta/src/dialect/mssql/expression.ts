import { refuse } from '../../error/index.ts'
import type { Node, NodeOf } from '../../ir/index.ts'
import { standard } from '../print.ts'
import type { Writer } from '../writer.ts'
import { condition, placed, value } from './condition.ts'
import { lacks } from './text.ts'

/** Operators that go by another name here. */
const NAMES: Readonly<Record<string, string>> = {
  '==': '=',
  '<=>': 'is not distinct from',
}

/** Operators of other databases, and what to use in their place. */
const LACKING: Readonly<Record<string, string>> = {
  glob: "Use 'like' with a collation that tells case.",
  match: "Use eb.fn('contains', […]) with a full-text index.",
  regexp: "Use 'like'.",
  'similar to': "Use 'like'.",
  '->': "Use eb.ref(column, '->').key(name).",
  '->>': "Use eb.ref(column, '->>').key(name).",
  '#': "Use '^', which is exclusive or here.",
}

const KNOWN = /^(?:[=<>!]=?|<>|!<|!>|[-+*/%&|^]|<<|>>|(?:not )?(?:in|like|ilike)|is(?: not)?(?: distinct from)?)$/

export function binary(given: NodeOf<'binary'>, w: Writer): void {
  const op = NAMES[given.op] ?? given.op
  if (op === '||') return concatenation(given, w)
  if (!KNOWN.test(op)) return lacks(given.op, LACKING[op.replace(/^not /, '')] ?? 'Use the sql template.')
  const n = placed({ ...given, op })
  if (n.left.kind === 'tuple') return tuples(n, n.left, w)
  if (n.right.kind === 'tuple' && n.right.items.some((item) => item.kind === 'tuple')) refuseTuples()
  if ((op === 'is' || op === 'is not') && !isNull(n.right))
    return standard.binary({ ...n, op: op === 'is' ? 'is not distinct from' : 'is distinct from' }, w)
  standard.binary(n, w)
}

const isNull = (part: Node): boolean => part.kind === 'literal' && part.value === null

/** `+` adds where one side is a number, so both are made text; null makes all of it null, as elsewhere. */
function concatenation(n: NodeOf<'binary'>, w: Writer): void {
  w.text('(')
  asText(n.left, w)
  w.text(' + ')
  asText(n.right, w)
  w.text(')')
}

function asText(part: Node, w: Writer): void {
  const isText =
    (part.kind === 'literal' && typeof part.value === 'string') || (part.kind === 'binary' && part.op === '||')
  if (isText) w.node(part)
  else w.text('cast(').node(value(part)).text(' as nvarchar(max))')
}

/** Rows of values are compared value by value. */
function tuples(n: NodeOf<'binary'>, left: NodeOf<'tuple'>, w: Writer): void {
  const { op, right } = n
  if (right.kind !== 'tuple') return refuseTuples()
  const negated = op === 'not in' || op === '!=' || op === '<>'
  if (!negated && op !== 'in' && op !== '=') return refuseTuples()
  const rows = op.endsWith('in') ? right.items : [right]
  if (rows.length === 0) refuse(`'${op}' has no rows to compare with.`)
  const same: Node = { kind: 'or', items: rows.map((row) => pairs(left, row)) }
  w.node(negated ? { kind: 'unary', op: 'not', operand: same } : same)
}

function pairs(left: NodeOf<'tuple'>, row: Node): Node {
  if (row.kind !== 'tuple' || row.items.length !== left.items.length)
    return refuse('The rows that are compared have different numbers of values.')
  const items = left.items.map((item, i): Node => ({ kind: 'binary', left: item, op: '=', right: row.items[i]! }))
  return { kind: 'and', items }
}

function refuseTuples(): never {
  return lacks('This comparison of rows of values', 'Compare them value by value, or use exists() with a subquery.')
}

export function unary(n: NodeOf<'unary'>, w: Writer): void {
  const operand = n.op === 'not' ? condition(n.operand) : value(n.operand)
  // A condition has one `not` at most before its parentheses.
  const isTwice = n.op === 'not' && operand.kind === 'unary' && operand.op.startsWith('not')
  standard.unary({ ...n, operand: isTwice ? { kind: 'parens', operand } : operand }, w)
}

/** Types of other databases whose names mean something else here, or nothing. */
const TYPES: Readonly<Record<string, string>> = {
  text: 'nvarchar(max)',
  blob: 'varbinary(max)',
  boolean: 'bit',
  timestamp: 'datetime2(7)',
  timestamptz: 'datetimeoffset(7)',
  uuid: 'uniqueidentifier',
  // Without a length they hold 30 characters, and what is longer would be cut off.
  varchar: 'varchar(max)',
  nvarchar: 'nvarchar(max)',
  varbinary: 'varbinary(max)',
}

export function cast(n: NodeOf<'cast'>, w: Writer): void {
  const type = n.type.kind === 'word' ? (TYPES[n.type.text.toLowerCase()] ?? n.type.text) : undefined
  standard.cast({ ...placed(n), type: type === undefined ? n.type : { kind: 'word', text: type } }, w)
}

/** The first form of a case compares values, the other asks conditions. */
export function caseOf(n: NodeOf<'case'>, w: Writer): void {
  const asked = n.operand === undefined ? condition : value
  standard.case(
    {
      ...n,
      operand: n.operand === undefined ? undefined : value(n.operand),
      whens: n.whens.map((when) =>
        when.kind === 'when' ? { ...when, condition: asked(when.condition), result: value(when.result) } : when,
      ),
      otherwise: n.otherwise === undefined ? undefined : value(n.otherwise),
    },
    w,
  )
}

/** Aggregates that leave out nulls, so that a row which they should not see can be made null. */
const FILTERED: ReadonlySet<string> = new Set([
  'count',
  'count_big',
  'sum',
  'avg',
  'min',
  'max',
  'string_agg',
  'stdev',
  'stdevp',
  'var',
  'varp',
])

/** The average of whole numbers would be a whole number. */
const FRACTION: Node = { kind: 'word', text: '1.0' }

function averaged(args: readonly Node[]): readonly Node[] {
  return args.map((arg) => ({ kind: 'binary', left: FRACTION, op: '*', right: arg }))
}

const JSON_FUNCTIONS: ReadonlySet<string> = new Set(['json_agg', 'to_json'])

export function aggregate(given: NodeOf<'aggregate'>, w: Writer): void {
  const name = given.name.toLowerCase()
  const args = given.args.map(value)
  const n = { ...given, args: name === 'avg' ? averaged(args) : args }
  if (JSON_FUNCTIONS.has(name)) lacks(n.name, 'Use jsonArrayFrom().')
  if (n.orderBy.length > 0 && name !== 'string_agg')
    lacks(`orderBy() of ${n.name}`, 'Order with withinGroupOrderBy() where the function takes it.')
  const withinGroup = [...n.orderBy, ...n.withinGroup]
  standard.aggregate({ ...n, args: filtered(n), filter: [], orderBy: [], withinGroup }, w)
}

/** `sum(x) filter (where c)` is `sum(case when c then x end)`. */
function filtered(n: NodeOf<'aggregate'>): readonly Node[] {
  const [first, ...rest] = n.args
  if (n.filter.length === 0 || first === undefined) return n.args
  if (!FILTERED.has(n.name.toLowerCase())) lacks(`filterWhere() of ${n.name}`, 'Filter the rows with where().')
  const asked: Node = n.filter.length === 1 ? n.filter[0]! : { kind: 'and', items: n.filter }
  const result: Node = first.kind === 'star' ? { kind: 'literal', value: 1 } : first
  return [
    { kind: 'case', operand: undefined, whens: [{ kind: 'when', condition: asked, result }], otherwise: undefined },
    ...rest,
  ]
}

export function call(n: NodeOf<'call'>, w: Writer): void {
  if (JSON_FUNCTIONS.has(n.name.toLowerCase())) lacks(n.name, 'Use jsonArrayFrom() or jsonBuildObject().')
  const [query, ...more] = n.args
  if (ANY.has(n.name.toLowerCase()) && query?.kind === 'select' && more.length === 0) w.text(`${n.name} `).node(query)
  else standard.call(placed(n), w)
}

const ANY: ReadonlySet<string> = new Set(['any', 'all', 'some'])

export function frame(n: NodeOf<'frame'>, w: Writer): void {
  if (n.unit === 'groups') lacks('groups()', 'Use rows() or range().')
  for (const bound of [n.start, n.end]) {
    if (bound?.kind !== 'bound' || bound.count === undefined) continue
    if (n.unit === 'range') lacks('range() with a number', "Use rows(), or 'unbounded preceding' and 'current row'.")
    if (bound.count.kind === 'slot')
      lacks('A parameter as the edge of a frame', 'Write the number into the text: { preceding: eb.lit(2) }.')
  }
  standard.frame(n, w)
}

export function window(n: NodeOf<'window'>, w: Writer): void {
  if (n.exclude !== undefined) lacks('exclude()', 'Leave out the rows with a case in the argument of the function.')
  standard.window(placed(n), w)
}

/** Nulls are the lowest here. */
export function order(given: NodeOf<'order'>, w: Writer): void {
  const n = placed(given)
  const usual = n.direction === 'desc' ? 'last' : 'first'
  if (n.nulls !== undefined && n.nulls !== usual)
    lacks(
      `nulls${n.nulls === 'first' ? 'First' : 'Last'}() where nulls are the lowest`,
      "Order before it by eb.case().when(column, 'is', null).then(1).else(0).end().",
    )
  w.node(n.operand)
  if (n.collate !== undefined) w.text(` collate ${collation(n.collate)}`)
  if (n.direction !== undefined) w.text(` ${n.direction}`)
}

/** The name of a collation takes no quotes. */
function collation(name: string): string {
  return /^\w+$/.test(name)
    ? name
    : refuse(`A collation of SQL Server has letters, digits and underscores, not '${name}'.`)
}
