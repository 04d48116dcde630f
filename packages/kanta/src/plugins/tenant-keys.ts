import { refuse } from '../error/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'
import { definitionOf, type ForeignKeyDefinition, type TableDefinition } from '../table/index.ts'
import { listsAnywhere } from './table-list.ts'
import { scopeOf, type TenantOptions } from './tenant.ts'

/** A key that spans tenants, or references the row of another tenant. */
export interface TenantKeyFinding {
  readonly table: string
  readonly kind: 'primary key' | 'unique constraint' | 'unique index' | 'foreign key'
  readonly columns: readonly string[]
  /** The risk, and the key to declare instead. */
  readonly message: string
}

/**
 * Returns the keys of a schema that leave the tenant out. A unique key over all tenants reveals values of another
 * tenant and blocks them for it; a foreign key without the tenant can reference its rows.
 *
 * @throws KantaError `invalid_input` for wrong options, and a schema without tables.
 *
 * @example
 * ```ts
 * import { table, unique } from 'kanta'
 * import { checkTenantKeys } from 'kanta/plugins'
 *
 * const post = table('post', (c) => ({ id: c.uuid(), tenant_id: c.integer(), slug: c.text() }), (t) => [unique([t.slug])])
 * checkTenantKeys({ post }, { column: 'tenant_id' }).map((found) => found.columns) // [['slug']]
 * ```
 */
export function checkTenantKeys(schema: object, options: TenantOptions): readonly TenantKeyFinding[] {
  const { column, tables, shared } = scopeOf('checkTenantKeys', options)
  const definitions = Object.values(Object(schema)).flatMap((value) => definitionOf(value) ?? [])
  if (definitions.length === 0) refuse(`checkTenantKeys() takes an object of table() values, not ${show(schema)}.`)
  const isScoped = (definition: TableDefinition): boolean => {
    const { name, schema: at } = definition
    const reference = { name, schema: at, definition }
    if (shared.includes(fullName(definition))) return false
    return tables === undefined ? definition.columns.has(column) : listsAnywhere(tables, reference)
  }
  return definitions.flatMap((definition) => {
    const scoped = isScoped(definition)
    const uniques = scoped ? uniquesWithout(column, definition) : []
    return [...uniques, ...definition.foreignKeys.flatMap((key) => pointing(definition, key, column, scoped, isScoped))]
  })
}

function uniquesWithout(column: string, table: TableDefinition): readonly TenantKeyFinding[] {
  const keys = [
    { kind: 'primary key', columns: table.primaryKey } as const,
    ...table.uniques.map(({ columns }) => ({ kind: 'unique constraint', columns }) as const),
    ...table.indexes.flatMap(({ unique, columns }) => (unique ? [{ kind: 'unique index', columns } as const] : [])),
  ]
  return keys
    .filter(({ columns }) => columns.length > 0 && !columns.includes(column))
    .map(({ kind, columns }) => ({
      table: table.name,
      kind,
      columns,
      message: `The ${kind} (${columns.join(', ')}) of '${table.name}' spans all tenants. Make it (${[column, ...columns].join(', ')}).`,
    }))
}

/** Returns the finding if a foreign key can reference the row of another tenant. */
function pointing(
  table: TableDefinition,
  key: ForeignKeyDefinition,
  column: string,
  scoped: boolean,
  isScoped: (table: TableDefinition) => boolean,
): readonly TenantKeyFinding[] {
  const { table: target, columns: targets } = key.references()
  if (!isScoped(target)) return []
  const [from, to] = [`(${key.columns.join(', ')}) of '${table.name}'`, `'${target.name}'`]
  const found = (message: string): readonly TenantKeyFinding[] => [
    { table: table.name, kind: 'foreign key', columns: key.columns, message },
  ]
  if (!scoped)
    return found(
      `The foreign key ${from} references ${to}, whose rows belong to tenants, from a shared table. Add the tenant to the table, or share both.`,
    )
  const at = key.columns.indexOf(column)
  if (at < 0 || targets[at] !== column)
    return found(
      `The foreign key ${from} can reference the row of another tenant. Make it (${[column, ...key.columns].join(', ')}), and let it reference (${[column, ...targets].join(', ')}) of ${to}.`,
    )
  const clears = [key.onDelete, key.onUpdate].find((action) => action === 'set null' || action === 'set default')
  if (clears === undefined) return []
  return found(`The foreign key ${from} would clear the tenant of a row by '${clears}'. Use another action.`)
}
