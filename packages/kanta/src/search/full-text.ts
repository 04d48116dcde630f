import { checkOptions, refuse } from '../error/index.ts'
import type { Plugin } from '../extend/index.ts'
import { type DatabaseHandle, dialectOf, inSession, ownPlugin, sessionOf } from '../extend/internal/index.ts'
import type { SelectBuilder } from '../sql/index.ts'
import type { Searchable, SearchQuery, SearchTable, TableNames } from './face.ts'
import { fullTexts } from './full-text-facet.ts'
import { makeIndexes } from './full-text-index.ts'
import { type FullTextTable, type Indexed, settleIndexed } from './indexed.ts'
import { DEFAULT_WORDS, type IndexedWords } from './mysql-words.ts'
import { nothing, sourceName, tableName } from './source.ts'
import { parseSearch } from './text.ts'

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
export function fullText<const N extends string>(
  tables: Readonly<Record<N, FullTextTable>>,
  options: { readonly install?: boolean | undefined } = {},
): Plugin<FullTextSearch, N> {
  const all = settleIndexed(tables)
  checkOptions('fullText()', options, ['install'])
  let main: DatabaseHandle | undefined
  let words = DEFAULT_WORDS
  return ownPlugin({
    name: 'fullText',
    names: all.map(({ table, columns }) => ({ table, columns })),
    onInit: async (db: DatabaseHandle) => {
      // The plugins that rename are those of the database that was opened, which the one given here does without.
      if (options.install !== false) await makeIndexes(inSession(main ?? db, sessionOf(db)), all)
      words = (await fullTexts.find(dialectOf(db))?.readWords?.(db)) ?? words
    },
    extend: (db: DatabaseHandle) => {
      main ??= db
      return { search: (table: unknown, text: unknown) => search(db, all, table, text, words) } as never
    },
  })
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
  const facet = fullTexts.of(dialectOf(db))
  const inner = parsed.wanted.length === 0 ? nothing(db, name) : facet.matching(db, indexed, parsed, words)
  return db.selectFrom(inner.as(sourceName(name)))
}
