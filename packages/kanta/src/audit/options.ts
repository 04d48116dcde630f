import { checkOptions, refuse } from '../error/index.ts'
import type { Context, Node, NodeOf, Policy } from '../extend/index.ts'
import { type DatabaseHandle, policiesOf } from '../extend/internal/index.ts'
import { splitName } from '../ir/index.ts'
import { checkName, show } from '../sql/index.ts'
import { headName } from './table.ts'

/** What `audit()` takes. */
export interface AuditOptions {
  /**
   * The tables to keep a trail of, as `table` or `schema.table`; all unless given. Here and below names are those of the
   * program or of the database, where they differ.
   */
  readonly tables?: readonly string[] | undefined
  /** The table of the trail; `kanta_audit` unless given. */
  readonly table?: string | undefined
  /** The columns of primary keys, for tables that the schema of the database does not define. */
  readonly keys?: Readonly<Record<string, readonly string[]>> | undefined
  /** The value of the context that says who writes; a write without it is refused. */
  readonly actor?: string | undefined
  /** The value of the context that says why; it may be missing. */
  readonly reason?: string | undefined
  /** Columns whose values are never kept, by table. That they changed is seen; what they were is not. */
  readonly redact?: Readonly<Record<string, readonly string[]>> | undefined
  /** Chains the entries by hashes, so that `verify()` finds what was changed. Writers then wait for each other. */
  readonly hashChain?: boolean | undefined
  /** Makes the table of the trail when it is missing; true unless given. */
  readonly create?: boolean | undefined
  /** Names of policies that say which rows are current, not whose they are: the trail shows rows past them. */
  readonly statePolicies?: readonly string[] | undefined
  readonly now?: (() => Date) | undefined
  /** More to keep with each entry, such as the number of a request: a JSON value. */
  readonly metadata?: ((context: Context) => unknown) | undefined
}

const OPTIONS: readonly string[] = [
  ...['tables', 'table', 'keys', 'actor', 'reason', 'redact', 'hashChain', 'create', 'statePolicies', 'now'],
  'metadata',
]

/** Options that have been checked. */
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
  /** Whether a trail is kept of a table, by its full name. */
  readonly audits: (name: string) => boolean
  readonly isOwn: (name: string) => boolean
  /** Whether a column of a table is never kept; `undefined` where all are. */
  readonly redacts: (name: string) => ((column: string) => boolean) | undefined
  /** Makes the names that were given mean what they are called in a database, too, whose plugins may rename. */
  readonly learn: (db: DatabaseHandle) => void
}

/** Names are asked for as `schema.table`, and may have been given without the schema. */
const bare = (name: string): string => name.slice(name.indexOf('.') + 1)
/** Not all databases tell cases apart: a table that is spelled otherwise is audited as well. */
const plain = (name: string): string => name.toLowerCase()

export function settle(options: AuditOptions): Settings {
  checkOptions('audit()', options, OPTIONS)
  const { tables, table = 'kanta_audit', keys = {}, redact = {}, actor, reason } = options
  checkName(table, 'the table of an audit trail')
  if (tables !== undefined && (!Array.isArray(tables) || tables.length === 0))
    refuse('audit({ tables }) is a list of names. Leave it out to keep a trail of all tables.')
  for (const name of [...(tables ?? []), ...Object.keys(redact), ...Object.keys(keys)]) checkName(name, 'a table')
  for (const name of [actor, reason]) if (name !== undefined) checkName(name, 'the name of a value of the context')
  checkLists('redact', redact)
  checkLists('keys', keys)
  const own = [table, headName(table)].map(plain)
  const listed = tables === undefined ? undefined : new Set<string>(tables.map(plain))
  const known: Record<string, readonly string[]> = { ...keys }
  const hidden = new Map<string, Set<string>>()
  const hide = (name: string, columns: readonly string[]): void => {
    hidden.set(plain(name), new Set([...(hidden.get(plain(name)) ?? []), ...columns.map(plain)]))
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
    audits: (name) => {
      const asked = plain(name)
      if (own.includes(bare(asked))) return false
      return listed === undefined || listed.has(asked) || listed.has(bare(asked))
    },
    isOwn: (name) => own.includes(bare(plain(name))),
    redacts: (name) => {
      const columns = hidden.get(plain(name)) ?? hidden.get(bare(plain(name)))
      return columns && ((column) => columns.has(plain(column)))
    },
    learn: (db) => {
      const policies = policiesOf(db)
      if (learned.has(policies)) return
      learned.add(policies)
      const { inTable, inColumn } = namesIn(policies)
      for (const name of tables ?? []) listed!.add(plain(inTable(name)))
      for (const [name, columns] of Object.entries(redact)) {
        hide(inTable(name), columns.map(inColumn))
      }
      for (const [name, columns] of Object.entries(keys)) known[inTable(name)] ??= columns.map(inColumn)
    },
  }
}

/** What some policies make of the names of a program. */
function namesIn(policies: readonly Policy[]) {
  const renamed = <N extends Node>(node: N): N =>
    policies.reduce<Node>((made, { rewrite }) => rewrite?.(made) ?? made, node) as N
  return {
    inTable: (given: string): string => {
      const { name, schema } = splitName(given)
      const made = renamed<NodeOf<'table'>>({ kind: 'table', schema, name, definition: undefined })
      // A schema that is added is not told apart from others anyway.
      return schema === undefined ? made.name : `${made.schema}.${made.name}`
    },
    inColumn: (column: string): string =>
      renamed<NodeOf<'ref'>>({ kind: 'ref', schema: undefined, table: undefined, column }).column,
  }
}

function checkLists(option: string, lists: Readonly<Record<string, readonly string[]>>): void {
  for (const [table, columns] of Object.entries(lists))
    if (!Array.isArray(columns) || columns.length === 0 || columns.some((name) => typeof name !== 'string'))
      refuse(`audit({ ${option}: { ${table} } }) is a list of columns, not ${show(columns)}.`)
}

function flag(option: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise
  return typeof value === 'boolean' ? value : refuse(`audit({ ${option} }) is true or false, not ${show(value)}.`)
}

function callback<F>(option: string, value: F | undefined): F | undefined {
  return value === undefined || typeof value === 'function'
    ? value
    : refuse(`audit({ ${option} }) is a function, not ${show(value)}.`)
}
