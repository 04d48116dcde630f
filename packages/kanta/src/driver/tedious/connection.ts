import { type Connection as Library, type Request, RequestError } from 'tedious'
import { KantaError } from '../../error/index.ts'
import type { Connection, RunResult } from '../driver.ts'
import { checkChunkSize } from '../option.ts'
import { type RequestOptions, type SentRequest, send } from './request.ts'
import { TediousStream } from './stream.ts'

/** The number of extra rows that `first()` discards before it cancels the query. */
const MAX_UNREAD = 100

/** A connection to SQL Server, for one request at a time. */
export class TediousConnection implements Connection {
  readonly rows = 'array'
  readonly #library: Library
  #running: Request | undefined
  #open = true
  #closed = false
  /** The last text, with its columns. */
  #last: { readonly sql: string; columns: readonly string[] } = { sql: '', columns: [] }

  constructor(library: Library) {
    this.#library = library
    const lost = (): void => {
      this.#open = false
    }
    library.on('end', lost)
    // Requests report their own errors; without a listener, an error between requests would end the process.
    library.on('error', lost)
  }

  get inTransaction(): boolean {
    return this.#open && this.#library.inTransaction
  }

  get isOpen(): boolean {
    return this.#open
  }

  async all(sql: string, parameters: readonly unknown[], bigints = false): Promise<unknown[]> {
    const rows: unknown[] = []
    await this.#send(sql, parameters, bigints, (row) => rows.push(row)).ended
    return rows
  }

  async first(sql: string, parameters: readonly unknown[], bigints = false): Promise<unknown> {
    let first: unknown
    let count = 0
    const { ended } = this.#send(sql, parameters, bigints, (row, request) => {
      if (++count === 1) first = row
      // With abortTransactionOnError a transaction would be rolled back.
      else if (count > MAX_UNREAD && !this.inTransaction) request.cancel()
    })
    try {
      await ended
    } catch (error) {
      if (!(count > MAX_UNREAD && !this.inTransaction && error instanceof RequestError && error.code === 'ECANCEL'))
        throw error
    }
    return first
  }

  async run(sql: string, parameters: readonly unknown[]): Promise<RunResult> {
    const changes = await this.#send(sql, parameters, false, () => {}).ended
    return { changes, insertId: undefined }
  }

  async execute(
    sql: string,
    parameters: readonly unknown[],
    bigints = false,
  ): Promise<RunResult & { readonly rows: unknown[] }> {
    const rows: unknown[] = []
    const count = await this.#send(sql, parameters, bigints, (row) => rows.push(row)).ended
    // The server also counts the rows of a query; a write returns rows only by `output`.
    const writes = this.#last.columns.length === 0 || /\boutput\b/i.test(sql)
    return { rows, changes: writes ? count : 0, insertId: undefined }
  }

  columns(sql: string): readonly string[] {
    return this.#last.sql === sql ? this.#last.columns : []
  }

  stream(
    sql: string,
    parameters: readonly unknown[],
    chunkSize: number,
    bigints = false,
  ): AsyncIterableIterator<unknown[]> {
    checkChunkSize(chunkSize)
    return new TediousStream((row) => this.#send(sql, parameters, bigints, row), chunkSize)
  }

  async script(sql: string): Promise<void> {
    await this.#send(sql, [], false, () => {}).ended
  }

  cancel(): void {
    this.#running?.cancel()
  }

  kill(): void {
    this.#library.close()
  }

  async close(): Promise<void> {
    this.#closed = true
    if (!this.#open) return
    const ended = new Promise<void>((resolve) => {
      this.#library.once('end', resolve)
    })
    this.#library.close()
    await ended
  }

  #send(sql: string, parameters: readonly unknown[], bigints: boolean, row: RequestOptions['row']): SentRequest {
    this.#check()
    const last: { readonly sql: string; columns: readonly string[] } = { sql, columns: [] }
    const columns = (names: readonly string[]): void => {
      last.columns = names
    }
    const sent = send(this.#library, { sql, parameters, bigints, columns, row })
    this.#last = last
    this.#running = sent.request
    sent.ended
      .catch(() => {})
      .finally(() => {
        if (this.#running === sent.request) this.#running = undefined
      })
    return sent
  }

  #check(): void {
    if (this.#closed) throw new KantaError('closed', 'The connection is closed. Run queries before.')
    if (!this.#open) throw new KantaError('connection', 'The connection to the server was lost. Run the query again.')
    if (this.#running !== undefined)
      throw new KantaError(
        'busy',
        'The connection is busy with a statement or an open stream. Read or leave that first.',
      )
  }
}
