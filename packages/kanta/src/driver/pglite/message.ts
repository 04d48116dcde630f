import type { WireValue } from '../database/postgres/index.ts'

/**
 * Writes messages of PostgreSQL's protocol, for a database in the same process.
 *
 * See "Message Formats" in PostgreSQL's documentation.
 */
export class Messages {
  #bytes = new Uint8Array(1024)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  readonly #encoder = new TextEncoder()

  /** Returns the bytes written since the last call. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length)
    this.#length = 0
    return taken
  }

  query(text: string): void {
    this.#message('Q', () => this.#text(text))
  }

  parse(name: string, text: string): void {
    this.#message('P', () => {
      this.#text(name)
      this.#text(text)
      this.#int16(0)
    })
  }

  bind(portal: string, statement: string, values: readonly WireValue[]): void {
    this.#message('B', () => {
      this.#text(portal)
      this.#text(statement)
      this.#int16(values.length)
      for (const value of values) this.#int16(value instanceof Uint8Array ? 1 : 0)
      this.#int16(values.length)
      for (const value of values) this.#value(value)
      // Request all columns as text.
      this.#int16(0)
    })
  }

  describe(type: 'P' | 'S', name: string): void {
    this.#named('D', type, name)
  }

  close(type: 'P' | 'S', name: string): void {
    this.#named('C', type, name)
  }

  execute(portal: string, rows: number): void {
    this.#message('E', () => {
      this.#text(portal)
      this.#int32(rows)
    })
  }

  /** Writes a message without content, such as `S` for sync. */
  bare(kind: string): void {
    this.#message(kind, () => {})
  }

  copyData(chunk: Uint8Array): void {
    this.#message('d', () => this.#raw(chunk))
  }

  copyFail(why: string): void {
    this.#message('f', () => this.#text(why))
  }

  #named(kind: string, type: string, name: string): void {
    this.#message(kind, () => {
      this.#room(1)
      this.#bytes[this.#length++] = type.charCodeAt(0)
      this.#text(name)
    })
  }

  /** Writes the kind, the length (which includes itself) and the content that `write` writes. */
  #message(kind: string, write: () => void): void {
    this.#room(1)
    this.#bytes[this.#length++] = kind.charCodeAt(0)
    this.#counted(write, true)
  }

  #counted(write: () => void, itself: boolean): void {
    const at = this.#length
    this.#int32(0)
    write()
    this.#view.setInt32(at, this.#length - at - (itself ? 0 : 4))
  }

  #value(value: WireValue): void {
    if (value === null) this.#int32(-1)
    else this.#counted(() => this.#raw(typeof value === 'string' ? this.#encoder.encode(value) : value), false)
  }

  #text(text: string): void {
    this.#raw(this.#encoder.encode(text))
    this.#room(1)
    this.#bytes[this.#length++] = 0
  }

  #raw(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #int16(value: number): void {
    this.#room(2)
    this.#view.setInt16(this.#length, value)
    this.#length += 2
  }

  #int32(value: number): void {
    this.#room(4)
    this.#view.setInt32(this.#length, value)
    this.#length += 4
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}
