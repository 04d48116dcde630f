import { refuse } from '../error/index.ts'
import { type Context, type Node, type NodeOf, nodeWith } from '../extend/index.ts'
import { compareBytes, compareColumns, isNull, literal, type Row, type RunValues, word } from '../guard/index.ts'
import { show } from '../sql/index.ts'
import type { Codec, ColumnDefinition, TableDefinition } from '../table/index.ts'
import type { Items, Part, Scope, Tree, Value } from './condition.ts'
import { Policies } from './declare.ts'
import { evaluate, isOrder, refuseOrder } from './evaluate.ts'
import { listOf, rolesIn, scalarOf } from './rules.ts'

/** A row that a condition speaks of, where a statement has it. */
interface Place {
  readonly scope: Scope
  readonly row: Row
  readonly definition: TableDefinition | undefined
}

/** Where a condition is put: the rows that it can name, and what makes values late. */
interface Site {
  readonly places: readonly Place[]
  readonly runValues: RunValues
}

/** A condition as a part of a statement. */
export function compile(tree: Tree, place: Place, runValues: RunValues): Node {
  return nodeOf(tree, { places: [place], runValues })
}

const NO_ROWS: ReadonlyMap<Scope, Readonly<Record<string, unknown>>> = new Map()
const NO_POLICIES = new Policies(new Map())

const truth = (value: boolean): Node => ({ kind: 'binary', left: word('1'), op: '=', right: word(value ? '1' : '0') })

function nodeOf(tree: Tree, site: Site): Node {
  switch (tree.kind) {
    case 'constant':
      return truth(tree.value)
    case 'role':
      return known((context) => rolesIn(context).includes(tree.name), site)
    case 'null':
      if (tree.operand.kind === 'column') return isNull(columnNode(tree.operand, site))
      return known((context) => answer(tree, context), site)
    case 'not':
      return { kind: 'unary', op: 'not', operand: { kind: 'parens', operand: nodeOf(tree.operand, site) } }
    case 'and':
    case 'or': {
      if (tree.items.length === 0) return truth(tree.kind === 'and')
      return { kind: 'parens', operand: { kind: tree.kind, items: tree.items.map((item) => nodeOf(item, site)) } }
    }
    case 'compare':
      return comparison(tree, site)
    case 'in':
      return membership(tree.left, tree.items, site)
    case 'exists':
      return existence(tree, site)
  }
}

/** The place of a value that is made once for each context. */
const valueOf = (make: (context: Context) => unknown, runValues: RunValues): NodeOf<'slot'> =>
  runValues.fromContext(`rls ${runValues.valueCount}`, make)

const nextKey = ({ runValues }: Site): string => `rls ${runValues.valueCount}`

/** What depends on the context alone is answered before the statement runs. */
function known(make: (context: Context) => boolean, { runValues }: Site): Node {
  return { kind: 'binary', left: valueOf((context) => (make(context) ? 1 : 0), runValues), op: '=', right: word('1') }
}

const answer = (tree: Tree, context: Context): boolean =>
  evaluate(tree, { context, rows: NO_ROWS, related: {}, policies: NO_POLICIES }) === true

const FLIPPED = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

function comparison(tree: Extract<Tree, { kind: 'compare' }>, site: Site): Node {
  const { left, operator, right } = tree
  if (left.kind !== 'column') {
    if (right.kind !== 'column') return known((context) => answer(tree, context), site)
    return comparison({ ...tree, left: right, operator: FLIPPED[operator], right: left }, site)
  }
  const column = columnOf(left, site)
  if (isOrder(operator) && column !== undefined && TEXTS.has(column.type)) refuseOrder(`the text '${column.name}'`)
  if (!isOrder(operator)) {
    const same = sameness(left, column, right, site)
    return operator === '=' ? same : negated(same)
  }
  return { kind: 'binary', left: columnNode(left, site), op: operator, right: sideOf(right, column, site) }
}

function negated(condition: Node): Node {
  if (condition.kind === 'binary') return { ...condition, op: '<>' }
  return { kind: 'unary', op: 'not', operand: { kind: 'parens', operand: condition } }
}

/** Whether two sides are equal, byte for byte where they are texts. */
function sameness(left: ColumnPart, column: ColumnDefinition | undefined, right: Part, site: Site): Node {
  const operand = columnNode(left, site)
  if (right.kind === 'column')
    return compareColumns(operand, columnNode(right, site), [column, columnOf(right, site)], site.runValues)
  return compareBytes(
    operand,
    column,
    { key: nextKey(site), operator: '=', make: makeOf(right, column) },
    site.runValues,
  )
}

function sideOf(part: Part, column: ColumnDefinition | undefined, site: Site): Node {
  if (part.kind === 'column') return columnNode(part, site)
  return withCodec(valueOf(makeOf(part, column), site.runValues), column)
}

/** Makes the value of a side that is no column. */
function makeOf(part: Exclude<Part, ColumnPart>, column: ColumnDefinition | undefined): (context: Context) => unknown {
  const where = part.kind === 'context' ? `'${part.name}' of the context` : 'A value of a policy'
  return (context) => fitting(part.kind === 'context' ? scalarOf(part.name, context) : part.value, column, where)
}

function membership(left: Part, items: Items, site: Site): Node {
  if (left.kind !== 'column') return known((context) => answer({ kind: 'in', left, items }, context), site)
  const column = columnOf(left, site)
  const isNamed = 'kind' in items
  const where = isNamed ? `'${items.name}' of the context` : 'A value of a policy'
  const make = (context: Context): readonly Value[] =>
    (isNamed ? listOf(items.name, context) : items).map((item) => fitting(item, column, where))
  return compareBytes(columnNode(left, site), column, { key: nextKey(site), operator: 'in', make }, site.runValues)
}

function existence({ scope, where }: Extract<Tree, { kind: 'exists' }>, site: Site): Node {
  const { runValues, places } = site
  const definition = runValues.definition(scope.table)
  const name = `kanta_related_${places.length}`
  const at = scope.table.lastIndexOf('.')
  const table: Node = {
    kind: 'table',
    schema: at < 0 ? undefined : scope.table.slice(0, at),
    name: scope.table.slice(at + 1),
    definition,
  }
  const inner: Place = { scope, definition, row: (column) => ({ kind: 'ref', schema: undefined, table: name, column }) }
  const query = nodeWith('select', {
    items: [literal(1)],
    from: [{ kind: 'alias', operand: table, name, columns: undefined }],
    where: [nodeOf(where, { runValues, places: [...places, inner] })],
  })
  return { kind: 'unary', op: 'exists', operand: runValues.applyPolicies(query) }
}

type ColumnPart = Extract<Part, { kind: 'column' }>

const placeOf = (scope: Scope, { places }: Site): Place => places.find((place) => place.scope === scope)!

const columnNode = ({ scope, column }: Extract<Part, { kind: 'column' }>, site: Site): Node =>
  placeOf(scope, site).row(column)

function columnOf({ scope, column }: Extract<Part, { kind: 'column' }>, site: Site): ColumnDefinition | undefined {
  const { definition } = placeOf(scope, site)
  if (definition === undefined) return undefined
  const found = definition.columns.get(column)
  if (found === undefined)
    return refuse(`A policy on '${scope.table}' reads '${column}', which is no column of that table.`)
  if (UNCOMPARED.has(found.type))
    return refuse(
      `A policy on '${scope.table}' compares '${column}', which is ${found.type}: databases compare that in ways of their own.`,
    )
  return found
}

const UNCOMPARED: ReadonlySet<string> = new Set(['decimal', 'json', 'bytes', 'custom'])
const TEXTS: ReadonlySet<string> = new Set(['text', 'varchar', 'enum', 'uuid'])

const withCodec = (slot: NodeOf<'slot'>, column: ColumnDefinition | undefined): Node => ({
  ...slot,
  codec: column?.codec as Codec | undefined,
})

/** A value as the column has them; databases would compare others in ways of their own. */
function fitting(value: Value, column: ColumnDefinition | undefined, where: string): Value {
  if (column === undefined) return value
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  if (column.type === 'integer' || column.type === 'bigint' || column.type === 'real') {
    if (!isNumber)
      return refuse(`${where} is ${show(value)}, which a policy compares with the number '${column.name}'.`)
    return column.type === 'bigint' && Number.isSafeInteger(value) ? BigInt(value) : value
  }
  if (TEXTS.has(column.type) && typeof value !== 'string')
    return refuse(`${where} is ${show(value)}, which a policy compares with the text '${column.name}'.`)
  return value
}
