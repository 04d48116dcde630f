import { checkOptions, KantaError, refuse } from '../error/index.ts'
import { type Context, contextValue, type Plugin } from '../extend/index.ts'
import { type DatabaseHandle, inSchemas, ownPlugin, policiesOf } from '../extend/internal/index.ts'
import { type TableReference, tablePolicy } from '../guard/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'
import { nameGiven, tableNames } from './table-list.ts'

/** The id of a tenant in the context. */
type TenantId = string | number | bigint

/** The options of `schemaPerTenant()`. */
export interface SchemaPerTenantOptions<N extends string = string> {
  /** The name of the tenant in the context; `tenant` by default. */
  readonly context?: string | undefined
  /** Returns the schema of a tenant; `tenant_` and its id by default. */
  readonly schema?: ((tenant: TenantId) => string) | undefined
  /**
   * The allowed names of schemas: a list, or a pattern for the whole name. By default lower-case letters, digits and
   * `_`.
   */
  readonly allowed?: RegExp | readonly string[] | undefined
  /** Tables that all tenants share: `'country'` gets no schema, `'public.country'` gets the schema `public`. */
  readonly shared?: readonly N[] | undefined
}

const OPTIONS: readonly (keyof SchemaPerTenantOptions)[] = ['context', 'schema', 'allowed', 'shared']

const policyError = (message: string): KantaError => new KantaError('policy', message)

/**
 * Gives each tenant its own schema (a database on MariaDB, an attached one on SQLite): puts the schema of the tenant
 * before every table name without one. Connections hold no state of a tenant, so they cannot leak it. A statement may
 * name a schema itself only for tables in `shared`.
 *
 * @throws KantaError `policy` for a statement without a tenant, for a schema that is not allowed, for a table of another schema, and for statements that define tables: run those with `withSchema()` on the database without this plugin.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { schemaPerTenant } from 'kanta/plugins'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta<{ post: { title: string } }>({ driver: sqlite(':memory:'), plugins: [schemaPerTenant()] })
 * db.as({ tenant: 7 }).selectFrom('post').select('title').compile().sql // select "title" from "tenant_7"."post"
 * ```
 */
export function schemaPerTenant<const N extends string = never>(
  options: SchemaPerTenantOptions<N> = {},
): Plugin<{}, N> {
  checkOptions('schemaPerTenant()', options, OPTIONS)
  const context = nameGiven('schemaPerTenant', 'context', options.context ?? 'tenant')
  const { schema = (tenant) => `tenant_${tenant}` } = options
  if (typeof schema !== 'function')
    refuse(`schemaPerTenant({ schema }) takes a function of the tenant, not ${show(schema)}.`)
  const isAllowed = allowance(options.allowed ?? /[a-z_][a-z0-9_]*/)
  const names = tableNames('schemaPerTenant', 'shared', options.shared ?? [])
  const shared = sharedTables(names)
  const nameIn = (values: Context): string => {
    const tenant = contextValue(context, values)
    const name = schema(tenantOf(tenant, context))
    if (typeof name !== 'string' || !isAllowed(name) || name.length > MOST_LETTERS)
      throw policyError(
        `The schema ${show(name)} of the '${context}' in the context is not allowed. List the schemas in 'allowed' of schemaPerTenant().`,
      )
    return name
  }
  const policy = tablePolicy({
    name: 'schemaPerTenant',
    refusesDefinitions: true,
    rule: (table) => {
      if (table.schema !== undefined && !names.includes(fullName(table))) throw otherSchema(table)
      return undefined
    },
    variants: {
      nameIn,
      rewrite: (tree, name) => inSchemas(tree, (table) => (shared.has(table) ? shared.get(table) : name)),
    },
  })
  return ownPlugin({
    name: 'schemaPerTenant',
    names: names.map((table) => ({ table })),
    conflicts: ['schemaPrefix'],
    policies: [policy],
    extend: (db: DatabaseHandle) => {
      const policies = policiesOf(db)
      const before = policies.slice(0, policies.indexOf(policy)).find(({ name }) => OTHER_SCHEMA.test(name))
      if (before !== undefined) throw placedBefore(before.name)
      return {}
    },
  })
}

/** The names of policies that put tables into one schema: see `schemaPrefix()`. */
const OTHER_SCHEMA = /^schema /

const placedBefore = (name: string): KantaError =>
  new KantaError(
    'plugin',
    `withSchema() puts the tables of this database into '${name.replace(OTHER_SCHEMA, '')}' already, for all tenants. Add schemaPerTenant() to the database without it.`,
  )

/** The longest name that PostgreSQL does not truncate. */
const MOST_LETTERS = 63

const otherSchema = (table: TableReference): KantaError =>
  policyError(
    `The policy 'schemaPerTenant' does not allow a statement to name a schema, as in '${fullName(table)}'. Leave the schema out, or list '${fullName(table)}' in 'shared' if all tenants share it.`,
  )

function tenantOf(value: unknown, context: string): TenantId {
  const known =
    typeof value === 'bigint' || typeof value === 'string' || (typeof value === 'number' && Number.isSafeInteger(value))
  if (!known) throw policyError(`The '${context}' in the context is ${show(value)}. Give an integer or text.`)
  return value
}

/** Returns a function that checks the name of a schema. */
function allowance(allowed: unknown): (name: string) => boolean {
  if (allowed instanceof RegExp) {
    // Matches the whole name. Flags for lines and for repeated matches have no meaning here.
    const whole = new RegExp(`^(?:${allowed.source})$`, allowed.flags.replaceAll(/[gmy]/g, ''))
    return (name) => whole.test(name)
  }
  const names = new Set(tableNames('schemaPerTenant', 'allowed', allowed))
  return (name) => names.has(name)
}

/** Returns the schema of each shared table; `undefined` for one that gets none. */
function sharedTables(names: readonly string[]): ReadonlyMap<string, string | undefined> {
  return new Map(
    names.map((name) => {
      const dot = name.indexOf('.')
      return dot < 0 ? [name, undefined] : [name.slice(dot + 1), name.slice(0, dot)]
    }),
  )
}
