import type { Node } from '../ir/index.ts'
import type { Dialect } from './dialect.ts'
import { FAILURE } from './failure.ts'

/** Why statements refuse, by the short sign that databases say in a message. */
const reasons = new Map<string, string>()

/**
 * An expression that fails when it is computed, and only then: no database has one, but each says what it could not
 * read in the message of some error. It takes a value that is not known before, so that no planner computes it early.
 * In MariaDB a random one keeps a query in `from` from being looked into: there a number from a row does better.
 */
export const raise = (why: string, dialect: Dialect, unknown?: Node): Node => dialect.failure(signOf(why), unknown)

/** FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/; the next free one where two reasons have the same. */
function signOf(why: string): string {
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

const OUT_OF_RANGE = /out of range in 'exp\(\(?(\d{4,10}) \+ /

/** Why a statement refused by itself, from the message of its error. */
export function raised(message: string): string | undefined {
  const number = OUT_OF_RANGE.exec(message)?.[1]
  const sign = FAILURE.exec(message)?.[1] ?? (number && Number(number).toString(16).padStart(8, '0'))
  return sign === undefined ? undefined : reasons.get(sign)
}
