import { nearest, refuse } from '../../../error/index.ts'

/** The pragmas that a connection can be opened with, and their values. */
const PRAGMAS = {
  analysis_limit: 'number',
  application_id: 'number',
  auto_vacuum: ['none', 'full', 'incremental'],
  automatic_index: 'flag',
  cache_size: 'number',
  cache_spill: 'number',
  case_sensitive_like: 'flag',
  cell_size_check: 'flag',
  checkpoint_fullfsync: 'flag',
  encoding: ['UTF-8', 'UTF-16', 'UTF-16le', 'UTF-16be'],
  foreign_keys: 'flag',
  fullfsync: 'flag',
  hard_heap_limit: 'number',
  ignore_check_constraints: 'flag',
  journal_mode: ['delete', 'truncate', 'persist', 'memory', 'wal', 'off'],
  journal_size_limit: 'number',
  legacy_alter_table: 'flag',
  locking_mode: ['normal', 'exclusive'],
  max_page_count: 'number',
  mmap_size: 'number',
  page_size: 'number',
  recursive_triggers: 'flag',
  reverse_unordered_selects: 'flag',
  secure_delete: ['on', 'off', 'fast'],
  soft_heap_limit: 'number',
  synchronous: ['off', 'normal', 'full', 'extra'],
  temp_store: ['default', 'file', 'memory'],
  threads: 'number',
  trusted_schema: 'flag',
  wal_autocheckpoint: 'number',
} as const

type Value<Kind> = Kind extends 'flag'
  ? boolean
  : Kind extends 'number'
    ? number
    : Kind extends readonly (infer Word)[]
      ? Word
      : never

/** Pragmas of SQLite by name. */
export type Pragmas = { readonly [Name in keyof typeof PRAGMAS]?: Value<(typeof PRAGMAS)[Name]> | undefined }

/** The pragmas that have an option of their own. */
const OPTION_OF_PRAGMA: Readonly<Record<string, string>> = {
  busy_timeout: 'the option busyTimeout',
  query_only: "the preset 'read-only'",
}

// These shape a new file or its locking, so they must run before the others.
const RUN_FIRST = ['encoding', 'page_size', 'auto_vacuum', 'locking_mode', 'journal_mode']

/** Returns the statement of each pragma, in the order in which they must run. All names and values are checked. */
export function printPragmas(owner: string, pragmas: Pragmas): Record<string, string> {
  const printed: Record<string, string> = {}
  const given = Object.entries(pragmas).filter(([, value]) => value !== undefined)
  given.sort(([a], [b]) => rank(a) - rank(b))
  for (const [name, value] of given) printed[name] = `pragma ${name} = ${print(owner, name, value)};`
  return printed
}

function rank(name: string): number {
  const at = RUN_FIRST.indexOf(name)
  return at < 0 ? RUN_FIRST.length : at
}

function print(owner: string, name: string, value: unknown): string {
  if (!Object.hasOwn(PRAGMAS, name)) return refuseName(owner, name)
  const kind = PRAGMAS[name as keyof typeof PRAGMAS]
  if (kind === 'flag') return typeof value === 'boolean' ? String(value) : refuseValue(name, 'true or false', value)
  if (kind === 'number') return Number.isSafeInteger(value) ? String(value) : refuseValue(name, 'a whole number', value)
  const word = kind.find((word) => word === value)
  return word === undefined ? refuseValue(name, `one of ${kind.join(', ')}`, value) : `'${word}'`
}

function refuseName(owner: string, name: string): never {
  const elsewhere = Object.hasOwn(OPTION_OF_PRAGMA, name) ? OPTION_OF_PRAGMA[name] : undefined
  if (elsewhere !== undefined) return refuse(`${owner} sets the pragma ${name} by ${elsewhere}. Give that.`)
  const near = nearest(name, Object.keys(PRAGMAS))
  const meant = near === undefined ? 'Run it in onConnect if it is meant.' : `Did you mean '${near}'?`
  return refuse(`${owner} has no pragma '${name}' to set. ${meant}`)
}

function refuseValue(name: string, takes: string, value: unknown): never {
  return refuse(`The pragma ${name} takes ${takes}, not ${typeof value === 'string' ? `'${value}'` : String(value)}.`)
}
