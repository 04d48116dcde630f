/** Returns a hash of 32 bits of a text. */
export function hashOf(text: string, from = 0x811c9dc5): number {
  let hash = from
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mix(hash)
}

/** Spreads the bits of an integer of 32 bits. */
function mix(value: number): number {
  let bits = value | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad)
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
  return (bits ^ (bits >>> 15)) >>> 0
}

/**
 * Returns a number from 0 up to 1 that depends on nothing but its arguments, so that any row can be computed by itself.
 */
export const randomAt = (stream: number, row: number, draw = 0): number =>
  mix(mix(stream + Math.imul(row, 0x9e3779b1)) + Math.imul(draw + 1, 0x85ebca6b)) / 2 ** 32

/**
 * Returns the place of a parent among `count`, of which few have many children: a fifth of them has about three fifths.
 */
export const skewed = (random: number, count: number): number => Math.min(count - 1, Math.floor(count * random ** 3))

/** Returns a function that puts the numbers below `count` into another order. */
export function shuffled(stream: number, count: number): (index: number) => number {
  // A step that has no divisor in common with the count visits each number once.
  let step = Math.max(1, Math.min(count - 1, Math.floor(count * 0.618) % 0x7fff_ffff))
  while (divisor(step, count) !== 1) step++
  const start = stream % count
  const isSafe = step * count < Number.MAX_SAFE_INTEGER
  return isSafe
    ? (index) => (start + index * step) % count
    : (index) => Number((BigInt(start) + BigInt(index) * BigInt(step)) % BigInt(count))
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))
