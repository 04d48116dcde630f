import type { DatabaseHandle } from '../extend/internal/index.ts'
import { sql } from '../sql/index.ts'

/** Which words a server indexes; others are in no row for it, so that no search may ask for them. */
export interface IndexedWords {
  readonly shortest: number
  readonly stopWords: ReadonlySet<string>
}

/**
 * The settings that a server comes with: https://mariadb.com/kb/en/full-text-index-stopwords/.
 */
export const DEFAULT_WORDS: IndexedWords = {
  shortest: 3,
  stopWords: new Set(
    'a about an are as at be by com de en for from how i in is it la of on or that the this to was what when where who will with und www'.split(
      ' ',
    ),
  ),
}

/** The settings of a server, as they are when an index is made. */
export async function readWords(db: DatabaseHandle): Promise<IndexedWords> {
  const { rows } =
    (await sql`select @@innodb_ft_min_token_size as shortest, @@innodb_ft_enable_stopword as stops, coalesce(nullif(@@innodb_ft_user_stopword_table, ''), nullif(@@innodb_ft_server_stopword_table, ''), 'information_schema/innodb_ft_default_stopword') as list`.execute(
      db,
    )) as { readonly rows: readonly { shortest: unknown; stops: unknown; list: string }[] }
  const { shortest, stops, list } = rows[0]!
  const stopWords = Number(stops) === 0 ? [] : await readList(db, list)
  return { shortest: Number(shortest), stopWords: new Set(stopWords) }
}

async function readList(db: DatabaseHandle, list: string): Promise<readonly string[]> {
  const { rows } = (await sql`select value from ${sql.id(...list.split('/'))}`.execute(db)) as {
    readonly rows: readonly { readonly value: string }[]
  }
  return rows.map(({ value }) => value.toLowerCase())
}

export const isIndexed = (word: string, { shortest, stopWords }: IndexedWords): boolean =>
  [...word].length >= shortest && !stopWords.has(word.toLowerCase())
