import { hexOf } from './image.ts'

// Web Crypto is asynchronous, and each link needs the previous one: for a thousand rows that is ten times slower.

/** Returns the first 32 fractional bits of a power of the first primes: sections 4.2.2 and 5.3.3. */
function fractions(count: number, power: number): Uint32Array {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) {
    let isPrime = true
    for (let d = 2; d * d <= n; d++) if (n % d === 0) isPrime = false
    if (isPrime) found.push(((n ** power % 1) * 2 ** 32) | 0)
  }
  return Uint32Array.from(found)
}

const K = fractions(64, 1 / 3)
const START = fractions(8, 1 / 2)
const BLOCK = 64

const rotateRight = (word: number, by: number): number => (word >>> by) | (word << (32 - by))

/** Returns the SHA-256 as hexadecimal digits: https://doi.org/10.6028/NIST.FIPS.180-4, section 6.2. */
export function sha256(bytes: Uint8Array): string {
  const blocks = Math.ceil((bytes.length + 9) / BLOCK)
  const padded = new Uint8Array(blocks * BLOCK)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(padded.length - 4, bytes.length << 3)
  const state = START.slice()
  const words = new Uint32Array(64)
  for (let at = 0; at < padded.length; at += BLOCK) {
    schedule(words, view, at)
    compress(state, words)
  }
  const digest = new DataView(new ArrayBuffer(32))
  state.forEach((word, i) => {
    digest.setUint32(4 * i, word)
  })
  return hexOf(new Uint8Array(digest.buffer))
}

function schedule(words: Uint32Array, view: DataView, at: number): void {
  for (let t = 0; t < 16; t++) words[t] = view.getUint32(at + 4 * t)
  for (let t = 16; t < 64; t++) {
    const [x, y] = [words[t - 15]!, words[t - 2]!]
    const low = rotateRight(x, 7) ^ rotateRight(x, 18) ^ (x >>> 3)
    const high = rotateRight(y, 17) ^ rotateRight(y, 19) ^ (y >>> 10)
    words[t] = (words[t - 16]! + low + words[t - 7]! + high) | 0
  }
}

function compress(state: Uint32Array, words: Uint32Array): void {
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  let e = state[4]!
  let f = state[5]!
  let g = state[6]!
  let h = state[7]!
  for (let t = 0; t < 64; t++) {
    const choice = (e & f) ^ (~e & g)
    const first = (h + (rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25)) + choice + K[t]! + words[t]!) | 0
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const second = ((rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22)) + majority) | 0
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + second) | 0
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i]! += word
}
