/**
 * Keeps a bounded number of values by text. It has two generations, which is cheaper than true LRU: a hit in the young
 * one writes nothing, and when that is full, the old one is dropped whole.
 */
export class StatementCache<T> {
  readonly #generation: number
  readonly #dropped: ((value: T, sql: string) => void) | undefined
  #young = new Map<string, T>()
  #old = new Map<string, T>()

  /** Keeps at most `size` values, or 2 if that is more. Calls `dropped` with each one that it forgets. */
  constructor(size: number, dropped?: (value: T, sql: string) => void) {
    this.#generation = Math.max(1, Math.floor(size / 2))
    this.#dropped = dropped
  }

  get(sql: string): T | undefined {
    return this.#young.get(sql) ?? this.#rejuvenate(sql)
  }

  set(sql: string, value: T): T {
    if (this.#young.size >= this.#generation) this.#age()
    this.#young.set(sql, value)
    return value
  }

  clear(): void {
    this.#age()
    this.#age()
  }

  #rejuvenate(sql: string): T | undefined {
    const value = this.#old.get(sql)
    if (value === undefined) return undefined
    this.#old.delete(sql)
    return this.set(sql, value)
  }

  #age(): void {
    const old = this.#old
    this.#old = this.#young
    this.#young = new Map()
    if (this.#dropped !== undefined) old.forEach(this.#dropped)
  }
}
