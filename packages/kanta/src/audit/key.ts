import { KantaError, refuse } from '../error/index.ts'
import { fullName } from '../ir/index.ts'
import type { ColumnDefinition, TableDefinition } from '../table/index.ts'
import { type StoredRow, type StoredValue, toCell } from './image.ts'

/** A table whose rows are told apart by their keys. */
export interface KeyedTable {
  readonly schema: string | undefined
  readonly name: string
  readonly definition: TableDefinition | undefined
  readonly key: readonly string[]
}

/**
 * The columns of the primary key: those of the definition, or those given for the table.
 *
 * @throws KantaError `plugin` for a table of which no key is known.
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
    `The audit needs the primary key of '${fullName(table)}', to know its rows. Give the database its schema, or audit({ keys: { ${table.name}: ['id'] } }).`,
  )
}

/** The key of a row as text: a value, or an object of a composite key. Equal for equal keys. */
export function keyText(row: StoredRow, { key, definition }: KeyedTable): string {
  const cell = (name: string): unknown => {
    const value = row[name]
    if (value === undefined) throw new KantaError('plugin', `The rows have no column '${name}', which is to be a key.`)
    return normalize(value, definition?.columns.get(name))
  }
  if (key.length === 1) return JSON.stringify(cell(key[0]!))
  return JSON.stringify(Object.fromEntries(key.map((name) => [name, cell(name)])))
}

/** One form for values that databases write in several. */
function normalize(value: StoredValue, column: ColumnDefinition | undefined): unknown {
  if (value !== null && column?.type === 'timestamp') return { $date: column.codec!.decode(value as never) }
  if (column?.type === 'decimal') {
    const text = String(value)
    return text.includes('.') ? text.replace(/\.?0+$/, '') : text
  }
  return toCell(value, false)
}

/** A key that the program gives, as the database holds it. */
export function toStoredKey(given: unknown, table: KeyedTable, toDatabase: (name: string) => string): StoredRow {
  const { key, definition } = table
  const isObject = typeof given === 'object' && given !== null && !ArrayBuffer.isView(given) && !(given instanceof Date)
  if (!isObject && key.length > 1)
    refuse(`The key of '${fullName(table)}' has several columns. Give an object: { ${key.join(', ')} }.`)
  const values = isObject
    ? Object.fromEntries(Object.entries(given as object).map(([name, value]) => [toDatabase(name), value]))
    : { [key[0]!]: given }
  for (const name of Object.keys(values))
    if (!key.includes(name)) refuse(`'${name}' is no column of the key of '${fullName(table)}': ${key.join(', ')}.`)
  return Object.fromEntries(
    key.map((name) => {
      const value: unknown = values[name]
      if (value === undefined || value === null) return refuse(`The key of '${fullName(table)}' has no '${name}'.`)
      const codec = definition?.columns.get(name)?.codec
      return [name, (codec === undefined ? value : codec.encode(value)) as StoredValue]
    }),
  )
}
