import type { DatabaseHandle } from '../extend/internal/index.ts'
import { splitName } from '../ir/index.ts'
import { sql } from '../sql/index.ts'
import type { FullText } from './full-text-facet.ts'
import { type Indexed, keyOf } from './indexed.ts'
import {
  columnOf,
  indexName,
  indexOf,
  rowsOf,
  sourceName,
  type Text,
  tableOf,
  textIn,
  valueOf,
  withColumn,
} from './source.ts'
import { searchOfSqlite } from './text.ts'
import { bytesOf } from './vector-codec.ts'
import type { Vectors } from './vector-facet.ts'

const EVENTS = ['insert', 'update', 'delete'] as const

/** A name that stands beside those of the user. */
const MATCH = 'kanta_match'

/** A table of FTS5, and triggers that keep it as the table is: https://www.sqlite.org/fts5.html. */
export const sqliteFullText: FullText = {
  languages: ['simple', 'english'],
  whyMissing: async (db) =>
    Number(await valueOf(db, sql`select count(*) as found from pragma_module_list where name = 'fts5'`)) > 0
      ? undefined
      : 'This SQLite was built without FTS5, which full-text search needs. Use one that has it.',
  make,
  drops: (table) => [
    ...EVENTS.map((event) => sql`drop trigger if exists ${sql.id(`${indexName(table)}_${event}`)}`),
    sql`drop table if exists ${indexOf(table)}`,
  ],
  matching: (db, indexed, search) => {
    const { table } = indexed
    const self = sql.id(indexName(table))
    const match = sql`(select rowid as kanta_key, -rank as kanta_rank from ${indexOf(table)} where ${self} match ${searchOfSqlite(search)})`
    const key = columnOf(sourceName(table), keyOf(db, indexed))
    return withColumn(db, table, 'rank', columnOf(MATCH, 'kanta_rank')).innerJoin(
      match.trusted('full-text search', { reads: [table] }).as(MATCH),
      (join: { on(condition: unknown): unknown }) => join.on(sql`${columnOf(MATCH, 'kanta_key')} = ${key}`),
    )
  },
}

/** Definitions of what is searched, in the order in which they are made. */
function definitions(db: DatabaseHandle, indexed: Indexed): readonly Text[] {
  const { table, columns, language } = indexed
  const self = sql.id(indexName(table))
  const key = sql.id(keyOf(db, indexed))
  const names = sql.join(columns.map((column) => sql.id(column)))
  const of = (row: 'new' | 'old'): Text =>
    sql.join([key, ...columns.map((one) => sql.id(one))].map((one) => sql`${sql.id(row)}.${one}`))
  const forget = sql`insert into ${self} (${self}, rowid, ${names}) values ('delete', ${of('old')});`
  const learn = sql`insert into ${self} (rowid, ${names}) values (${of('new')});`
  const tokenizer = sql.lit(language === 'english' ? 'porter unicode61' : 'unicode61')
  const trigger = (event: (typeof EVENTS)[number], body: Text): Text =>
    sql`create trigger ${sql.id(`${indexName(table)}_${event}`)} after ${sql.raw(event)} on ${tableOf(table)} begin ${body} end`
  return [
    sql`create virtual table ${indexOf(table)} using fts5(${names}, content=${sql.id(splitName(table).name)}, content_rowid=${key}, tokenize=${tokenizer})`,
    trigger('insert', learn),
    trigger('update', sql`${forget} ${learn}`),
    trigger('delete', forget),
  ]
}

async function make(db: DatabaseHandle, indexed: Indexed): Promise<void> {
  const { table } = indexed
  const texts = definitions(db, indexed)
  const index = indexName(table)
  const names = [index, ...EVENTS.map((event) => `${index}_${event}`)]
  const there = await rowsOf<{ readonly sql: string }>(
    db,
    sql`select sql from sqlite_schema where name in (${sql.join(names)}) order by rowid`,
  )
  const wanted = new Set(texts.map((text) => textIn(db, text).toLowerCase()))
  if (there.length === wanted.size && there.every((one) => wanted.has(one.sql.toLowerCase()))) return
  for (const text of [...sqliteFullText.drops(table), ...texts]) await text.execute(db)
  await sql`insert into ${indexOf(table)} (${sql.id(index)}) values ('rebuild')`.execute(db)
}

/** sqlite-vec: https://github.com/asg017/sqlite-vec. */
export const sqliteVectors: Vectors = {
  ordersNaN: false,
  whyMissing: async (db) =>
    Number(
      await valueOf(db, sql`select count(*) as found from pragma_function_list where name = 'vec_distance_cosine'`),
    ) > 0
      ? undefined
      : "SQLite has no vectors without sqlite-vec. Install that, and open the database with it: sqlite({ path, extensions: [getLoadablePath()] }), of 'sqlite-vec'.",
  distance: (column, values, distance) =>
    distance === 'cosine'
      ? sql`vec_distance_cosine(${column}, ${bytesOf(values)})`
      : sql`vec_distance_l2(${column}, ${bytesOf(values)})`,
}
