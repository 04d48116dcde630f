import { refuse } from '../../error/index.ts'
import { type Node, type NodeOf, nodeWith, walk } from '../../ir/index.ts'
import { withEqualValues } from '../grouped.ts'
import { ctes, selectEnd, selectInOrder, standard } from '../print.ts'
import type { Writer } from '../writer.ts'
import { placed } from './condition.ts'
import { lacks } from './text.ts'

/** Returns whether text stands before what is printed next, so that it is a part of a statement. */
const isInside = (w: Writer): boolean => w.pieces.some((piece) => typeof piece !== 'string' || piece !== '')

export function select(given: NodeOf<'select'>, w: Writer): void {
  const inside = isInside(w)
  if (inside && given.ctes.length > 0) lacks('with() inside another statement', 'Put it on the outermost one.')
  if (given.locks.length > 0 || given.wait !== undefined)
    lacks(
      given.wait ?? `for ${(given.locks[0] as NodeOf<'lock'>).strength}`,
      'Use a transaction with an isolation level, or sql text with a table hint such as with (updlock).',
    )
  const n = limited(plainCtes(placed(withEqualValues(given))), inside)
  ctes(n, w)
  selectInOrder(n, w)
  selectEnd(n, w)
}

/** A statement with common table expressions, which are recursive without a word. */
export function plainCtes<N extends Node & { readonly ctes: readonly Node[]; readonly recursive: boolean }>(n: N): N {
  for (const cte of n.ctes) if (cte.kind === 'cte') checkRecursion(cte)
  return n.recursive ? { ...n, recursive: false } : n
}

function checkRecursion({ name, query }: NodeOf<'cte'>): void {
  if (query.kind !== 'select') return
  for (const part of query.setOperations) {
    if (part.kind !== 'setOperation' || part.operator === 'union all') continue
    walk(part.query, (inner) => {
      if (inner.kind === 'table' && inner.schema === undefined && inner.name === name)
        lacks(`A recursive query with ${part.operator}`, 'Use unionAll().')
    })
  }
}

const ZERO: Node = { kind: 'literal', value: 0 }
const FIRST: Node = { kind: 'literal', value: 1 }
/** An order that says nothing. */
const ANY: Node = nodeWith('order', { operand: nodeWith('select', { items: [{ kind: 'literal', value: null }] }) })

/**
 * `limit()` is `top(n)`, and with `offset()` or in a set operation `offset … fetch`, which needs an order. A query
 * inside another one has no order without either, so it gets an offset of none.
 */
function limited(n: NodeOf<'select'>, inside: boolean): NodeOf<'select'> {
  checkAmounts(n)
  const { limit, offset, fetch, top } = n
  const combined = n.setOperations.length > 0
  if (limit !== undefined && offset === undefined && !combined)
    return { ...n, limit: undefined, top: { kind: 'count', amount: limit, modifier: undefined } }
  const pages = limit !== undefined || offset !== undefined || fetch !== undefined
  if (!pages && (!inside || n.orderBy.length === 0 || top !== undefined)) return n
  return {
    ...n,
    orderBy: n.orderBy.length > 0 ? n.orderBy : [combined || n.distinct ? FIRST : ANY],
    limit: undefined,
    // The standard printer writes the amount alone.
    offset: { kind: 'raw', strings: ['', ' rows'], parts: [offset ?? ZERO] },
    fetch: limit === undefined ? fetch : { kind: 'count', amount: limit, modifier: 'only' },
  }
}

function checkAmounts({ limit, offset, fetch, top }: NodeOf<'select'>): void {
  if (limit !== undefined && fetch !== undefined) refuse('The query has limit() and fetch(). Use one of them.')
  if (top !== undefined && (limit !== undefined || offset !== undefined || fetch !== undefined))
    refuse('The query has top() and limit(), offset() or fetch(). Use top() alone, or the others without it.')
  if (fetch?.kind === 'count' && fetch.modifier === 'with ties')
    lacks("fetch(…, 'with ties')", "Use top(…, 'with ties').")
  const rows = limit ?? (fetch?.kind === 'count' ? fetch.amount : undefined)
  if (offset !== undefined && rows?.kind === 'literal' && rows.value === 0)
    refuse('SQL Server fetches one row or more after an offset. Leave the query out for none.')
}

/** A part of a set operation has no order of its own, so one that has is a table. */
export function setOperation(n: NodeOf<'setOperation'>, w: Writer): void {
  if (isSimple(n.query)) return standard.setOperation(n, w)
  const from: Node = { kind: 'alias', operand: n.query, name: 'part', columns: undefined }
  const query = nodeWith('select', { items: [{ kind: 'star', table: undefined }], from: [from] })
  standard.setOperation({ ...n, query }, w)
}

const isSimple = (query: Node): boolean =>
  query.kind !== 'select' ||
  (query.setOperations.length + query.orderBy.length === 0 && query.offset === undefined && query.fetch === undefined)

export function joined(given: NodeOf<'joined'>, w: Writer): void {
  if (!given.lateral) return standard.joined(placed(given), w)
  const style = given.style === 'left join' ? 'outer apply' : 'cross apply'
  if (!given.on.every((on) => on.kind === 'literal' && on.value === true))
    lacks('The condition of a lateral join', 'Put it into the where() of the subquery, and use onTrue().')
  standard.joined({ ...given, lateral: false, style, on: [] }, w)
}
