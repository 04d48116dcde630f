import { checkOptions, refuse } from '../error/index.ts'
import type { Plugin } from '../extend/index.ts'
import { type DatabaseHandle, dialectOf, ownPlugin } from '../extend/internal/index.ts'
import { isCount } from '../ir/index.ts'
import { checkName, type SelectBuilder, show, sql } from '../sql/index.ts'
import type { Searchable, SearchQuery, SearchTable, TableNames } from './face.ts'
import { requireHere } from './require.ts'
import { columnOf, sourceName, tableName, withColumn } from './source.ts'
import { checkVector } from './vector-codec.ts'
import { vectors as facets } from './vector-facet.ts'

/** How far two vectors are apart: by their angle, or as points. */
export type Distance = 'cosine' | 'l2'

/** The vectors of a table. */
export interface VectorTable {
  readonly column: string
  readonly dimensions: number
  /** `cosine` unless said. */
  readonly distance?: Distance | undefined
}

/** What a database has with {@link vector}. */
export interface VectorSearch {
  /**
   * Begins a query of the `k` rows of a table whose vectors are nearest to one, the nearest first. The query is one of
   * the table, with all of its policies, and one column more: `distance`. What `where()` leaves out does not count
   * among the `k`, nor do rows that a policy hides, or that have no vector.
   *
   * @throws KantaError `invalid_input` for a table without vectors, and for a vector of other dimensions, of what is no
   * finite number, or without a direction where angles are compared.
   */
  nearest<D extends Searchable, const B extends TableNames<D>>(
    this: D,
    table: SearchTable<B>,
    vector: readonly number[] | Float32Array,
    options: { readonly k: number },
  ): SearchQuery<D, B, 'distance'>
}

interface Vectors extends Required<Omit<VectorTable, 'distance'>> {
  readonly table: string
  readonly distance: Distance
}

/**
 * Search by vectors: sqlite-vec on SQLite, pgvector on PostgreSQL, MariaDB from 11.7 on. It is exact: the distance of
 * each row that is visible is computed, so that `k` rows are found wherever there are as many, whatever policies and
 * conditions leave out. Narrow large tables by `where()` with an index.
 *
 * @throws KantaError `invalid_input` for wrong options; when the database starts, `unsupported` where it has no vectors.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { vector, vectorBytes } from 'kanta/search'
 * import { sqlite } from 'kanta/sqlite'
 * import { getLoadablePath } from 'sqlite-vec'
 *
 * const article = table('article', (c) => ({ id: c.integer().primaryKey(), embedding: c.custom('blob', vectorBytes(3)) }))
 * const db = kanta({
 *   driver: sqlite({ path: ':memory:', extensions: [getLoadablePath()] }),
 *   schema: { article },
 *   plugins: [vector({ article: { column: 'embedding', dimensions: 3 } })],
 * })
 * await db.schema.createTable(article).execute()
 * await db.insertInto('article').values({ embedding: [1, 0, 0] }).execute()
 * const like = await db.nearest('article', [0.9, 0.1, 0], { k: 5 }).select(['id', 'distance']).execute()
 * await db.destroy()
 * ```
 */
export function vector<const N extends string>(tables: Readonly<Record<N, VectorTable>>): Plugin<VectorSearch, N> {
  const all = settleVectors(tables)
  return ownPlugin({
    name: 'vector',
    names: all.map(({ table, column }) => ({ table, columns: [column] })),
    onInit: async (db: DatabaseHandle) => {
      await requireHere(facets.of(dialectOf(db)), db)
    },
    extend: (db: DatabaseHandle) =>
      ({
        nearest: (table: unknown, values: unknown, options: unknown) => nearest(db, all, table, values, options),
      }) as never,
  })
}

const OPTIONS = ['column', 'dimensions', 'distance']
/** More than any database takes. */
const MOST_DIMENSIONS = 16_383

function settleVectors(tables: unknown): readonly Vectors[] {
  const entries = Object.entries(Object(tables) as Record<string, VectorTable>)
  if (typeof tables !== 'object' || entries.length === 0)
    refuse("vector() takes the tables that have vectors: { article: { column: 'embedding', dimensions: 384 } }.")
  return entries.map(([table, given]) => {
    checkOptions(`The table '${table}' of vector()`, given, OPTIONS)
    const { column, dimensions, distance = 'cosine' } = given
    checkName(column, `the column of '${table}' in vector()`)
    if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > MOST_DIMENSIONS)
      refuse(
        `The dimensions of '${table}' in vector() are a number from 1 to ${MOST_DIMENSIONS}, not ${show(dimensions)}.`,
      )
    if (distance !== 'cosine' && distance !== 'l2')
      refuse(`The distance of '${table}' in vector() is cosine or l2, not ${show(distance)}.`)
    return { table, column, dimensions, distance }
  })
}

function nearest(
  db: DatabaseHandle,
  all: readonly Vectors[],
  table: unknown,
  values: unknown,
  options: unknown,
): SelectBuilder {
  const name = tableName(table)
  const vectors = all.find((one) => one.table === name)
  if (vectors === undefined)
    return refuse(`'${name}' has no vectors. vector() was given: ${all.map((one) => one.table).join(', ')}.`)
  checkOptions('nearest()', options, ['k'])
  const { k } = options as { readonly k?: unknown }
  if (!isCount(k) || Number(k) < 1) refuse(`nearest() takes how many rows: { k: 10 }, not ${show(k)}.`)
  const checked = checkVector(values, vectors.dimensions)
  if (vectors.distance === 'cosine' && checked.every((one) => one === 0))
    refuse('A vector of zeros has no direction, and so no angle to another.')
  const column = columnOf(sourceName(name), vectors.column)
  const facet = facets.of(dialectOf(db))
  const distance = facet.distance(column, checked, vectors.distance).trusted('vector search', { reads: [name] })
  const inner = withColumn(db, name, 'distance', distance).where(column, 'is not', null)
  const found = db.selectFrom(inner.as(sourceName(name)))
  const ordered = found.where(columnOf(undefined, 'distance'), 'is not', null).orderBy('distance').limit(k)
  // What has no direction is not near to anything.
  return facet.ordersNaN ? ordered.where(sql`distance <> 'NaN'`) : ordered
}
