import type { WireValue } from './value.ts'

/** The part of pg's protocol layer that statements are sent by; the same that `pg-cursor` uses. */
export interface Wire {
  readonly stream: {
    cork(): void
    uncork(): void
    /** Whether the other end is slower than what was written. */
    readonly writableNeedDrain: boolean
    once(event: 'drain' | 'close', listener: () => void): unknown
    pause?(): unknown
    resume?(): unknown
  }
  query(text: string): void
  parse(message: { readonly text: string; readonly name: string }): void
  bind(message: { readonly portal: string; readonly statement: string; readonly values: readonly WireValue[] }): void
  describe(message: { readonly type: 'P' | 'S'; readonly name: string }): void
  execute(message: { readonly portal: string; readonly rows: number }): void
  close(message: { readonly type: 'P' | 'S'; readonly name: string }): void
  flush(): void
  sync(): void
  sendCopyFromChunk(chunk: Uint8Array): void
  endCopyFrom(): void
  sendCopyFail(why: string): void
  on(event: 'readyForQuery', listener: (message: { readonly status: TransactionStatus }) => void): unknown
  on(event: 'parseComplete' | 'end', listener: () => void): unknown
}

/** Idle, in a transaction, or in one that failed. */
export type TransactionStatus = 'I' | 'T' | 'E'

export interface Field {
  readonly name: string
  readonly dataTypeID: number
}

/** What pg's client takes to its queue, and what it tells it of. */
export interface Submitted {
  submit(wire: Wire): void
  handleRowDescription(message: { readonly fields: readonly Field[] }): void
  handleDataRow(message: { readonly fields: unknown[] }): void
  handleCommandComplete(message: { readonly text: string }, wire: Wire): void
  handlePortalSuspended(wire: Wire): void
  handleEmptyQuery(wire: Wire): void
  handleReadyForQuery(wire: Wire): void
  handleError(error: unknown, wire: Wire): void
  handleCopyInResponse(wire: Wire): void
  handleCopyData(message: { readonly chunk: Uint8Array }, wire: Wire): void
}

/** The text of a statement, and what is known of it on one connection. */
export interface Statement {
  readonly sql: string
  /** The name by which the server knows it, or none. */
  readonly name: string
  parsed: boolean
  columns: readonly Field[] | undefined
}

/** Writes several messages at once. */
export function together(wire: Wire, write: () => void): void {
  wire.stream.cork()
  try {
    write()
  } finally {
    wire.stream.uncork()
  }
}

/** Bytes go as they are, which pg does only with its own kind of them. */
export function buffers(values: readonly WireValue[]): readonly WireValue[] {
  if (!values.some((value) => value instanceof Uint8Array)) return values
  return values.map((value) =>
    value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value,
  )
}
