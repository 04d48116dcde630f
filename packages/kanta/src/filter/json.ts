import { refuse } from '../error/index.ts'
import type { FilterColumn, FilterTree, FilterValue } from './filter.ts'

/** The keys of a filter as JSON that are no columns. */
export const JUNCTIONS: ReadonlySet<string> = new Set(['and', 'or', 'not'])

const valueOf = (value: FilterValue): unknown =>
  typeof value === 'bigint' ? String(value) : value instanceof Date ? value.toISOString() : value

const condition = ({ name }: FilterColumn, op: string, value: unknown): unknown =>
  JUNCTIONS.has(name)
    ? refuse(`A filter on a column called '${name}' has no form as JSON. Give the column another name.`)
    : { [name]: { [op]: value } }

/** Returns the JSON of a tree, which `parseFilter()` reads. */
export function jsonOf(tree: FilterTree): unknown {
  switch (tree.kind) {
    case 'constant':
      return tree.value ? {} : { or: [] }
    case 'compare':
      return condition(tree.column, tree.op, valueOf(tree.value))
    case 'in':
      return condition(tree.column, 'in', tree.values.map(valueOf))
    case 'text':
      return condition(tree.column, tree.op, tree.text)
    case 'null':
      return condition(tree.column, 'isNull', true)
    case 'and':
    case 'or':
      return { [tree.kind]: tree.items.map(jsonOf) }
    case 'not':
      if (tree.item.kind === 'in') return condition(tree.item.column, 'notIn', tree.item.values.map(valueOf))
      if (tree.item.kind === 'null') return condition(tree.item.column, 'isNotNull', true)
      return { not: jsonOf(tree.item) }
    case 'raw':
      return refuse('A filter with raw() has no form as JSON: no data becomes SQL text.')
  }
}
