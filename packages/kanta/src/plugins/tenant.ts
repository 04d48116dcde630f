import { KantaError } from '../error/index.ts'
import type { Capability } from '../face/index.ts'
import { equal, type Late, type Row, tablePolicy } from '../guard/index.ts'
import type { Plugin } from '../run/index.ts'

export interface TenantOptions {
  readonly column: string
  readonly tables: readonly string[]
  readonly shared?: readonly string[]
  readonly capability?: Capability
}

export function tenant({ column, tables, shared = [], capability }: TenantOptions): Plugin {
  const policy = tablePolicy({
    name: 'tenant',
    opens: (held) => capability !== undefined && held === capability,
    rule: (table) => {
      if (shared.includes(table.name)) return undefined
      if (!tables.includes(table.name))
        throw new KantaError('policy', `The table '${table.name}' is unknown to the policy 'tenant'.`)
      return {
        sees: (row: Row, _use: unknown, late: Late) => equal(row(column), late.context('tenant')),
        column: (name, use) => {
          if (use === 'update' && name.toLowerCase() === column)
            throw new KantaError(
              'policy',
              `'${table.name}.${name}' cannot be changed: rows do not move between tenants.`,
            )
        },
        inserts: { [column]: { value: (_row: Row, late: Late) => late.context('tenant'), given: 'same' } },
      }
    },
  })
  return { name: 'tenant', policies: [policy] }
}
