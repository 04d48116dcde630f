import { refuse, show } from '../error/index.ts'
import { isTransient, type Kind, keepOut, type Node, node, type Shape } from '../ir/index.ts'
import { Column } from '../table/index.ts'
import { Chain, callWith, extend } from './chain.ts'
import { checkName, given, isOperand, listOf, tableNode } from './operand.ts'

/** A name that has no schema. */
export function identifier(name: unknown, what: string): Node {
  return node({ kind: 'identifier', names: [checkName(name, what)] })
}

/** The names of columns; expressions too, where they may stand. */
export function columnList(columns: unknown, method: string): Node {
  if (!Array.isArray(columns) || columns.length === 0)
    return refuse(`${method}(${show(columns)}): give an array with the name of one column or more.`)
  return listOf(Array.from(columns, (column) => columnName(column)))
}

/** A column by its name or as a column object. */
export function columnName(column: unknown): Node {
  return identifier(column instanceof Column ? column.name : column, 'a column')
}

/** What is indexed: a column, with its order behind it, or an expression. */
export function indexed(column: unknown, args: unknown[]): Node {
  if (column instanceof Column) return columnName(column)
  if (typeof column !== 'string')
    return (
      given(column, args) ?? refuse(`${show(column)} cannot be indexed. Give the name of a column or an expression.`)
    )
  const words = /^(.+?) (asc|desc)$/i.exec(column)
  if (words === null) return identifier(column, 'a column')
  const [, name, direction] = words
  return node({
    kind: 'order',
    operand: identifier(name, 'a column'),
    direction: direction!.toLowerCase(),
    nulls: undefined,
    collate: undefined,
  })
}

/** An expression that becomes text. */
export function expression(value: unknown, args: unknown[], method: string): Node {
  return (
    (isOperand(value) ? given(value, args) : undefined) ??
    refuse(`${method}(${show(value)}) takes an expression, such as sql\`…\`.`)
  )
}

/** `'person.id'`, or a column object: the table and the column that a foreign key points to. */
export function referenced(target: unknown): Node {
  if (target instanceof Column) {
    const { schema, table, name } = target
    return references(node({ kind: 'table', schema, name: table, definition: undefined }), [columnName(name)])
  }
  const at = typeof target === 'string' ? target.lastIndexOf('.') : -1
  if (at < 0) return refuse(`references(${show(target)}) takes a table and its column, such as 'person.id'.`)
  const text = target as string
  return references(tableNode(text.slice(0, at)), [columnName(text.slice(at + 1))])
}

export const references = (table: Node, columns: readonly Node[]): Node => node({ kind: 'references', table, columns })

/** A chain of calls as a part of another. */
export function built<K extends Kind>(shape: Shape<K>): Node {
  const part = { kind: 'built', shape: shape as unknown as Shape } as const
  return isTransient(shape) ? keepOut(part) : node(part)
}

/** What a callback makes of a chain of calls; without a callback the chain as it is. */
export function madeBy<C extends Chain>(chain: C, build: unknown, method: string): C {
  if (build === undefined) return chain
  const made = callWith(chain, method, build as (chain: C) => unknown)
  return made instanceof Chain && made.shape.kind === chain.shape.kind
    ? (made as unknown as C)
    : refuse(`The callback of ${method}() gave ${show(made)}. Return what its argument gives.`)
}

/** A part of a definition that a callback describes. */
export class PartBuilder<K extends Kind> extends Chain<K> {
  $call<R>(change: (part: this) => R): R {
    return callWith(this, '$call', change)
  }
}

/** A chain with text of the user's own at its front or at its end. */
export function modified<C extends Chain<'columnDefinition'> | Chain<'createTable'>>(
  chain: C,
  position: 'front' | 'end',
  modifier: unknown,
): C {
  const args: unknown[] = []
  const operand = expression(modifier, args, position === 'front' ? 'modifyFront' : 'modifyEnd')
  return extend(chain, 'modifiers', node({ kind: 'modifier', position, operand }), args)
}

/** A table's kind of index, such as `btree`: a word, or text of the user's own. */
export function indexMethod(method: unknown, args: unknown[]): Node {
  if (typeof method === 'string' && /^[a-z_]\w*$/i.test(method)) return node({ kind: 'word', text: method })
  return expression(method, args, 'using')
}
