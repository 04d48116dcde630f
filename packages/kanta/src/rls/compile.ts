import { refuse } from '../error/index.ts'
import { type Context, type Node, type NodeOf, nodeWith } from '../extend/index.ts'
import { compareBytes, compareColumns, isNull, literal, type Row, type RunValues, word } from '../guard/index.ts'
import { show } from '../sql/index.ts'
import type { Codec, ColumnDefinition, TableDefinition } from '../table/index.ts'
import type { ConditionTree, Items, Part, RowScope, Value } from './condition.ts'
import { Policies } from './declare.ts'
import { evaluate, isOrder, refuseOrder } from './evaluate.ts'
import { listOf, rolesIn, scalarOf } from './rules.ts'

/** A row that a condition names, in its place in a statement. */
interface BoundRow {
  readonly scope: RowScope
  readonly row: Row
  readonly definition: TableDefinition | undefined
}

/** The rows that a condition can name, and the collector of values for each run. */
interface Bindings {
  readonly rows: readonly BoundRow[]
  readonly runValues: RunValues
}

/** Compiles a condition to a node of a statement. */
export function compile(tree: ConditionTree, place: BoundRow, runValues: RunValues): Node {
  return compileTree(tree, { rows: [place], runValues })
}

const NO_ROWS: ReadonlyMap<RowScope, Readonly<Record<string, unknown>>> = new Map()
const NO_POLICIES = new Policies(new Map())

const truth = (value: boolean): Node => ({ kind: 'binary', left: word('1'), op: '=', right: word(value ? '1' : '0') })

function compileTree(tree: ConditionTree, bindings: Bindings): Node {
  switch (tree.kind) {
    case 'constant':
      return truth(tree.value)
    case 'role':
      return conditionOnContext((context) => rolesIn(context).includes(tree.name), bindings)
    case 'null':
      if (tree.operand.kind === 'column') return isNull(columnNode(tree.operand, bindings))
      return conditionOnContext((context) => answer(tree, context), bindings)
    case 'not':
      return { kind: 'unary', op: 'not', operand: { kind: 'parens', operand: compileTree(tree.operand, bindings) } }
    case 'and':
    case 'or': {
      if (tree.items.length === 0) return truth(tree.kind === 'and')
      return {
        kind: 'parens',
        operand: { kind: tree.kind, items: tree.items.map((item) => compileTree(item, bindings)) },
      }
    }
    case 'compare':
      return compileComparison(tree, bindings)
    case 'in':
      return compileIn(tree.left, tree.items, bindings)
    case 'exists':
      return compileExists(tree, bindings)
  }
}

/** Adds a value that is made once for each context. */
const valueOf = (make: (context: Context) => unknown, runValues: RunValues): NodeOf<'slot'> =>
  runValues.fromContext(`rls ${runValues.valueCount}`, make)

const nextKey = ({ runValues }: Bindings): string => `rls ${runValues.valueCount}`

/** Compiles a condition on the context alone: each run answers it before the statement runs. */
function conditionOnContext(make: (context: Context) => boolean, { runValues }: Bindings): Node {
  return { kind: 'binary', left: valueOf((context) => (make(context) ? 1 : 0), runValues), op: '=', right: word('1') }
}

const answer = (tree: ConditionTree, context: Context): boolean =>
  evaluate(tree, { context, rows: NO_ROWS, related: {}, policies: NO_POLICIES }) === true

const MIRRORED = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

function compileComparison(tree: Extract<ConditionTree, { kind: 'compare' }>, bindings: Bindings): Node {
  const { left, operator, right } = tree
  if (left.kind !== 'column') {
    if (right.kind !== 'column') return conditionOnContext((context) => answer(tree, context), bindings)
    return compileComparison({ ...tree, left: right, operator: MIRRORED[operator], right: left }, bindings)
  }
  const column = columnOf(left, bindings)
  if (isOrder(operator) && column !== undefined && TEXTS.has(column.type)) refuseOrder(`the text '${column.name}'`)
  if (!isOrder(operator)) {
    const same = compileEquality(left, column, right, bindings)
    return operator === '=' ? same : negate(same)
  }
  return { kind: 'binary', left: columnNode(left, bindings), op: operator, right: compileSide(right, column, bindings) }
}

function negate(condition: Node): Node {
  if (condition.kind === 'binary') return { ...condition, op: '<>' }
  return { kind: 'unary', op: 'not', operand: { kind: 'parens', operand: condition } }
}

/** Compiles the equality of two sides; texts compare by their bytes. */
function compileEquality(
  left: ColumnPart,
  column: ColumnDefinition | undefined,
  right: Part,
  bindings: Bindings,
): Node {
  const operand = columnNode(left, bindings)
  if (right.kind === 'column')
    return compareColumns(operand, columnNode(right, bindings), [column, columnOf(right, bindings)], bindings.runValues)
  return compareBytes(
    operand,
    column,
    { key: nextKey(bindings), operator: '=', make: makeOf(right, column) },
    bindings.runValues,
  )
}

function compileSide(part: Part, column: ColumnDefinition | undefined, bindings: Bindings): Node {
  if (part.kind === 'column') return columnNode(part, bindings)
  return withCodec(valueOf(makeOf(part, column), bindings.runValues), column)
}

/** Returns a function that makes the value of a side that is not a column. */
function makeOf(part: Exclude<Part, ColumnPart>, column: ColumnDefinition | undefined): (context: Context) => unknown {
  const where = part.kind === 'context' ? `'${part.name}' of the context` : 'A value of a policy'
  return (context) => checkType(part.kind === 'context' ? scalarOf(part.name, context) : part.value, column, where)
}

function compileIn(left: Part, items: Items, bindings: Bindings): Node {
  if (left.kind !== 'column')
    return conditionOnContext((context) => answer({ kind: 'in', left, items }, context), bindings)
  const column = columnOf(left, bindings)
  const isNamed = 'kind' in items
  const where = isNamed ? `'${items.name}' of the context` : 'A value of a policy'
  const make = (context: Context): readonly Value[] =>
    (isNamed ? listOf(items.name, context) : items).map((item) => checkType(item, column, where))
  return compareBytes(
    columnNode(left, bindings),
    column,
    { key: nextKey(bindings), operator: 'in', make },
    bindings.runValues,
  )
}

function compileExists({ scope, where }: Extract<ConditionTree, { kind: 'exists' }>, bindings: Bindings): Node {
  const { runValues, rows } = bindings
  const definition = runValues.definition(scope.table)
  const name = `kanta_related_${rows.length}`
  const at = scope.table.lastIndexOf('.')
  const table: Node = {
    kind: 'table',
    schema: at < 0 ? undefined : scope.table.slice(0, at),
    name: scope.table.slice(at + 1),
    definition,
  }
  const inner: BoundRow = {
    scope,
    definition,
    row: (column) => ({ kind: 'ref', schema: undefined, table: name, column }),
  }
  const query = nodeWith('select', {
    items: [literal(1)],
    from: [{ kind: 'alias', operand: table, name, columns: undefined }],
    where: [compileTree(where, { runValues, rows: [...rows, inner] })],
  })
  return { kind: 'unary', op: 'exists', operand: runValues.applyPolicies(query) }
}

type ColumnPart = Extract<Part, { kind: 'column' }>

const rowOfScope = (scope: RowScope, { rows }: Bindings): BoundRow => rows.find((place) => place.scope === scope)!

const columnNode = ({ scope, column }: Extract<Part, { kind: 'column' }>, bindings: Bindings): Node =>
  rowOfScope(scope, bindings).row(column)

function columnOf(
  { scope, column }: Extract<Part, { kind: 'column' }>,
  bindings: Bindings,
): ColumnDefinition | undefined {
  const { definition } = rowOfScope(scope, bindings)
  if (definition === undefined) return undefined
  const found = definition.columns.get(column)
  if (found === undefined)
    return refuse(`A policy on '${scope.table}' reads '${column}', but the table has no such column.`)
  if (UNCOMPARED.has(found.type))
    return refuse(
      `A policy on '${scope.table}' compares '${column}' of type ${found.type}, which each database compares differently. Compare another column.`,
    )
  return found
}

const UNCOMPARED: ReadonlySet<string> = new Set(['decimal', 'json', 'bytes', 'custom'])
const TEXTS: ReadonlySet<string> = new Set(['text', 'varchar', 'enum', 'uuid'])

const withCodec = (slot: NodeOf<'slot'>, column: ColumnDefinition | undefined): Node => ({
  ...slot,
  codec: column?.codec as Codec | undefined,
})

/** Checks that a value has the type of its column, since databases compare mixed types differently. */
function checkType(value: Value, column: ColumnDefinition | undefined, where: string): Value {
  if (column === undefined) return value
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  if (column.type === 'integer' || column.type === 'bigint' || column.type === 'real') {
    if (!isNumber)
      return refuse(
        `${where} is ${show(value)}, but a policy compares it with the number '${column.name}'. Give a number.`,
      )
    return column.type === 'bigint' && Number.isSafeInteger(value) ? BigInt(value) : value
  }
  if (TEXTS.has(column.type) && typeof value !== 'string')
    return refuse(`${where} is ${show(value)}, but a policy compares it with the text '${column.name}'. Give a text.`)
  return value
}
