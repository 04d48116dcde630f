import { refuse, show } from '../error/index.ts'
import { type Node, node, start } from '../ir/index.ts'
import { Chain, callWith, detached, extend } from './chain.ts'
import { references } from './expression.ts'
import { checkName, given, listOf, reference, valueOf } from './operand.ts'
import { orderNodes } from './order.ts'

const EDGES = ['unbounded preceding', 'unbounded following', 'current row']
const EXCLUSIONS = ['current row', 'group', 'ties', 'no others']

/** `over(…)` and `window(…)`: partitions, order and frame. */
export class WindowBuilder extends Chain<'window'> {
  partitionBy(columns: unknown): WindowBuilder {
    const args: unknown[] = []
    return extend(this, 'partitionBy', listOf(references(columns, args, reference)), args)
  }

  orderBy(column: unknown, direction?: unknown): WindowBuilder {
    const args: unknown[] = []
    return extend(this, 'orderBy', listOf(orderNodes(column, direction, args)), args)
  }

  rows(from: unknown, to?: unknown): WindowBuilder {
    return this.frame('rows', from, to)
  }

  range(from: unknown, to?: unknown): WindowBuilder {
    return this.frame('range', from, to)
  }

  groups(from: unknown, to?: unknown): WindowBuilder {
    return this.frame('groups', from, to)
  }

  exclude(what: string): WindowBuilder {
    if (!EXCLUSIONS.includes(what)) refuse(`exclude(${show(what)}): use one of ${EXCLUSIONS.join(', ')}.`)
    return extend(this, 'exclude', what)
  }

  $call<R>(change: (window: this) => R): R {
    return callWith(this, '$call', change)
  }

  private frame(unit: string, from: unknown, to: unknown): WindowBuilder {
    const args: unknown[] = []
    const first = boundOf(from, args)
    const last = to === undefined ? undefined : boundOf(to, args)
    return extend(this, 'frame', node({ kind: 'frame', unit, start: first, end: last }), args)
  }
}

function boundOf(bound: unknown, args: unknown[]): Node {
  if (typeof bound === 'string' && EDGES.includes(bound)) return node({ kind: 'bound', edge: bound, count: undefined })
  if (typeof bound === 'object' && bound !== null) {
    for (const edge of ['preceding', 'following']) {
      const count = (bound as Record<string, unknown>)[edge]
      if (count !== undefined) return node({ kind: 'bound', edge, count: valueOf(count, args, `A frame's ${edge}`) })
    }
  }
  return refuse(
    `${show(bound)} is not the edge of a frame. Use one of ${EDGES.join(', ')}, { preceding: n } or { following: n }.`,
  )
}

/** The window of `over(…)`: by callback, by the name of a named window, or empty. */
export function windowNode(over: unknown, args: unknown[]): Node {
  if (typeof over === 'string') {
    return node({
      kind: 'window',
      base: checkName(over, 'a window'),
      partitionBy: [],
      orderBy: [],
      frame: undefined,
      exclude: undefined,
    })
  }
  if (over !== undefined && typeof over !== 'function')
    refuse(`over(${show(over)}) takes a callback such as (ob) => ob.orderBy('id'), the name of a window, or nothing.`)
  const empty = new WindowBuilder(start('window'), [], detached)
  const made = typeof over === 'function' ? over(empty) : empty
  return given(made, args) ?? refuse('The callback of over() gave no window.')
}
