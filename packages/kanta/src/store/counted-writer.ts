import { dialectOf, withRetries } from '../extend/internal/index.ts'
import type { Change } from './backend.ts'
import { splitRow } from './parts.ts'
import {
  type ExpressionTools,
  type QueryTemplate,
  queryTemplate,
  RETRIES,
  type StoreQuery,
  transactionOn,
} from './queries.ts'
import { metaQueries, type Writer, type WriteTarget } from './writer.ts'

/**
 * Writes on a server, where several write at once: the row of the metadata counts the records, and the writer that has
 * raised the counter holds the row until its transaction ends.
 */
export class CountedWriter implements Writer {
  readonly #target: WriteTarget
  #append: QueryTemplate<'docId' | 'kind' | 'payload' | 'blob'> | undefined

  constructor(target: WriteTarget) {
    this.#target = target
  }

  async write(change: Change): Promise<number | undefined> {
    if (isOneStatement(this.#target, change)) return this.#appendAtOnce(change)
    try {
      return await transactionOn(this.#target.db, (db) => writeIn({ ...this.#target, db }, change))
    } catch (error) {
      if (error === OTHER_STATE) return undefined
      throw error
    }
  }

  async #appendAtOnce({ docId, rows }: Change): Promise<number | undefined> {
    this.#append ??= appendTemplate(this.#target)
    const query = this.#append({ docId, ...rows[0]! })
    const [row] = (await withRetries(RETRIES, undefined, () => query.execute())) as { seq: number }[]
    return row?.seq
  }
}

/** Undoes the transaction of a change for whose state the document is not. */
const OTHER_STATE = new Error('The document is in another state.')

/** Tells whether a change is the append of one record, which PostgreSQL counts and inserts in one statement. */
function isOneStatement({ db, partBytes }: WriteTarget, { meta, rows, replaces, last }: Change): boolean {
  return (
    dialectOf(db).capabilities.writingCtes &&
    meta === undefined &&
    rows.length === 1 &&
    !replaces &&
    last === undefined &&
    partBytes === undefined
  )
}

function appendTemplate({ db, tables }: WriteTarget): QueryTemplate<'docId' | 'kind' | 'payload' | 'blob'> {
  return queryTemplate((slot) => {
    const counter = db
      .updateTable(tables.meta)
      .set((eb: ExpressionTools) => ({ next_seq: eb('next_seq', '+', eb.lit(1)) }))
      .where('doc_id', '=', slot('docId'))
      .returning(['doc_id', 'next_seq'])
    const source = db
      .selectFrom('counter')
      .select((eb: ExpressionTools) => [
        'doc_id',
        eb('next_seq', '-', eb.lit(1)).as('seq'),
        ...(['kind', 'payload', 'blob'] as const).map((name) => eb.val(slot(name)).as(name)),
      ])
    return db
      .with('counter', () => counter)
      .insertInto(tables.records)
      .columns(['doc_id', 'seq', 'kind', 'payload', 'blob'])
      .expression(source)
      .returning('seq')
  })
}

async function writeIn(target: WriteTarget, change: Change): Promise<number> {
  const { db, tables, hasParts, partBytes } = target
  const { docId, replaces } = change
  for (const query of metaQueries(target, change)) await query.execute()
  const base = await reserve(target, change)
  const rows = change.rows.map((row) => splitRow(row, partBytes))
  await db
    .insertInto(tables.records)
    .values(rows.map(({ row }, i) => ({ doc_id: docId, seq: base + i, ...row })))
    .execute()
  for (const [i, { parts }] of rows.entries())
    for (const [part, data] of parts.entries())
      await db
        .insertInto(tables.parts)
        .values({ doc_id: docId, seq: base + i, part, data })
        .execute()
  if (replaces) {
    for (const table of hasParts ? [tables.records, tables.parts] : [tables.records])
      await db.deleteFrom(table).where('doc_id', '=', docId).where('seq', '<', base).execute()
  }
  return base + rows.length - 1
}

/** Locks the document by raising its counter, and returns the number of the first new record. */
async function reserve({ db, tables }: WriteTarget, { docId, before, meta, rows, last }: Change): Promise<number> {
  const expected = meta ?? before
  let update = db
    .updateTable(tables.meta)
    .set((eb: ExpressionTools) => ({ next_seq: eb('next_seq', '+', eb.val(rows.length)) }))
    .where('doc_id', '=', docId)
  if (typeof expected === 'string') update = update.where('data', '=', expected)
  if (last !== undefined) update = update.where('next_seq', '=', last + 1)
  const counter = dialectOf(db).capabilities.writingCtes
    ? await update.returning('next_seq').execute()
    : await changedRow(update, db.selectFrom(tables.meta).select('next_seq').where('doc_id', '=', docId))
  const [row] = counter as { next_seq: number }[]
  if (row === undefined) throw OTHER_STATE
  return row.next_seq - rows.length
}

/** Reads the row that an update changed, which the transaction has locked. */
async function changedRow(update: StoreQuery, select: StoreQuery): Promise<unknown> {
  const [result] = (await update.execute()) as { numUpdatedRows: bigint }[]
  return result?.numUpdatedRows === 1n ? select.execute() : []
}
