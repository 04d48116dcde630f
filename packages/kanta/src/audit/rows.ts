import { KantaError } from '../error/index.ts'
import { type Node, type NodeOf, nodeWith, walk } from '../extend/index.ts'
import { type DatabaseHandle, dialectOf, withStoredValues } from '../extend/internal/index.ts'
import { volatileFunctionIn } from '../guard/index.ts'
import { fullName } from '../ir/index.ts'
import { sql } from '../sql/index.ts'
import type { Image, StoredRow } from './image.ts'
import type { Keyed } from './key.ts'

export const star = (table: string | undefined): NodeOf<'star'> => ({ kind: 'star', table })

/** `for update` of the rows of one table, where the database has locks on rows. */
export function locksOf(name: string, db: DatabaseHandle): readonly Node[] {
  const dialect = dialectOf(db)
  if (!dialect.capabilities.locks) return []
  return [{ kind: 'lock', strength: 'update', of: dialect.name === 'postgres' ? [name] : [] }]
}

/**
 * The rows that an update or a delete is about to change, under lock. Without its limit: which rows that takes is known
 * when it has run.
 */
export function candidates(
  tree: NodeOf<'update'> | NodeOf<'delete'>,
  name: string,
  db: DatabaseHandle,
  more: readonly Node[] = [],
): Node {
  const { targets } = tree
  const { ctes, recursive, joins, where } = steadyPart(tree)
  const others = isSteady([...tree.ctes, ...sourcesOf(tree), ...tree.joins]) ? sourcesOf(tree) : []
  // A target may stand among the tables of `using` again.
  const from =
    tree.kind === 'delete' && others.some((other) => nameOf(other) === name) ? others : [...targets, ...others]
  const locks = locksOf(name, db)
  return nodeWith('select', { ctes, recursive, items: [star(name), ...more], from, joins, where, locks })
}

type Change = NodeOf<'update'> | NodeOf<'delete'>

const sourcesOf = (tree: Change): readonly Node[] => (tree.kind === 'update' ? tree.from : tree.using)

/**
 * What of a statement finds the same rows each time that it is asked. Without the rest, more rows are read: those that
 * stay as they were leave no entry.
 */
function steadyPart(tree: Change): Pick<Change, 'ctes' | 'recursive' | 'joins' | 'where'> {
  const { ctes, recursive, joins, where } = tree
  if (!isSteady([...ctes, ...sourcesOf(tree), ...joins])) return { ctes: [], recursive: false, joins: [], where: [] }
  return { ctes, recursive, joins, where: where.filter((condition) => isSteady([condition])) }
}

/** Whether some parts give the same each time that they are computed. */
function isSteady(parts: readonly Node[]): boolean {
  let steady = true
  for (const part of parts)
    walk(part, (inner) => {
      if (volatileFunctionIn(inner) !== undefined) steady = false
    })
  return steady
}

export const nameOf = (source: Node): string | undefined =>
  source.kind === 'alias' ? source.name : source.kind === 'table' ? source.name : undefined

/** What tells keys apart whatever type they came in. */
export const looseKey = (row: Image, key: readonly string[]): string =>
  JSON.stringify(key.map((name) => String(row[name])))

/** Rows by their keys, each once. */
export function byKey(rows: readonly StoredRow[], { key, ...table }: Keyed): Map<string, StoredRow> {
  for (const name of rows.length === 0 ? [] : key)
    if (!(name in rows[0]!))
      throw new KantaError('plugin', `The table '${fullName(table)}' has no column '${name}', which is to be its key.`)
  return new Map(rows.map((row) => [looseKey(row, key), row]))
}

/** How many composite keys stand in one statement. */
const CHUNK = 64
const LIST = 8_192

/** The rows of some keys as they are now. */
export async function rowsOf(
  db: DatabaseHandle,
  table: Keyed,
  keys: readonly StoredRow[],
  locked = false,
): Promise<StoredRow[]> {
  const bare = withStoredValues(db)
  const size = table.key.length === 1 ? LIST : CHUNK
  const found: StoredRow[] = []
  for (let at = 0; at < keys.length; at += size) {
    const some = keys.slice(at, at + size)
    const query = bare.selectFrom(tableOf(table)).selectAll().where(isOneOf(table, some))
    const locking = locked && dialectOf(db).capabilities.locks ? query.forUpdate() : query
    found.push(...((await locking.execute()) as StoredRow[]))
  }
  return found
}

export const tableOf = (table: Pick<Keyed, 'schema' | 'name'>): never => sql.table(fullName(table)) as never

type Builder = ((left: unknown, op: string, right: unknown) => unknown) & {
  and(parts: readonly unknown[]): unknown
  or(parts: readonly unknown[]): unknown
}

/** A condition that holds for the rows of some keys. */
export function isOneOf({ key }: Keyed, rows: readonly StoredRow[]): never {
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
