import { isNode, type Node, walk } from '../extend/index.ts'

/** A select for the rows of a key, of which an N+1 fault runs one for each key. */
export interface Lookup {
  readonly table: string
  /** The columns that are compared with values. */
  readonly columns: readonly string[]
}

/** Operators that move through rows, as the conditions of cursors do. */
const RANGES: readonly unknown[] = ['>', '<', '>=', '<=']

/** Returns what a statement looks up, or `undefined` if it is no select by a key. Pages of a list are none. */
export function lookupOf(tree: Node): Lookup | undefined {
  if (tree.kind !== 'select' || tree.setOperations.length > 0 || tree.from.length !== 1) return undefined
  if (tree.offset !== undefined || (isLimited(tree) && tree.where.some(hasRange))) return undefined
  const table = tableOf(tree.from[0]!)
  const columns = tree.where.flatMap(conjuncts).flatMap((condition) => keyColumn(condition) ?? [])
  return table === undefined || columns.length === 0 ? undefined : { table, columns }
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

function keyColumn(condition: Node): string | undefined {
  if (condition.kind !== 'binary' || condition.op !== '=') return undefined
  const { left, right } = condition
  if (left.kind === 'ref' && isValue(right)) return left.column
  return right.kind === 'ref' && isValue(left) ? right.column : undefined
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
