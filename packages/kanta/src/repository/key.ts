import { KantaError } from '../error/index.ts'
import type { DatabaseHandle } from '../extend/internal/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'
import type { AbstractType, ColumnDefinition, TableDefinition } from '../table/index.ts'
import type { Values } from './rows.ts'
import { scopedKeys } from './scope.ts'

/** Tells whether a value is an object of columns, as a literal or JSON gives it. */
export function isPlain(value: unknown): value is Values {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/**
 * Returns the columns of a primary key with their values.
 *
 * @throws KantaError `invalid_input` if a column is missing, has no value, or is not part of the key.
 */
export const primaryKeyOf = (table: TableDefinition, given: unknown): Values =>
  keyAmong(table, [table.primaryKey], given)

/** Returns the columns of a key that only one row can have: the primary key, or that of a unique constraint. */
export const uniqueKeyOf = (db: DatabaseHandle, table: TableDefinition, given: unknown): Values =>
  keyAmong(table, uniqueKeysIn(db, table), given)

/** Returns the lists of columns that only one row can have of those that a handle sees, the primary key first. */
export const uniqueKeysIn = (db: DatabaseHandle, table: TableDefinition): readonly (readonly string[])[] =>
  scopedKeys(db, table, uniqueKeys(table))

/** Returns the lists of columns that only one row can have, the primary key first. */
export function uniqueKeys(table: TableDefinition): readonly (readonly string[])[] {
  const indexes = table.indexes.filter((index) => index.unique && index.where === undefined)
  const all = [table.primaryKey, ...[...table.uniques, ...indexes].map((unique) => unique.columns)]
  return all.filter((columns) => columns.length > 0)
}

/** Returns the key of a row. */
export const keyOfRow = (table: TableDefinition, row: Values): Values => pick(row, table.primaryKey)

export const pick = (row: Values, columns: readonly string[]): Values =>
  Object.fromEntries(columns.map((column) => [column, row[column]]))

/** Returns the values of columns under the names of others. */
export const mapColumns = (row: Values, from: readonly string[], to: readonly string[]): Values =>
  Object.fromEntries(from.map((column, i) => [to[i]!, row[column]]))

function keyAmong(table: TableDefinition, keys: readonly (readonly string[])[], given: unknown): Values {
  if (!isPlain(given)) return keyOfOne(table, given)
  const names = Object.keys(given)
  const key = keys.find((columns) => columns.length === names.length && columns.every((name) => names.includes(name)))
  if (key === undefined) {
    const forms = keys.map((columns) => `{ ${columns.join(', ')} }`).join(' or ')
    return refuseKey(table, table.primaryKey, `A key of '${fullName(table)}' is ${forms}, not { ${names.join(', ')} }.`)
  }
  for (const name of key) checkValue(table, table.columns.get(name)!, given[name])
  return pick(given, key)
}

function keyOfOne(table: TableDefinition, value: unknown): Values {
  const [column, ...others] = table.primaryKey
  if (others.length > 0)
    return refuseKey(
      table,
      table.primaryKey,
      `The key of '${fullName(table)}' is { ${table.primaryKey.join(', ')} }, not ${show(value)}.`,
    )
  checkValue(table, table.columns.get(column!)!, value)
  return { [column!]: value }
}

const NUMBERS: ReadonlySet<AbstractType> = new Set(['integer', 'bigint', 'real'])
const MOMENTS: ReadonlySet<AbstractType> = new Set(['timestamp', 'unix', 'unixms'])

/** Refuses values that databases would compare with the column in different ways: MariaDB takes `'1x'` for 1. */
function checkValue(table: TableDefinition, { name, type }: ColumnDefinition, value: unknown): void {
  const fits = (): boolean => {
    if (value === undefined || value === null) return false
    if (NUMBERS.has(type)) return typeof value === 'bigint' || Number.isFinite(value)
    if (MOMENTS.has(type)) return value instanceof Date && !Number.isNaN(value.getTime())
    if (type === 'boolean') return typeof value === 'boolean'
    if (type === 'bytes') return value instanceof Uint8Array
    return type === 'custom' || type === 'json' || typeof value === 'string'
  }
  if (!fits())
    refuseKey(table, [name], `The key of '${fullName(table)}': '${name}' (${type}) cannot be ${show(value)}.`)
}

/** Refuses a key, which mostly comes from a client: the columns tell that. */
function refuseKey(table: TableDefinition, columns: readonly string[], message: string): never {
  throw new KantaError('invalid_input', message, { table: fullName(table), columns })
}

/** Returns a text that is equal for equal keys, whether they come from the database or from the program. */
export function keyText(table: TableDefinition, key: Values): string {
  return JSON.stringify(table.primaryKey.map((name) => valueText(key[name])))
}

function valueText(value: unknown): string {
  if (value instanceof Date) return String(value.getTime())
  return value instanceof Uint8Array ? value.join() : String(value)
}
