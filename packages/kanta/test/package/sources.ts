import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository. */
export const root: string = fileURLToPath(new URL('../../../../', import.meta.url))
/** The package `kanta`. */
export const home: string = join(root, 'packages/kanta')
/** Its sources. */
export const src: string = join(home, 'src')

/** What a file imports from where. */
export interface Import {
  readonly from: string
  /** Whether it is gone when the types are. */
  readonly typeOnly: boolean
  readonly line: number
}

/** A file of `src/`; `path` is relative to it, with slashes. */
export interface Source {
  readonly path: string
  readonly text: string
  /** The text with comments and the insides of strings blanked, line for line. */
  readonly code: string
  readonly imports: readonly Import[]
}

/** All sources, in the order of their paths. */
export function sources(): Source[] {
  return readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(src, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(src, path), 'utf8')
      return { path, text, code: blank(text), imports: importsOf(text) }
    })
}

// Statements start a line, which the formatter sees to; a docstring's lines start with a star.
const STATEMENT = /^(?:import|export)\s+(type\s)?([^'"`;()]*?)\s*from\s+'([^']+)'/gm
const BARE = /^import\s+'([^']+)'/gm
const DYNAMIC = /(?<!\w)(?:import|require)\(\s*'([^']+)'\s*\)/g

function importsOf(text: string): Import[] {
  const found: Import[] = []
  const add = (match: RegExpExecArray, from: string, typeOnly: boolean) =>
    found.push({ from, typeOnly, line: text.slice(0, match.index).split('\n').length })
  for (const match of text.matchAll(STATEMENT)) add(match, match[3]!, match[1] !== undefined || allTypes(match[2]!))
  for (const match of text.matchAll(BARE)) add(match, match[1]!, false)
  for (const match of text.matchAll(DYNAMIC)) {
    if (!/^\s*(?:\*|\/\/)/.test(text.slice(text.lastIndexOf('\n', match.index) + 1, match.index + 1)))
      add(match, match[1]!, false)
  }
  return found
}

/** `{ type A, type B }` */
function allTypes(names: string): boolean {
  const inner = /^\{([^}]*)\}$/.exec(names.trim())?.[1]
  return inner?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type ')) === true
}

/** The file of `src/` that an import of `path` means; `undefined` for a module from outside. */
export function target(path: string, from: string): string | undefined {
  return from.startsWith('.') ? join(dirname(path), from).split(sep).join('/') : undefined
}

const TOKENS = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g

function blank(text: string): string {
  return text.replace(TOKENS, (token) => token.replace(/[^\n]/g, ' '))
}

/** The names that a file of `src/` exports. */
export interface Names {
  readonly values: Set<string>
  readonly types: Set<string>
}

const DECLARED =
  /^export\s+(?:declare\s+)?(?:abstract\s+)?(class|const|let|(?:async\s+)?function\*?|interface|type)\s+([\w$]+)/gm
const LISTED = /^export\s+(type\s+)?\{([^}]*)\}/gm
const ALL = /^export\s+(type\s+)?\*\s+from\s+'([^']+)'/gm

/** What users of an entry can import. */
export function exportsOf(path: string, files: ReadonlyMap<string, Source>): Names {
  const { text } = files.get(path)!
  const names: Names = { values: new Set(), types: new Set() }
  for (const [, sort, name] of text.matchAll(DECLARED)) {
    ;(sort === 'interface' || sort === 'type' ? names.types : names.values).add(name!)
  }
  for (const [, typeOnly, list] of text.matchAll(LISTED)) {
    for (const item of list!.split(',').map((part) => part.trim())) {
      const [, type, name, alias] = /^(type\s+)?([\w$]+)(?:\s+as\s+([\w$]+))?$/.exec(item) ?? []
      if (name !== undefined) (typeOnly || type ? names.types : names.values).add(alias ?? name)
    }
  }
  for (const [, typeOnly, from] of text.matchAll(ALL)) {
    const { values, types } = exportsOf(target(path, from!)!, files)
    for (const name of values) (typeOnly ? names.types : names.values).add(name)
    for (const name of types) names.types.add(name)
  }
  return names
}

/** The entries of the package, and the file of `src/` behind each. */
export const entries: Readonly<Record<string, string>> = {
  kanta: 'index.ts',
  'kanta/ambient': 'ambient.ts',
  'kanta/audit': 'audit/index.ts',
  'kanta/better-sqlite3': 'driver/better-sqlite3/index.ts',
  'kanta/bun-sqlite': 'driver/bun-sqlite/index.ts',
  'kanta/cache': 'cache/index.ts',
  'kanta/cluster': 'driver/cluster/index.ts',
  'kanta/commit': 'commit/index.ts',
  'kanta/d1': 'driver/d1/index.ts',
  'kanta/expo-sqlite': 'driver/expo-sqlite/index.ts',
  'kanta/extend': 'extend/index.ts',
  'kanta/filter': 'filter/index.ts',
  'kanta/debug': 'debug/index.ts',
  'kanta/infra': 'infra/index.ts',
  'kanta/introspect': 'introspect/introspect.ts',
  'kanta/diff': 'diff/index.ts',
  'kanta/dal': 'dal/index.ts',
  'kanta/kysely': 'compat/kysely.ts',
  'kanta/kysely/helpers/mssql': 'compat/functions/mssql.ts',
  'kanta/kysely/helpers/mysql': 'compat/functions/mysql.ts',
  'kanta/kysely/helpers/postgres': 'compat/functions/postgres.ts',
  'kanta/kysely/helpers/sqlite': 'compat/functions/sqlite.ts',
  'kanta/kysely/migration': 'compat/migration.ts',
  'kanta/kysely/readonly': 'compat/readonly.ts',
  'kanta/kysely-dialect': 'driver/kysely-dialect/index.ts',
  'kanta/libsql': 'driver/libsql/index.ts',
  'kanta/migrate': 'migrate/index.ts',
  'kanta/migrate/files': 'migrate/files.ts',
  'kanta/mysql2': 'driver/mysql2/index.ts',
  'kanta/otel': 'otel/index.ts',
  'kanta/page': 'page/index.ts',
  'kanta/pg': 'driver/pg/index.ts',
  'kanta/pglite': 'driver/pglite/index.ts',
  'kanta/pipe': 'pipe/index.ts',
  'kanta/plugins': 'plugins/index.ts',
  'kanta/problem': 'problem.ts',
  'kanta/relations': 'relations/index.ts',
  'kanta/repository': 'repository/index.ts',
  'kanta/rls': 'rls/index.ts',
  'kanta/schema': 'schema/index.ts',
  'kanta/search': 'search/index.ts',
  'kanta/sqlite': 'driver/sqlite/index.ts',
  'kanta/store': 'store/index.ts',
  'kanta/store/conformance': 'store/conformance/index.ts',
  'kanta/tedious': 'driver/tedious/index.ts',
  'kanta/testing': 'testing/index.ts',
  'kanta/testing/conformance': 'testing/conformance/index.ts',
  'kanta/time-travel': 'time-travel/index.ts',
}

/** The number of each folder of `src/`: it imports lower ones only. */
export const layers: Readonly<Record<string, number>> = {
  error: 0,
  ir: 1,
  table: 2,
  face: 3,
  sql: 3,
  dialect: 4,
  driver: 5,
  plan: 6,
  connect: 6,
  run: 7,
  extend: 8,
  changes: 8,
  schema: 9,
  introspect: 9,
  guard: 9,
  relations: 9,
  filter: 9,
  page: 9,
  pipe: 9,
  plugins: 10,
  rls: 10,
  audit: 10,
  cache: 10,
  diff: 10,
  migrate: 10,
  'time-travel': 10,
  dal: 10,
  search: 10,
  repository: 10,
  store: 10,
  testing: 11,
  infra: 10,
  commit: 10,
  debug: 10,
  otel: 10,
  compat: 11,
}
