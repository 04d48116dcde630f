import { KantaError, refuse } from '../error/index.ts'
import { fullName } from '../ir/index.ts'
import type { ColumnDefinition, TableDefinition } from '../table/index.ts'
import { type StoredRow, type StoredValue, toCell } from './image.ts'

/** A table with the columns of its key. */
export interface KeyedTable {
  readonly schema: string | undefined
  readonly name: string
  readonly definition: TableDefinition | undefined
  readonly key: readonly string[]
}

/**
 * Returns the columns of the primary key: those in the options, else those of the definition.
 *
 * @throws KantaError `plugin` for a table without a known key.
 */
export function keyOf(
  table: Omit<KeyedTable, 'key'>,
  given: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  const defined = table.definition?.primaryKey ?? []
  const key = given[fullName(table)] ?? given[table.name] ?? defined
  if (key.length > 0) return key
  throw new KantaError(
    'plugin',
    `The audit needs the primary key of '${fullName(table)}' to identify its rows. Give the database its schema, or name the key: audit({ keys: { ${table.name}: ['id'] } }).`,
  )
}

/** Returns the key of a row as JSON text, equal for equal keys: a value, or an object for a composite key. */
export function keyText(row: StoredRow, { key, definition }: KeyedTable): string {
  const cell = (name: string): unknown => {
    const value = row[name]
    if (value === undefined)
      throw new KantaError(
        'plugin',
        `The key names the column '${name}', but the rows have no such column. Correct the key.`,
      )
    return normalize(value, definition?.columns.get(name))
  }
  if (key.length === 1) return JSON.stringify(cell(key[0]!))
  return JSON.stringify(Object.fromEntries(key.map((name) => [name, cell(name)])))
}

/** Returns one form of values that databases write in several forms. */
function normalize(value: StoredValue, column: ColumnDefinition | undefined): unknown {
  if (value !== null && column?.type === 'timestamp') return { $date: column.codec!.decode(value as never) }
  if (column?.type === 'decimal') {
    const text = String(value)
    return text.includes('.') ? text.replace(/\.?0+$/, '') : text
  }
  return toCell(value, false)
}

/** Converts a key of the program to the values that the database stores. */
export function toStoredKey(given: unknown, table: KeyedTable, toDatabase: (name: string) => string): StoredRow {
  const { key, definition } = table
  const isObject = typeof given === 'object' && given !== null && !ArrayBuffer.isView(given) && !(given instanceof Date)
  if (!isObject && key.length > 1)
    refuse(`The key of '${fullName(table)}' has several columns. Give an object: { ${key.join(', ')} }.`)
  const values = isObject
    ? Object.fromEntries(Object.entries(given as object).map(([name, value]) => [toDatabase(name), value]))
    : { [key[0]!]: given }
  for (const name of Object.keys(values))
    if (!key.includes(name))
      refuse(`'${name}' is not a column of the key of '${fullName(table)}'. Give ${key.join(', ')}.`)
  return Object.fromEntries(
    key.map((name) => {
      const value: unknown = values[name]
      if (value === undefined || value === null)
        return refuse(`The key of '${fullName(table)}' lacks '${name}'. Give it a value.`)
      const codec = definition?.columns.get(name)?.codec
      return [name, (codec === undefined ? value : codec.encode(value)) as StoredValue]
    }),
  )
}
