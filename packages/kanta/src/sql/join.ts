import { refuse, show } from '../error/index.ts'
import { type Node, node, start } from '../ir/index.ts'
import { callBack } from './callback.ts'
import { Chain, callWith, detached, extend } from './chain.ts'
import { conditionOf, literal, refComparison } from './expression.ts'
import { source } from './operand.ts'

/** `join => join.onRef(…).on(…)` */
export class JoinBuilder extends Chain<'joined'> {
  on(...condition: unknown[]): JoinBuilder {
    const args: unknown[] = []
    return extend(this, 'on', conditionOf(condition, args, 'on'), args)
  }

  onRef(lhs: unknown, op: unknown, rhs: unknown): JoinBuilder {
    const args: unknown[] = []
    return extend(this, 'on', refComparison(lhs, op, rhs, args), args)
  }

  onTrue(): JoinBuilder {
    return extend(this, 'on', literal(true))
  }

  $call<R>(change: (join: this) => R): R {
    return callWith(this, '$call', change)
  }
}

/** Joins that need no condition. */
const FREE = new Set(['cross join', 'cross apply', 'outer apply'])

/** The node of a join; its values go to `args`. */
export function joinNode(
  style: string,
  lateral: boolean,
  table: unknown,
  on: readonly unknown[],
  args: unknown[],
): Node {
  const from = source(typeof table === 'function' ? callBack(table) : table, args)
  if (FREE.has(style)) return node({ kind: 'joined', style, lateral, source: from, on: [] })
  if (on.length === 2) {
    const condition = refComparison(on[0], '=', on[1], args)
    return node({ kind: 'joined', style, lateral, source: from, on: [condition] })
  }
  const build = on[0]
  if (on.length !== 1 || typeof build !== 'function') {
    return refuse(
      `A ${style} takes a table and two columns, or a table and a callback (join) => join.onRef(…); after ${show(table)} it was given ${on.length} arguments.`,
    )
  }
  const made: unknown = build(
    new JoinBuilder(
      start('joined').step('style', style).step('lateral', lateral).step('source', from),
      args.splice(0),
      detached,
    ),
  )
  if (!(made instanceof JoinBuilder))
    return refuse(
      `The callback of the ${style} of ${show(table)} gave no join. Return what join.on(…) or join.onRef(…) gives.`,
    )
  if (made.shape.part !== 'on')
    return refuse(`The ${style} of ${show(table)} has no condition. Use join.onTrue() to say that every row joins.`)
  for (const arg of made.args) args.push(arg)
  return made.node
}
