import { KantaError, refuse } from '../error/index.ts'
import { eachChild, fullName, type Node, type NodeOf, nodeWith } from '../ir/index.ts'
import type { Expanded, Split } from '../plan/index.ts'
import type { TableDefinition } from '../table/index.ts'
import type { Relation } from './declare.ts'

type Select = NodeOf<'select'>
type Row = Readonly<Record<string, unknown>>

/** A relation among the items of a query that is read by a statement of its own. */
export interface SplitPart {
  readonly query: Select
  /** The name of its rows in those of the query. */
  readonly name: string
}

/** The statement that reads the rows of a relation. */
export interface Load {
  readonly name: string
  /** Its place among those of one query. */
  readonly position: number
  readonly relation: Relation
  /** Tells whether a row has to be there. */
  readonly required: boolean
  readonly statement: Expanded
}

/** The most keys of one statement: past that, one text for each number of them would be a burden. */
const MOST_KEYS = 1_000

/** Returns the relations of a query that are read by statements of their own. */
export function splitsOf({ items }: Select): SplitPart[] {
  return items.flatMap((item) => {
    const part = partOf(item)
    return part === undefined ? [] : [part]
  })
}

function partOf(item: Node): SplitPart | undefined {
  if (item.kind !== 'alias' || item.operand.kind !== 'jsonRows') return undefined
  const { query } = item.operand
  const first = query.kind === 'select' ? query.from[0] : undefined
  return first?.kind === 'relation' && first.split ? { query: query as Select, name: item.name } : undefined
}

/** No name of a column has a colon at its start, so that no policy renames these. */
const keyName = (position: number, column: number): string => `:${position}:${column}`
const OWNER = (column: number): string => `:of:${column}`
const NUMBER = ':number'

const ref = (table: string | undefined, column: string): Node => ({ kind: 'ref', schema: undefined, table, column })
const named = (operand: Node, name: string): Node => ({ kind: 'alias', operand, name, columns: undefined })
const binary = (left: Node, op: string, right: Node): Node => ({ kind: 'binary', left, op, right })

/** The query with the key of its first table in the place of each relation that is read apart. */
export function withKeys(
  query: Select,
  alias: string,
  { primaryKey }: TableDefinition,
  loads: readonly Load[],
): Select {
  const isGrouped = query.groupBy.length > 0 || query.distinctOn.length > 0 || query.distinct
  if (isGrouped || query.setOperations.length > 0 || query.items.some(holdsAggregate))
    refuse(
      `include('${loads[0]!.relation.name}', …, { load: 'split' }) finds its rows by the key of each row, so the query cannot group rows, add those of another or leave out equal ones. Leave { load } out.`,
    )
  let position = 0
  const items = query.items.flatMap((item) => {
    if (partOf(item) === undefined) return [item]
    const at = position++
    return primaryKey.map((column, i) => named(ref(alias, column), keyName(at, i)))
  })
  return { ...query, items }
}

/** Tells whether an item is computed over several rows. */
function holdsAggregate(item: Node): boolean {
  if (item.kind === 'select') return false
  if (item.kind === 'aggregate') return true
  let found = false
  eachChild(item, (child) => {
    found ||= holdsAggregate(child)
  })
  return found
}

/** Refuses what would mean something else for the rows of all owners at once. */
export function checkSplit(query: Select, { name, owner }: Relation): void {
  if (owner.primaryKey.length === 0)
    refuse(
      `include('${name}', …, { load: 'split' }) finds its rows by the primary key of '${fullName(owner)}', which has none.`,
    )
  const { groupBy, having, distinctOn, windows, setOperations, locks, modifiers, ctes } = query
  const others = [groupBy, having, distinctOn, windows, setOperations, locks, modifiers, ctes]
  const isCut = query.limit !== undefined || query.offset !== undefined
  const isOther = others.some((list) => list.length > 0) || query.top !== undefined || query.fetch !== undefined
  if (isOther || (query.distinct && isCut) || query.items.some(holdsAggregate))
    refuse(
      `include('${name}', …, { load: 'split' }) takes columns, joins, conditions, an order and a limit. For what is computed over several rows leave { load } out.`,
    )
}

/** The query for the owners whose keys are the last arguments of the statement, with the key of its owner in each row. */
export function forKeys(query: Select, owner: TableDefinition, alias: string, args: number): Select {
  const { schema, name, primaryKey } = owner
  const table: Node = { kind: 'table', schema, name, definition: owner }
  const keys = primaryKey.map((column, i) => named(ref(alias, column), OWNER(i)))
  const isOneOf = primaryKey.map((column, i) =>
    binary(ref(alias, column), 'in', { kind: 'slot', index: args + i, role: 'list', codec: undefined }),
  )
  const whole: Select = {
    ...query,
    items: [...keys, ...query.items],
    from: [alias === name ? table : named(table, alias), ...query.from],
    where: [...isOneOf, ...query.where],
  }
  return query.limit === undefined && query.offset === undefined
    ? whole
    : cutEach(
        whole,
        primaryKey.map((column) => ref(alias, column)),
      )
}

/** The query with its limit for the rows of each owner. */
function cutEach(query: Select, owner: readonly Node[]): Select {
  const { orderBy, limit, offset } = query
  const over = nodeWith('window', { partitionBy: owner, orderBy })
  const number = named(nodeWith('aggregate', { name: 'row_number', over }), NUMBER)
  const rows = { ...query, items: [...query.items, number], orderBy: [], limit: undefined, offset: undefined }
  const place = ref(undefined, NUMBER)
  const from = offset === undefined ? [] : [binary(place, '>', offset)]
  // The sum of two parameters would have no type.
  const within = offset === undefined ? place : binary(place, '-', offset)
  const to = limit === undefined ? [] : [binary(within, '<=', limit)]
  return nodeWith('select', {
    items: [{ kind: 'star', table: undefined }],
    from: [named(rows, 'numbered')],
    where: [...from, ...to],
    orderBy: [place],
  })
}

/** How the rows that statements have read come into those of their owners. */
export function joinOf(loads: readonly Load[], lists: number): Split {
  return {
    statements: loads.map((load) => load.statement),
    lists,
    listsOf: (rows, statement) => listsOf(rows, statement, lists),
    join: (rows, read, rename) => joinRows(rows, read, loads, rename, lists),
  }
}

function listsOf(rows: readonly Row[], position: number, columns: number): readonly (readonly unknown[])[][] {
  const names = Array.from({ length: columns }, (_, i) => keyName(position, i))
  const keys = new Map<unknown, readonly unknown[]>()
  for (const row of rows) {
    const key = names.map((name) => row[name])
    if (key.every((value) => value !== null)) keys.set(keyOf(key), key)
  }
  const all = [...keys.values()]
  const found: (readonly unknown[])[][] = []
  for (let at = 0; at < all.length; at += MOST_KEYS) {
    const some = all.slice(at, at + MOST_KEYS)
    found.push(names.map((_, i) => some.map((key) => key[i])))
  }
  return found
}

/** What stands for a key in a map. Both sides have read it from the same column of the same row. */
function keyOf(values: readonly unknown[]): unknown {
  if (values.length === 1 && typeof values[0] !== 'object') return values[0]
  return JSON.stringify(values.map(textOf))
}

function textOf(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  return value instanceof Uint8Array ? Array.from(value) : value
}

function joinRows(
  rows: readonly Row[],
  read: readonly (readonly Row[])[],
  loads: readonly Load[],
  rename: (name: string) => string,
  columns: number,
): readonly Row[] {
  const owners = Array.from({ length: columns }, (_, i) => OWNER(i))
  const found = read.map((children) => {
    const of = new Map<unknown, Row[]>()
    for (const child of children) {
      const key = keyOf(owners.map((name) => child[name]))
      const own = of.get(key)
      if (own === undefined) of.set(key, [child])
      else own.push(child)
    }
    return of
  })
  const places = new Map(loads.map((load) => [keyName(load.position, 0), load]))
  const names = loads.map((load) => Array.from({ length: columns }, (_, i) => keyName(load.position, i)))
  const keys = new Set(names.flat())
  const isHidden = (name: string): boolean => keys.has(name)
  return rows.map((row) => {
    const made: Record<string, unknown> = {}
    for (const name in row) {
      const load = places.get(name)
      if (load !== undefined) {
        const key = names[load.position]!.map((column) => row[column])
        made[rename(load.name)] = valueOf(load, key, found[load.position]!.get(keyOf(key)))
      } else if (!isHidden(name)) made[name] = row[name]
    }
    return made
  })
}

function valueOf({ relation, required }: Load, key: readonly unknown[], children: readonly Row[] = []): unknown {
  if (!relation.single) return children.map(bare)
  if (children.length === 0 && required && !key.includes(null))
    throw new KantaError('not_found', missing(relation.name, relation.owner))
  return children.length === 0 ? null : bare(children[0]!)
}

/** The row without what says whose it is. Rows that several owners have are not shared between them. */
function bare(row: Row): Row {
  const made: Record<string, unknown> = {}
  for (const name in row) if (!name.startsWith(':of:') && name !== NUMBER) made[name] = row[name]
  return made
}

/** The message where a row has to be there and is not. */
export const missing = (name: string, owner: TableDefinition): string =>
  `A row of '${fullName(owner)}' has no '${name}': the row that its key names is not there, or a policy hides it. Give include() { optional: true } where null is an answer.`
