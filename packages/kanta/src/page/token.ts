import { KantaError, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'

/** How cursors are kept from being read or made by others. */
export interface Protection {
  readonly secret: string | undefined
  readonly encrypt: boolean
}

/** A value in a cursor. */
export type CursorValue = null | string | number | boolean | bigint | Date

const VERSION = 1
const LONGEST = 4_000
const LEAST_SECRET = 32

/** Refuses a cursor: what is wrong with it would only help to forge one. */
export function refuseCursor(name: string, cause?: unknown): never {
  throw new KantaError(
    'invalid_input',
    `${name}: this cursor is not one of this query, its order and its subject. Begin again without a cursor.`,
    { cause, columns: [] },
  )
}

export function protectionOf({
  secret,
  encrypt,
}: {
  readonly secret?: unknown
  readonly encrypt?: unknown
}): Protection {
  if (secret !== undefined && (typeof secret !== 'string' || secret.length < LEAST_SECRET))
    refuse(`paginateCursor(): 'secret' is a text of at least ${LEAST_SECRET} characters.`)
  if (encrypt !== undefined && typeof encrypt !== 'boolean')
    refuse(`paginateCursor(): 'encrypt' is ${show(encrypt)}. Give true or false.`)
  if (encrypt === true && secret === undefined) refuse("paginateCursor(): 'encrypt' needs a 'secret'.")
  return { secret: secret as string | undefined, encrypt: encrypt === true }
}

/** A number of 53 bits for a text, the same on every runtime; no protection against forging, which a secret is for. */
export function hashText(text: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57]
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 2_654_435_761)
    b = Math.imul(b ^ unit, 1_597_334_677)
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909)
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909)
  return (4_294_967_296 * (2_097_151 & b) + (a >>> 0)).toString(36)
}

const tag = (value: unknown): unknown => {
  if (typeof value === 'bigint') return { n: String(value) }
  if (value instanceof Date) return { d: value.getTime() }
  if (typeof value === 'number' && !Number.isFinite(value)) return { f: String(value) }
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value
  return refuse(`paginateCursor(): the order holds ${show(value)}, which no cursor can hold. Order by another column.`)
}

function untag(value: unknown): CursorValue {
  if (typeof value !== 'object' || value === null) return value as CursorValue
  const { n, d, f } = value as Record<string, unknown>
  if (typeof n === 'string' && /^-?\d{1,20}$/.test(n)) return BigInt(n)
  if (typeof d === 'number') return new Date(d)
  if (f === 'NaN' || f === 'Infinity' || f === '-Infinity') return Number(f)
  throw new RangeError('a value of no type')
}

const utf8 = new TextEncoder()
const text = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true })

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (sign) => (sign === '+' ? '-' : sign === '/' ? '_' : ''))
}

function fromBase64(encoded: string): Uint8Array<ArrayBuffer> {
  const binary = atob(encoded.replace(/[-_]/g, (sign) => (sign === '-' ? '+' : '/')))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

/** Makes a cursor of values. */
export async function encodeCursor(values: readonly unknown[], hash: string, protection: Protection): Promise<string> {
  const bytes = utf8.encode(JSON.stringify([VERSION, hash, values.map(tag)]))
  if (protection.secret === undefined) return toBase64(bytes)
  if (!protection.encrypt) return `${toBase64(bytes)}.${toBase64(await sign(bytes, protection.secret))}`
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const cipher = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await cipherKey(protection.secret), bytes)
  return toBase64(new Uint8Array([...iv, ...new Uint8Array(cipher)]))
}

/**
 * Reads the values of a cursor.
 *
 * @throws KantaError `invalid_input` for anything but a cursor with this hash and this protection.
 */
export async function decodeCursor(
  name: string,
  cursor: unknown,
  hash: string,
  count: number,
  protection: Protection,
): Promise<readonly CursorValue[]> {
  if (typeof cursor !== 'string' || cursor.length > LONGEST || !/^[\w-]+(?:\.[\w-]+)?$/.test(cursor))
    return refuseCursor(name)
  try {
    const made: unknown = JSON.parse(text.decode(await open(cursor, protection)))
    const [version, own, values] = Array.isArray(made) && made.length === 3 ? made : []
    if (version === VERSION && own === hash && Array.isArray(values) && values.length === count)
      return values.map(untag)
  } catch (cause) {
    return refuseCursor(name, cause)
  }
  return refuseCursor(name)
}

async function open(cursor: string, { secret, encrypt }: Protection): Promise<Uint8Array> {
  const [body, mac] = cursor.split('.') as [string, string?]
  const bytes = fromBase64(body)
  const isSigned = secret !== undefined && !encrypt
  if ((mac !== undefined) !== isSigned) throw new RangeError('another protection')
  if (secret === undefined) return bytes
  if (!encrypt) {
    const isOwn = await crypto.subtle.verify('HMAC', await macKey(secret), fromBase64(mac!), bytes)
    if (!isOwn) throw new RangeError('another signature')
    return bytes
  }
  const plain = await crypto.subtle.decrypt(
    { name: 'AES-GCM', iv: bytes.subarray(0, 12) },
    await cipherKey(secret),
    bytes.subarray(12),
  )
  return new Uint8Array(plain)
}

/** Each purpose has a key of its own, made of the secret. */
async function keyBytes(secret: string, purpose: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', utf8.encode(`kanta cursor ${purpose}\n${secret}`))
}

const macKey = async (secret: string): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', await keyBytes(secret, 'mac'), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
    'verify',
  ])

const cipherKey = async (secret: string): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', await keyBytes(secret, 'cipher'), 'AES-GCM', false, ['encrypt', 'decrypt'])

const sign = async (bytes: Uint8Array<ArrayBuffer>, secret: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.sign('HMAC', await macKey(secret), bytes))
