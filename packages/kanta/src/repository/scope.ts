import { type DatabaseHandle, policiesOf, surroundingsOf } from '../extend/internal/index.ts'
import { RunValues, type TablePolicy } from '../guard/index.ts'
import type { TableDefinition } from '../table/index.ts'

/**
 * Returns the columns that a policy gives one value in all rows that the handle sees and writes, such as that of a
 * tenant. Nobody gives them, so that a unique key is known without them.
 */
export function scopedColumns(db: DatabaseHandle, table: TableDefinition): ReadonlySet<string> {
  const found = new Set<string>()
  const values = new RunValues(surroundingsOf(db), 0)
  const reference = { name: table.name, schema: table.schema, definition: table }
  for (const policy of policiesOf(db)) {
    const rule = (policy as Partial<TablePolicy>).rule?.(reference as never, 'insert', values)
    for (const [column, stamp] of Object.entries(rule?.inserts ?? {}))
      if (stamp.userValue === 'same' && table.columns.has(column)) found.add(column)
  }
  return found
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
