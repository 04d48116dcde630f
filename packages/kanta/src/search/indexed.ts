import { checkOptions, refuse } from '../error/index.ts'
import { type DatabaseHandle, schemaOf } from '../extend/internal/index.ts'
import { checkName, show } from '../sql/index.ts'

/** What of a table is searched. */
export interface FullTextTable {
  /** The columns of text that are searched. */
  readonly columns: readonly string[]
  /**
   * The language of the text, by whose rules words are reduced to their stems, as PostgreSQL calls it; `simple` unless
   * said, which reduces nothing. SQLite knows `english`, MariaDB no other than `simple`.
   */
  readonly language?: string | undefined
  /** On SQLite, the column of unique integers by which rows are found; the primary key unless said. */
  readonly key?: string | undefined
}

/** One table that is searched, with everything decided. */
export interface Indexed {
  readonly table: string
  readonly columns: readonly string[]
  readonly language: string
  readonly key: string | undefined
}

const OPTIONS = ['columns', 'language', 'key']

/** Checks the tables given to `fullText()`. */
export function settleIndexed(tables: unknown): readonly Indexed[] {
  const entries = Object.entries(Object(tables) as Record<string, FullTextTable>)
  if (typeof tables !== 'object' || entries.length === 0)
    refuse("fullText() takes the tables that are searched: { article: { columns: ['title', 'body'] } }.")
  return entries.map(([table, given]) => {
    checkName(table, 'a table of fullText()')
    checkOptions(`The table '${table}' of fullText()`, given, OPTIONS)
    const { columns, language = 'simple', key } = given
    if (!Array.isArray(columns) || columns.length === 0)
      refuse(`The table '${table}' of fullText() takes the columns that are searched: { columns: ['title', 'body'] }.`)
    for (const column of columns) checkName(column, `a column of '${table}' in fullText()`)
    if (typeof language !== 'string' || !/^[a-z_]{1,63}$/.test(language))
      refuse(`The language of '${table}' in fullText() is a name such as 'english', not ${show(language)}.`)
    if (key !== undefined) checkName(key, `the key of '${table}' in fullText()`)
    return { table, columns: [...columns], language, key }
  })
}

const TEXT: ReadonlySet<string> = new Set(['text', 'varchar', 'enum', 'custom'])

/** Refuses columns that are not there, or that hold no text, where the table is defined. */
export function checkColumns(db: DatabaseHandle, { table, columns }: Indexed): void {
  const definition = schemaOf(db).get(table)
  if (definition === undefined) return
  for (const name of columns) {
    const type = definition.columns.get(name)?.type
    if (type === undefined) refuse(`fullText(): the table '${table}' has no column '${name}'.`)
    else if (!TEXT.has(type)) refuse(`fullText(): '${table}.${name}' is of the type '${type}'. Only text is searched.`)
  }
}

/** The column by which SQLite finds the rows of a table: the one that it was told, or its integer key. */
export function keyOf(db: DatabaseHandle, { table, key }: Indexed): string {
  if (key !== undefined) return key
  const definition = schemaOf(db).get(table)
  const [own, second] = definition?.primaryKey ?? []
  const type = own === undefined ? undefined : definition!.columns.get(own)?.type
  if (own !== undefined && second === undefined && (type === 'integer' || type === 'bigint')) return own
  return refuse(
    `SQLite searches rows by an integer. Give the column of '${table}' that has a unique one: fullText({ ${table}: { columns: […], key: 'id' } }).`,
  )
}
