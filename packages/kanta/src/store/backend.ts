import type { ModeName, PlacedRow, RecordRow } from './row.ts'

/**
 * A change of one document that takes effect as a whole, or not at all if the document is not in the state for which it
 * was made. So a store reads, decides and writes without holding a transaction open, and other processes may write
 * meanwhile.
 */
export interface Change {
  readonly docId: string
  /** The metadata of the document for which the change was made; `undefined` for any, null for no document. */
  readonly before: string | null | undefined
  /** The metadata that the document gets; `undefined` keeps them. */
  readonly meta: string | undefined
  /** The records to append, at least one. */
  readonly rows: readonly RecordRow[]
  /** Removes the records that were there before. */
  readonly replaces: boolean
  /** The number of the last record for which the change was made; `undefined` for any. */
  readonly last: number | undefined
}

/** The first page of a document, with the number of its last record at the same instant. */
export interface FirstPage {
  readonly rows: readonly PlacedRow[]
  readonly last: number | undefined
}

/** A range of document ids in the order of their UTF-8 bytes. */
export interface IdRange {
  readonly prefix: string
  /** Only ids after this one. */
  readonly after: string | undefined
  readonly limit: number
}

/** The few operations that a store needs of a database. */
export interface StoreBackend {
  /** The most bytes of an id in UTF-8. */
  readonly maxIdBytes: number
  readonly mode: ModeName
  /** Runs once before the other operations. */
  open(): Promise<void>
  /** Returns the text of the metadata of a document; null if there is no document. */
  meta(docId: string): Promise<string | null>
  /** Returns the number of the last record written; `undefined` if the document is in another state. */
  write(change: Change): Promise<number | undefined>
  remove(docId: string): Promise<void>
  firstPage(docId: string, from: number, limit: number): Promise<FirstPage>
  /** Returns the records from one number to another, both included. */
  page(docId: string, from: number, to: number, limit: number): Promise<readonly PlacedRow[]>
  ids(range: IdRange): Promise<readonly string[]>
  close(): Promise<void>
}
