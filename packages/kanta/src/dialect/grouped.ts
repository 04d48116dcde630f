import { mapChildren, type Node, type NodeOf, walk } from '../ir/index.ts'

/**
 * Writes values into the text where an expression that holds them stands twice, and the database has to see that it is
 * the same: what is grouped by or made distinct, and what is selected or ordered by. As parameters, two values could
 * differ.
 */
export function withEqualValues(n: NodeOf<'select'>): NodeOf<'select'> {
  const selected = n.distinct ? n.items.map((item) => (item.kind === 'alias' ? item.operand : item)) : []
  const anchors = [...n.groupBy.flatMap(parts), ...n.distinctOn, ...selected].filter(holdsValues)
  if (anchors.length === 0) return n
  const change = (part: Node): Node =>
    anchors.some((anchor) => isSame(anchor, part))
      ? inlined(part)
      : part.kind === 'select'
        ? part
        : mapChildren(part, change)
  const all = (items: readonly Node[]): readonly Node[] => items.map(change)
  return {
    ...n,
    items: all(n.items),
    distinctOn: all(n.distinctOn),
    groupBy: all(n.groupBy),
    having: all(n.having),
    orderBy: all(n.orderBy),
  }
}

/** The expressions of a grouping, such as those of a rollup. */
const parts = (item: Node): readonly Node[] =>
  item.kind === 'grouping' || item.kind === 'tuple' || item.kind === 'list' ? item.items.flatMap(parts) : [item]

const isValue = (part: Node): part is NodeOf<'slot'> => part.kind === 'slot' && part.role === 'value'

/** Returns whether an expression holds values. One that is a value alone would be the position of a column. */
function holdsValues(part: Node): boolean {
  let found = false
  walk(part, (inner) => {
    found ||= inner !== part && isValue(inner)
  })
  return found && part.kind !== 'select'
}

const inlined = (part: Node): Node => (isValue(part) ? { ...part, role: 'inline' } : mapChildren(part, inlined))

/** Compares two expressions, whatever the places of their values. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one))
    return Array.isArray(other) && one.length === other.length && one.every((item, i) => isSame(item, other[i]))
  const keys = Object.keys(one)
  if (!('kind' in one) || keys.length !== Object.keys(other).length) return false
  const isSlot = one.kind === 'slot'
  return keys.every(
    (key) =>
      (isSlot && key === 'index') ||
      isSame((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]),
  )
}
