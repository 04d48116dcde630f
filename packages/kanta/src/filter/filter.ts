import { refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import type { ColumnDefinition } from '../table/index.ts'
import { jsonOf } from './json.ts'

/** A value that a filter compares a column with. */
export type FilterValue = number | bigint | string | boolean | Date

/** A column that a filter names; its definition is known where the filter was made with a column of a `table()`. */
export interface FilterColumn {
  readonly name: string
  /** The table or alias of a column of a `table()`. */
  readonly table: string | undefined
  readonly definition: ColumnDefinition | undefined
}

export type Comparison = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte'
export type TextOperator = (typeof textOperators)[number]

export const comparisons: readonly Comparison[] = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte']
/** The operators on texts; those that begin with `i` take A–Z and a–z for equal. */
export const textOperators = [
  ...(['like', 'ilike', 'contains', 'iContains', 'startsWith', 'iStartsWith'] as const),
  ...(['endsWith', 'iEndsWith', 'iEq'] as const),
] as const

/** The syntax tree of a filter. */
export type FilterTree =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'compare'; readonly column: FilterColumn; readonly op: Comparison; readonly value: FilterValue }
  | { readonly kind: 'in'; readonly column: FilterColumn; readonly values: readonly FilterValue[] }
  | { readonly kind: 'text'; readonly column: FilterColumn; readonly op: TextOperator; readonly text: string }
  | { readonly kind: 'null'; readonly column: FilterColumn }
  | { readonly kind: 'and' | 'or'; readonly items: readonly FilterTree[] }
  | { readonly kind: 'not'; readonly item: FilterTree }
  | { readonly kind: 'raw'; readonly expression: object }

/** The trees of all filters. Only this module adds to it, so that data can imitate a filter but never be one. */
const trees = new WeakMap<object, FilterTree>()

/**
 * A condition on rows of type `R` as a value, made by `eq()`, `and()` and their like, or by `parseFilter()` from what
 * somebody sent. No data is a filter, whatever it holds.
 */
export class Filter<in R> {
  declare protected readonly of: (row: R) => void

  /** Returns the form that `parseFilter()` reads; `JSON.stringify()` calls it. */
  toJSON(): unknown {
    return jsonOf(treeOf(this))
  }
}

const DEEPEST = 100
const LARGEST = 10_000

interface Measure {
  readonly depth: number
  readonly size: number
}
const measures = new WeakMap<FilterTree, Measure>()
const LEAF: Measure = { depth: 1, size: 1 }

function measure(tree: FilterTree): Measure {
  const children = tree.kind === 'and' || tree.kind === 'or' ? tree.items : tree.kind === 'not' ? [tree.item] : []
  let [depth, size] = [0, 1]
  for (const child of children) {
    const inner = measures.get(child) ?? LEAF
    depth = Math.max(depth, inner.depth)
    size += inner.size
  }
  if (depth >= DEEPEST) refuse(`The filter is nested more than ${DEEPEST} levels deep. Flatten it.`)
  if (size > LARGEST) refuse(`The filter has more than ${LARGEST} parts. Use anyOf() for lists of values.`)
  return { depth: depth + 1, size }
}

/** Makes the filter of a tree. */
export function filterOf(tree: FilterTree): Filter<never> {
  if (tree.kind === 'and' || tree.kind === 'or' || tree.kind === 'not') measures.set(tree, measure(tree))
  const filter = new Filter<never>()
  trees.set(filter, Object.freeze(tree))
  Object.freeze(filter)
  return filter
}

/**
 * Returns the tree of a filter.
 *
 * @throws KantaError `invalid_input` for anything but a filter.
 */
export function treeOf(filter: unknown): FilterTree {
  const tree = typeof filter === 'object' && filter !== null ? trees.get(filter) : undefined
  return (
    tree ??
    refuse(
      `${show(filter)} is not a filter. Build one with eq(), and() and their like, or read data with parseFilter().`,
    )
  )
}

/** Tells whether a value is a filter. Data that looks like one, such as the body of a request, is none. */
export function isFilter(value: unknown): value is Filter<never> {
  return typeof value === 'object' && value !== null && trees.has(value)
}

/**
 * Tells whether a filter keeps every row whatever it holds, as `and()` of nothing does. Ask before a filter from outside
 * decides what is updated or deleted.
 */
export function keepsAll(filter: Filter<never>): boolean {
  const tree = treeOf(filter)
  return tree.kind === 'constant' && tree.value
}

/** Returns the columns that a filter names, each once. */
export function columnsOf(filter: Filter<never>): readonly string[] {
  const names = new Set<string>()
  walkTree(treeOf(filter), (tree) => {
    if ('column' in tree) names.add(tree.column.name)
  })
  return [...names]
}

/**
 * Returns the values that a filter wants columns to equal; `undefined` if it asks for anything else.
 *
 * @example
 * ```ts
 * import { and, eq, equalitiesOf } from 'kanta/filter'
 *
 * equalitiesOf(and(eq('name', 'Oulu'), eq('country', 'FI'))) // { name: 'Oulu', country: 'FI' }
 * ```
 */
export function equalitiesOf(filter: Filter<never>): Readonly<Record<string, FilterValue>> | undefined {
  const tree = treeOf(filter)
  const values = new Map<string, FilterValue>()
  for (const item of tree.kind === 'and' ? tree.items : [tree]) {
    if (item.kind !== 'compare' || item.op !== 'eq' || values.has(item.column.name)) return undefined
    values.set(item.column.name, item.value)
  }
  return Object.fromEntries(values)
}

/** Calls back with each part of a tree, the outermost first. */
export function walkTree(tree: FilterTree, visit: (tree: FilterTree) => void): void {
  visit(tree)
  if (tree.kind === 'not') walkTree(tree.item, visit)
  else if (tree.kind === 'and' || tree.kind === 'or') for (const item of tree.items) walkTree(item, visit)
}

export const constant = (value: boolean): FilterTree => ({ kind: 'constant', value })

/** Joins trees: flattens, leaves out what changes nothing, and stops at what decides. */
export function join(kind: 'and' | 'or', trees: readonly FilterTree[]): FilterTree {
  const deciding = kind === 'or'
  const items: FilterTree[] = []
  for (const tree of trees) {
    if (tree.kind === 'constant') {
      if (tree.value === deciding) return tree
    } else if (tree.kind === kind) items.push(...tree.items)
    else items.push(tree)
  }
  if (items.length === 0) return constant(!deciding)
  return items.length === 1 ? items[0]! : { kind, items: Object.freeze(items) }
}

/** Negates a tree. */
export function negate(tree: FilterTree): FilterTree {
  if (tree.kind === 'constant') return constant(!tree.value)
  return tree.kind === 'not' ? tree.item : { kind: 'not', item: tree }
}
