import type { WireValue } from './value.ts'

/** The part of pg's protocol layer that sends statements. `pg-cursor` uses it, too. */
export interface Wire {
  readonly stream: {
    cork(): void
    uncork(): void
    /** Is true if writes should wait for the other end. */
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

/** The status of the transaction: idle, open or failed. */
export type TransactionStatus = 'I' | 'T' | 'E'

export interface Field {
  readonly name: string
  readonly dataTypeID: number
}

/** An entry in the queue of pg's client, with handlers for the messages of the server. */
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

/** The state of a statement on one connection. */
export interface Statement {
  readonly sql: string
  /** The name of the prepared statement, or an empty string. */
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

/** Converts bytes to Buffers, since pg sends only those as binary. */
export function buffers(values: readonly WireValue[]): readonly WireValue[] {
  if (!values.some((value) => value instanceof Uint8Array)) return values
  return values.map((value) =>
    value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value,
  )
}
