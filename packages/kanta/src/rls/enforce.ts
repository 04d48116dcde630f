import type { Policy } from '../extend/index.ts'
import type { Capability } from '../face/index.ts'
import { type Row as RowOf, type RunValues, type TableRule, tablePolicy } from '../guard/index.ts'
import { fullName } from '../ir/index.ts'
import { compile } from './compile.ts'
import type { ColumnRights, Policies, TableRules } from './declare.ts'
import { hasRight, refuseColumn } from './evaluate.ts'
import { rulesOfTable, seen, written } from './rules.ts'

/** The policies as a policy of Kanta's, which rewrites statements. With `native` it leaves the rows to the database. */
export function rowPolicy(policies: Policies, capability: Capability | undefined, native: boolean): Policy {
  return tablePolicy({
    name: 'rls',
    tables: [...policies.tables.keys()],
    refusesDefinitions: true,
    opens: (held) => capability !== undefined && held === capability,
    rule: ({ name, schema, definition }) => {
      const rules = rulesOfTable(policies.tables, fullName({ schema, name }))
      if (rules === undefined) return undefined
      const columns = columnRule(rules)
      if (native) return columns
      const rule: TableRule = {
        ...columns,
        sees: (row: RowOf, use, runValues: RunValues) =>
          compile(seen(rules, use), { scope: rules.scope, row, definition }, runValues),
        checks: (row: RowOf, use, runValues: RunValues, isRead) =>
          compile(written(rules, use, use === 'update' || isRead), { scope: rules.scope, row, definition }, runValues),
      }
      return rule
    },
  })
}

/** Refuses columns that the context may not use, each time that a statement with them runs. */
function columnRule(rules: TableRules): TableRule {
  if (rules.columns.size === 0) return {}
  return {
    column: (name, use, runValues) => {
      const right: keyof ColumnRights = use === 'read' ? 'read' : 'write'
      for (const [column, rights] of rules.columns) {
        const roles = rights[right]
        if (roles === undefined || (name !== '*' && name.toLowerCase() !== column.toLowerCase())) continue
        runValues.check((context) => {
          if (!hasRight(roles, context)) refuseColumn(rules.name, column, right)
        })
      }
    },
  }
}

export interface RlsOptions {
  /** Turns the policies off for whoever holds it: see `db.unscoped()`. */
  readonly capability?: Capability | undefined
  /** Leaves rows to the policies of PostgreSQL that `rlsStatements()` gives, and sets their context for each statement. */
  readonly native?: boolean | undefined
}
