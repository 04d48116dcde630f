import { type DatabaseHandle, dialectOf, withoutGuards } from '../extend/internal/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import { splitName } from '../ir/index.ts'
import { Expr, sql } from '../sql/index.ts'
import { checkColumns, type FullTextTable, type Indexed, keyOf, settleIndexed } from './indexed.ts'
import { hasFullText, unsupported } from './support.ts'

type Text = ReturnType<typeof sql>

/**
 * Makes what full-text search needs: on SQLite a table of FTS5 and triggers that keep it as the table is, on PostgreSQL
 * an index over the text, on MariaDB a full-text index. What is there already stays; what was made by another
 * definition is made anew. `fullText()` calls it when the database starts, unless told otherwise.
 *
 * SQLite's triggers do not see the rows that `replaceInto()` removes: use `onConflict()`. MariaDB's index has what a
 * transaction wrote once that is committed.
 *
 * @throws KantaError `invalid_input` for columns that are not there or hold no text, `unsupported` where the database has no full-text search, or none in the language.
 *
 * @example
 * ```ts
 * await createFullText(db, { city: { columns: ['name', 'country'] } })
 * ```
 */
export async function createFullText<DB, I extends AnyInfo>(
  db: Database<DB, I>,
  tables: Readonly<Record<string, FullTextTable>>,
): Promise<void> {
  await makeIndexes(db as never, settleIndexed(tables))
}

/**
 * Removes what {@link createFullText} made for these tables.
 *
 * @example
 * ```ts
 * await dropFullText(db, ['city'])
 * ```
 */
export async function dropFullText<DB, I extends AnyInfo>(
  db: Database<DB, I>,
  tables: readonly string[],
): Promise<void> {
  const clean = indexing(db as never)
  for (const table of tables) for (const text of drops(clean, table)) await text.execute(clean)
}

const indexing = (db: DatabaseHandle): DatabaseHandle => withoutGuards(db, 'search index')

/** The name of the index of a table. */
const nameOf = (table: string): string => `${splitName(table).name}_search`
export const tableOf = (table: string): Text => sql.id(...table.split('.'))
/** SQLite's table of what is searched. */
export const indexOf = (table: string): Text => sql.id(...table.split('.').slice(0, -1), nameOf(table))

/** Makes the indexes of all tables. */
export async function makeIndexes(given: DatabaseHandle, tables: readonly Indexed[]): Promise<void> {
  const db = indexing(given)
  const { name } = dialectOf(db)
  if (!(await hasFullText(db))) throw unsupported(`There is no full-text search on ${name} here.`)
  for (const indexed of tables) {
    checkColumns(db, indexed)
    checkLanguage(name, indexed)
  }
  if (name === 'mysql' || name === 'mariadb') {
    for (const indexed of tables) await makeOfMysql(db, indexed)
    return
  }
  await db.transaction().execute(async (trx) => {
    // Programs that start at the same time would stand in each other's way.
    if (name === 'postgres') await sql`select pg_advisory_xact_lock(hashtextextended('kanta search', 0))`.execute(trx)
    for (const indexed of tables) await (name === 'sqlite' ? makeOfSqlite : makeOfPostgres)(trx, indexed)
  })
}

function checkLanguage(dialect: string, { table, language }: Indexed): void {
  const known = dialect === 'sqlite' ? ['simple', 'english'] : dialect === 'postgres' ? [language] : ['simple']
  if (!known.includes(language))
    throw unsupported(
      `fullText(): ${dialect} does not know the language '${language}' of '${table}', only ${known.join(' and ')}. Leave 'language' out.`,
    )
}

function drops(db: DatabaseHandle, table: string): readonly Text[] {
  switch (dialectOf(db).name) {
    case 'sqlite':
      return [
        ...TRIGGERS.map((when) => sql`drop trigger if exists ${sql.id(`${nameOf(table)}_${when}`)}`),
        sql`drop table if exists ${indexOf(table)}`,
      ]
    case 'postgres':
      return [sql`drop index if exists ${indexOf(table)}`]
    default:
      return [sql`drop index if exists ${sql.id(nameOf(table))} on ${tableOf(table)}`]
  }
}

const TRIGGERS = ['insert', 'update', 'delete'] as const

async function rowsOf<R>(db: DatabaseHandle, text: Text): Promise<readonly R[]> {
  return ((await text.execute(db)) as { readonly rows: readonly R[] }).rows
}

const compiled = (db: DatabaseHandle, text: Text): string => (text.compile(db) as { readonly sql: string }).sql

/** Definitions of what is searched, in the order in which they are made. */
function sqliteTexts(db: DatabaseHandle, indexed: Indexed): readonly Text[] {
  const { table, columns, language } = indexed
  const index = indexOf(table)
  const self = sql.id(nameOf(table))
  const key = sql.id(keyOf(db, indexed))
  const names = sql.join(columns.map((column) => sql.id(column)))
  const of = (row: 'new' | 'old'): Text =>
    sql.join([key, ...columns.map((one) => sql.id(one))].map((one) => sql`${sql.id(row)}.${one}`))
  const forget = sql`insert into ${self} (${self}, rowid, ${names}) values ('delete', ${of('old')});`
  const learn = sql`insert into ${self} (rowid, ${names}) values (${of('new')});`
  const tokenizer = sql.lit(language === 'english' ? 'porter unicode61' : 'unicode61')
  const trigger = (when: (typeof TRIGGERS)[number], body: Text): Text =>
    sql`create trigger ${sql.id(`${nameOf(table)}_${when}`)} after ${sql.raw(when)} on ${tableOf(table)} begin ${body} end`
  return [
    sql`create virtual table ${index} using fts5(${names}, content=${sql.id(splitName(table).name)}, content_rowid=${key}, tokenize=${tokenizer})`,
    trigger('insert', learn),
    trigger('update', sql`${forget} ${learn}`),
    trigger('delete', forget),
  ]
}

async function makeOfSqlite(db: DatabaseHandle, indexed: Indexed): Promise<void> {
  const texts = sqliteTexts(db, indexed)
  const index = nameOf(indexed.table)
  const names = [index, ...TRIGGERS.map((when) => `${index}_${when}`)]
  const there = await rowsOf<{ readonly sql: string }>(
    db,
    sql`select sql from sqlite_schema where name in (${sql.join(names)}) order by rowid`,
  )
  const wanted = new Set(texts.map((text) => compiled(db, text).toLowerCase()))
  if (there.length === wanted.size && there.every((one) => wanted.has(one.sql.toLowerCase()))) return
  for (const drop of drops(db, indexed.table)) await drop.execute(db)
  for (const text of texts) await text.execute(db)
  const name = indexOf(indexed.table)
  await sql`insert into ${name} (${sql.id(index)}) values ('rebuild')`.execute(db)
}

/** What PostgreSQL searches in: the same text in the index and in queries, so that they meet. */
export function documentOf({ table, columns, language }: Indexed, isQualified: boolean): Text {
  const { name } = splitName(table)
  const parts = columns.map((column) => {
    const ref = new Expr({ kind: 'ref', schema: undefined, table: isQualified ? name : undefined, column })
    return sql`coalesce(${ref}, '')`
  })
  return sql`to_tsvector(${configOf(language)}, ${sql.join(parts, sql` || ' ' || `)})`
}

export const configOf = (language: string): Text => sql`${sql.lit(language)}::regconfig`

async function makeOfPostgres(db: DatabaseHandle, indexed: Indexed): Promise<void> {
  const { table } = indexed
  const index = nameOf(table)
  const definition = compiled(db, documentOf(indexed, false))
  const [there] = await rowsOf<{ readonly comment: string | null }>(
    db,
    sql`select obj_description(i.indexrelid, 'pg_class') as comment from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = ${compiled(db, tableOf(table))}::regclass and c.relname = ${index}`,
  )
  if (there?.comment === definition) return
  for (const drop of drops(db, table)) await drop.execute(db)
  await sql`create index ${sql.id(index)} on ${tableOf(table)} using gin (${documentOf(indexed, false)})`.execute(db)
  await sql`comment on index ${indexOf(table)} is ${sql.lit(definition)}`.execute(db)
}

async function makeOfMysql(db: DatabaseHandle, { table, columns }: Indexed): Promise<void> {
  const { name, schema } = splitName(table)
  const there = await rowsOf<{ readonly name: string }>(
    db,
    sql`select column_name as name from information_schema.statistics where table_schema = ${schema ?? sql`database()`} and table_name = ${name} and index_name = ${nameOf(table)} order by seq_in_index`,
  )
  const names = columns.map((column) => sql.id(column))
  const wanted = names.map((one) => compiled(db, one))
  if (there.map((one) => compiled(db, sql.id(one.name))).join() === wanted.join()) return
  if (there.length > 0) for (const drop of drops(db, table)) await drop.execute(db)
  await sql`create fulltext index ${sql.id(nameOf(table))} on ${tableOf(table)} (${sql.join(names)})`.execute(db)
}
