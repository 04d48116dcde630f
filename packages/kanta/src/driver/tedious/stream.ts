import type { Request } from 'tedious'
import type { SentRequest } from './request.ts'

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** Streams rows in chunks, with backpressure to the server. */
export class TediousStream implements AsyncIterableIterator<unknown[]> {
  readonly #start: (row: (row: unknown[], request: Request) => void) => SentRequest
  readonly #chunkSize: number
  #sent: SentRequest | undefined
  #rows: unknown[] = []
  #ended = false
  #closed = false
  #failure: { readonly cause: unknown } | undefined
  /** Runs when there is a chunk, or after the last row. */
  #wake: (() => void) | undefined

  constructor(start: (row: (row: unknown[], request: Request) => void) => SentRequest, chunkSize: number) {
    this.#start = start
    this.#chunkSize = chunkSize
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<unknown[], undefined>> {
    if (this.#closed) return DONE
    this.#open()
    while (!this.#ended && this.#rows.length < this.#chunkSize) {
      const awake = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#sent!.request.resume()
      await awake
    }
    if (this.#failure !== undefined) {
      this.#closed = true
      throw this.#failure.cause
    }
    if (this.#rows.length === 0) {
      this.#closed = true
      return DONE
    }
    const value = this.#rows
    this.#rows = []
    return { done: false, value }
  }

  /** Cancels the request if it still runs, so that the connection can be used again. */
  async return(): Promise<IteratorResult<unknown[], undefined>> {
    this.#closed = true
    this.#rows = []
    if (this.#sent === undefined || this.#ended) return DONE
    this.#sent.request.cancel()
    // Ignore the error of the cancellation.
    await this.#sent.ended.catch(() => {})
    return DONE
  }

  #open(): void {
    if (this.#sent !== undefined) return
    this.#sent = this.#start((row, request) => {
      this.#rows.push(row)
      if (this.#rows.length < this.#chunkSize) return
      request.pause()
      this.#wake?.()
    })
    this.#sent.ended
      .catch((cause: unknown) => {
        this.#failure = { cause }
      })
      .finally(() => {
        this.#ended = true
        this.#wake?.()
      })
  }
}
