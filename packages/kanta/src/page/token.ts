import { KantaError, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'

/** How cursors are kept from being read or made by others. */
export interface Protection {
  readonly secret: string | undefined
  readonly encrypt: boolean
}

/** A value in a cursor. */
export type CursorValue = null | string | number | boolean | bigint | Date

const VERSION = '2'
const LONGEST = 4_000
const LEAST_SECRET = 32
const MOST_SECRETS = 100

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

/** The state of a hash in the middle of a text. */
export type HashState = readonly [a: number, b: number]

const FIRST: HashState = [0xdeadbeef, 0x41c6ce57]

/** Continues a hash with more text. */
export function hashOn(text: string, [first, second]: HashState = FIRST): HashState {
  let [a, b] = [first, second]
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 2_654_435_761)
    b = Math.imul(b ^ unit, 1_597_334_677)
  }
  return [a, b]
}

/** A number of 53 bits for a text, the same on every runtime; no protection against forging, which a secret is for. */
export function hashEnd([first, second]: HashState): string {
  let [a, b] = [first, second]
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909)
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909)
  return (4_294_967_296 * (2_097_151 & b) + (a >>> 0)).toString(36)
}

// A cursor is text that a URL keeps as it is: the version, the hash, and each value after a star and the letter of its
// type. Words and moments have a letter each, since they are most of what cursors hold, and other texts take their time.

/** Writes a value. */
function write(value: unknown): string {
  switch (typeof value) {
    case 'string':
      if (WORD.test(value)) return `s${value}`
      return MOMENT.test(value) ? `m${value.replaceAll(':', '!').replaceAll(' ', '~')}` : `u${escaped(value)}`
    case 'number':
      if (Number.isSafeInteger(value)) return Object.is(value, -0) ? 'f-0' : `f${value}`
      return `f${value}`.replace('+', '')
    case 'bigint':
      return `n${value}`
    case 'boolean':
      return value ? 't' : 'b'
    default:
      if (value === null) return 'z'
      if (value instanceof Date) return `d${value.getTime()}`
      return refuse(
        `paginateCursor(): the order holds ${show(value)}, which no cursor can hold. Order by another column.`,
      )
  }
}

const WORD = /^[\w-]*$/
const MOMENT = /^[\w.: -]*$/

const escaped = (text: string): string =>
  encodeURIComponent(text).replaceAll('.', '%2E').replaceAll('*', '%2A').replaceAll('%', '.')

/** Reads a value; throws for what `write` would not have written. */
function read(written: string): CursorValue {
  const body = written.slice(1)
  switch (written[0]) {
    case 's':
      return body
    case 'm':
      return body.replaceAll('!', ':').replaceAll('~', ' ')
    case 'u':
      return decodeURIComponent(body.replaceAll('.', '%'))
    case 'f':
      return numberOf(body)
    case 'n':
      if (/^-?\d{1,20}$/.test(body)) return BigInt(body)
      break
    case 'd':
      return new Date(numberOf(body))
    case 't':
    case 'b':
    case 'z':
      if (body === '') return written === 'z' ? null : written === 't'
  }
  throw new RangeError('a value of no type')
}

function numberOf(text: string): number {
  const number = Number(text)
  if (text === '' || (Number.isNaN(number) && text !== 'NaN')) throw new RangeError('no number')
  return number
}

function writeAll(values: readonly unknown[], hash: string): string {
  let text = VERSION + hash
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    // Most keys are whole numbers.
    text += typeof value === 'number' && value > 0 && value <= MOST_PLAIN ? `*f${value}` : `*${write(value)}`
  }
  // The end shows that nothing was cut off.
  return `${text}*`
}

/** Positive numbers up to this one are written as they are: their text has no plus. */
const MOST_PLAIN = 999_999_999_999_999

const utf8 = new TextEncoder()
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true })

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (sign) => (sign === '+' ? '-' : sign === '/' ? '_' : ''))
}

function fromBase64(encoded: string): Uint8Array<ArrayBuffer> {
  const binary = atob(encoded.replace(/[-_]/g, (sign) => (sign === '-' ? '+' : '/')))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

/** Makes a cursor of values; only one that is protected has to be waited for. */
export function encodeCursor(
  values: readonly unknown[],
  hash: string,
  protection: Protection,
): string | Promise<string> {
  const text = writeAll(values, hash)
  const { secret } = protection
  if (secret === undefined) return text
  return protection.encrypt ? encrypted(text, secret) : signed(text, secret)
}

async function signed(text: string, secret: string): Promise<string> {
  const mac = await crypto.subtle.sign('HMAC', await macKey(secret), utf8.encode(text))
  return `${text}m${toBase64(new Uint8Array(mac))}`
}

async function encrypted(text: string, secret: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const cipher = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await cipherKey(secret), utf8.encode(text))
  return toBase64(new Uint8Array([...iv, ...new Uint8Array(cipher)]))
}

/**
 * Reads the values of a cursor; only of one that is protected they have to be waited for.
 *
 * @throws KantaError `invalid_input` for anything but a cursor with this hash and this protection.
 */
export function decodeCursor(
  name: string,
  cursor: unknown,
  hash: string,
  count: number,
  { secret, encrypt }: Protection,
): readonly CursorValue[] | Promise<readonly CursorValue[]> {
  if (typeof cursor !== 'string' || cursor.length > LONGEST) return refuseCursor(name)
  if (secret === undefined) return readAll(name, cursor, hash, count)
  const text = encrypt ? decrypted(cursor, secret) : verified(cursor, secret)
  return text.then(
    (known) => readAll(name, known, hash, count),
    (cause) => refuseCursor(name, cause),
  )
}

function readAll(name: string, text: string, hash: string, count: number): readonly CursorValue[] {
  if (!hasHead(text, hash)) return refuseCursor(name)
  const values = new Array<CursorValue>(count)
  const last = text.length - 1
  let at = hash.length + 1
  try {
    for (let i = 0; i < count; i++) {
      let end = at + 1
      let number = 0
      // A whole number, which most keys are, is read without a copy of its text.
      if (text.charCodeAt(end) === LETTER_F) {
        for (let digit = digitAt(text, ++end); digit >= 0 && digit <= 9; digit = digitAt(text, ++end))
          number = number * 10 + digit
      }
      const digits = end - at - 2
      // Fifteen digits are exact.
      if (text.charCodeAt(end) !== STAR || digits < 1 || digits > 15) {
        end = text.indexOf('*', end)
        if (end < 0) return refuseCursor(name)
        values[i] = read(text.slice(at + 1, end))
      } else values[i] = number
      at = end
    }
  } catch (cause) {
    return refuseCursor(name, cause)
  }
  return at === last ? values : refuseCursor(name)
}

const STAR = 42
const [LETTER_F, DIGIT_0] = [102, 48]

/** The digit at a place of a text; NaN past its end. */
const digitAt = (text: string, at: number): number => text.charCodeAt(at) - DIGIT_0

/** Tells whether a text begins with the version, a hash and the star before the first value. */
function hasHead(text: string, hash: string): boolean {
  const { length } = hash
  if (text.charCodeAt(0) !== VERSION.charCodeAt(0) || text.charCodeAt(length + 1) !== STAR) return false
  // Texts this short are compared by a loop in less time than by a method.
  for (let i = 0; i < length; i++) if (text.charCodeAt(i + 1) !== hash.charCodeAt(i)) return false
  return true
}

async function verified(cursor: string, secret: string): Promise<string> {
  const end = cursor.lastIndexOf('*m')
  if (end < 0) throw new RangeError('no signature')
  const text = cursor.slice(0, end + 1)
  const mac = fromBase64(cursor.slice(end + 2))
  const isOwn = await crypto.subtle.verify('HMAC', await macKey(secret), mac, utf8.encode(text))
  if (!isOwn) throw new RangeError('another signature')
  return text
}

async function decrypted(cursor: string, secret: string): Promise<string> {
  const bytes = fromBase64(cursor)
  const [iv, cipher] = [bytes.subarray(0, 12), bytes.subarray(12)]
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, await cipherKey(secret), cipher)
  return decoder.decode(plain)
}

/** Each purpose has a key of its own, made of the secret. */
async function keyBytes(secret: string, purpose: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', utf8.encode(`kanta cursor ${purpose}\n${secret}`))
}

type Key = (secret: string) => Promise<CryptoKey>

/** Makes each key once. A program has few secrets; the oldest is forgotten where it has more. */
function remembered(make: Key): Key {
  const keys = new Map<string, Promise<CryptoKey>>()
  return (secret) => {
    let key = keys.get(secret)
    if (key === undefined) {
      key = make(secret)
      if (keys.size >= MOST_SECRETS) keys.delete(keys.keys().next().value!)
      keys.set(secret, key)
    }
    return key
  }
}

const macKey = remembered(async (secret) => {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  return crypto.subtle.importKey('raw', await keyBytes(secret, 'mac'), algorithm, false, ['sign', 'verify'])
})

const cipherKey = remembered(async (secret) =>
  crypto.subtle.importKey('raw', await keyBytes(secret, 'cipher'), 'AES-GCM', false, ['encrypt', 'decrypt']),
)
