import { checkOptions, refuse } from '../error/index.ts'
import type { Plugin } from '../extend/index.ts'
import { type DatabaseHandle, dialectOf, inSession, schemaOf, sessionOf } from '../extend/internal/index.ts'
import { fullName, splitName } from '../ir/index.ts'
import { Expr, type SelectBuilder, sql } from '../sql/index.ts'
import { definitionOf } from '../table/index.ts'
import type { Searchable, SearchQuery, SearchTable, TableNames } from './face.ts'
import { configOf, documentOf, indexOf, makeIndexes } from './full-text-index.ts'
import { type FullTextTable, type Indexed, keyOf, settleIndexed } from './indexed.ts'
import { DEFAULT_WORDS, type IndexedWords, readWords } from './mysql-words.ts'
import { unsupported } from './support.ts'
import { parseSearch, type Search, searchOfMysql, searchOfPostgres, searchOfSqlite } from './text.ts'

/** What a database has with {@link fullText}. */
export interface FullTextSearch {
  /**
   * Begins a query of the rows of a table that a text finds, as somebody typed it: all of its words, `"phrases"`,
   * `begin*`, and not what comes after a `-`. The query is one of the table, with all of its policies, and one column
   * more: `rank`, which is higher where a row fits better. A text without any word finds nothing.
   *
   * @throws KantaError `invalid_input` for a table that is not searched, and for a text that is too long or only says
   * what it does not want.
   */
  search<D extends Searchable, const B extends TableNames<D>>(
    this: D,
    table: SearchTable<B>,
    text: string,
  ): SearchQuery<D, B, 'rank'>
}

/**
 * Full-text search: FTS5 on SQLite, `tsvector` on PostgreSQL, a full-text index on MariaDB. Nothing that is typed is
 * syntax of the database. Databases differ in what they take for a word. MariaDB compares words as the collation of
 * their columns says; it has no short ones and no frequent ones in its index, as its settings say, so that a search
 * passes over them.
 *
 * With `install: false` nothing is made when the database starts: see {@link createFullText}.
 *
 * @throws KantaError `invalid_input` for wrong options; when the database starts, `unsupported` where it cannot search.
 *
 * @example
 * ```ts
 * const live = await createExecutor(db, [fullText({ city: { columns: ['name', 'country'] } })])
 * const found = await live.search('city', 'new york -jersey').select(['id', 'name']).orderBy('rank', 'desc').limit(10).execute()
 * ```
 */
export function fullText(
  tables: Readonly<Record<string, FullTextTable>>,
  options: { readonly install?: boolean | undefined } = {},
): Plugin<FullTextSearch> {
  const all = settleIndexed(tables)
  checkOptions('fullText()', options, ['install'])
  let main: DatabaseHandle | undefined
  let words = DEFAULT_WORDS
  return {
    name: 'fullText',
    onInit: async (db: DatabaseHandle) => {
      // The plugins that rename are those of the database that was opened, which the one given here does without.
      if (options.install !== false) await makeIndexes(inSession(main ?? db, sessionOf(db)), all)
      if (/^(?:mysql|mariadb)$/.test(dialectOf(db).name)) words = await readWords(db)
    },
    extend: (db: DatabaseHandle) => {
      main ??= db
      return { search: (table: unknown, text: unknown) => search(db, all, table, text, words) } as never
    },
  }
}

/** The name of a table that is given by its name or as a value. */
export function tableName(table: unknown): string {
  const definition = definitionOf(table)
  if (definition === undefined) return String(table)
  return fullName(definition)
}

function search(
  db: DatabaseHandle,
  all: readonly Indexed[],
  table: unknown,
  text: unknown,
  words: IndexedWords,
): SelectBuilder {
  const name = tableName(table)
  const indexed = all.find((one) => one.table === name)
  if (indexed === undefined)
    return refuse(`'${name}' is not searched. fullText() was given: ${all.map((one) => one.table).join(', ')}.`)
  const parsed = parseSearch(text)
  const inner = parsed.wanted.length === 0 ? nothing(db, indexed) : matching(db, indexed, parsed, words)
  return db.selectFrom(inner.as(sourceName(name)))
}

/** The name that the columns of a table have in a query. */
export const sourceName = (table: string): string => splitName(table).name

export const sourceOf = (table: string): Expr => {
  const { name, schema } = splitName(table)
  return new Expr({ kind: 'table', schema, name, definition: undefined })
}

export const columnOf = (table: string | undefined, column: string): Expr =>
  new Expr({ kind: 'ref', schema: undefined, table, column })

/** All columns of a table and one more. */
export function withColumn(
  db: DatabaseHandle,
  table: string,
  name: string,
  value: { as(name: string): unknown },
): SelectBuilder {
  const definition = schemaOf(db).get(table)
  if (definition?.columns.has(name))
    return refuse(`The table '${table}' has a column '${name}' of its own, which a search gives. Rename it.`)
  const star = new Expr({ kind: 'star', table: sourceName(table) })
  return db.selectFrom(sourceOf(table)).select([star, value.as(name)])
}

const nothing = (db: DatabaseHandle, { table }: Indexed): SelectBuilder =>
  withColumn(db, table, 'rank', sql`0`).where(sql`1 = 0`)

/** Names that stand beside those of the user. */
const MATCH = 'kanta_match'

function matching(db: DatabaseHandle, indexed: Indexed, parsed: Search, words: IndexedWords): SelectBuilder {
  const { table, columns, language } = indexed
  const { name } = dialectOf(db)
  const trusted = { reads: [table] }
  switch (name) {
    case 'sqlite': {
      const index = indexOf(table)
      const self = sql.id(`${sourceName(table)}_search`)
      const match = sql`(select rowid as kanta_key, -rank as kanta_rank from ${index} where ${self} match ${searchOfSqlite(parsed)})`
      const key = columnOf(sourceName(table), keyOf(db, indexed))
      return withColumn(db, table, 'rank', columnOf(MATCH, 'kanta_rank')).innerJoin(
        match.trusted('full-text search', trusted).as(MATCH),
        (join: { on(condition: unknown): unknown }) => join.on(sql`${columnOf(MATCH, 'kanta_key')} = ${key}`),
      )
    }
    case 'postgres': {
      const document = documentOf(indexed, true)
      const query = sql`to_tsquery(${configOf(language)}, ${searchOfPostgres(parsed)})`
      const rank = sql`ts_rank(${document}, ${query})`.trusted('full-text search', trusted)
      const found = sql`${document} @@ ${query}`.trusted('full-text search', trusted)
      return withColumn(db, table, 'rank', rank).where(found)
    }
    case 'mysql':
    case 'mariadb': {
      const asked = searchOfMysql(parsed, words)
      if (asked === '') return nothing(db, indexed)
      const names = sql.join(columns.map((column) => columnOf(sourceName(table), column)))
      const match = sql`match (${names}) against (${asked} in boolean mode)`
      const found = match.trusted('full-text search', trusted)
      return withColumn(db, table, 'rank', found).where(found)
    }
    default:
      throw unsupported(`There is no full-text search on ${name}.`)
  }
}
