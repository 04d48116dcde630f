import { facetsOf } from '../dialect/index.ts'
import type { DatabaseHandle } from '../extend/internal/index.ts'
import type { SelectBuilder } from '../sql/index.ts'
import type { Indexed } from './indexed.ts'
import { mysqlFullText } from './mysql.ts'
import type { IndexedWords } from './mysql-words.ts'
import { postgresFullText } from './postgres.ts'
import type { Checked } from './require.ts'
import type { Text } from './source.ts'
import { sqliteFullText } from './sqlite.ts'
import type { Search } from './text.ts'

/** The needs of full-text search from a database. */
export interface FullText extends Checked {
  /** The languages that it knows; `undefined` where the server says which. */
  readonly languages: readonly string[] | undefined
  /** Keeps programs that start at the same time from standing in each other's way. */
  lock?(): Text
  /** The words that the server indexes, where it leaves some out. */
  readWords?(db: DatabaseHandle): Promise<IndexedWords>
  /** Makes the index of a table, unless it is there. */
  make(db: DatabaseHandle, indexed: Indexed): Promise<void>
  /** Returns the statements that remove the index of a table. */
  drops(table: string): readonly Text[]
  /** The rows that a search finds, with their `rank`. */
  matching(db: DatabaseHandle, indexed: Indexed, search: Search, words: IndexedWords): SelectBuilder
}

export const fullTexts = facetsOf<FullText>('Full-text search', {
  sqlite: sqliteFullText,
  postgres: postgresFullText,
  mysql: mysqlFullText,
  mariadb: mysqlFullText,
  mssql: undefined,
})
