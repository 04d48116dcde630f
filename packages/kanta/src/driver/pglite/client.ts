import type { PGlite } from '@electric-sql/pglite'
import type { Field, PgClient, Submitted, TransactionStatus, Wire, WireValue } from '../database/postgres/index.ts'
import { Messages } from './message.ts'

type Listener = (message: never) => void

/** A message of the server that has listeners. */
interface Answer {
  readonly name: string
  readonly status?: TransactionStatus
}

/** The protocol layer. It collects messages, and sends them when an answer is expected. */
class PgliteWire implements Wire {
  /** A stream without backpressure, since messages are sent as a whole. */
  readonly stream = { cork: () => {}, uncork: () => {}, writableNeedDrain: false, once: () => {} }
  readonly #messages = new Messages()
  readonly #listeners = new Map<string, Listener[]>()
  readonly #send: (bytes: Uint8Array) => void

  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send
  }

  on(event: string, listener: Listener): this {
    const known = this.#listeners.get(event)
    if (known === undefined) this.#listeners.set(event, [listener])
    else known.push(listener)
    return this
  }

  tell(event: string, message: Answer): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(message as never)
  }

  query(text: string): void {
    this.#messages.query(text)
    this.#send(this.#messages.take())
  }

  parse({ text, name }: { readonly text: string; readonly name: string }): void {
    this.#messages.parse(name, text)
  }

  bind(message: { readonly portal: string; readonly statement: string; readonly values: readonly WireValue[] }): void {
    this.#messages.bind(message.portal, message.statement, message.values)
  }

  describe({ type, name }: { readonly type: 'P' | 'S'; readonly name: string }): void {
    this.#messages.describe(type, name)
  }

  execute({ portal, rows }: { readonly portal: string; readonly rows: number }): void {
    this.#messages.execute(portal, rows)
  }

  close({ type, name }: { readonly type: 'P' | 'S'; readonly name: string }): void {
    this.#messages.close(type, name)
  }

  flush(): void {
    this.#messages.bare('H')
    this.#send(this.#messages.take())
  }

  sync(): void {
    this.#messages.bare('S')
    this.#send(this.#messages.take())
  }

  sendCopyFromChunk(chunk: Uint8Array): void {
    this.#messages.copyData(chunk)
  }

  endCopyFrom(): void {
    this.#messages.bare('c')
    this.#send(this.#messages.take())
  }

  sendCopyFail(why: string): void {
    this.#messages.copyFail(why)
    this.#send(this.#messages.take())
  }
}

/** Adapts PGlite to the interface of a client of pg, so that both use one connection class. */
export class PgliteClient implements PgClient {
  readonly connection: PgliteWire
  readonly #database: PGlite
  readonly #queue: Submitted[] = []
  /** The query that the answers belong to; `undefined` once it failed. */
  #active: Submitted | undefined
  /** Is true while the server is not ready for another query. */
  #busy = false
  /** The last exchange, after which the next one starts. */
  #last: Promise<void> = Promise.resolve()

  constructor(database: PGlite) {
    this.#database = database
    this.connection = new PgliteWire((bytes) => this.#exchange(bytes))
  }

  /** Ignores listeners, since there is no socket that could fail between statements. */
  on(): this {
    return this
  }

  query(it: Submitted): void {
    this.#queue.push(it)
    this.#next()
  }

  #next(): void {
    if (this.#busy || this.#queue.length === 0) return
    this.#busy = true
    this.#active = this.#queue.shift()
    this.#active!.submit(this.connection)
  }

  #exchange(bytes: Uint8Array): void {
    this.#last = this.#last
      .then(() => this.#database.runExclusive(() => this.#database.execProtocol(bytes, { throwOnError: false })))
      .then(
        ({ messages }) => {
          for (const message of messages) this.#answer(message)
        },
        (error) => {
          this.#fail(error)
          this.#ready({ name: 'readyForQuery', status: 'I' })
        },
      )
  }

  #answer(message: Answer): void {
    const active = this.#active
    const wire = this.connection
    switch (message.name) {
      case 'readyForQuery':
        return this.#ready(message)
      case 'parseComplete':
        return wire.tell('parseComplete', message)
      case 'rowDescription':
        return active?.handleRowDescription(message as unknown as { readonly fields: readonly Field[] })
      case 'dataRow':
        return active?.handleDataRow(message as unknown as { readonly fields: unknown[] })
      case 'commandComplete':
        return active?.handleCommandComplete(message as unknown as { readonly text: string }, wire)
      case 'portalSuspended':
        return active?.handlePortalSuspended(wire)
      case 'emptyQuery':
        return active?.handleEmptyQuery(wire)
      case 'copyInResponse':
        return active?.handleCopyInResponse(wire)
      case 'copyData':
        return active?.handleCopyData(message as unknown as { readonly chunk: Uint8Array }, wire)
      case 'error':
        return this.#fail(message)
    }
  }

  #ready(message: Answer): void {
    const active = this.#active
    this.#active = undefined
    this.#busy = false
    // Set the status first, since the next query reads it.
    this.connection.tell('readyForQuery', message)
    active?.handleReadyForQuery(this.connection)
    this.#next()
  }

  #fail(error: unknown): void {
    const active = this.#active
    this.#active = undefined
    active?.handleError(error, this.connection)
  }
}
