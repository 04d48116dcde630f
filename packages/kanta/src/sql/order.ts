import { refuse, show } from '../error/index.ts'
import { type Node, node, pin } from '../ir/index.ts'
import { callBack } from './callback.ts'
import { checkName, given, isOperand, parseReference, reference } from './operand.ts'

/** `ob => ob.desc().nullsLast()` */
export class OrderModifier {
  readonly direction: string | undefined
  readonly nulls: string | undefined
  readonly collation: string | undefined

  constructor(direction?: string, nulls?: string, collation?: string) {
    this.direction = direction
    this.nulls = nulls
    this.collation = collation
  }

  asc(): OrderModifier {
    return new OrderModifier('asc', this.nulls, this.collation)
  }

  desc(): OrderModifier {
    return new OrderModifier('desc', this.nulls, this.collation)
  }

  nullsFirst(): OrderModifier {
    return new OrderModifier(this.direction, 'first', this.collation)
  }

  nullsLast(): OrderModifier {
    return new OrderModifier(this.direction, 'last', this.collation)
  }

  collate(name: string): OrderModifier {
    return new OrderModifier(this.direction, this.nulls, checkName(name, 'a collation'))
  }
}

/** The items of one `orderBy` call. */
export function orderNodes(column: unknown, direction: unknown, args: unknown[]): Node[] {
  if (typeof column === 'function') return orderNodes(callBack(column), direction, args)
  if (Array.isArray(column)) return Array.from(column, (item) => orderNodes(item, direction, args)).flat()
  return [orderNode(column, direction, args)]
}

const DIRECTION = / (asc|desc)$/i

function orderNode(column: unknown, direction: unknown, args: unknown[]): Node {
  if (typeof column === 'string' && direction === undefined && DIRECTION.test(column)) {
    const at = column.lastIndexOf(' ')
    return make(parseReference(column.slice(0, at)), new OrderModifier(column.slice(at + 1).toLowerCase()))
  }
  const operand = reference(column, args)
  if (direction === undefined) return make(operand, new OrderModifier())
  if (direction === 'asc' || direction === 'desc') return make(operand, new OrderModifier(direction))
  if (typeof direction === 'function') {
    const made: unknown = direction(new OrderModifier())
    if (made instanceof OrderModifier) return make(operand, made)
    if (isOperand(made)) return node({ kind: 'operation', left: operand, operator: given(made, args)!, right: NOTHING })
  }
  if (isOperand(direction))
    return node({ kind: 'operation', left: operand, operator: given(direction, args)!, right: NOTHING })
  return refuse(
    `orderBy(…, ${show(direction)}): a direction is 'asc', 'desc' or a callback such as (ob) => ob.desc().nullsLast().`,
  )
}

const NOTHING = pin({ kind: 'word', text: '' })

function make(operand: Node, modifier: OrderModifier): Node {
  return node({
    kind: 'order',
    operand,
    direction: modifier.direction,
    nulls: modifier.nulls,
    collate: modifier.collation,
  })
}
