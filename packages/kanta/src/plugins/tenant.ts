import { checkOptions, KantaError, refuse } from '../error/index.ts'
import { type Context, contextValue, type Node, type Plugin } from '../extend/index.ts'
import { ownPlugin } from '../extend/internal/index.ts'
import type { Capability } from '../face/index.ts'
import {
  compareBytes,
  type Row,
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

/** How tenants share the tables of a database. */
export interface TenantOptions {
  /** The column that says whose a row is. */
  readonly column: string
  /** The tables with the column; those of the schema that have it, unless given. */
  readonly tables?: readonly string[] | undefined
  /** The tables whose rows belong to nobody, and are everybody's. A table that is in no list is refused. */
  readonly shared?: readonly string[] | undefined
  /** The value of the context that says who asks; `tenant` unless given. */
  readonly context?: string | undefined
  /** Lets its holder read and write rows of all tenants, by `db.unscoped()`. */
  readonly capability?: Capability | undefined
}

const OPTIONS: readonly (keyof TenantOptions)[] = ['column', 'tables', 'shared', 'context', 'capability']

const policyError = (message: string): KantaError => new KantaError('policy', message)

/**
 * Keeps tenants apart: each sees and changes only its own rows, in every statement, and what it inserts is its own. The
 * column need not be given; another value than that of the context fails, as does whatever would move a row, and an
 * upsert that meets the row of another. Whoever asks is set with `db.as({ tenant })`.
 *
 * In types, declare the column of the tables as one that may be left out: `Generated<number>`.
 *
 * @throws KantaError `policy` when a statement runs without a tenant, names a table that is in no list, changes the
 * column, or defines tables.
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
export function tenant(options: TenantOptions): Plugin {
  const { column, context, shared, tables, capability } = scopeOf('tenant', options)
  const policy = tablePolicy({
    name: 'tenant',
    refusesDefinitions: true,
    tables: tables === undefined ? shared : [...tables, ...shared],
    opens: (held) => capability !== undefined && held === capability,
    rule: (table) => {
      if (lists(shared, table)) return undefined
      const known = table.definition?.columns.get(column)
      if (tables === undefined ? known === undefined : !listsAnywhere(tables, table)) throw unlisted(table, column)
      if (table.definition !== undefined && known === undefined) throw withoutColumn(table, column)
      return new TenantRule(table, column, known, context)
    },
  })
  return ownPlugin({
    name: 'tenant',
    names: [...(tables ?? []), ...shared].map((table) => ({ table })),
    policies: [policy],
  })
}

/** The options of what keeps tenants apart, with what is not given filled in. */
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
  if (both !== undefined)
    refuse(`${plugin}() has '${both}' in 'tables' and in 'shared'. Its rows are a tenant's, or everybody's.`)
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
    `The policy 'tenant' does not know whose the rows of '${fullName(table)}' are. Give the table a column '${column}'${
      table.definition === undefined ? " and list it in 'tables'" : ''
    }, or list it as '${fullName(table)}' in 'shared' of tenant() where they are everybody's.`,
  )

const withoutColumn = (table: TableReference, column: string): KantaError =>
  policyError(
    `'${fullName(table)}' is in 'tables' of tenant(), and has no column '${column}'. Add it, or list the table in 'shared'.`,
  )

/** What is asked of a table whose rows have an owner. */
class TenantRule implements TableRule {
  readonly inserts: NonNullable<TableRule['inserts']>
  readonly #table: TableReference
  readonly #column: string
  readonly #definition: ColumnDefinition | undefined
  readonly #context: string

  constructor(table: TableReference, column: string, definition: ColumnDefinition | undefined, context: string) {
    this.#table = table
    this.#column = column
    this.#definition = definition
    this.#context = context
    this.inserts = { [column]: { value: (_, runValues) => owner(runValues, context), userValue: 'same' } }
    this.sees = this.sees.bind(this)
    this.column = this.column.bind(this)
  }

  sees(row: Row, _use: unknown, runValues: RunValues): Node | undefined {
    const compared = { key: keyOf(this.#context), operator: '=', make: tenantIn(this.#context) } as const
    return compareBytes(row(this.#column), this.#definition, compared, runValues)
  }

  column(name: string, use: string): void {
    if (use === 'update' && sameName(name, this.#column))
      throw policyError(
        `'${fullName(this.#table)}.${name}' cannot be changed: rows do not move between tenants. Leave it out.`,
      )
  }
}

const keyOf = (context: string): string => `tenant ${context}`

const tenantIn =
  (context: string) =>
  (values: Context): unknown =>
    tenantOf(context, contextValue(context, values))

/** The place of who asks: one value for the whole statement. */
const owner = (runValues: RunValues, context: string): Node => runValues.fromContext(keyOf(context), tenantIn(context))

function tenantOf(context: string, value: unknown): unknown {
  const known =
    typeof value === 'bigint' ||
    (typeof value === 'string' && value.trim() !== '') ||
    (typeof value === 'number' && Number.isFinite(value)) ||
    (value instanceof Uint8Array && value.length > 0)
  if (!known)
    throw policyError(
      `The '${context}' of the context is ${show(value)}, which is no tenant. Give a number, text or bytes.`,
    )
  return value
}
