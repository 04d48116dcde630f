import type { Policy } from '../extend/index.ts'
import type { Capability } from '../face/index.ts'
import { type Row as RowOf, type RunValues, type TableRule, tablePolicy } from '../guard/index.ts'
import { fullName } from '../ir/index.ts'
import { compile } from './compile.ts'
import type { ColumnRights, Policies, TableRules } from './declare.ts'
import { hasRight, refuseColumn } from './evaluate.ts'
import { rulesOfTable, usingCondition, withCheckCondition } from './rules.ts'

/**
 * Turns the policies into one that rewrites statements. With `native` it checks columns only, and leaves rows to the
 * database.
 */
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
          compile(usingCondition(rules, use), { scope: rules.scope, row, definition }, runValues),
        checks: (row: RowOf, use, runValues: RunValues, isRead) =>
          compile(
            withCheckCondition(rules, use, use === 'update' || isRead),
            { scope: rules.scope, row, definition },
            runValues,
          ),
      }
      return rule
    },
  })
}

/** Refuses, at each run, columns that the context may not use. */
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

/** Options of `rls()`. */
export interface RlsOptions {
  /** The capability that disables the policies: see `db.unscoped()`. */
  readonly capability?: Capability | undefined
  /**
   * Leaves rows to the policies in PostgreSQL that `rlsStatements()` creates, and sets their context for each
   * statement.
   */
  readonly native?: boolean | undefined
}
