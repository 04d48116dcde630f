/**
 * Choices read from a list of numbers. 0 is the simplest choice, and so is all that comes after the end of the list:
 * a list that shrinks makes a simpler query.
 */
export class Choice {
  #at = 0
  readonly #numbers: readonly number[]

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers
  }

  /** A whole number from 0 to `most`. */
  int(most: number): number {
    return (this.#numbers[this.#at++] ?? 0) % (most + 1)
  }

  /** True in about `percent` of 100. */
  flip(percent: number): boolean {
    return this.int(99) >= 100 - percent
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length - 1)]!
  }

  /** Up to `most` items, each with a chance of `percent` that there is one more. */
  some<T>(most: number, percent: number, make: (i: number) => T): T[] {
    const items: T[] = []
    while (items.length < most && this.flip(percent)) items.push(make(items.length))
    return items
  }

  /** The items in another order; the same order for zeros. */
  shuffle<T>(items: readonly T[]): T[] {
    const left = [...items]
    const out: T[] = []
    while (left.length > 0) out.push(...left.splice(this.int(left.length - 1), 1))
    return out
  }

  /** The lists merged into one at random; each keeps its order. */
  merge<T>(lists: readonly (readonly T[])[]): T[] {
    const left = lists.filter((list) => list.length > 0).map((list) => [...list])
    const out: T[] = []
    while (left.length > 0) {
      const i = this.int(left.length - 1)
      out.push(left[i]!.shift()!)
      if (left[i]!.length === 0) left.splice(i, 1)
    }
    return out
  }
}
