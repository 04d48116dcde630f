/** Each doubling of a time has this many buckets, so that the middle of a bucket is within 1.6 % of its times. */
const PARTS = 32
/** The bits of the exponent and of the part of a number in its upper half. */
const SHIFT = 20 - Math.log2(PARTS)
/** The shortest time that is told apart is 2 ** -10 ms, and there are 32 doublings: up to about an hour. */
const DOUBLINGS = 32
const FIRST = (1023 - 10) * PARTS
const BUCKETS = DOUBLINGS * PARTS

const number = new Float64Array(1)
const halves = new Uint32Array(number.buffer)
const UPPER = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

/**
 * Returns the bucket of a time. The exponent of a number and the first bits after it say between which powers of two it
 * is and in which part, so that no logarithm is computed.
 */
function bucketOf(milliseconds: number): number {
  number[0] = milliseconds
  const bucket = (halves[UPPER]! >>> SHIFT) - FIRST
  return bucket < 0 ? 0 : bucket < BUCKETS ? bucket : BUCKETS - 1
}

/**
 * Counts of times in buckets whose widths grow with the times (log-linear, as in HdrHistogram): any quantile is known
 * within 2 % of its value, in 4 kB, however many times there are.
 */
export class Histogram {
  readonly #buckets = new Uint32Array(BUCKETS)
  count = 0
  total = 0
  longest = 0

  add(milliseconds: number): void {
    this.count++
    this.total += milliseconds
    if (milliseconds > this.longest) this.longest = milliseconds
    this.#buckets[bucketOf(milliseconds)]!++
  }

  /** Returns the time below which a share of all times is. */
  quantile(share: number): number {
    let left = Math.max(1, Math.ceil(share * this.count))
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#buckets[bucket]!
      if (left > 0) continue
      const middle = 2 ** (Math.floor(bucket / PARTS) - 10) * (1 + ((bucket % PARTS) + 0.5) / PARTS)
      return Math.min(this.longest, middle)
    }
    return this.longest
  }
}
