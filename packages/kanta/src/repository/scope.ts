import { type DatabaseHandle, dialectOf, policiesOf, schemaOf } from '../extend/internal/index.ts'
import { columnsOfPolicies } from '../guard/index.ts'
import type { TableDefinition } from '../table/index.ts'

/**
 * Returns the columns that a policy gives one value in all rows that the handle sees and writes, such as that of a
 * tenant. Nobody gives them, so that a unique key is known without them.
 */
function scopedColumns(db: DatabaseHandle, table: TableDefinition): ReadonlySet<string> {
  const ground = { policies: policiesOf(db), dialect: dialectOf(db), schema: schemaOf(db) }
  const { stamps } = columnsOfPolicies(ground, table)
  return new Set([...stamps].flatMap(([column, { userValue }]) => (userValue === 'same' ? [column] : [])))
}

/** Returns the unique keys of a table as the handle needs them: without the columns that a policy gives. */
export function scopedKeys(
  db: DatabaseHandle,
  table: TableDefinition,
  keys: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  const scoped = scopedColumns(db, table)
  if (scoped.size === 0) return keys
  const shorter = keys.map((key) => key.filter((column) => !scoped.has(column)))
  return [...keys, ...shorter.filter((key, i) => key.length > 0 && key.length < keys[i]!.length)]
}
