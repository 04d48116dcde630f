import { KantaError } from '../error/index.ts'

/** Arrays of bytes and numbers that can be made again from their bytes, by name. */
export const BINARY: ReadonlySet<string> = new Set([
  ...['Uint8Array', 'Buffer', 'Int8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array'],
  ...['Uint32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'],
])

/** The name of what holds these bytes, where it can be made again. */
export function binaryName(value: object): string | undefined {
  if (!ArrayBuffer.isView(value)) return undefined
  const made: unknown = Object.getPrototypeOf(value)?.constructor
  const name = typeof made === 'function' ? made.name : ''
  return BINARY.has(name) && Reflect.get(globalThis, name) === made ? name : undefined
}

/** Whether an object is a plain one. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function hexOf(view: ArrayBufferView): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/**
 * A value as text that no other value has: types count, so that 1, 1n, '1' and true differ, and so do 0 and -0.
 * `undefined` for what has no such text, such as objects of a class.
 */
export function exactText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'boolean':
      return String(value)
    case 'undefined':
      return 'undefined'
    case 'object':
      return value === null ? 'null' : textOfObject(value)
    default:
      return undefined
  }
}

function textOfObject(value: object): string | undefined {
  if (Array.isArray(value)) return textOfList(value)
  if (Object.getPrototypeOf(value) === Date.prototype) return `@${(value as Date).getTime()}`
  const binary = binaryName(value)
  if (binary !== undefined) return `${binary}<${hexOf(value as ArrayBufferView)}>`
  if (!isPlain(value)) return undefined
  let text = '{'
  // The order in which a context was given says nothing.
  for (const key of Object.keys(value).sort()) {
    const part = exactText(Reflect.get(value, key))
    if (part === undefined) return undefined
    text += `${JSON.stringify(key)}:${part},`
  }
  return `${text}}`
}

/** The texts of a list; `undefined` where one has none. */
export function textOfList(values: readonly unknown[]): string | undefined {
  let text = '['
  for (let i = 0; i < values.length; i++) {
    const part = exactText(values[i])
    if (part === undefined) return undefined
    text += `${part},`
  }
  return `${text}]`
}

/** Rows as JSON from which `rowsOf` makes the same again. */
export function textOfRows(rows: readonly unknown[]): string {
  return JSON.stringify(rows.map(toJson))
}

/**
 * The rows of a text.
 *
 * @throws KantaError `invalid_input` for a text that `textOfRows` did not make.
 */
export function rowsOf(text: string): unknown[] {
  const found: unknown = JSON.parse(text)
  if (!Array.isArray(found)) throw unreadable()
  return found.map(fromJson)
}

const unreadable = (): KantaError => new KantaError('invalid_input', 'The text holds no rows of a cache.')

/** What JSON cannot hold is an array of a tag and its text; so are arrays. */
function toJson(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : ['number', Object.is(value, -0) ? '-0' : `${value}`]
    case 'bigint':
      return ['bigint', String(value)]
    case 'undefined':
      return ['undefined']
    default:
      return value === null ? null : objectToJson(value as object)
  }
}

function objectToJson(value: object): unknown {
  if (Array.isArray(value)) return ['list', ...value.map(toJson)]
  if (value instanceof Date) return ['date', value.getTime()]
  const binary = binaryName(value)
  if (binary !== undefined) return ['bytes', binary, hexOf(value as ArrayBufferView)]
  const made = mapped(value, toJson)
  return Object.getPrototypeOf(value) === null ? ['bare', made] : made
}

/** An object with the same keys, of which none is the prototype. */
export function mapped(value: object, of: (part: unknown) => unknown): Record<string, unknown> {
  const made: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const part = of(Reflect.get(value, key))
    if (key !== '__proto__') made[key] = part
    else Object.defineProperty(made, key, { value: part, enumerable: true, writable: true, configurable: true })
  }
  return made
}

function fromJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (!Array.isArray(value)) return mapped(value, fromJson)
  const [tag, first, second] = value as unknown[]
  switch (tag) {
    case 'list':
      return value.slice(1).map(fromJson)
    case 'number':
      return Number(first)
    case 'bigint':
      return BigInt(first as string)
    case 'undefined':
      return undefined
    case 'date':
      return new Date(first === null ? Number.NaN : (first as number))
    case 'bytes':
      return bytesOf(first as string, second as string)
    case 'bare':
      return Object.setPrototypeOf(fromJson(first), null)
    default:
      throw unreadable()
  }
}

interface BinaryMaker {
  new (buffer: ArrayBuffer): ArrayBufferView
  from(buffer: ArrayBuffer): ArrayBufferView
}

function bytesOf(name: string, hex: string): unknown {
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  if (name === 'Uint8Array') return bytes
  const maker = (BINARY.has(name) ? Reflect.get(globalThis, name) : undefined) as BinaryMaker | undefined
  if (maker === undefined) throw unreadable()
  return name === 'Buffer' ? maker.from(bytes.buffer) : new maker(bytes.buffer)
}
