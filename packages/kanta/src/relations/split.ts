import type { IsolationLevel, TransactionSettings } from '../dialect/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import { eachChild, fullName, type Node, type NodeOf, nodeWith, walk } from '../ir/index.ts'
import { type Expanded, type Plan, type RunPlan, rowCopier, type Split } from '../plan/index.ts'
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
const LINK = (column: number): string => `:link:${column}`
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

/** The relation by the columns that a table of owners has, whose names are no column's. */
export const linkedByOwners = (relation: Relation): Relation => ({
  ...relation,
  link: { ...relation.link, from: relation.link.from.map((_, i) => LINK(i)) },
  only: relation.points ? undefined : relation.only,
})

/** The query for the owners whose keys are the last arguments of the statement, with the key of its owner in each row. */
export function forKeys(query: Select, relation: Relation, alias: string, args: number): Select {
  const { owner, link, only, points } = relation
  const isOf = (column: Node, i: number): Node =>
    binary(column, 'in', { kind: 'slot', index: args + i, role: 'list', codec: undefined })
  const own = holdingKeys(query, relation, alias)
  if (own !== undefined) {
    const items = [...own.keys.map((key, i) => named(key, OWNER(i))), ...query.items]
    return cut({ ...query, items, where: [...own.keys.map(isOf), ...own.where] }, own.keys)
  }
  const { schema, name, primaryKey } = owner
  const column = (of: string): Node => ref(name, of)
  const owners = nodeWith('select', {
    items: [
      ...primaryKey.map((key, i) => named(column(key), OWNER(i))),
      ...link.from.map((from, i) => named(column(from), LINK(i))),
    ],
    from: [{ kind: 'table', schema, name, definition: owner }],
    where: [
      ...primaryKey.map((key, i) => isOf(column(key), i)),
      ...(only !== undefined && points
        ? [binary(column(only.column), '=', { kind: 'literal', value: only.value })]
        : []),
    ],
  })
  const keys = primaryKey.map((_, i) => ref(alias, OWNER(i)))
  const items = [...keys, ...query.items.flatMap((item) => starsOf(item, query))]
  return cut({ ...query, items, from: [named(owners, alias), ...query.from] }, keys)
}

/**
 * Returns the columns of a query that hold the keys of its owners, and its other conditions, where it needs nothing else
 * of them: then it reads one table less. Only whole numbers are equal to the keys that they point to in JavaScript, too;
 * texts may differ in case.
 */
function holdingKeys(
  query: Select,
  { owner, link, target, through, only }: Relation,
  alias: string,
): { readonly keys: readonly Node[]; readonly where: readonly Node[] } | undefined {
  const { from, to } = link
  const { primaryKey } = owner
  const isKey = from.length === primaryKey.length && from.every((column, i) => column === primaryKey[i])
  if (!isKey || through !== undefined || only !== undefined) return undefined
  const isExact = from.every((column, i) => {
    const [key, holder] = [owner.columns.get(column)!, target.columns.get(to[i]!)!]
    return (key.type === 'integer' || key.type === 'bigint') && key.type === holder.type && key.codec === holder.codec
  })
  // The first conditions are those of the relation.
  const where = query.where.slice(to.length)
  const [source] = query.from
  const isNamed = source?.kind === 'alias' || source?.kind === 'table'
  if (!isExact || !isNamed || mentions({ ...query, where }, alias)) return undefined
  return { keys: to.map((column) => ref(source.name, column)), where }
}

/** Tells whether anything in a query is of the table of owners. */
function mentions(query: Select, alias: string): boolean {
  let found = false
  walk(query, (part) => {
    found ||= (part.kind === 'ref' || part.kind === 'star') && part.table === alias
  })
  return found
}

const cut = (query: Select, owner: readonly Node[]): Select =>
  query.limit === undefined && query.offset === undefined ? query : cutEach(query, owner)

/** A star without a table means the tables of the query alone, and not the keys that stand beside them. */
function starsOf(item: Node, { from, joins }: Select): readonly Node[] {
  if (item.kind !== 'star' || item.table !== undefined) return [item]
  const sources = [...from, ...joins.map((join) => (join.kind === 'joined' ? (join.source ?? join) : join))]
  const names = sources.map((each) => (each.kind === 'alias' || each.kind === 'table' ? each.name : undefined))
  return names.includes(undefined) ? [item] : names.map((table): Node => ({ kind: 'star', table }))
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

/** Gives the rows of owners those that further statements read for them. */
export const joinOf = (loads: readonly Load[], lists: number): Split => ({
  statements: loads.map((load) => load.statement),
  lists,
  read: (plan, args, run) => readJoined(plan, args, run, loads, lists),
  levelIn,
  refuse: (what) =>
    refuse(`${what} takes one statement, and { load: 'split' } makes several of the query. Leave { load } out.`),
})

async function readJoined(
  plan: Plan,
  args: readonly unknown[],
  run: RunPlan,
  loads: readonly Load[],
  columns: number,
): Promise<unknown[]> {
  const rows = (await run(plan, args)) as Row[]
  const found: Row[][] = []
  for (const [i, own] of plan.split!.plans.entries()) {
    const parts: unknown[][] = []
    for (const lists of listsOf(rows, i, columns)) {
      const all = [...args, ...lists]
      parts.push(await (own.split === undefined ? run(own, all) : own.split.read(own, all, run)))
    }
    found.push(parts.flat() as Row[])
  }
  return joinRows(rows, found, loads, plan.decoding.rename ?? ((name) => name), columns)
}

/** Levels at which all reads of a transaction see one state of the data. */
const SNAPSHOTS: ReadonlySet<IsolationLevel | undefined> = new Set(['repeatable read', 'serializable', 'snapshot'])

function levelIn(around: TransactionSettings | undefined, snapshot: IsolationLevel): IsolationLevel | undefined {
  if (around === undefined) return snapshot
  if (snapshot === 'serializable' || SNAPSHOTS.has(around.isolation)) return undefined
  throw new KantaError(
    'unsupported',
    `{ load: 'split' } reads by several statements, which this transaction may show different data. Begin it with the isolation level '${snapshot}', or leave { load } out.`,
  )
}

function listsOf(rows: readonly Row[], position: number, columns: number): readonly (readonly unknown[])[][] {
  const nameOf = (i: number): string => keyName(position, i)
  const readKey = keyReader(columns, nameOf)
  const keys = new Map<unknown, Row>()
  for (const row of rows) keys.set(readKey(row), row)
  keys.delete(null)
  const all = [...keys.values()]
  const found: (readonly unknown[])[][] = []
  for (let at = 0; at < all.length; at += MOST_KEYS) {
    const some = all.slice(at, at + MOST_KEYS)
    found.push(numbers(columns, (i) => some.map((row) => row[nameOf(i)])))
  }
  return found
}

function joinRows(
  rows: readonly Row[],
  read: readonly (readonly Row[])[],
  loads: readonly Load[],
  rename: (name: string) => string,
  columns: number,
): Row[] {
  const [first] = rows
  if (first === undefined) return []
  const found = read.map((children, i) => byOwner(children, columns, loads[i]!))
  const keys = loads.map(({ position }) => keyReader(columns, (i) => keyName(position, i)))
  const places = new Map(loads.map((load) => [keyName(load.position, 0), load]))
  const hidden = new Set(loads.flatMap(({ position }) => numbers(columns, (i) => keyName(position, i))))
  const parts = Object.keys(first).flatMap((name) => {
    const load = places.get(name)
    if (load === undefined && hidden.has(name)) return []
    return [{ name: load === undefined ? name : rename(load.name), load }]
  })
  return rows.map((row) => {
    const made: Record<string, unknown> = {}
    for (const { name, load } of parts)
      made[name] = load === undefined ? row[name] : valueOf(load, found[load.position]!, keys[load.position]!(row))
    return made
  })
}

const numbers = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

/** The rows of owners by their keys. */
interface OwnedRows {
  readonly of: ReadonlyMap<unknown, readonly Row[]>
  /** Copies a row without what says whose it is. Rows that several owners have are not shared between them. */
  readonly copy: (row: Row) => Row
}

function byOwner(children: readonly Row[], columns: number, load: Load): OwnedRows {
  const of = new Map<unknown, Row[]>()
  const readKey = keyReader(columns, OWNER)
  for (const child of children) {
    const key = readKey(child)
    const own = of.get(key)
    if (own === undefined) of.set(key, [child])
    else own.push(child)
  }
  const hidden = new Set([NUMBER, ...numbers(columns, OWNER)])
  const names = Object.keys(children[0] ?? {}).filter((name) => !hidden.has(name))
  return { of, copy: copierOf(names, load) }
}

/** The last copier of each statement, whose rows hardly ever have other names. */
const copiers = new WeakMap<Load, { readonly names: string; readonly copy: OwnedRows['copy'] }>()

function copierOf(names: readonly string[], load: Load): OwnedRows['copy'] {
  const key = JSON.stringify(names)
  const known = copiers.get(load)
  if (known?.names === key) return known.copy
  const copy = rowCopier(names) as OwnedRows['copy']
  copiers.set(load, { names: key, copy })
  return copy
}

/** Reads what stands for a key in a map; null where a part of it is null. Both sides have read the same columns. */
function keyReader(columns: number, nameOf: (column: number) => string): (row: Row) => unknown {
  const first = nameOf(0)
  const names = numbers(columns, nameOf)
  return (row) => {
    const value = row[first]
    if (columns === 1 && (typeof value !== 'object' || value === null)) return value
    const parts = names.map((name) => row[name])
    return parts.includes(null) ? null : JSON.stringify(parts.map(textOf))
  }
}

function textOf(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  return value instanceof Uint8Array ? Array.from(value) : value
}

function valueOf({ relation, required }: Load, { of, copy }: OwnedRows, key: unknown): unknown {
  const children = of.get(key) ?? []
  if (!relation.single) return children.map(copy)
  if (children.length === 0 && required && key !== null)
    throw new KantaError('not_found', missing(relation.name, relation.owner))
  return children.length === 0 ? null : copy(children[0]!)
}

/** The message where a row has to be there and is not. */
export const missing = (name: string, owner: TableDefinition): string =>
  `A row of '${fullName(owner)}' has no '${name}': the row that its key names is not there, or a policy hides it. Give include() { optional: true } where null is an answer.`
