import { checkOptions, refuse } from '../error/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'
import { definitionOf, type TableDefinition } from '../table/index.ts'
import { type ColumnRights, OPERATIONS, type Operation, Policies, type Rules, type TableRules } from './declare.ts'
import { ConditionPrinter, quote } from './native-text.ts'
import { combine } from './rules.ts'

/** Options of `rlsStatements()`. */
export interface NativeOptions {
  /** The tables as values: an object of them, or a module. */
  readonly schema: object
  /** The database role of the application, which the policies restrict: neither the owner nor a superuser. */
  readonly role: string
  /** The database roles, by role of the context, that get the columns of that role; none by default. */
  readonly roles?: Readonly<Record<string, string>> | undefined
}

/**
 * Returns the statements that make PostgreSQL itself enforce the policies for a role: grants, row-level security (also
 * for the owner), and a policy for each declared one. Run them as the owner of the tables.
 *
 * https://www.postgresql.org/docs/current/ddl-rowsecurity.html
 *
 * @throws KantaError `invalid_input` for tables and columns that the schema lacks, `unsupported` for columns that PostgreSQL compares differently from the other databases.
 *
 * @example
 * ```ts
 * const rules = policies<Tables, { home: string }>({
 *   city: ({ allow }) => [allow('select', ({ row, context }) => row.country.eq(context.home))],
 * })
 * const texts = rlsStatements(rules, { schema, role: 'reader' })
 * texts[0] // alter table "city" enable row level security
 * ```
 */
export function rlsStatements<DB, C>(policies: Policies<DB, C>, options: NativeOptions): string[] {
  const native = checkSettings('rlsStatements()', policies, options)
  const role = roleName(options.role)
  return [...policies.tables].flatMap(([name, rules]) => {
    const table = tableName(name)
    if (!('operations' in rules)) return [`grant select, insert, update, delete on ${table} to ${role}`]
    const definition = native.definition(name)
    const created = policiesOf(rules, native).map(
      ({ name: own, style, operation, clauses }) =>
        `create policy ${quote(own)} on ${table} as ${style} for ${operation} to ${role}${clauses}`,
    )
    return [
      `alter table ${table} enable row level security`,
      `alter table ${table} force row level security`,
      `revoke all on ${table} from ${role}`,
      ...grants(rules, definition, table, role, options.roles ?? {}),
      ...created,
    ]
  })
}

/**
 * Returns the statements that undo those of `rlsStatements()`. They change nothing if those never ran.
 *
 * @throws KantaError as `rlsStatements()`.
 *
 * @example
 * ```ts
 * const rules = policies<Tables>({ city: ({ allow }) => [allow('select')] })
 * const texts = dropRlsStatements(rules, { schema, role: 'reader' })
 * texts[0] // drop policy if exists "kanta_select_allow_1" on "city"
 * ```
 */
export function dropRlsStatements<DB, C>(policies: Policies<DB, C>, options: NativeOptions): string[] {
  const native = checkSettings('dropRlsStatements()', policies, options)
  const roles = [options.role, ...Object.values(options.roles ?? {})].map(roleName)
  return [...policies.tables].flatMap(([name, rules]) => {
    const table = tableName(name)
    const revoked = roles.map((role) => `revoke all on ${table} from ${role}`)
    if (!('operations' in rules)) return revoked
    return [
      ...policiesOf(rules, native).map(({ name: own }) => `drop policy if exists ${quote(own)} on ${table}`),
      ...revoked,
      `alter table ${table} no force row level security`,
      `alter table ${table} disable row level security`,
    ]
  })
}

interface NativeSettings {
  readonly printer: ConditionPrinter
  definition(table: string): TableDefinition
}

const OPTIONS: readonly string[] = ['schema', 'role', 'roles']

function checkSettings(what: string, policies: unknown, options: NativeOptions): NativeSettings {
  if (!(policies instanceof Policies)) return refuse(`${what} takes the result of policies(), not ${show(policies)}.`)
  checkOptions(what, options, OPTIONS)
  const tables = new Map<string, TableDefinition>()
  for (const value of Object.values(options.schema ?? {})) {
    const found = definitionOf(value)
    if (found !== undefined) tables.set(fullName(found), found)
  }
  const definition = (table: string): TableDefinition =>
    tables.get(table) ?? refuse(`The table '${table}' has policies, but the schema lacks it. Add it to the schema.`)
  return { definition, printer: new ConditionPrinter(definition) }
}

/** Quotes the name of a role, but not `public`, which means everybody. */
function roleName(role: unknown): string {
  if (typeof role !== 'string' || role === '') return refuse(`A role must be a name, not ${show(role)}.`)
  return role === 'public' ? 'public' : quote(role)
}

function tableName(name: string): string {
  const at = name.lastIndexOf('.')
  return at < 0 ? quote(name) : `${quote(name.slice(0, at))}.${quote(name.slice(at + 1))}`
}

interface NativePolicy {
  readonly name: string
  readonly style: 'permissive' | 'restrictive'
  readonly operation: Operation
  readonly clauses: string
}

/**
 * Returns a permissive policy for each allow(), a restrictive one for each deny(), and restrictive ones that let a
 * context change only rows that it can read.
 */
function policiesOf(rules: TableRules, { printer }: NativeSettings): readonly NativePolicy[] {
  const read = printer.print(combine(rules.operations.select.using))
  return OPERATIONS.flatMap((operation) => {
    const { using, withCheck } = rules.operations[operation]
    const of = (kind: keyof Rules, style: NativePolicy['style']): NativePolicy[] =>
      using[kind].map((tree, i) => {
        const said = (one: typeof tree): string =>
          kind === 'allow' ? printer.print(one) : `(not ${printer.print(one)})`
        const clauses = clausesOf(operation, said(tree), said(withCheck[kind][i]!))
        return { name: `kanta_${operation}_${kind}_${i + 1}`, style, operation, clauses }
      })
    const needs: NativePolicy[] =
      operation === 'update' || operation === 'delete'
        ? [
            {
              name: `kanta_${operation}_read`,
              style: 'restrictive',
              operation,
              clauses: clausesOf(operation, read, read),
            },
          ]
        : []
    return [...of('allow', 'permissive'), ...of('deny', 'restrictive'), ...needs]
  })
}

function clausesOf(operation: Operation, using: string, withCheck: string): string {
  if (operation === 'insert') return ` with check (${withCheck})`
  return operation === 'update' ? ` using (${using}) with check (${withCheck})` : ` using (${using})`
}

/** Returns the grants on columns: to the role those that everybody may use, and to each other role its own. */
function grants(
  rules: TableRules,
  definition: TableDefinition,
  table: string,
  role: string,
  roles: Readonly<Record<string, string>>,
): readonly string[] {
  for (const column of rules.columns.keys())
    if (!definition.columns.has(column))
      refuse(`'${rules.name}.${column}' has rights, but the table has no such column. Remove it from columns().`)
  const all = [...definition.columns.keys()]
  const rightOf = { select: 'read', insert: 'write', update: 'write' } as const
  const given = (to: string, may: (rights: readonly string[] | undefined) => boolean): string[] =>
    (['select', 'insert', 'update'] as const).flatMap((operation) => {
      const right: keyof ColumnRights = rightOf[operation]
      const columns = all.filter((column) => may(rules.columns.get(column)?.[right])).map(quote)
      return columns.length === 0 ? [] : [`grant ${operation} (${columns.join(', ')}) on ${table} to ${to}`]
    })
  const others = Object.entries(roles).flatMap(([name, other]) =>
    given(roleName(other), (rights) => rights?.includes(name) === true),
  )
  return [...given(role, (rights) => rights === undefined), `grant delete on ${table} to ${role}`, ...others]
}
