import type { CteVisibility } from '../dialect/index.ts'
import { holdsNodes, mapChildren, type Node, type Part, takes } from '../ir/index.ts'

/**
 * A copy of a part in which each direct child is what `change` makes of it, with the names that mean a common table
 * expression there. What one sees depends on the database; by default those before it, or all where they are recursive.
 */
export function mapInScope<T extends Node>(
  part: T,
  hidden: ReadonlySet<string>,
  change: (child: Node, hidden: ReadonlySet<string>) => Node,
  visibility: (recursive: boolean) => CteVisibility = (recursive) => (recursive ? 'all' : 'before'),
): T {
  if (!holdsNodes(part)) return part
  if (!('ctes' in part) || part.ctes.length === 0)
    return mapChildren(part, (child, place) => change(child, isOnlyWritten(place) ? NONE : hidden))
  const all = new Set(hidden)
  for (const cte of part.ctes) if (cte.kind === 'cte') all.add(cte.name)
  const seen = new Set(hidden)
  return mapChildren(part, (child, place) => {
    if (isOnlyWritten(place)) return change(child, NONE)
    if (child.kind !== 'cte') return change(child, all)
    const seeing = visibility(part.recursive)
    const names = seeing === 'all' ? all : new Set(seeing === 'itself' ? [...seen, child.name] : seen)
    seen.add(child.name)
    return change(child, names)
  })
}

/** A written name is a table, even if a common table expression has that name. */
const isOnlyWritten = (place: Part): boolean => takes(place, 'target') && !takes(place, 'source')

const NONE: ReadonlySet<string> = new Set()
