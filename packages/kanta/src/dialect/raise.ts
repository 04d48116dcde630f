/** Why statements refuse, by the short sign that databases say in a message. */
const reasons = new Map<string, string>()

/** Finds the sign in the message of an error. It comes with the first reason: before, there is nothing to find. */
let signIn: ((message: string) => string | undefined) | undefined

/** The sign of a reason: FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/; the next free one where two have the same. */
export function signOf(why: string): string {
  signIn = findSign
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(why)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  // A number of which `exp` is out of range.
  hash = (hash | 0x1000) >>> 0
  for (;;) {
    const sign = hash.toString(16).padStart(8, '0')
    const known = reasons.get(sign)
    if (known === undefined) reasons.set(sign, why)
    if (known === undefined || known === why) return sign
    hash = (hash + 1) >>> 0
  }
}

/** The text with a sign that a database repeats in the message of the error. */
export const signText = (sign: string): string => `kanta refused ${sign}`

const SIGN_TEXT = /kanta refused ([0-9a-f]{8})/
const OUT_OF_RANGE = /out of range in 'exp\(\(?(\d{4,10}) \+ /

function findSign(message: string): string | undefined {
  const number = OUT_OF_RANGE.exec(message)?.[1]
  return SIGN_TEXT.exec(message)?.[1] ?? (number && Number(number).toString(16).padStart(8, '0'))
}

/** Why a statement refused by itself, from the message of its error. */
export function raised(message: string): string | undefined {
  const sign = signIn?.(message)
  return sign === undefined ? undefined : reasons.get(sign)
}
