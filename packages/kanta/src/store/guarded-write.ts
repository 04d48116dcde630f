import type { DatabaseHandle } from '../extend/internal/index.ts'
import type { Change } from './backend.ts'
import { splitRow } from './parts.ts'
import { type ExpressionTools, runTogether, type StoreQuery } from './queries.ts'
import { type StoreTables, storeFacetOf } from './tables.ts'

/** Where a change is written. */
export interface WriteTarget {
  readonly db: DatabaseHandle
  readonly tables: StoreTables
  readonly hasParts: boolean
  readonly partBytes: number | undefined
}

const COLUMNS = ['doc_id', 'seq', 'kind', 'payload', 'blob']

/**
 * Writes a change on SQLite as a list of statements that need no answer in between, since D1 and Durable Objects have no
 * transactions that stay open. Each statement but the first reads from the row of the metadata, and so does nothing if
 * the document is in another state. A writer has the database to itself, so that the largest number is safe to go by.
 */
export async function writeGuarded(target: WriteTarget, change: Change): Promise<number | undefined> {
  const { db, tables, hasParts, partBytes } = target
  const { docId, before, meta, rows, replaces, last } = change
  const greatest = () => greatestSeq(db, tables, docId)
  /** The document, if it is in the expected state after so many records were added. */
  const guard = (added: number) => {
    let source = db.selectFrom(tables.meta).where('doc_id', '=', docId)
    const expected = meta ?? before
    if (typeof expected === 'string') source = source.where('data', '=', expected)
    return last === undefined
      ? source
      : source.where((eb: ExpressionTools) => eb(greatest(), '=', eb.val(last + added)))
  }
  const queries: StoreQuery[] = metaQueries(target, change)
  let lastInsert = 0
  for (const [i, whole] of rows.entries()) {
    const { row, parts } = splitRow(whole, partBytes)
    const next = (eb: ExpressionTools) => eb(eb.fn.coalesce(greatest(), eb.lit(-1)), '+', eb.lit(1)).as('seq')
    const source = guard(i).select((eb: ExpressionTools) => [
      'doc_id',
      next(eb),
      eb.val(row.kind).as('kind'),
      eb.val(row.payload).as('payload'),
      eb.val(row.blob).as('blob'),
    ])
    lastInsert = queries.length
    queries.push(db.insertInto(tables.records).columns(COLUMNS).expression(source).returning('seq'))
    for (const [part, data] of parts.entries()) {
      const of = guard(i + 1).select((eb: ExpressionTools) => [
        'doc_id',
        greatest().as('seq'),
        eb.val(part).as('part'),
        eb.val(data).as('data'),
      ])
      queries.push(db.insertInto(tables.parts).columns(['doc_id', 'seq', 'part', 'data']).expression(of))
    }
  }
  if (replaces) {
    for (const table of hasParts ? [tables.records, tables.parts] : [tables.records]) {
      const removal = db
        .deleteFrom(table)
        .where('doc_id', '=', docId)
        .where((eb: ExpressionTools) => eb('seq', '<=', eb(greatest(), '-', eb.val(rows.length))))
        .where((eb: ExpressionTools) => eb.exists(guard(rows.length).select('data')))
      queries.push(removal)
    }
  }
  const results = await runTogether(db, queries)
  const [written] = results[lastInsert] as { seq: number }[]
  return written?.seq
}

/** The statements that put the metadata in place, if they are still as they were read. */
export function metaQueries({ db, tables }: WriteTarget, { docId, before, meta, last }: Change): StoreQuery[] {
  if (meta === undefined || before === meta) return []
  if (before === null) {
    const counter = storeFacetOf(db).counts ? { next_seq: 0 } : {}
    const insert = db.insertInto(tables.meta).values({ doc_id: docId, data: meta, ...counter })
    return [storeFacetOf(db).ifAbsent(insert, 'doc_id')]
  }
  const update = db.updateTable(tables.meta).set({ data: meta }).where('doc_id', '=', docId).where('data', '=', before)
  if (last === undefined) return [update]
  return [update.where((eb: ExpressionTools) => eb(greatestSeq(db, tables, docId), '=', eb.val(last)))]
}

/** The number of the last record of a document, as a subquery. */
const greatestSeq = (db: DatabaseHandle, { records }: StoreTables, docId: string) =>
  db
    .selectFrom(records)
    .where('doc_id', '=', docId)
    .select((eb: ExpressionTools) => eb.fn.max('seq').as('last'))
