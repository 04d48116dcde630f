import type { Dialect } from '../dialect/index.ts'
import { type Policy, surroundingsOf } from '../run/index.ts'
import type { TableDefinition } from '../table/index.ts'
import type { Stamp, TablePolicy, TableRule } from './rule.ts'
import { RunValues } from './run-values.ts'

/** The parts of a database whose policies are asked. */
interface Ground {
  readonly policies: readonly Policy[]
  readonly dialect: Dialect
  readonly schema: ReadonlyMap<string, TableDefinition>
}

/** The columns of new rows that policies write or refuse. */
export interface ColumnsOfPolicies {
  /** The columns that policies write, with what they write. */
  readonly stamps: ReadonlyMap<string, Stamp>
  /** The columns that nobody may name. */
  readonly refused: ReadonlySet<string>
}

/** Returns what the policies of a database say of the columns of new rows of a table. */
export function columnsOfPolicies(ground: Ground, table: TableDefinition): ColumnsOfPolicies {
  const values = new RunValues(surroundingsOf(ground), 0)
  const reference = { name: table.name, schema: table.schema, definition: table }
  const stamps = new Map<string, Stamp>()
  const refused = new Set<string>()
  for (const policy of ground.policies) {
    const rule = (policy as Partial<TablePolicy>).rule?.(reference as never, 'insert', values)
    for (const [column, stamp] of Object.entries(rule?.inserts ?? {})) stamps.set(column, stamp)
    for (const column of table.columns.keys()) if (isRefused(rule, column, values)) refused.add(column)
  }
  return { stamps, refused }
}

function isRefused(rule: TableRule | undefined, column: string, values: RunValues): boolean {
  try {
    rule?.column?.(column, 'insert', values)
    return false
  } catch {
    return true
  }
}
