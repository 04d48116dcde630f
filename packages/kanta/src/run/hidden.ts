import { mapChildren, type Node } from '../ir/index.ts'

/**
 * A copy of a part in which each direct child is what `change` makes of it, with the names that mean a common table
 * expression there. Of those that are not recursive each sees only the ones before it, and no table that policies have
 * to know of goes by the name of one that reads it.
 */
export function withHidden<T extends Node>(
  part: T,
  hidden: ReadonlySet<string>,
  change: (child: Node, hidden: ReadonlySet<string>) => Node,
): T {
  if (!('ctes' in part) || part.ctes.length === 0) return mapChildren(part, (child) => change(child, hidden))
  const all = new Set([...hidden, ...part.ctes.flatMap((cte) => (cte.kind === 'cte' ? [cte.name] : []))])
  const seen = new Set(hidden)
  return mapChildren(part, (child) => {
    if (child.kind !== 'cte') return change(child, all)
    const changed = change(child, part.recursive ? all : new Set(seen))
    seen.add(child.name)
    return changed
  })
}
