import { isNotNull, isNull, type TablePolicy, tablePolicy } from '../guard/index.ts'
import type { DatabaseHandle, Plugin } from '../run/index.ts'

export interface SoftDeleteOptions {
  readonly tables: readonly string[]
}

export interface SoftDeleted {
  withDeleted(): this
}

function policyOf(options: SoftDeleteOptions, mode: 'live' | 'with' | 'only'): TablePolicy {
  return tablePolicy({
    name: 'softDelete',
    rule: (table) =>
      !options.tables.includes(table.name)
        ? undefined
        : {
            sees: (row) =>
              mode === 'with' ? undefined : mode === 'live' ? isNull(row('deleted_at')) : isNotNull(row('deleted_at')),
            deletes: { deleted_at: { value: () => ({ kind: 'word', text: 'current_timestamp' }), given: 'refuse' } },
          },
  })
}

export function softDelete(options: SoftDeleteOptions): Plugin<SoftDeleted> {
  const live = policyOf(options, 'live')
  const withDeleted = policyOf(options, 'with')
  return {
    name: 'softDelete',
    policies: [live],
    extend: (db: DatabaseHandle) =>
      ({
        withDeleted: () =>
          db.exempt('with deleted', (policy) => (policy === live ? withDeleted : policy), [
            { policy: 'softDelete', mode: 'with deleted' },
          ]),
      }) as never,
  }
}
