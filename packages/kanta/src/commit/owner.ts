import type { Decision } from './home.ts'
import { randomId } from './home.ts'

/** The transactions of one coordinator, by number. */
export class Owner {
  readonly id: string = randomId(12)
  #next = 1n
  /** The transactions that have a number and have not ended in every database. */
  readonly open = new Set<bigint>()
  /** Those of them that were decided, or may have been, and have not ended in some database. */
  readonly unsettled = new Map<bigint, Omit<Decision, 'problem'>>()
  /** Those that have ended and are not forgotten yet. */
  #settled: bigint[] = []
  /** The layers in which a transaction of this owner may be left prepared after a rollback that failed. */
  readonly leftovers = new Set<string>()

  number(): bigint {
    const number = this.#next++
    this.open.add(number)
    return number
  }

  /** Notes that a transaction has ended in every database. */
  ended(number: bigint, wasDecided: boolean): void {
    this.open.delete(number)
    this.unsettled.delete(number)
    if (wasDecided) this.#settled.push(number)
  }

  get settledCount(): number {
    return this.#settled.length
  }

  takeSettled(): bigint[] {
    return this.#settled.splice(0)
  }

  putBack(numbers: readonly bigint[]): void {
    this.#settled.push(...numbers)
  }

  /** The lowest number that has not ended. */
  get floor(): bigint {
    let floor = this.#next
    for (const number of this.open) if (number < floor) floor = number
    return floor
  }
}
