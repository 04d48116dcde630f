/** A request as the client sent it, read by [MS-TDS] 2.2.6.7 (SQL batch) and 2.2.6.6 (RPC). */
export interface TdsRequest {
  readonly kind: 'batch' | 'procedure'
  readonly sql: string
  /** The declarations of the parameters, and their values, as `sp_executesql` takes them. */
  readonly declared?: string
  readonly values?: readonly unknown[]
}

/** ALL_HEADERS, 2.2.5.3, stand before the text; their length is in their first four bytes. */
export function parseRequest(isProcedure: boolean, message: Buffer): TdsRequest {
  const start = message.readUInt32LE(0)
  if (!isProcedure) return { kind: 'batch', sql: message.toString('ucs2', start) }
  // The procedure is given by number (0xffff and then 10 for sp_executesql), with two bytes of options.
  const reader = new Reader(message, start + 6)
  const [sql, declared, ...values] = reader.parameters()
  return { kind: 'procedure', sql: String(sql), declared: declared === undefined ? '' : String(declared), values }
}

const MAX = 0xffff

class Reader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Each has a name, flags, a type and a value. */
  parameters(): unknown[] {
    const values: unknown[] = []
    while (this.#at < this.#bytes.length) {
      this.#take(2 * this.#u8())
      this.#u8()
      values.push(this.#value())
    }
    return values
  }

  #value(): unknown {
    const type = this.#u8()
    switch (type) {
      case 0xe7: {
        const most = this.#u16()
        this.#take(5)
        return this.#long(most)?.toString('ucs2') ?? null
      }
      case 0xa5: {
        const bytes = this.#long(this.#u16())
        return bytes === undefined ? null : new Uint8Array(bytes)
      }
      case 0x26:
        return this.#short((bytes) => (bytes.length === 8 ? bytes.readBigInt64LE(0) : bytes.readInt32LE(0)))
      case 0x6d:
        return this.#short((bytes) => bytes.readDoubleLE(0))
      case 0x68:
        return this.#short((bytes) => bytes[0] === 1)
      default:
        throw new Error(`A parameter has the type 0x${type.toString(16)}.`)
    }
  }

  #short(read: (bytes: Buffer) => unknown): unknown {
    this.#u8()
    const length = this.#u8()
    return length === 0 ? null : read(this.#take(length))
  }

  #long(most: number): Buffer | undefined {
    if (most !== MAX) {
      const length = this.#u16()
      return length === MAX ? undefined : this.#take(length)
    }
    if (this.#take(8).readBigUInt64LE(0) === 2n ** 64n - 1n) return undefined
    const parts: Buffer[] = []
    for (let length = this.#u32(); length > 0; length = this.#u32()) parts.push(this.#take(length))
    return Buffer.concat(parts)
  }

  #u8(): number {
    return this.#take(1)[0]!
  }

  #u16(): number {
    return this.#take(2).readUInt16LE(0)
  }

  #u32(): number {
    return this.#take(4).readUInt32LE(0)
  }

  #take(length: number): Buffer {
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}
