import { KantaError } from '../error/index.ts'
import type { Change } from './backend.ts'
import { splitRow } from './parts.ts'
import { type ExpressionTools, type QueryTemplate, queryTemplate, runTogether, type StoreQuery } from './queries.ts'
import { greatestSeq, metaQueries, type Writer, type WriteTarget } from './writer.ts'

/** The state that a document must have: to be there, with its metadata, with its last record, or with both. */
type Guard = 'any' | 'meta' | 'last' | 'meta and last'

type Slots = (name: string) => unknown

/** The values of a statement, with those of its guard. */
interface Values extends Readonly<Record<string, unknown>> {
  readonly docId: string
  readonly data: string | null | undefined
  readonly last: number
}

const MOST_KNOWN = 1_000

/**
 * Writes on SQLite, as lists of statements that need no answer in between, since D1 and Durable Objects have no
 * transactions that stay open. Each statement but the first reads from the row of the metadata, and so does nothing if
 * the document is in another state. A writer has the database to itself, so that the largest number is safe to go by.
 */
export class GuardedWriter implements Writer {
  readonly #target: WriteTarget
  readonly #templates = new Map<string, QueryTemplate<string>>()
  /** The last records that this store has written, by document. Any of them may be another one by now. */
  readonly #last = new Map<string, number>()

  constructor(target: WriteTarget) {
    this.#target = target
  }

  write(change: Change): Promise<number | undefined> {
    return isAppend(change) && this.#target.partBytes === undefined ? this.#append(change) : this.#writeList(change)
  }

  /**
   * Appends behind the record that was the last one when this store wrote. SQLite needs ten times as long to find the
   * last record as to see that a known one still is.
   */
  async #append(change: Change): Promise<number | undefined> {
    const { docId, rows } = change
    const known = this.#last.get(docId) ?? (rows.length > 1 ? await this.#readLast(docId) : undefined)
    if (known !== undefined) {
      try {
        await runTogether(this.#target.db, this.#behind(known, change))
        this.#remember(docId, known + rows.length)
        return known + rows.length
      } catch (error) {
        // The document is gone, or others have written to it.
        if (!(error instanceof KantaError && error.code === 'not_null_violation')) throw error
        this.#last.delete(docId)
      }
    }
    const seq = await this.#writeList(change)
    if (seq !== undefined) this.#remember(docId, seq)
    return seq
  }

  async #readLast(docId: string): Promise<number | undefined> {
    const { db, tables } = this.#target
    const [row] = (await greatestSeq(db, tables, docId).execute()) as { last: number | null }[]
    return row?.last ?? undefined
  }

  /** The statements that append behind the last record. Only the first can find another state, and fails then. */
  #behind(last: number, { docId, rows }: Change): StoreQuery[] {
    const { db, tables } = this.#target
    const [first, ...others] = rows
    const queries = [this.#insertBehind({ docId, data: undefined, last, next: last + 1, ...first! })]
    if (others.length === 0) return queries
    const placed = others.map((row, i) => ({ doc_id: docId, seq: last + 2 + i, ...row }))
    return [...queries, db.insertInto(tables.records).values(placed)]
  }

  /** Inserts a record if there is the document, with this last record: null as a number or an id is an error. */
  #insertBehind(values: Values & { readonly next: number }): StoreQuery {
    const { db, tables } = this.#target
    return this.#template('behind', (slot) => {
      const later = db
        .selectFrom(tables.records)
        .select('seq')
        .where('doc_id', '=', slot('docId'))
        .where('seq', '>', slot('last'))
      const next = db
        .selectFrom(tables.records)
        .select((eb: ExpressionTools) => eb.val(slot('next')).as('next'))
        .where('doc_id', '=', slot('docId'))
        .where('seq', '=', slot('last'))
        .where((eb: ExpressionTools) => eb.not(eb.exists(later)))
      return db.insertInto(tables.records).values({
        doc_id: this.#guarded('any', slot).select('doc_id'),
        seq: next,
        ...Object.fromEntries(['kind', 'payload', 'blob'].map((name) => [name, slot(name)])),
      })
    })(values)
  }

  #remember(docId: string, seq: number): void {
    if (this.#last.size >= MOST_KNOWN && !this.#last.has(docId)) this.#last.clear()
    this.#last.set(docId, seq)
  }

  async #writeList(change: Change): Promise<number | undefined> {
    const { db, hasParts, partBytes } = this.#target
    const { docId, before, meta, rows, replaces, last } = change
    const data = meta ?? before
    const guard = guardOf(data, last)
    /** The values of the guard when so many records were added. */
    const state = (added: number): Values => ({ docId, data, last: (last ?? 0) + added })
    const queries = metaQueries(this.#target, change)
    let lastInsert = 0
    for (const [i, whole] of rows.entries()) {
      const { row, parts } = splitRow(whole, partBytes)
      lastInsert = queries.length
      queries.push(this.#insertRecord(guard, { ...state(i), ...row }))
      for (const [part, bytes] of parts.entries())
        queries.push(this.#insertPart(guard, { ...state(i + 1), part, bytes }))
    }
    if (replaces) {
      const values = { ...state(rows.length), count: rows.length }
      // The greatest number is that of the records, so that they are removed last.
      if (hasParts) queries.push(this.#removeOthers('parts', guard, values))
      queries.push(this.#removeOthers('records', guard, values))
    }
    const results = await runTogether(db, queries)
    const [written] = results[lastInsert] as { seq: number }[]
    return written?.seq
  }

  #insertRecord(guard: Guard, values: Values): StoreQuery {
    const { db, tables } = this.#target
    return this.#template(`record ${guard}`, (slot) => {
      const source = this.#guarded(guard, slot).select((eb: ExpressionTools) => [
        'doc_id',
        eb(eb.fn.coalesce(this.#greatest(slot), eb.lit(-1)), '+', eb.lit(1)).as('seq'),
        ...['kind', 'payload', 'blob'].map((name) => eb.val(slot(name)).as(name)),
      ])
      const columns = ['doc_id', 'seq', 'kind', 'payload', 'blob']
      return db.insertInto(tables.records).columns(columns).expression(source).returning('seq')
    })(values)
  }

  #insertPart(guard: Guard, values: Values): StoreQuery {
    const { db, tables } = this.#target
    return this.#template(`part ${guard}`, (slot) => {
      const source = this.#guarded(guard, slot).select((eb: ExpressionTools) => [
        'doc_id',
        this.#greatest(slot).as('seq'),
        eb.val(slot('part')).as('part'),
        eb.val(slot('bytes')).as('data'),
      ])
      return db.insertInto(tables.parts).columns(['doc_id', 'seq', 'part', 'data']).expression(source)
    })(values)
  }

  /** Removes all but the last `count` records. */
  #removeOthers(what: 'records' | 'parts', guard: Guard, values: Values): StoreQuery {
    const { db, tables } = this.#target
    return this.#template(`remove ${what} ${guard}`, (slot) =>
      db
        .deleteFrom(tables[what])
        .where('doc_id', '=', slot('docId'))
        .where((eb: ExpressionTools) => eb('seq', '<=', eb(this.#greatest(slot), '-', eb.val(slot('count')))))
        .where((eb: ExpressionTools) => eb.exists(this.#guarded(guard, slot).select('data'))),
    )(values)
  }

  #template(key: string, build: (slot: Slots) => StoreQuery): QueryTemplate<string> {
    let template = this.#templates.get(key)
    if (template === undefined) {
      template = queryTemplate(build)
      this.#templates.set(key, template)
    }
    return template
  }

  /** The row of the document's metadata, if the document is in a state. */
  #guarded(guard: Guard, slot: Slots) {
    const { db, tables } = this.#target
    let row = db.selectFrom(tables.meta).where('doc_id', '=', slot('docId'))
    if (guard === 'meta' || guard === 'meta and last') row = row.where('data', '=', slot('data'))
    if (guard === 'any' || guard === 'meta') return row
    return row.where((eb: ExpressionTools) => eb(this.#greatest(slot), '=', eb.val(slot('last'))))
  }

  #greatest(slot: Slots) {
    return greatestSeq(this.#target.db, this.#target.tables, slot('docId'))
  }
}

const isAppend = ({ before, meta, replaces, last }: Change): boolean =>
  before === undefined && meta === undefined && !replaces && last === undefined

function guardOf(data: string | null | undefined, last: number | undefined): Guard {
  if (typeof data !== 'string') return last === undefined ? 'any' : 'last'
  return last === undefined ? 'meta' : 'meta and last'
}
