import { checkOptions, KantaError, refuse } from '../error/index.ts'
import { type Context, contextValue, type Node, type Plugin } from '../extend/index.ts'
import { ownPlugin } from '../extend/internal/index.ts'
import type { Capability } from '../face/index.ts'
import {
  type ColumnUse,
  compareBytes,
  type Row,
  type RowUse,
  type RunValues,
  sameName,
  type TableReference,
  type TableRule,
  tablePolicy,
} from '../guard/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'
import type { ColumnDefinition } from '../table/index.ts'
import { lists, listsAnywhere, nameGiven, tableNames } from './table-list.ts'

/** The options of `tenant()`. */
export interface TenantOptions<N extends string = string> {
  /** The column that holds the tenant of a row. */
  readonly column: string
  /** The tables with the column; by default those of the schema that have it. */
  readonly tables?: readonly N[] | undefined
  /** The tables that all tenants share. A table in neither list is refused. */
  readonly shared?: readonly N[] | undefined
  /** The name of the tenant in the context; `tenant` by default. */
  readonly context?: string | undefined
  /** Lets its holder read and write rows of all tenants, by `db.unscoped()`. */
  readonly capability?: Capability | undefined
}

const OPTIONS: readonly (keyof TenantOptions)[] = ['column', 'tables', 'shared', 'context', 'capability']

const policyError = (message: string): KantaError => new KantaError('policy', message)

/**
 * Isolates tenants: each statement reads and changes only the rows of its tenant, and inserts get that tenant.
 * Statements may leave the column out. Another value than that of the context fails, as does an update of the column,
 * and an upsert that conflicts with the row of another tenant. Set the tenant with `db.as({ tenant })`.
 *
 * In types, declare the column as optional in inserts: `Generated<number>`.
 *
 * @throws KantaError `policy` for a statement that has no tenant, names a table in neither list, changes the column, or defines tables.
 *
 * @example
 * ```ts
 * import { type Generated, kanta } from 'kanta'
 * import { tenant } from 'kanta/plugins'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta<{ post: { tenant_id: Generated<number>; title: string } }>({
 *   driver: sqlite(':memory:'),
 *   plugins: [tenant({ column: 'tenant_id', tables: ['post'] })],
 * })
 * db.as({ tenant: 1 }).selectFrom('post').select('title').compile().parameters // [1]
 * ```
 */
export function tenant<const N extends string = never>(options: TenantOptions<N>): Plugin<{}, N> {
  const { column, context, shared, tables, capability } = scopeOf('tenant', options)
  const policy = tablePolicy({
    name: 'tenant',
    refusesDefinitions: true,
    tables: tables === undefined ? shared : [...tables, ...shared],
    opens: (held) => capability !== undefined && held === capability,
    rule: (table, use) => {
      if (lists(shared, table)) return undefined
      const known = table.definition?.columns.get(column)
      if (tables === undefined ? known === undefined : !listsAnywhere(tables, table)) throw unlisted(table, column)
      if (table.definition !== undefined && known === undefined) throw withoutColumn(table, column)
      return new TenantRule(table, use, column, known, context)
    },
  })
  return ownPlugin({
    name: 'tenant',
    names: [...(tables ?? []), ...shared].map((table) => ({ table })),
    policies: [policy],
  })
}

/** Checks the options and fills in the defaults. */
export function scopeOf(
  plugin: string,
  options: TenantOptions,
): {
  readonly column: string
  readonly context: string
  readonly shared: readonly string[]
  readonly tables: readonly string[] | undefined
  readonly capability: Capability | undefined
} {
  checkOptions(`${plugin}()`, options, OPTIONS)
  const { capability } = options
  const shared = tableNames(plugin, 'shared', options.shared ?? [])
  const tables = options.tables === undefined ? undefined : tableNames(plugin, 'tables', options.tables)
  const both = tables?.find((name) => shared.includes(name))
  if (both !== undefined) refuse(`${plugin}() has '${both}' in 'tables' and in 'shared'. List it in one of them.`)
  return {
    column: nameGiven(plugin, 'column', options.column),
    context: nameGiven(plugin, 'context', options.context ?? 'tenant'),
    shared,
    tables,
    capability,
  }
}

const unlisted = (table: TableReference, column: string): KantaError =>
  policyError(
    `The policy 'tenant' does not know the tenant of the rows of '${fullName(table)}'. Give the table a column '${column}'${
      table.definition === undefined ? " and list it in 'tables'" : ''
    }, or list it as '${fullName(table)}' in 'shared' of tenant() if all tenants share it.`,
  )

const withoutColumn = (table: TableReference, column: string): KantaError =>
  policyError(
    `'${fullName(table)}' is in 'tables' of tenant(), but has no column '${column}'. Add it, or list the table in 'shared'.`,
  )

/** The rule for a table whose rows belong to tenants. */
class TenantRule implements TableRule {
  readonly inserts: NonNullable<TableRule['inserts']>
  readonly column?: NonNullable<TableRule['column']>
  readonly #table: TableReference
  readonly #column: string
  readonly #definition: ColumnDefinition | undefined
  readonly #context: string

  constructor(
    table: TableReference,
    use: RowUse | 'insert',
    column: string,
    definition: ColumnDefinition | undefined,
    context: string,
  ) {
    this.#table = table
    this.#column = column
    this.#definition = definition
    this.#context = context
    this.inserts = { [column]: { value: (_, runValues) => owner(runValues, context), userValue: 'same' } }
    // To read the column is free.
    if (use !== 'select') this.column = (name, of) => this.#refuseMove(name, of)
  }

  sees(row: Row, _use: unknown, runValues: RunValues): Node | undefined {
    const compared = { key: keyOf(this.#context), operator: '=', make: tenantIn(this.#context) } as const
    return compareBytes(row(this.#column), this.#definition, compared, runValues)
  }

  #refuseMove(name: string, use: ColumnUse): void {
    if (use === 'update' && sameName(name, this.#column))
      throw policyError(
        `'${fullName(this.#table)}.${name}' cannot be changed, since rows do not move between tenants. Leave it out.`,
      )
  }
}

const keyOf = (context: string): string => `tenant ${context}`

const tenantIn =
  (context: string) =>
  (values: Context): unknown =>
    tenantOf(context, contextValue(context, values))

/** Returns the slot of the tenant: one value for the whole statement. */
const owner = (runValues: RunValues, context: string): Node => runValues.fromContext(keyOf(context), tenantIn(context))

function tenantOf(context: string, value: unknown): unknown {
  const known =
    typeof value === 'bigint' ||
    (typeof value === 'string' && value.trim() !== '') ||
    (typeof value === 'number' && Number.isFinite(value)) ||
    (value instanceof Uint8Array && value.length > 0)
  if (!known)
    throw policyError(
      `The '${context}' in the context is ${show(value)}, which cannot be a tenant. Give a number, text or bytes.`,
    )
  return value
}
