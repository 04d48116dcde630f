import { type DatabaseHandle, dialectOf, withoutGuards } from '../extend/internal/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import { fullTexts } from './full-text-facet.ts'
import type { Checked } from './require.ts'
import { vectors } from './vector-facet.ts'

/** What a database can search by. */
export interface SearchSupport {
  readonly fullText: boolean
  readonly vector: boolean
}

/**
 * What a database can search by, as it is here: SQLite may be built without FTS5 and needs sqlite-vec for vectors,
 * PostgreSQL needs the extension vector, MariaDB is needed from 11.7 on for them.
 *
 * @example
 * ```ts
 * const { fullText, vector } = await searchSupport(db)
 * ```
 */
export async function searchSupport<DB, I extends AnyInfo>(db: Database<DB, I>): Promise<SearchSupport> {
  const handle = withoutGuards(db as unknown as DatabaseHandle, 'search support')
  const dialect = dialectOf(handle)
  const isThere = async (facet: Checked | undefined): Promise<boolean> =>
    facet !== undefined && (await facet.whyMissing?.(handle)) === undefined
  return { fullText: await isThere(fullTexts.find(dialect)), vector: await isThere(vectors.find(dialect)) }
}
