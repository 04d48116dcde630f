import { checkOptions, KantaError, refuse } from '../error/index.ts'
import { type Context, contextValue, type Plugin } from '../extend/index.ts'
import { type DatabaseHandle, inSchemas, ownPlugin, policiesOf } from '../extend/internal/index.ts'
import { type TableReference, tablePolicy } from '../guard/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'
import { nameGiven, tableNames } from './table-list.ts'

/** A tenant as the context names it. */
type TenantId = string | number | bigint

/** How each tenant has a schema of its own. */
export interface SchemaPerTenantOptions {
  /** The value of the context that says who asks; `tenant` unless given. */
  readonly context?: string | undefined
  /** The schema of a tenant; `tenant_` and the tenant unless given. */
  readonly schema?: ((tenant: TenantId) => string) | undefined
  /** Which names of schemas there may be: a list of them, or what all of the name has to match. Lower-case letters, digits and `_` unless given. */
  readonly allowed?: RegExp | readonly string[] | undefined
  /** Tables that are everybody's: `'country'` stays as it is written, `'public.country'` is found in that schema. */
  readonly shared?: readonly string[] | undefined
}

const OPTIONS: readonly (keyof SchemaPerTenantOptions)[] = ['context', 'schema', 'allowed', 'shared']

const policyError = (message: string): KantaError => new KantaError('policy', message)

/**
 * Gives each tenant a schema of its own (a database on MariaDB, an attached one on SQLite): every table without one is
 * that of whoever asks, by its name in the text. No connection is set up for a tenant, so none can keep one. A schema
 * that a statement names itself is refused, unless the table is in `shared`.
 *
 * @throws KantaError `policy` when a statement runs without a tenant, for one whose schema is not allowed, for a table
 * of another schema, and for statements that define tables: run those with `withSchema()` on the database without it.
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
export function schemaPerTenant(options: SchemaPerTenantOptions = {}): Plugin {
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
        `The schema ${show(name)} of the '${context}' in the context is not allowed. Say in 'allowed' of schemaPerTenant() which schemas there are.`,
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

/** What puts tables into one schema: see `schemaPrefix()`. */
const OTHER_SCHEMA = /^schema /

const placedBefore = (name: string): KantaError =>
  new KantaError(
    'plugin',
    `withSchema() has put the tables of this database into '${name.replace(OTHER_SCHEMA, '')}' already, which would be everybody's. Give schemaPerTenant() to the database without it.`,
  )

/** The most letters of a name that PostgreSQL tells apart. */
const MOST_LETTERS = 63

const otherSchema = (table: TableReference): KantaError =>
  policyError(
    `'${fullName(table)}' is in a schema that the statement names itself, past the policy 'schemaPerTenant'. Leave the schema out, or list '${fullName(table)}' in 'shared' where it is everybody's.`,
  )

function tenantOf(value: unknown, context: string): TenantId {
  const known =
    typeof value === 'bigint' || typeof value === 'string' || (typeof value === 'number' && Number.isSafeInteger(value))
  if (!known) throw policyError(`The '${context}' of the context is ${show(value)}. Give an integer or text.`)
  return value
}

/** Whether the schema of a tenant may have a name. */
function allowance(allowed: unknown): (name: string) => boolean {
  if (allowed instanceof RegExp) {
    // The whole name, whatever was left open; lines have no meaning in it, nor has what was matched before.
    const whole = new RegExp(`^(?:${allowed.source})$`, allowed.flags.replaceAll(/[gmy]/g, ''))
    return (name) => whole.test(name)
  }
  const names = new Set(tableNames('schemaPerTenant', 'allowed', allowed))
  return (name) => names.has(name)
}

/** The schema of each table that is everybody's; none where it stays as it is written. */
function sharedTables(names: readonly string[]): ReadonlyMap<string, string | undefined> {
  return new Map(
    names.map((name) => {
      const dot = name.indexOf('.')
      return dot < 0 ? [name, undefined] : [name.slice(dot + 1), name.slice(0, dot)]
    }),
  )
}
