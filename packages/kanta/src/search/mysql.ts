import { splitName } from '../ir/index.ts'
import { sql } from '../sql/index.ts'
import type { FullText } from './full-text-facet.ts'
import { readWords } from './mysql-words.ts'
import { indexName, nothing, sourceName, tableOf, textIn, valueOf, withColumn } from './source.ts'
import { searchOfMysql } from './text.ts'

/** The texts of a row in lower case: Kanta's tables compare by bytes, and a search means words in whatever case. */
const COLUMN = 'kanta_search'
/** https://dev.mysql.com/doc/refman/8.4/en/create-table.html */
const LONGEST_COMMENT = 1_024

/** MariaDB alone reads it: its tables that keep a history take no other column without it. */
const KEEPING_HISTORY = sql.raw('/*M! set statement system_versioning_alter_history = keep for */')

/** A full-text index, of MariaDB as well: https://dev.mysql.com/doc/refman/8.4/en/fulltext-boolean.html. */
export const mysqlFullText: FullText = {
  languages: ['simple'],
  readWords,
  make: async (db, { table, columns }) => {
    const { name, schema } = splitName(table)
    // The comment says which texts the column has, since a server writes the expression in words of its own.
    const texts = textIn(db, sql.join(columns.map((column) => sql.id(column)))).slice(0, LONGEST_COMMENT)
    const there = await valueOf(
      db,
      sql`select column_comment as found from information_schema.columns where table_schema = ${schema ?? sql`database()`} and table_name = ${name} and column_name = ${COLUMN}`,
    )
    if (there === texts) return
    if (there !== undefined) for (const drop of mysqlFullText.drops(table)) await drop.execute(db)
    const lower = sql`lower(concat_ws(' ', ${sql.join(columns.map((column) => sql.id(column)))}))`
    const type = sql`longtext generated always as (${lower}) stored invisible comment ${sql.lit(texts)}`
    await sql`${KEEPING_HISTORY} alter table ${tableOf(table)} add column ${sql.id(COLUMN)} ${type}, add fulltext index ${sql.id(indexName(table))} (${sql.id(COLUMN)})`.execute(
      db,
    )
  },
  drops: (table) => [
    sql`${KEEPING_HISTORY} alter table ${tableOf(table)} drop index if exists ${sql.id(indexName(table))}, drop column if exists ${sql.id(COLUMN)}`,
  ],
  matching: (db, { table }, search, words) => {
    const asked = searchOfMysql(search, words).toLowerCase()
    if (asked === '') return nothing(db, table)
    const match = sql`match (${sql.id(sourceName(table), COLUMN)}) against (${asked} in boolean mode)`
    const found = match.trusted('full-text search', { reads: [table] })
    return withColumn(db, table, 'rank', found).where(found)
  },
}
