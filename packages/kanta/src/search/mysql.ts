import { splitName } from '../ir/index.ts'
import { sql } from '../sql/index.ts'
import type { FullText } from './full-text-facet.ts'
import { readWords } from './mysql-words.ts'
import { columnOf, indexName, nothing, rowsOf, sourceName, tableOf, textIn, withColumn } from './source.ts'
import { searchOfMysql } from './text.ts'

/** A full-text index, of MariaDB as well: https://dev.mysql.com/doc/refman/8.4/en/fulltext-boolean.html. */
export const mysqlFullText: FullText = {
  languages: ['simple'],
  readWords,
  make: async (db, { table, columns }) => {
    const { name, schema } = splitName(table)
    const there = await rowsOf<{ readonly name: string }>(
      db,
      sql`select column_name as name from information_schema.statistics where table_schema = ${schema ?? sql`database()`} and table_name = ${name} and index_name = ${indexName(table)} order by seq_in_index`,
    )
    const names = columns.map((column) => sql.id(column))
    const wanted = names.map((one) => textIn(db, one))
    if (there.map((one) => textIn(db, sql.id(one.name))).join() === wanted.join()) return
    if (there.length > 0) for (const drop of mysqlFullText.drops(table)) await drop.execute(db)
    await sql`create fulltext index ${sql.id(indexName(table))} on ${tableOf(table)} (${sql.join(names)})`.execute(db)
  },
  drops: (table) => [sql`drop index if exists ${sql.id(indexName(table))} on ${tableOf(table)}`],
  matching: (db, { table, columns }, search, words) => {
    const asked = searchOfMysql(search, words)
    if (asked === '') return nothing(db, table)
    const names = sql.join(columns.map((column) => columnOf(sourceName(table), column)))
    const match = sql`match (${names}) against (${asked} in boolean mode)`
    const found = match.trusted('full-text search', { reads: [table] })
    return withColumn(db, table, 'rank', found).where(found)
  },
}
