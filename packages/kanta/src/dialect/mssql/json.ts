import { refuse } from '../../error/index.ts'
import { type Node, type NodeOf, nodeWith } from '../../ir/index.ts'
import { jsonColumns, pathKey, pathText, standard } from '../print.ts'
import type { OutputColumn, Writer } from '../writer.ts'
import { value } from './condition.ts'
import { lacks, literal, quote } from './text.ts'

/** A value inside a JSON document. */
function jsonValue({ json }: OutputColumn, operand: Node, w: Writer): void {
  // In strict mode a document that is neither object nor array is an error, where it else became null.
  if (json === 'document') w.text('json_query(').node(operand).text(", N'strict $')")
  else if (json === 'text') w.text('cast(').node(operand).text(' as nvarchar(max))')
  else if (json === 'hex') w.text('convert(varchar(max), ').node(operand).text(', 2)')
  else w.node(value(operand))
}

/** `json_object(N'key': value)`, of SQL Server 2022 and later. */
export function jsonObject(n: NodeOf<'jsonObject'>, w: Writer): void {
  w.text('json_object(')
  w.outputs.get(n)?.forEach((column, i) => {
    w.text(`${i > 0 ? ', ' : ''}${literal(column.name)}: `)
    jsonValue(column, n.values[i]!, w)
  })
  w.text(')')
}

const AGG = 'agg'
/** The column that keeps the order of rows, which a derived table has not. */
const POSITION = 'kanta_position'

const ofAgg = (column: string): Node => ({ kind: 'ref', schema: undefined, table: AGG, column })

interface Ordered {
  readonly query: Node
  readonly orderBy: readonly Node[]
}

/** A query, and the order in which its rows are to be read from it as a derived table. */
function ordered(query: Node): Ordered {
  if (query.kind !== 'select' || query.orderBy.length === 0) return { query, orderBy: [] }
  if (query.distinct || query.setOperations.length > 0) return { query, orderBy: query.orderBy.map(byOutput) }
  const over = nodeWith('window', { orderBy: query.orderBy.map((order) => unaliased(order, query)) })
  const position = nodeWith('aggregate', { name: 'row_number', over })
  const items: Node[] = [...query.items, { kind: 'alias', operand: position, name: POSITION, columns: undefined }]
  const cut = [query.limit, query.offset, query.fetch, query.top].some((part) => part !== undefined)
  return {
    query: { ...query, items, orderBy: cut ? query.orderBy : [] },
    orderBy: [nodeWith('order', { operand: ofAgg(POSITION) })],
  }
}

/** A window knows the tables and not the names of what is selected. */
function unaliased(order: Node, query: NodeOf<'select'>): Node {
  if (order.kind !== 'order' || order.operand.kind !== 'ref' || order.operand.table !== undefined) return order
  const name = order.operand.column
  const item = query.items.find((item) => item.kind === 'alias' && item.name === name)
  return item?.kind === 'alias' ? { ...order, operand: item.operand } : order
}

/** Rows that are distinct or of several queries are ordered by what is selected. */
function byOutput(order: Node): Node {
  if (order.kind === 'order' && order.operand.kind === 'ref') return { ...order, operand: ofAgg(order.operand.column) }
  return refuse(
    'The rows of a JSON helper that are distinct, or of several queries, are ordered by columns that they select.',
  )
}

/** Rows as JSON, by `for json path`. */
export function jsonRows(n: NodeOf<'jsonRows'>, w: Writer): void {
  const columns = jsonColumns(n, w)
  checkKeys(columns, w)
  const { query, orderBy } = ordered(n.query)
  w.text(n.single ? '(select top(1) ' : 'isnull((select ')
  columns.forEach((column, i) => {
    if (i > 0) w.text(', ')
    jsonValue(column, ofAgg(column.name), w)
    w.text(` as ${quote(w.rename(column.name))}`)
  })
  w.text(' from ')
    .node(query)
    .text(` as ${quote(AGG)}`)
    .clause(' order by ', orderBy)
  w.text(' for json path, include_null_values').text(n.single ? ', without_array_wrapper)' : "), N'[]')")
}

function checkKeys(columns: readonly OutputColumn[], w: Writer): void {
  for (const { name } of columns)
    if (w.rename(name).includes('.'))
      lacks(`The column '${name}' in a JSON helper`, 'A point in a name makes an object of it here; give it an alias.')
}

/**
 * A walk into JSON. The members of the object or array around the last leg are read as rows: `json_value` gives null
 * for an object and for a text of more than 4,000 characters, `json_query` for all that is neither object nor array.
 */
export function jsonPath(n: NodeOf<'jsonPath'>, w: Writer): void {
  for (const leg of n.legs) if (leg.kind === 'jsonLeg') checkLeg(leg)
  const last = n.legs.at(-1)
  if (n.operand === undefined) return standard.jsonPath(n, w)
  if (last?.kind !== 'jsonLeg') {
    w.node(n.operand)
    return
  }
  w.text(`(select ${n.operator.startsWith('->>') ? '"value"' : DOCUMENT} from openjson(`).node(n.operand)
  if (n.legs.length > 1) w.text(`, ${literal(pathText(n.legs.slice(0, -1)))}`)
  w.text(`) where "key" = ${literal(String(last.value))})`)
}

/** The JSON text of a member, by the types that `openjson` gives: 0 is null and 1 a string. */
const DOCUMENT = `case "type" when 0 then N'null' when 1 then concat(N'"', string_escape("value", 'json'), N'"') else "value" end`

function checkLeg({ leg, value }: NodeOf<'jsonLeg'>): void {
  if (leg === 'key') pathKey(String(value))
  else if (typeof value === 'string' || value < 0)
    lacks(
      `A position from the end, at(${value}),`,
      'Give the position from the start, or read the array by openjson().',
    )
}

/** `list([…])`: its values come as text, as `openjson` has them. */
export function listTable(n: NodeOf<'listTable'>, w: Writer): void {
  w.text('(select cast("key" as int) + 1 as "position", "value" from openjson(').node(n.values).text('))')
}
