import { KantaError } from '../../../error/index.ts'
import { SERVER_TIMEOUT, withTimeout } from '../../timeout.ts'
import type { PgConnection } from './connection.ts'
import { Execution, PortalEnd, readersOf, readRow } from './execution.ts'
import type { Reader, WireValue } from './value.ts'
import { type Field, type Statement, type Submitted, together, type Wire } from './wire.ts'

/** The query of a stream. */
export interface Reading {
  readonly statement: Statement
  readonly values: readonly WireValue[]
  readonly chunkSize: number
  readonly bigints: boolean
  /** The name of the portal (cursor) on the server. */
  readonly portal: string
}

interface Chunk {
  readonly rows: unknown[]
  readonly more: boolean
}

interface Cursor {
  fetch(): Promise<Chunk>
  close(): Promise<void>
}

/**
 * Reads rows in chunks by a portal, the cursor of the protocol, which lives as long as its transaction. In a
 * transaction, other statements may run between chunks. Outside of one, another statement first makes the stream read
 * the rest ahead.
 */
export class PgStream implements AsyncIterableIterator<unknown[]> {
  readonly #connection: PgConnection
  readonly #reading: Reading
  #cursor: Cursor | undefined
  #ahead: unknown[][] = []
  #error: unknown
  #done = false
  /** The running step, for which the next one waits. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(connection: PgConnection, reading: Reading) {
    this.#connection = connection
    this.#reading = reading
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<unknown[], undefined>> {
    return this.#inTurn(async () => {
      for (;;) {
        const ahead = this.#ahead.shift()
        if (ahead !== undefined) return { done: false, value: ahead }
        if (this.#error !== undefined) {
          const error = this.#error
          this.#error = undefined
          throw error
        }
        if (this.#done) return { done: true, value: undefined }
        await this.#fetch()
      }
    })
  }

  return(): Promise<IteratorResult<unknown[], undefined>> {
    return this.#inTurn(async () => {
      this.#ahead = []
      this.#error = undefined
      await this.#end()
      return { done: true, value: undefined }
    })
  }

  /** Ends the stream when its connection closes, without telling the server. */
  close(): void {
    this.#done = true
    this.#ahead = []
  }

  /** Reads the rest, so that the connection is free for another statement. */
  readAhead(): Promise<void> {
    return this.#inTurn(async () => {
      while (!this.#done) {
        try {
          await this.#fetch()
        } catch (error) {
          this.#error = error
        }
      }
    })
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act, act)
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #fetch(): Promise<void> {
    if (this.#cursor === undefined) this.#open()
    try {
      const { rows, more } = await this.#cursor!.fetch()
      if (rows.length > 0) this.#ahead.push(rows)
      if (!more) await this.#end()
    } catch (error) {
      this.#done = true
      this.#connection.alone = undefined
      throw error
    }
  }

  #open(): void {
    const connection = this.#connection
    if (connection.inTransaction) this.#cursor = new SharedCursor(connection, this.#reading)
    else {
      this.#cursor = new LoneCursor(connection, this.#reading)
      connection.alone = this
    }
  }

  async #end(): Promise<void> {
    if (this.#done) return
    this.#done = true
    await this.#cursor?.close()
    this.#connection.alone = undefined
  }
}

/** A cursor in a transaction, which reads each chunk by an execution of its own. */
class SharedCursor implements Cursor {
  readonly #connection: PgConnection
  readonly #reading: Reading
  #isBound = false

  constructor(connection: PgConnection, reading: Reading) {
    this.#connection = connection
    this.#reading = reading
  }

  async fetch(): Promise<Chunk> {
    const { statement, values, chunkSize, bigints, portal } = this.#reading
    const options = {
      bigints,
      limit: chunkSize,
      portal,
      isBound: this.#isBound,
      forgotten: [],
      parsing: this.#connection.parsing,
    }
    const { rows, suspended } = await this.#connection.step<Execution>(
      (done, failing) => new Execution(statement, values, options, done, failing),
      statement,
    )
    this.#isBound = true
    return { rows, more: suspended }
  }

  async close(): Promise<void> {
    // The portal may have ended with its transaction.
    if (!this.#isBound || !this.#connection.isOpen || !this.#connection.inTransaction) return
    await this.#connection.step<PortalEnd>((done, failing) => new PortalEnd(this.#reading.portal, done, failing))
  }
}

/** A cursor outside of a transaction, which reads all chunks in one exchange with the server. */
class LoneCursor implements Cursor, Submitted {
  readonly #connection: PgConnection
  readonly #reading: Reading
  #wire: Wire | undefined
  #rows: unknown[] = []
  #readers: readonly (Reader | undefined)[] | undefined
  #error: unknown
  #synced = false
  /** The next chunk, requested while the reader uses the current one. */
  #ahead: Promise<Chunk> | undefined
  #waiting: { resolve(chunk: Chunk): void; reject(error: unknown): void } | undefined

  constructor(connection: PgConnection, reading: Reading) {
    this.#connection = connection
    this.#reading = reading
  }

  async fetch(): Promise<Chunk> {
    const chunk = await (this.#ahead ?? this.#ask())
    this.#ahead = chunk.more ? this.#ask() : undefined
    // The reader of the chunk receives the error.
    this.#ahead?.catch(() => {})
    return chunk
  }

  #ask(): Promise<Chunk> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      if (this.#wire === undefined) this.#connection.send(this)
      else this.#execute(this.#wire)
    })
  }

  async close(): Promise<void> {
    if (this.#ahead !== undefined) await this.#forgo(this.#ahead)
    if (this.#wire === undefined || this.#synced || !this.#connection.isOpen) return
    return new Promise((resolve) => {
      this.#waiting = { resolve: () => resolve(), reject: () => resolve() }
      this.#sync(this.#wire!)
    })
  }

  /** Drops the requested chunk, and cancels it if it is slow. */
  async #forgo(ahead: Promise<unknown>): Promise<void> {
    const come = ahead.then(
      () => {},
      () => {},
    )
    const isLate = await withTimeout(SOON, come, late).then(
      () => false,
      () => true,
    )
    if (!isLate) return
    const told = async (): Promise<void> => this.#connection.cancel?.()
    await withTimeout(SERVER_TIMEOUT, Promise.all([told(), come]), late)
  }

  submit(wire: Wire): void {
    this.#wire = wire
    const { statement, values, portal } = this.#reading
    this.#connection.parsing.statement = statement
    together(wire, () => {
      wire.parse({ text: statement.sql, name: '' })
      wire.bind({ portal, statement: '', values })
      wire.describe({ type: 'P', name: portal })
      this.#execute(wire)
    })
  }

  #execute(wire: Wire): void {
    this.#rows = []
    wire.execute({ portal: this.#reading.portal, rows: this.#reading.chunkSize })
    wire.flush()
  }

  #sync(wire: Wire): void {
    if (this.#synced) return
    this.#synced = true
    wire.sync()
  }

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.#reading.statement.columns = fields
    this.#readers = readersOf(fields, this.#reading.bigints)
  }

  handleDataRow({ fields }: { readonly fields: unknown[] }): void {
    if (this.#error !== undefined) return
    try {
      this.#rows.push(readRow(fields, this.#readers!))
    } catch (error) {
      this.#error = error
    }
  }

  handlePortalSuspended(wire: Wire): void {
    if (this.#error !== undefined) this.#sync(wire)
    else this.#give({ rows: this.#rows, more: true })
  }

  handleCommandComplete(_: unknown, wire: Wire): void {
    this.#sync(wire)
  }

  handleEmptyQuery(wire: Wire): void {
    this.#sync(wire)
  }

  /** Handles the end of the rows, of a stream that was closed early, or after an error. */
  handleReadyForQuery(): void {
    if (this.#error !== undefined) this.#fail(this.#error)
    else this.#give({ rows: this.#rows, more: false })
  }

  handleError(error: unknown, wire: Wire): void {
    // The client does not tell a failed query when the server is ready again.
    this.#connection.whenReady(error, () => this.#fail(error))
    this.#sync(wire)
  }

  handleCopyInResponse(wire: Wire): void {
    wire.sendCopyFail('Use copyFrom() of kanta/pg.')
  }

  handleCopyData(): void {}

  #give(chunk: Chunk): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve(chunk)
  }

  #fail(error: unknown): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.reject(error)
  }
}

/** The milliseconds that a dropped chunk may take before it is cancelled. */
const SOON = 20

const late = (): KantaError =>
  new KantaError('connection', 'The server did not answer when it was told to end a stream.')
