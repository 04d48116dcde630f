import type { Change, FirstPage, IdRange, StoreBackend } from './backend.ts'
import { DocumentStore } from './document-store.ts'
import { boundsOf, compareIds } from './id-order.ts'
import type { PlacedRow } from './row.ts'

interface MemoryDocument {
  meta: string
  nextSeq: number
  rows: PlacedRow[]
}

/**
 * Returns a store that keeps its documents in memory, for tests and for documents that need not last.
 *
 * @example
 * ```ts
 * import { memoryStore } from 'kanta/store'
 *
 * const store = memoryStore()
 * await store.currentMeta('notes/1') // null
 * ```
 */
export const memoryStore = (): DocumentStore => new DocumentStore(new MemoryBackend())

class MemoryBackend implements StoreBackend {
  readonly maxIdBytes = Number.POSITIVE_INFINITY
  readonly mode = 'syncMode'
  readonly #documents = new Map<string, MemoryDocument>()

  async open(): Promise<void> {}

  async close(): Promise<void> {
    this.#documents.clear()
  }

  async meta(docId: string): Promise<string | null> {
    return this.#documents.get(docId)?.meta ?? null
  }

  async write({ docId, before, meta, rows, replaces, last }: Change): Promise<number | undefined> {
    const found = this.#documents.get(docId)
    if (before === undefined ? found === undefined : (found?.meta ?? null) !== before) return undefined
    if (last !== undefined && found?.rows.at(-1)?.seq !== last) return undefined
    const document = found ?? { meta: meta!, nextSeq: 0, rows: [] }
    const placed = rows.map((row) => ({ ...row, seq: document.nextSeq++ }))
    document.meta = meta ?? document.meta
    if (replaces) document.rows = placed
    else for (const row of placed) document.rows.push(row)
    this.#documents.set(docId, document)
    return document.nextSeq - 1
  }

  async remove(docId: string): Promise<void> {
    this.#documents.delete(docId)
  }

  async firstPage(docId: string, from: number, limit: number): Promise<FirstPage> {
    const last = this.#documents.get(docId)?.rows.at(-1)?.seq
    return { rows: await this.page(docId, from, last ?? -1, limit), last }
  }

  async page(docId: string, from: number, to: number, limit: number): Promise<readonly PlacedRow[]> {
    const rows = this.#documents.get(docId)?.rows ?? []
    // The numbers of a document have no gaps.
    const start = Math.max(0, from - (rows[0]?.seq ?? 0))
    return rows.slice(start, start + limit).filter(({ seq }) => seq <= to)
  }

  async ids({ prefix, after, limit }: IdRange): Promise<readonly string[]> {
    const { from, to } = boundsOf(prefix)
    return [...this.#documents.keys()]
      .filter((id) => compareIds(id, from) >= 0 && (to === undefined || compareIds(id, to) < 0))
      .filter((id) => after === undefined || compareIds(id, after) > 0)
      .sort(compareIds)
      .slice(0, limit)
  }
}
