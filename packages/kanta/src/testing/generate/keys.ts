import { type Domain, numberOfStored } from './domain.ts'
import { type Expression, evaluate, type Value } from './expression.ts'
import type { ColumnModel, UniqueModel } from './model.ts'
import { hashOf } from './random.ts'

/** Returns a text that is the same for values that any database takes for equal; null for null, which equals nothing. */
export function keyText(value: unknown, domain: Domain): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean') return String(Number(value))
  if (value instanceof Uint8Array) return value.join()
  if (domain.kind === 'number') return String(numberOfStored(value, domain) ?? value)
  // Collations of MySQL ignore case and spaces at the end.
  return String(value).toLowerCase().trimEnd()
}

const FIRST_CAPACITY = 1_024
const SECOND_SEED = 0x9747b28c

/**
 * A set of texts that keeps a number of 53 bits for each, so that a million rows take megabytes. Two texts of one
 * number are so rare that it may take them for equal: then another row is tried.
 */
export class HashSet {
  #size = 0
  /** The numbers, each at its hash or after it; 0 where there is none. */
  #slots = new Float64Array(FIRST_CAPACITY)

  get size(): number {
    return this.#size
  }

  clear(): void {
    this.#size = 0
    this.#slots = new Float64Array(FIRST_CAPACITY)
  }

  has(text: string): boolean {
    const number = numberOf(text)
    return this.#slots[this.#placeOf(number)] === number
  }

  add(text: string): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow()
    const number = numberOf(text)
    const place = this.#placeOf(number)
    if (this.#slots[place] === number) return
    this.#slots[place] = number
    this.#size++
  }

  /** Returns the place of a number, or the free one where it goes. */
  #placeOf(number: number): number {
    const last = this.#slots.length - 1
    let place = (number >>> 0) & last
    while (this.#slots[place] !== 0 && this.#slots[place] !== number) place = (place + 1) & last
    return place
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Float64Array(old.length * 2)
    for (const number of old) if (number !== 0) this.#slots[this.#placeOf(number)] = number
  }
}

const numberOf = (text: string): number => (hashOf(text, SECOND_SEED) >>> 11) * 2 ** 32 + hashOf(text) + 1

/** The keys of rows that a unique constraint has seen. */
export class KeySet {
  readonly unique: UniqueModel
  readonly #keys = new HashSet()
  readonly #columns: readonly ColumnModel[]

  constructor(unique: UniqueModel, columns: ReadonlyMap<string, ColumnModel>) {
    this.unique = unique
    this.#columns = unique.columns.map((name) => columns.get(name)!)
  }

  get size(): number {
    return this.#keys.size
  }

  clear(): void {
    this.#keys.clear()
  }

  /** Returns the key of a row, or `undefined` if the constraint does not apply to the row. */
  keyOf(stored: (column: string) => unknown, row: (column: string) => Value): string | undefined {
    const { where, expressions } = this.unique
    if (where !== undefined && where !== null) {
      const holds = evaluate(where, row)
      if (holds !== true && holds !== 1) return undefined
    }
    const parts =
      expressions === undefined
        ? this.#columns.map(({ name, domain }) => keyText(stored(name), domain))
        : expressions.map((each: Expression) => keyText(evaluate(each, row), { kind: 'unknown' }))
    return parts.includes(null) ? undefined : JSON.stringify(parts)
  }

  has = (key: string): boolean => this.#keys.has(key)
  add = (key: string): unknown => this.#keys.add(key)
}
