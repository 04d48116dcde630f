import { refuse } from '../../error/index.ts'
import type { Node, NodeOf } from '../../ir/index.ts'
import { jsonColumns, pathText } from '../print.ts'
import type { OutputColumn, Writer } from '../writer.ts'
import { arrayText } from './array.ts'
import { quote, stringLiteral } from './literal.ts'
import { typed } from './typed.ts'

/** A value inside a JSON document, so that it comes out exact. */
function jsonValue({ json }: OutputColumn, value: Node, w: Writer): void {
  if (json === 'text') w.text('cast(').node(value).text(' as text)')
  else if (json === 'hex') w.text('encode(').node(value).text(", 'hex')")
  else w.node(typed(value, w))
}

export function jsonObject(n: NodeOf<'jsonObject'>, w: Writer): void {
  w.text('json_build_object(')
  w.outputs.get(n)?.forEach((column, i) => {
    // A bare string has no type here, so that the function would not take it.
    w.text(`${i > 0 ? ', ' : ''}${stringLiteral(column.name)}::text, `)
    jsonValue(column, n.values[i]!, w)
  })
  w.text(')')
}

/** `(select json_agg(…) from (query) as agg)`. A row becomes an object as it is, which has no limit of columns. */
export function jsonRows(n: NodeOf<'jsonRows'>, w: Writer): void {
  const columns = jsonColumns(n, w)
  const table = n.single ? 'obj' : 'agg'
  w.text('(select ').text(n.single ? `to_json(${quote(table)})` : `coalesce(json_agg(${quote(table)}), '[]')`)
  const asIs = columns.every(({ name, json }) => w.rename(name) === name && json !== 'text' && json !== 'hex')
  if (asIs) w.text(' from ').node(n.query)
  else {
    w.text(' from (select ')
    columns.forEach((column, i) => {
      if (i > 0) w.text(', ')
      jsonValue(column, { kind: 'ref', schema: undefined, table, column: column.name }, w)
      w.text(' as ').name(w.rename(column.name))
    })
    w.text(' from ')
      .node(n.query)
      .text(` as ${quote(table)})`)
  }
  w.text(` as ${quote(table)}${n.single ? ' limit 1' : ''})`)
}

/** PostgreSQL counts from the end with negative numbers. */
function position(at: string | number): number {
  if (at === 'last') return -1
  return typeof at === 'string' ? -Number(at.slice('#-'.length)) : at
}

export function jsonLeg(n: NodeOf<'jsonLeg'>, w: Writer): void {
  if (n.leg === 'key') w.text(stringLiteral(String(n.value)))
  else {
    const at = position(n.value)
    // An operator may not run into the sign.
    w.text(at < 0 ? `(${at})` : String(at))
  }
}

/** `->'a'->0`, or `#>'{a,0}'` where one operator is to take the whole path; a bare path is one of SQL/JSON. */
export function jsonPath(n: NodeOf<'jsonPath'>, w: Writer, steps: (n: NodeOf<'jsonPath'>, w: Writer) => void): void {
  if (n.operand === undefined) {
    w.text(stringLiteral(pathText(n.legs.map(fromEnd))))
    return
  }
  if (!n.operator.endsWith('$')) return steps(n, w)
  const keys = n.legs.map((leg) =>
    leg.kind === 'jsonLeg' ? pathKey(leg) : refuse('A JSON path has keys and positions.'),
  )
  w.node(n.operand)
    .text(n.operator === '->$' ? '#>' : '#>>')
    .text(stringLiteral(arrayText(keys)))
}

function pathKey(leg: NodeOf<'jsonLeg'>): string {
  return leg.leg === 'at' ? String(position(leg.value)) : String(leg.value)
}

function fromEnd(leg: Node): Node {
  if (leg.kind !== 'jsonLeg' || leg.leg !== 'at') return leg
  const at = position(leg.value)
  return at >= 0 ? leg : { ...leg, value: at === -1 ? 'last' : `last - ${-at - 1}` }
}
