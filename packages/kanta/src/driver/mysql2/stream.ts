import type { Mysql2Command } from './connection.ts'
import { converterOf, type Field } from './value.ts'

interface StreamSettings {
  readonly chunkSize: number
  readonly bigints: boolean
  readonly start: () => Promise<Mysql2Command>
  readonly columns: (fields: readonly Field[]) => void
  readonly failed: (error: Error) => Promise<Error>
  /** Tells the server to send no more rows. */
  readonly stop: () => Promise<void>
  /** Runs when the server has stopped. */
  readonly ended: () => Promise<void>
}

type Readable = ReturnType<Mysql2Command['stream']>

/** Streams rows with backpressure: unread rows wait in the socket, and so at the server. */
export class Mysql2Stream implements AsyncIterableIterator<unknown[]> {
  readonly #settings: StreamSettings
  #source: Readable | undefined
  #convert: ((row: unknown[]) => void) | undefined
  /** Settles when the server has sent its whole answer, or an error. */
  #answered: Promise<void> | undefined
  #state: 'new' | 'open' | 'read' | 'closed' = 'new'
  #error: Error | undefined
  #wake: (() => void) | undefined

  constructor(settings: StreamSettings) {
    this.#settings = settings
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<unknown[], undefined>> {
    if (this.#state === 'closed') return DONE
    try {
      if (this.#state === 'new') await this.#start()
      const chunk: unknown[] = []
      while (chunk.length < this.#settings.chunkSize) {
        const row = this.#source!.read() as unknown as unknown[] | null
        if (row !== null) {
          this.#convert?.(row)
          chunk.push(row)
        } else if (this.#state === 'read' || this.#error !== undefined) break
        else if (this.#state !== 'open') return DONE
        else await new Promise<void>((resolve) => (this.#wake = resolve))
      }
      if (this.#error !== undefined) throw await this.#settings.failed(this.#error)
      if (chunk.length === 0) this.#state = 'closed'
      return chunk.length > 0 ? { done: false, value: chunk } : DONE
    } catch (error) {
      await this.return()
      throw error
    }
  }

  /** Stops the query, and leaves the connection ready for the next one. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    const { isOpen } = this
    this.#state = 'closed'
    if (!isOpen || this.#source === undefined) return DONE
    this.#source.destroy()
    if (this.#error !== undefined) return DONE
    await this.#settings.stop()
    await this.#answered
    await this.#settings.ended()
    return DONE
  }

  /** Ends the stream when its connection closes, without telling the server. */
  close(): void {
    this.#state = 'closed'
    this.#source?.destroy()
    this.#rouse()
  }

  /** Ends the stream with the error of a lost connection. */
  lose(error: Error): void {
    if (!this.isOpen) return
    this.#error ??= error
    this.#state = 'read'
    this.#rouse()
  }

  async #start(): Promise<void> {
    const command = await this.#settings.start()
    this.#state = 'open'
    let answered: () => void
    this.#answered = new Promise((resolve) => (answered = resolve))
    const end = (): void => {
      if (this.#state === 'open') this.#state = 'read'
      answered()
      this.#rouse()
    }
    command.on('fields', (fields: readonly Field[] | undefined) => {
      if (fields === undefined) return
      this.#settings.columns(fields)
      this.#convert = converterOf(fields, this.#settings.bigints)
    })
    command.on('error', (error: Error) => {
      this.#error ??= error
      end()
    })
    command.on('end', end)
    this.#source = command.stream({ highWaterMark: this.#settings.chunkSize })
    this.#source.on('readable', () => this.#rouse())
    this.#source.on('end', () => this.#rouse())
    // The command reports the error, too.
    this.#source.on('error', () => this.#rouse())
  }

  #rouse(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }
