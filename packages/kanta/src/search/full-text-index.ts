import { titleOf } from '../dialect/index.ts'
import { type DatabaseHandle, dialectOf, withoutGuards } from '../extend/internal/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import { fullTexts } from './full-text-facet.ts'
import { checkColumns, type FullTextTable, type Indexed, settleIndexed } from './indexed.ts'
import { requireHere, unsupported } from './require.ts'

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
  const facet = fullTexts.of(dialectOf(clean))
  for (const table of tables) for (const text of facet.drops(table)) await text.execute(clean)
}

const indexing = (db: DatabaseHandle): DatabaseHandle => withoutGuards(db, 'search index')

/** Makes the indexes of all tables, all of them or none where the database undoes definitions. */
export async function makeIndexes(given: DatabaseHandle, tables: readonly Indexed[]): Promise<void> {
  const db = indexing(given)
  const dialect = dialectOf(db)
  const facet = fullTexts.of(dialect)
  await requireHere(facet, db)
  for (const indexed of tables) {
    checkColumns(db, indexed)
    checkLanguage(titleOf(dialect), facet.languages, indexed)
  }
  const make = async (one: DatabaseHandle): Promise<void> => {
    await facet.lock?.().execute(one)
    for (const indexed of tables) await facet.make(one, indexed)
  }
  if (dialect.transactionalDdl) await db.transaction().execute(make)
  else await make(db)
}

function checkLanguage(title: string, known: readonly string[] | undefined, { table, language }: Indexed): void {
  if (known === undefined || known.includes(language)) return
  throw unsupported(
    `fullText(): ${title} does not know the language '${language}' of '${table}', only ${known.join(' and ')}. Leave 'language' out.`,
  )
}
