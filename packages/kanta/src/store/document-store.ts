import { checkOptions, describe, KantaError, refuse } from '../error/index.ts'
import { pause, throwIfAborted } from '../extend/internal/index.ts'
import type { Change, StoreBackend } from './backend.ts'
import { utf8 } from './id-order.ts'
import { ItemIterator } from './item-iterator.ts'
import {
  checkDocId,
  copyRecord,
  refuseEntry,
  resolveMeta,
  resolveReplacement,
  type StoreMeta,
  type StoreRecord,
} from './record.ts'
import { fromRow, isSameRow, metaText, type PlacedRow, parseMeta, toRow } from './row.ts'

/** The seven methods of a document store, as kyneta's exchanges call them. */
export interface Store {
  /** Appends a record to a document, whose first record must be metadata. */
  append(docId: string, record: StoreRecord): Promise<void>
  /** Returns the records of a document in order; none for an unknown one. */
  loadAll(docId: string): AsyncIterable<StoreRecord>
  /** Replaces all records of a document at once. At least one of the new ones is metadata. */
  replace(docId: string, records: StoreRecord[]): Promise<void>
  /** Deletes a document; does nothing if there is none. */
  delete(docId: string): Promise<void>
  /** Returns the metadata of a document; null if there is none. */
  currentMeta(docId: string): Promise<StoreMeta | null>
  /** Returns the ids of all documents, or of those that begin with a prefix. */
  listDocIds(prefix?: string): AsyncIterable<string>
  close(): Promise<void>
}

/** A record with its number in its document. */
export interface NumberedRecord {
  readonly seq: number
  readonly record: StoreRecord
}

/** The options of `load()`. */
export interface LoadOptions {
  /** The number of a record: only those behind it are loaded. */
  readonly after?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** The options of `list()`. */
export interface ListOptions {
  readonly prefix?: string | undefined
  /** An id: only those behind it are listed. */
  readonly after?: string | undefined
  /** The most ids to return; 500 by default. */
  readonly limit?: number | undefined
}

/** Folds the records of a document to fewer ones. */
export type Fold = (records: AsyncIterable<StoreRecord>) => StoreRecord[] | Promise<StoreRecord[]>

/** The most rows of a page, and the bytes that it should not exceed by much. */
const PAGE_ROWS = 500
const PAGE_BYTES = 1 << 20
/** The rows of the first page, when nothing is known of their size. */
const FIRST_ROWS = 50
/** The number of times that a change is decided again because of other writers. */
const ATTEMPTS = 200

/**
 * A store of documents. A document is a list of records, each of which has a number that rises and is never used again.
 * Any number of stores and processes may use the same tables.
 */
export class DocumentStore implements Store {
  readonly #backend: StoreBackend
  #opening: Promise<void> | undefined
  #isClosed = false

  constructor(backend: StoreBackend) {
    this.#backend = backend
  }

  /** Opens or creates the tables now, which else the first call does. */
  async open(): Promise<void> {
    if (this.#isClosed) throw new KantaError('closed', 'The store is closed. Create another one.')
    this.#opening ??= this.#backend.open()
    try {
      await this.#opening
    } catch (error) {
      this.#opening = undefined
      throw error
    }
  }

  async append(docId: string, record: StoreRecord): Promise<void> {
    await this.#append(docId, [copyRecord(record)])
  }

  /** Appends records, all or none, and returns the number of the last one. */
  async appendMany(docId: string, records: readonly StoreRecord[]): Promise<number> {
    return this.#append(docId, copyRecords('appendMany()', records))
  }

  async replace(docId: string, records: readonly StoreRecord[]): Promise<void> {
    await this.#replace(docId, copyRecords('replace()', records), undefined)
  }

  /**
   * Replaces the records of a document by what a function makes of them. Does nothing if there is no document.
   *
   * @throws KantaError `conflict` if the document was changed meanwhile; it is not replaced then.
   */
  async compact(docId: string, fold: Fold): Promise<void> {
    if (typeof fold !== 'function') refuse('compact() takes a function of the records: async (records) => [ … ].')
    await this.#ready(docId)
    const { last } = await this.#backend.firstPage(docId, 0, 1)
    if (last === undefined) return
    const records = await fold(this.#recordsOf(docId, { after: -1 }, (_, record) => record))
    await this.#replace(docId, copyRecords('The function of compact() gives records: it', records), last)
  }

  async delete(docId: string): Promise<void> {
    await this.#ready(docId)
    await this.#backend.remove(docId)
  }

  async currentMeta(docId: string): Promise<StoreMeta | null> {
    await this.#ready(docId)
    const text = await this.#backend.meta(docId)
    return text === null ? null : parseMeta(text, docId)
  }

  loadAll(docId: string): AsyncIterableIterator<StoreRecord> {
    return this.#recordsOf(docId, { after: -1 }, (_, record) => record)
  }

  /** Returns the records of a document with their numbers, all or those behind one. */
  load(docId: string, options: LoadOptions = {}): AsyncIterableIterator<NumberedRecord> {
    checkOptions('load()', options, ['after', 'signal'])
    const { after = -1, signal } = options
    if (!Number.isSafeInteger(after)) refuse(`load({ after }) takes the number of a record, not ${describe(after)}.`)
    return this.#recordsOf(docId, { after, signal }, (seq, record) => ({ seq, record }))
  }

  async *listDocIds(prefix?: string): AsyncGenerator<string, undefined, undefined> {
    let after: string | undefined
    for (;;) {
      const ids = await this.list({ prefix, after, limit: PAGE_ROWS })
      yield* ids
      if (ids.length < PAGE_ROWS) return
      after = ids.at(-1)
    }
  }

  /** Returns the ids of a page of documents, in the order of their UTF-8 bytes. */
  async list(options: ListOptions = {}): Promise<readonly string[]> {
    checkOptions('list()', options, ['prefix', 'after', 'limit'])
    const { prefix = '', after, limit = PAGE_ROWS } = options
    if (!Number.isSafeInteger(limit) || limit < 1) refuse(`list({ limit }) takes 1 or more, not ${describe(limit)}.`)
    if (after !== undefined) checkDocId(after)
    await this.#ready(prefix)
    return this.#backend.ids({ prefix, after, limit })
  }

  /** Closes the store; a second call does nothing. Later calls of other methods are errors. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#backend.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #ready(docId: string): Promise<void> {
    checkDocId(docId)
    const { maxIdBytes } = this.#backend
    // No character takes more than three bytes for each unit of UTF-16.
    if (docId.length * 3 > maxIdBytes && utf8(docId).length > maxIdBytes)
      refuse(`The id of a document has at most ${maxIdBytes} bytes in this database, and this one is longer.`)
    await this.open()
  }

  async #append(docId: string, records: readonly StoreRecord[]): Promise<number> {
    await this.#ready(docId)
    const { mode } = this.#backend
    const rows = records.map((record) => toRow(record, mode))
    if (records.some(({ kind }) => kind === 'meta')) {
      return this.#decide(docId, undefined, (existing) => {
        const meta = metaText(resolveMeta(docId, records, existing), mode)
        return { meta, rows, replaces: false }
      })
    }
    const change = { docId, before: undefined, meta: undefined, rows, replaces: false, last: undefined }
    return (await this.#backend.write(change)) ?? refuseEntry(docId)
  }

  async #replace(docId: string, records: readonly StoreRecord[], last: number | undefined): Promise<void> {
    await this.#ready(docId)
    const { mode } = this.#backend
    const rows = records.map((record) => toRow(record, mode))
    await this.#decide(docId, last, (existing) => {
      const meta = metaText(resolveReplacement(docId, records, existing), mode)
      return { meta, rows, replaces: true }
    })
  }

  /** Decides a change by the metadata of a document, again while other writers change them. */
  async #decide(
    docId: string,
    last: number | undefined,
    decide: (existing: StoreMeta | undefined) => Pick<Change, 'meta' | 'rows' | 'replaces'>,
  ): Promise<number> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 2) await pause(Math.random() * Math.min(attempt, 20), undefined)
      const before = await this.#backend.meta(docId)
      // A document that was deleted is not created again by what was made of it.
      if (before === null && last !== undefined) throw changedError(docId)
      const change = decide(before === null ? undefined : parseMeta(before, docId))
      const seq = await this.#backend.write({ docId, before, last, ...change })
      if (seq !== undefined) return seq
      if (last !== undefined && (await this.#backend.firstPage(docId, 0, 1)).last !== last) throw changedError(docId)
    }
    throw new KantaError('conflict', `Others kept changing the metadata of doc '${docId}'. Try again later.`)
  }

  #recordsOf<T>(
    docId: string,
    { after, signal }: { readonly after: number; readonly signal?: AbortSignal | undefined },
    make: (seq: number, record: StoreRecord) => T,
  ): AsyncIterableIterator<T> {
    const pages = this.#pages(docId, after, signal)
    return new ItemIterator(pages, (row) => {
      if (signal?.aborted === true) throwIfAborted(signal, 'The load')
      return make(row.seq, fromRow(row, docId))
    })
  }

  /**
   * Reads the records that are there now, page by page. A page begins with the last record of the one before: if that is
   * gone, the document was replaced or deleted meanwhile, and what follows would belong to another document.
   */
  async *#pages(
    docId: string,
    after: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly PlacedRow[], undefined, undefined> {
    await this.#ready(docId)
    throwIfAborted(signal, 'The load')
    let { rows, last } = await this.#backend.firstPage(docId, after + 1, FIRST_ROWS)
    if (last === undefined) return
    let limit = FIRST_ROWS
    for (;;) {
      yield rows
      const known = rows.at(-1)
      if (known === undefined || known.seq >= last) return
      if (this.#isClosed) throw new KantaError('closed', 'The store was closed while a document was loaded.')
      throwIfAborted(signal, 'The load')
      limit = nextLimit(rows, limit)
      const [overlap, ...more] = await this.#backend.page(docId, known.seq, last, limit + 1)
      // There is at least one more up to the last one.
      if (!isSameRow(overlap, known) || more.length === 0) throw changedError(docId)
      rows = more
    }
  }
}

/** Returns the rows of the next page: as many as fit in its bytes if they are like those of the page before. */
function nextLimit(rows: readonly PlacedRow[], limit: number): number {
  let bytes = 1
  for (const { payload, blob } of rows) bytes += payload.length + (blob?.byteLength ?? 0)
  return Math.max(1, Math.min(PAGE_ROWS, limit * 4, Math.floor((PAGE_BYTES * rows.length) / bytes)))
}

const changedError = (docId: string): KantaError =>
  new KantaError('conflict', `Doc '${docId}' was replaced, changed or deleted meanwhile. Load it again.`)

function copyRecords(owner: string, records: unknown): StoreRecord[] {
  if (!Array.isArray(records) || records.length === 0)
    refuse(`${owner} takes a list of at least one record, not ${describe(records)}.`)
  return (records as unknown[]).map(copyRecord)
}
