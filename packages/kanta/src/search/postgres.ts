import type { DatabaseHandle } from '../extend/internal/index.ts'
import { splitName } from '../ir/index.ts'
import { sql } from '../sql/index.ts'
import type { FullText } from './full-text-facet.ts'
import type { Indexed } from './indexed.ts'
import { columnOf, indexName, indexOf, rowsOf, type Text, tableOf, textIn, valueOf, withColumn } from './source.ts'
import { searchOfPostgres } from './text.ts'
import { textOf } from './vector-codec.ts'
import type { Vectors } from './vector-facet.ts'

/** An index over the text: https://www.postgresql.org/docs/current/textsearch.html. */
export const postgresFullText: FullText = {
  languages: undefined,
  lock: () => sql`select pg_advisory_xact_lock(hashtextextended('kanta search', 0))`,
  make,
  drops: (table) => [sql`drop index if exists ${indexOf(table)}`],
  matching: (db, indexed, search) => {
    const trusted = { reads: [indexed.table] }
    const document = documentOf(indexed, true)
    const query = sql`to_tsquery(${configOf(indexed.language)}, ${searchOfPostgres(search)})`
    const rank = sql`ts_rank(${document}, ${query})`.trusted('full-text search', trusted)
    const found = sql`${document} @@ ${query}`.trusted('full-text search', trusted)
    return withColumn(db, indexed.table, 'rank', rank).where(found)
  },
}

/** What is searched in: the same text in the index and in queries, so that they meet. */
function documentOf({ table, columns, language }: Indexed, isQualified: boolean): Text {
  const { name } = splitName(table)
  const parts = columns.map((column) => sql`coalesce(${columnOf(isQualified ? name : undefined, column)}, '')`)
  return sql`to_tsvector(${configOf(language)}, ${sql.join(parts, sql` || ' ' || `)})`
}

const configOf = (language: string): Text => sql`${sql.lit(language)}::regconfig`

async function make(db: DatabaseHandle, indexed: Indexed): Promise<void> {
  const { table } = indexed
  const index = indexName(table)
  const document = documentOf(indexed, false)
  const definition = textIn(db, document)
  const [there] = await rowsOf<{ readonly comment: string | null }>(
    db,
    sql`select obj_description(i.indexrelid, 'pg_class') as comment from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = ${textIn(db, tableOf(table))}::regclass and c.relname = ${index}`,
  )
  if (there?.comment === definition) return
  for (const drop of postgresFullText.drops(table)) await drop.execute(db)
  await sql`create index ${sql.id(index)} on ${tableOf(table)} using gin (${document})`.execute(db)
  await sql`comment on index ${indexOf(table)} is ${sql.lit(definition)}`.execute(db)
}

/** pgvector: https://github.com/pgvector/pgvector. */
export const postgresVectors: Vectors = {
  ordersNaN: true,
  whyMissing: async (db) =>
    Number(await valueOf(db, sql`select count(*) as found from pg_extension where extname = 'vector'`)) > 0
      ? undefined
      : 'PostgreSQL has no vectors without its extension pgvector. Install that, and run: create extension vector.',
  // Plus zero: an approximate index would leave out rows before policies and conditions do.
  distance: (column, values, distance) =>
    distance === 'cosine'
      ? sql`((${column} <=> ${textOf(values)}::vector) + 0)`
      : sql`((${column} <-> ${textOf(values)}::vector) + 0)`,
}
