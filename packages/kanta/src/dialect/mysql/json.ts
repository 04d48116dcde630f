import type { Node, NodeOf } from '../../ir/index.ts'
import { jsonColumns, pathText } from '../print.ts'
import type { OutputColumn, Writer } from '../writer.ts'
import { unsupported } from './flavor.ts'
import { aggregated, isOfAround, selectedValues } from './selected.ts'
import { inline, literal, quote } from './text.ts'

/** What the two databases do differently with JSON. MariaDB keeps documents as text, MySQL as a type of its own. */
export interface JsonFlavor {
  /** Around a document that is to stay one inside another. */
  readonly document: readonly [before: string, after: string]
  /** Around what is taken out of a document, so that it is a document that can be compared. */
  readonly extracted: readonly [before: string, after: string]
  /** The null of a document. */
  readonly nothing: string
  /**
   * Whether a position from the end is right for the first row alone, as long as the path is a constant: seen in
   * MariaDB 10.11.
   */
  readonly countsOnce: boolean
  /** Tells whether a table made of a query may read from the query around it, so that a list can be ordered in there. */
  readonly outerReferences: boolean
}

/** MySQL 8.0.14 and later. */
export const mysqlJson: JsonFlavor = {
  document: ['cast(', ' as json)'],
  extracted: ['', ''],
  nothing: "cast('null' as json)",
  countsOnce: false,
  outerReferences: true,
}

/** MariaDB 10.11 and later. A document in its shortest form is equal to what `JSON.stringify` writes. */
export const mariadbJson: JsonFlavor = {
  document: ['json_compact(', ')'],
  extracted: ['json_compact(', ')'],
  nothing: "'null'",
  countsOnce: true,
  outerReferences: false,
}

/** A walk into a document. Both databases lack `->` on expressions, and MariaDB lacks it at all. */
export function jsonPath(n: NodeOf<'jsonPath'>, w: Writer, flavor: JsonFlavor): void {
  const legs = n.legs.map(counted)
  const path = literal(pathText(legs))
  const ofRow = flavor.countsOnce && legs.some((leg) => leg.kind === 'jsonLeg' && isFromEnd(leg.value))
  if (n.operand === undefined) {
    if (ofRow) unsupported('A path that counts from the end', 'Count from the front, or use ref(column, operator).', w)
    w.text(path)
    return
  }
  if (n.legs.length === 0) {
    w.node(n.operand)
    return
  }
  const isText = n.operator.startsWith('->>')
  const [before, after] = isText ? ['json_unquote(nullif(', `, ${flavor.nothing}))`] : flavor.extracted
  w.text(`${before}json_extract(`).node(n.operand).text(', ')
  // Nothing of the document is added to the path, which then is no constant.
  if (ofRow) w.text(`concat(${path}, left(`).node(n.operand).text(', 0))')
  else w.text(path)
  w.text(`)${after}`)
}

const isFromEnd = (position: string | number): boolean => typeof position === 'string' && position.startsWith('last')

/** `last` counts from the end, which MySQL knows since 8.0.2 and MariaDB since 10.9. */
function counted(leg: Node): Node {
  if (leg.kind !== 'jsonLeg' || leg.leg !== 'at') return leg
  const fromEnd = typeof leg.value === 'number' ? -leg.value : Number(/^#-(\d+)$/.exec(leg.value)?.[1] ?? 0)
  if (leg.value === 'last' || fromEnd === 1) return { ...leg, value: 'last' }
  if (fromEnd > 1) return { ...leg, value: `last-${fromEnd - 1}` }
  return leg.value === '#-0' ? { ...leg, value: BEYOND } : leg
}

/** A position that no array has. */
const BEYOND = 2 ** 31 - 1

/** Text around nodes, as a node. */
const text = (strings: readonly string[], parts: readonly Node[]): Node => ({ kind: 'raw', strings, parts })

function jsonValue({ json }: OutputColumn, value: Node, { document }: JsonFlavor): Node {
  if (json === 'document') return text(document, [value])
  if (json === 'text') return text(['cast(', ' as char)'], [value])
  return json === 'hex' ? text(['hex(', ')'], [value]) : value
}

function objectOf(names: readonly string[], values: readonly Node[]): Node {
  const keys = names.map((name, i) => `${i === 0 ? 'json_object(' : ', '}${literal(name)}, `)
  return text([...keys, ')'], values)
}

export function jsonObject(n: NodeOf<'jsonObject'>, w: Writer, flavor: JsonFlavor): void {
  const columns = w.outputs.get(n)
  const values = n.values.map((value, i) => (columns === undefined ? value : jsonValue(columns[i]!, value, flavor)))
  w.node(objectOf(columns?.map((column) => column.name) ?? n.keys, values))
}

/** The rows of a query as one document. */
export function jsonRows(n: NodeOf<'jsonRows'>, w: Writer, flavor: JsonFlavor): void {
  const columns = jsonColumns(n, w)
  const object = (values: readonly Node[]): Node =>
    objectOf(
      columns.map((column) => w.rename(column.name)),
      values.map((value, i) => jsonValue(columns[i]!, value, flavor)),
    )
  const query = n.query.kind === 'select' ? n.query : undefined
  const values = query === undefined || flavor.outerReferences ? undefined : selectedValues(query, columns.length)
  if (query === undefined || values === undefined) printAround(n, columns, object, w)
  else if (n.single) w.node({ ...query, ...aggregated(query), items: [object(values)], limit: query.limit ?? ONE })
  else {
    if (isOfAround(values, query))
      unsupported(
        'jsonArrayFrom() of columns that are all of the query around it',
        'Select a column of its own tables, too, or select those columns outside of it.',
        w,
      )
    w.node(listInPlace(query, object(values)))
  }
}

/** The list is made in the query itself: in MariaDB a query inside of it could not see the one around it. */
function listInPlace(query: NodeOf<'select'>, object: Node): Node {
  const { orderBy, limit, offset } = aggregated(query)
  const strings = ['coalesce(json_arrayagg(']
  const parts = [object]
  const add = (word: string, part: Node | undefined): void => {
    if (part === undefined) return
    strings.push(word)
    parts.push(part)
  }
  if (orderBy.length > 0) add(' order by ', { kind: 'list', items: orderBy })
  add(' limit ', limit === undefined ? offset && ALL : inline(limit))
  add(' offset ', offset && inline(offset))
  const item = text([...strings, '), json_array())'], parts)
  return { ...query, items: [item], orderBy: [], limit: undefined, offset: undefined }
}

function printAround(
  n: NodeOf<'jsonRows'>,
  columns: readonly OutputColumn[],
  object: (values: readonly Node[]) => Node,
  w: Writer,
): void {
  const table = n.single ? 'obj' : 'agg'
  const values = columns.map(({ name }): Node => ({ kind: 'ref', schema: undefined, table, column: name }))
  w.text(n.single ? '(select ' : '(select coalesce(json_arrayagg(')
    .node(object(values))
    .text(n.single ? '' : '), json_array())')
    .text(' from ')
    .node(ordered(n.query))
    .text(` as ${quote(table)}${n.single ? ' limit 1' : ''})`)
}

const ONE: Node = { kind: 'literal', value: 1 }

/** The order of a query in `from` is kept only where it has a limit. */
function ordered(query: Node): Node {
  if (query.kind !== 'select' || query.orderBy.length === 0 || query.limit !== undefined) return query
  return { ...query, limit: ALL }
}

/** The most rows that a limit can say, which is no limit. */
export const ALL: Node = { kind: 'literal', value: 2n ** 63n - 1n }
