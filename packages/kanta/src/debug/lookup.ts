import { isNode, type Node, walk } from '../extend/index.ts'

/** A select for the rows of a key, of which an N+1 fault runs one for each key. */
export interface Lookup {
  readonly table: string
  /** The columns that are compared with values. */
  readonly columns: readonly string[]
  /** The places of these values among the parameters, and the number of all. */
  readonly places: readonly number[]
  readonly count: number
}

/** Operators that move through rows, as the conditions of cursors do. */
const RANGES: readonly unknown[] = ['>', '<', '>=', '<=']

/** Returns what a statement looks up, or `undefined` if it is no select by a key. Pages of a list are none. */
export function lookupOf(tree: Node): Lookup | undefined {
  if (tree.kind !== 'select' || tree.setOperations.length > 0 || tree.from.length !== 1) return undefined
  if (tree.offset !== undefined || (isLimited(tree) && tree.where.some(hasRange))) return undefined
  const table = tableOf(tree.from[0]!)
  const keys = tree.where.flatMap(conjuncts).flatMap((condition) => keyOf(condition) ?? [])
  if (table === undefined || keys.length === 0) return undefined
  const values = valuesOf(tree)
  return {
    ...{ table, columns: keys.map(({ column }) => column), count: values.length },
    places: keys.map(({ value }) => values.indexOf(value)),
  }
}

/** Returns the values of a statement, in the order of its text. */
function valuesOf(tree: Node): readonly Node[] {
  const values: Node[] = []
  walk(tree, (node) => {
    if (isValue(node) || node.kind === 'context') values.push(node)
  })
  return values
}

const isLimited = ({ limit, fetch, top }: { limit?: unknown; fetch?: unknown; top?: unknown }): boolean =>
  (limit ?? fetch ?? top) !== undefined

function tableOf(from: Node): string | undefined {
  const source = from.kind === 'alias' ? from.operand : from
  return source.kind === 'table' ? source.name : undefined
}

const conjuncts = (condition: Node): readonly Node[] =>
  condition.kind === 'and' ? condition.items.flatMap(conjuncts) : [condition]

const isValue = (node: Node): boolean => node.kind === 'slot' || node.kind === 'arg'

function keyOf(condition: Node): { readonly column: string; readonly value: Node } | undefined {
  if (condition.kind !== 'binary' || condition.op !== '=') return undefined
  const { left, right } = condition
  if (left.kind === 'ref' && isValue(right)) return { column: left.column, value: right }
  return right.kind === 'ref' && isValue(left) ? { column: right.column, value: left } : undefined
}

function hasRange(condition: Node): boolean {
  let found = false
  walk(condition, (node) => {
    if (node.kind !== 'binary' || !RANGES.includes(node.op)) return
    for (const side of [node.left, node.right])
      walk(side, (part) => {
        if (isNode(part) && isValue(part)) found = true
      })
  })
  return found
}
