import type { TableDefinition } from '../../table/index.ts'
import {
  type CheckModel,
  type ColumnModel,
  comparable,
  decodedValue,
  evaluate,
  hashOf,
  randomAt,
  sampleOf,
  sizeOf,
  type TableModel,
  valueAt,
} from '../generate/index.ts'

type Values = Readonly<Record<string, unknown>>

/** Rows that generate() makes have lower numbers. */
const FIRST_PLACE = 1_000_000
const TRIES = 100

/** The number of rows of a table that all factories have made, so that two of them do not make the same. */
const places = new WeakMap<TableDefinition, number>()

/** Makes values for the columns of a row that need one. */
export class ColumnValues {
  readonly #model: TableModel
  readonly #definition: TableDefinition
  readonly #unique: ReadonlySet<string>

  constructor(model: TableModel, definition: TableDefinition) {
    this.#model = model
    this.#definition = definition
    this.#unique = new Set(model.uniques.flatMap(({ columns }) => columns))
  }

  /** Returns the values of a row with those that it cannot do without, but for foreign keys. */
  complete(given: Values, linked: ReadonlySet<string>): Values {
    const n = (places.get(this.#definition) ?? 0) + 1
    places.set(this.#definition, n)
    const missing = [...this.#model.columns.values()].filter(
      (column) => given[column.name] === undefined && !linked.has(column.name) && this.#isNeeded(column),
    )
    for (let attempt = 0; ; attempt++) {
      const made = Object.fromEntries(missing.map((column) => [column.name, this.#valueOf(column, n, attempt)]))
      const row = { ...given, ...made }
      if (attempt === TRIES || this.#model.checks.every((check) => this.#holds(check, row))) return row
    }
  }

  #isNeeded({ nullable, hasDefault, isNumbered, generated, domain, name }: ColumnModel): boolean {
    if (nullable || hasDefault || isNumbered || generated !== undefined || sizeOf(domain) === 0) return false
    const { primaryKey } = this.#model
    // The database numbers an integer that alone is the key.
    return !(primaryKey.length === 1 && primaryKey[0] === name && domain.kind === 'number' && domain.form === 'integer')
  }

  #valueOf(column: ColumnModel, n: number, attempt: number): unknown {
    const draw = (draw: number): number => randomAt(hashOf(column.name), n, draw + attempt * 64)
    const size = sizeOf(column.domain)
    const place = size > FIRST_PLACE * 2 ? FIRST_PLACE + n : (n - 1) % size
    const stored = this.#unique.has(column.name) ? valueAt(column, place, draw) : sampleOf(column, draw)
    return decodedValue(column, stored)
  }

  /** The database judges what cannot be read here. */
  #holds({ expression }: CheckModel, row: Values): boolean {
    if (expression === undefined) return true
    const value = evaluate(expression, (name) => {
      const { codec, domain } = this.#model.columns.get(name)!
      const given = row[name] ?? null
      return comparable(given === null || codec === undefined ? given : codec.encode(given), domain)
    })
    return value !== false && value !== 0
  }
}
