import { rowLocks } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { type Node, type NodeOf, nodeWith, walk } from '../extend/index.ts'
import { type DatabaseHandle, dialectOf, storedRunnerOf, withStoredValues } from '../extend/internal/index.ts'
import { volatileFunctionIn } from '../guard/index.ts'
import { fullName } from '../ir/index.ts'
import { Chain, sql } from '../sql/index.ts'
import { auditFacets } from './facet.ts'
import type { Image, StoredRow } from './image.ts'
import type { KeyedTable } from './key.ts'

export const star = (table: string | undefined): NodeOf<'star'> => ({ kind: 'star', table })

/** Returns the lock that a write takes itself, for the rows of one table, if the database has row locks. */
export function locksOf(name: string, db: DatabaseHandle, write: 'update' | 'delete'): readonly Node[] {
  const dialect = dialectOf(db)
  return rowLocks(dialect, write, auditFacets.of(dialect).locksByTable ? [name] : [])
}

/**
 * Returns a locking query of the rows that an update or a delete may change. Ignores its limit, since only the run
 * decides which rows that takes.
 */
export function selectCandidates(
  tree: NodeOf<'update'> | NodeOf<'delete'>,
  name: string,
  db: DatabaseHandle,
  more: readonly Node[] = [],
): Node {
  const { targets } = tree
  const { ctes, recursive, joins, where } = repeatablePart(tree)
  const others = isRepeatable([...tree.ctes, ...sourcesOf(tree), ...tree.joins]) ? sourcesOf(tree) : []
  // A target may occur again in `using`.
  const from =
    tree.kind === 'delete' && others.some((other) => nameOf(other) === name) ? others : [...targets, ...others]
  const locks = locksOf(name, db, tree.kind)
  return nodeWith('select', { ctes, recursive, items: [star(name), ...more], from, joins, where, locks })
}

type Change = NodeOf<'update'> | NodeOf<'delete'>

const sourcesOf = (tree: Change): readonly Node[] => (tree.kind === 'update' ? tree.from : tree.using)

/**
 * Returns the clauses of a statement that find the same rows each time. Without the rest it reads more rows; unchanged
 * ones leave no entry.
 */
function repeatablePart(tree: Change): Pick<Change, 'ctes' | 'recursive' | 'joins' | 'where'> {
  const { ctes, recursive, joins, where } = tree
  if (!isRepeatable([...ctes, ...sourcesOf(tree), ...joins]))
    return { ctes: [], recursive: false, joins: [], where: [] }
  return { ctes, recursive, joins, where: where.filter((condition) => isRepeatable([condition])) }
}

/** Returns true if parts have the same value at each evaluation. */
function isRepeatable(parts: readonly Node[]): boolean {
  let steady = true
  for (const part of parts)
    walk(part, (inner) => {
      if (volatileFunctionIn(inner) !== undefined) steady = false
    })
  return steady
}

export const nameOf = (source: Node): string | undefined =>
  source.kind === 'alias' ? source.name : source.kind === 'table' ? source.name : undefined

/** Returns a text for a key that does not depend on the types of its values. */
export const looseKey = (row: Image, key: readonly string[]): string =>
  key.length === 1 ? String(row[key[0]!]) : JSON.stringify(key.map((name) => String(row[name])))

/** Maps rows by their keys. */
export function mapByKey(rows: readonly StoredRow[], { key, ...table }: KeyedTable): Map<string, StoredRow> {
  for (const name of rows.length === 0 ? [] : key)
    if (!(name in rows[0]!))
      throw new KantaError(
        'plugin',
        `The table '${fullName(table)}' has no column '${name}', which its key names. Correct the key.`,
      )
  return new Map(rows.map((row) => [looseKey(row, key), row]))
}

/** The most composite keys in one statement. */
const MAX_COMPOSITE_KEYS = 64
const MAX_KEYS = 8_192

/** Reads the current rows of some keys. */
export async function rowsOf(
  db: DatabaseHandle,
  table: KeyedTable,
  keys: readonly StoredRow[],
  locked = false,
): Promise<StoredRow[]> {
  const size = table.key.length === 1 ? MAX_KEYS : MAX_COMPOSITE_KEYS
  if (!locked && table.key.length === 1 && keys.length <= size) return rowsOfKeys(db, table, keys)
  const bare = withStoredValues(db)
  const found: StoredRow[] = []
  for (let at = 0; at < keys.length; at += size) {
    const some = keys.slice(at, at + size)
    const query = bare.selectFrom(tableOf(table)).selectAll().where(keyCondition(table, some))
    const locking = locked && dialectOf(db).capabilities.locks ? query.forUpdate() : query
    found.push(...((await locking.execute()) as StoredRow[]))
  }
  return found
}

/** The queries of rows by a list of keys, whose shapes are the same each time. */
const queries = new WeakMap<KeyedTable, Chain>()

/** Reads the current rows of keys of one column, as many as one statement takes. */
async function rowsOfKeys(db: DatabaseHandle, table: KeyedTable, keys: readonly StoredRow[]): Promise<StoredRow[]> {
  if (keys.length === 0) return []
  const name = table.key[0]!
  const values = keys.map((row) => row[name])
  let query = queries.get(table)
  // Building the query checks its values, too.
  if (query === undefined || values.some((value) => value === null || value === undefined)) {
    query = withStoredValues(db).selectFrom(tableOf(table)).selectAll().where(keyCondition(table, keys)) as Chain
    queries.set(table, query)
  }
  return (await storedRunnerOf(db).execute(new Chain(query.shape, [values], query.runner))) as StoredRow[]
}

export const tableOf = (table: Pick<KeyedTable, 'schema' | 'name'>): never => sql.table(fullName(table)) as never

type Builder = ((left: unknown, op: string, right: unknown) => unknown) & {
  and(parts: readonly unknown[]): unknown
  or(parts: readonly unknown[]): unknown
}

/** Returns a condition that holds for the rows of some keys. */
export function keyCondition({ key }: KeyedTable, rows: readonly StoredRow[]): never {
  const condition = (eb: Builder): unknown => {
    if (key.length === 1)
      return eb(
        sql.id(key[0]!),
        'in',
        rows.map((row) => row[key[0]!]),
      )
    return eb.or(rows.map((row) => eb.and(key.map((name) => eb(sql.id(name), '=', row[name])))))
  }
  return condition as never
}
