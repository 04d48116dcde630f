import { checkOptions, refuse } from '../error/index.ts'
import type { Context, Node, NodeOf, Policy } from '../extend/index.ts'
import { type DatabaseHandle, policiesOf } from '../extend/internal/index.ts'
import { splitName } from '../ir/index.ts'
import { checkName, show } from '../sql/index.ts'
import { headName } from './table.ts'

/** The options of `audit()`. */
export interface AuditOptions<N extends string = string> {
  /**
   * The audited tables, as `table` or `schema.table`; all by default. Here and below, give names of the program or of
   * the database.
   */
  readonly tables?: readonly N[] | undefined
  /** The table of the trail; `kanta_audit` by default. */
  readonly table?: string | undefined
  /** The columns of primary keys, for tables that the schema of the database does not define. */
  readonly keys?: Readonly<Record<string, readonly string[]>> | undefined
  /** The name of the writing user in the context. A write without it is refused. */
  readonly actor?: string | undefined
  /** The name of the reason in the context, which may be missing. */
  readonly reason?: string | undefined
  /** Columns whose values are never stored, by table. The trail shows only that they changed. */
  readonly redact?: Readonly<Record<string, readonly string[]>> | undefined
  /** Chains the entries by hashes, so that `verify()` detects manipulation. Writers then wait for each other. */
  readonly hashChain?: boolean | undefined
  /** Creates the table of the trail if it is missing; true by default. */
  readonly create?: boolean | undefined
  /** Names of policies that hide rows because of their state, not their owner. The trail shows these rows. */
  readonly statePolicies?: readonly string[] | undefined
  readonly now?: (() => Date) | undefined
  /** Returns a JSON value to store with each entry, such as the id of a request. */
  readonly metadata?: ((context: Context) => unknown) | undefined
}

const OPTIONS: readonly string[] = [
  ...['tables', 'table', 'keys', 'actor', 'reason', 'redact', 'hashChain', 'create', 'statePolicies', 'now'],
  'metadata',
]

/** The checked options. */
export interface Settings {
  readonly table: string
  readonly keys: Readonly<Record<string, readonly string[]>>
  readonly actor: string | undefined
  readonly reason: string | undefined
  readonly hashChain: boolean
  readonly create: boolean
  readonly statePolicies: readonly string[]
  readonly now: () => Date
  readonly metadata: ((context: Context) => unknown) | undefined
  /** Returns true if a table is audited, by its full name. */
  readonly isAudited: (name: string) => boolean
  readonly isTrailTable: (name: string) => boolean
  /** Returns a test for the redacted columns of a table; `undefined` if it has none. */
  readonly redactedColumns: (name: string) => ((column: string) => boolean) | undefined
  /** Adds the names in a database, whose plugins may rename, to the given ones. */
  readonly learnNames: (db: DatabaseHandle) => void
}

/** Removes the schema from a name: the options may name tables without it. */
const withoutSchema = (name: string): string => name.slice(name.indexOf('.') + 1)
/** Folds the case of a name, since some databases ignore it. */
const foldCase = (name: string): string => name.toLowerCase()

export function checkSettings(options: AuditOptions): Settings {
  checkOptions('audit()', options, OPTIONS)
  const { tables, table = 'kanta_audit', keys = {}, redact = {}, actor, reason } = options
  checkName(table, 'the table of an audit trail')
  if (tables !== undefined && (!Array.isArray(tables) || tables.length === 0))
    refuse('audit({ tables }) must be a list of names. Leave it out to audit all tables.')
  for (const name of [...(tables ?? []), ...Object.keys(redact), ...Object.keys(keys)]) checkName(name, 'a table')
  for (const name of [actor, reason]) if (name !== undefined) checkName(name, 'the name of a value of the context')
  checkLists('redact', redact)
  checkLists('keys', keys)
  const own = [table, headName(table)].map(foldCase)
  const listed = tables === undefined ? undefined : new Set<string>(tables.map(foldCase))
  const known: Record<string, readonly string[]> = { ...keys }
  const hidden = new Map<string, Set<string>>()
  const hide = (name: string, columns: readonly string[]): void => {
    hidden.set(foldCase(name), new Set([...(hidden.get(foldCase(name)) ?? []), ...columns.map(foldCase)]))
  }
  for (const [name, columns] of Object.entries(redact)) hide(name, columns)
  const learned = new WeakSet<object>()
  return {
    ...{ table, keys: known, actor, reason },
    hashChain: flag('hashChain', options.hashChain, false),
    create: flag('create', options.create, true),
    statePolicies: options.statePolicies ?? ['softDelete', 'ttl'],
    now: callback('now', options.now) ?? (() => new Date()),
    metadata: callback('metadata', options.metadata),
    isAudited: (name) => {
      const asked = foldCase(name)
      if (own.includes(withoutSchema(asked))) return false
      return listed === undefined || listed.has(asked) || listed.has(withoutSchema(asked))
    },
    isTrailTable: (name) => own.includes(withoutSchema(foldCase(name))),
    redactedColumns: (name) => {
      const columns = hidden.get(foldCase(name)) ?? hidden.get(withoutSchema(foldCase(name)))
      return columns && ((column) => columns.has(foldCase(column)))
    },
    learnNames: (db) => {
      const policies = policiesOf(db)
      if (learned.has(policies)) return
      learned.add(policies)
      const { inTable, inColumn } = namesIn(policies)
      for (const name of tables ?? []) listed!.add(foldCase(inTable(name)))
      for (const [name, columns] of Object.entries(redact)) {
        hide(inTable(name), columns.map(inColumn))
      }
      for (const [name, columns] of Object.entries(keys)) known[inTable(name)] ??= columns.map(inColumn)
    },
  }
}

/** Returns functions that translate names of the program to those of the database. */
function namesIn(policies: readonly Policy[]) {
  const renamed = <N extends Node>(node: N): N =>
    policies.reduce<Node>((made, { rewrite }) => rewrite?.(made) ?? made, node) as N
  return {
    inTable: (given: string): string => {
      const { name, schema } = splitName(given)
      const made = renamed<NodeOf<'table'>>({ kind: 'table', schema, name, definition: undefined })
      // A schema that a policy adds makes no difference here.
      return schema === undefined ? made.name : `${made.schema}.${made.name}`
    },
    inColumn: (column: string): string =>
      renamed<NodeOf<'ref'>>({ kind: 'ref', schema: undefined, table: undefined, column }).column,
  }
}

function checkLists(option: string, lists: Readonly<Record<string, readonly string[]>>): void {
  for (const [table, columns] of Object.entries(lists))
    if (!Array.isArray(columns) || columns.length === 0 || columns.some((name) => typeof name !== 'string'))
      refuse(`audit({ ${option}: { ${table} } }) must be a list of columns, not ${show(columns)}.`)
}

function flag(option: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise
  return typeof value === 'boolean' ? value : refuse(`audit({ ${option} }) must be true or false, not ${show(value)}.`)
}

function callback<F>(option: string, value: F | undefined): F | undefined {
  return value === undefined || typeof value === 'function'
    ? value
    : refuse(`audit({ ${option} }) must be a function, not ${show(value)}.`)
}
