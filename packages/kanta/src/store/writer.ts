import type { DatabaseHandle } from '../extend/internal/index.ts'
import type { Change } from './backend.ts'
import type { ExpressionTools, StoreQuery } from './queries.ts'
import { type StoreTables, storeFacetOf } from './tables.ts'

/** The place where changes are written. */
export interface WriteTarget {
  readonly db: DatabaseHandle
  readonly tables: StoreTables
  readonly hasParts: boolean
  readonly partBytes: number | undefined
}

/** Writes changes: returns the number of the last record, or `undefined` if the document is in another state. */
export interface Writer {
  write(change: Change): Promise<number | undefined>
}

/** The statements that put the metadata in place, if they are still as they were read. */
export function metaQueries({ db, tables }: WriteTarget, { docId, before, meta, last }: Change): StoreQuery[] {
  if (meta === undefined || before === meta) return []
  if (before === null) {
    const { counts, ifAbsent } = storeFacetOf(db)
    const row = { doc_id: docId, data: meta, ...(counts ? { next_seq: 0 } : {}) }
    return [ifAbsent(db.insertInto(tables.meta).values(row), 'doc_id')]
  }
  const update = db.updateTable(tables.meta).set({ data: meta }).where('doc_id', '=', docId).where('data', '=', before)
  if (last === undefined) return [update]
  const isLast = (eb: ExpressionTools) => eb(greatestSeq(db, tables, docId), '=', eb.val(last))
  return [update.where(isLast)]
}

/** The number of the last record of a document, as a subquery. */
export const greatestSeq = (db: DatabaseHandle, { records }: StoreTables, docId: unknown) =>
  db
    .selectFrom(records)
    .where('doc_id', '=', docId)
    .select((eb: ExpressionTools) => eb.fn.max('seq').as('last'))
