import { type Domain, numberOfStored } from './domain.ts'
import { type Expression, evaluate, type Value } from './expression.ts'
import type { ColumnModel, UniqueModel } from './model.ts'

/** Returns a text that is the same for values that any database takes for equal; null for null, which equals nothing. */
export function keyText(value: unknown, domain: Domain): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean') return String(Number(value))
  if (value instanceof Uint8Array) return value.join()
  if (domain.kind === 'number') return String(numberOfStored(value, domain) ?? value)
  // Collations of MySQL ignore case and spaces at the end.
  return String(value).toLowerCase().trimEnd()
}

/** The keys of rows that a unique constraint has seen. */
export class KeySet {
  readonly unique: UniqueModel
  readonly #keys = new Set<string>()
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
