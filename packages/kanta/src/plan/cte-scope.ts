import type { CteVisibility } from '../dialect/index.ts'
import { mapChildren, mapTargets, type Node } from '../ir/index.ts'

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
  // What is written is a table, whatever a common table expression is called.
  const written = (names: ReadonlySet<string>): T =>
    names.size === 0 ? part : mapTargets(part, (target) => change(target, NONE))
  if (!('ctes' in part) || part.ctes.length === 0) return mapChildren(written(hidden), (child) => change(child, hidden))
  const all = new Set([...hidden, ...part.ctes.flatMap((cte) => (cte.kind === 'cte' ? [cte.name] : []))])
  const seen = new Set(hidden)
  return mapChildren(written(all), (child) => {
    if (child.kind !== 'cte') return change(child, all)
    const seeing = visibility(part.recursive)
    const names = seeing === 'all' ? all : new Set(seeing === 'itself' ? [...seen, child.name] : seen)
    seen.add(child.name)
    return change(child, names)
  })
}

const NONE: ReadonlySet<string> = new Set()
