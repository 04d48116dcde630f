import { fileURLToPath } from 'node:url'
import { checkOptions, nearest, refuse } from '../../../error/index.ts'
import type { Connection, MaybePromise, Role } from '../../driver.ts'
import { whole } from '../../option.ts'
import { type Pragmas, printPragmas } from './pragma.ts'

/**
 * How a SQLite database is opened, by `kanta/sqlite` and `kanta/better-sqlite3` alike.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({
 *   driver: sqlite({ path: 'cities.db', busyTimeout: 2000, pragmas: { cache_size: -65536 } }),
 * })
 * ```
 */
export interface SqliteOptions<Database = unknown> {
  /** The file, made when it is missing; or `:memory:`. */
  readonly path: string | URL
  /** What the database is for; `production` unless said. See {@link presets}. */
  readonly preset?: Preset | undefined
  /** Settings of SQLite that replace or add to those of the preset. */
  readonly pragmas?: Pragmas | undefined
  /** The milliseconds to wait for a lock of another process; 5000 unless said. The wait holds up the whole thread. */
  readonly busyTimeout?: number | undefined
  /** The most connections for reads outside of write transactions; 4 unless said, and none where they could block a write. */
  readonly readers?: number | undefined
  /** The most texts that each connection keeps prepared; 256 unless said. */
  readonly statementCache?: number | undefined
  /** Files of extensions that each connection loads, such as that of sqlite-vec. Code: never give it what comes from outside. */
  readonly extensions?: readonly string[] | undefined
  /**
   * Called with each new connection, its role and the library's own handle, to add functions or attach databases.
   * When it throws, the connection is closed and the query that asked for it rejects.
   */
  readonly onConnect?: ((connection: Connection, role: Role, database: Database) => MaybePromise<void>) | undefined
}

/** What a SQLite database is for. */
export type Preset = 'production' | 'read-only' | 'test'

/**
 * The settings of each preset.
 *
 * - `production`: a write-ahead log, so that reads neither wait for a write nor hold it up; a commit survives a crash
 *   of the process, and the database stays whole after a loss of power, which may cost the last commits.
 * - `read-only`: opened for reading only; its transactions need the access mode `read only`.
 * - `test`: as fast as can be; a crash may destroy the file.
 *
 * @example
 * ```ts
 * import { presets, sqlite } from 'kanta/sqlite'
 *
 * presets.production.journal_mode // 'wal'
 * const driver = sqlite({ path: ':memory:', preset: 'test' })
 * ```
 */
export const presets: Readonly<Record<Preset, Pragmas>> = {
  production: {
    journal_mode: 'wal',
    synchronous: 'normal',
    foreign_keys: true,
    journal_size_limit: 64 * 1024 * 1024,
    temp_store: 'memory',
  },
  'read-only': { foreign_keys: true, temp_store: 'memory' },
  test: { journal_mode: 'memory', synchronous: 'off', foreign_keys: true, temp_store: 'memory' },
}

/**
 * What holds for an option that is not given.
 *
 * @example
 * ```ts
 * import { defaults } from 'kanta/sqlite'
 *
 * defaults.busyTimeout // 5000
 * ```
 */
export const defaults = { preset: 'production', busyTimeout: 5000, readers: 4, statementCache: 256 } as const

/** Options with everything decided. */
export interface SqliteSettings<Database> {
  readonly path: string
  readonly memory: boolean
  readonly readOnly: boolean
  readonly readers: number
  readonly busyTimeout: number
  readonly statementCache: number
  readonly extensions: readonly string[]
  /** Whether a file has to end up with a write-ahead log. */
  readonly wal: boolean
  /** Run on a connection of the role as soon as it is open. */
  readonly setup: Readonly<Record<Role, string>>
  readonly onConnect: SqliteOptions<Database>['onConnect']
}

const OPTIONS = ['path', 'preset', 'pragmas', 'busyTimeout', 'readers', 'statementCache', 'extensions', 'onConnect']

/** Checks what was given to `name` and decides the rest. */
export function settle<Database>(
  name: string,
  given: string | URL | SqliteOptions<Database>,
): SqliteSettings<Database> {
  const options = typeof given === 'string' || given instanceof URL ? { path: given } : given
  if (typeof options !== 'object' || options === null)
    refuse(`${name} needs the path of a database: ${name}('app.db'), or ${name}(':memory:').`)
  checkOptions(`${name}()`, options, OPTIONS)
  const path = settlePath(name, options.path)
  const preset = options.preset ?? defaults.preset
  if (!Object.hasOwn(presets, preset)) {
    const near = nearest(preset, Object.keys(presets))
    const meant = near === undefined ? '' : ` Did you mean '${near}'?`
    refuse(`${name} has no preset '${preset}'.${meant} There are ${Object.keys(presets).join(', ')}.`)
  }
  const pragmas = { ...presets[preset], ...options.pragmas }
  const memory = path === ':memory:'
  const readOnly = preset === 'read-only'
  if (memory && readOnly) refuse(`${name} cannot open '${path}' read-only: nothing would ever be in it. Name a file.`)
  const busyTimeout = whole(name, 'busyTimeout', options.busyTimeout ?? defaults.busyTimeout, 0)
  const printed = printPragmas(name, pragmas)
  const all = Object.values(printed).join('')
  const { journal_mode: journal, ...others } = printed
  const rest = Object.values(others).join('')
  // First of all, since the others may already meet a lock.
  const start = `pragma busy_timeout = ${busyTimeout};`
  return {
    path,
    memory,
    readOnly,
    readers: settleReaders(name, options.readers, memory, readOnly, pragmas),
    busyTimeout,
    statementCache: whole(name, 'statementCache', options.statementCache ?? defaults.statementCache, 2),
    extensions: settleExtensions(name, options.extensions),
    wal: !memory && !readOnly && journal?.includes("'wal'") === true,
    setup: {
      write: readOnly ? `${start + rest}pragma query_only = on;` : start + (memory ? rest : all),
      read: start + rest,
    },
    onConnect: options.onConnect,
  }
}

function settlePath(name: string, path: unknown): string {
  if (path instanceof URL) return pathOf(name, path)
  if (typeof path !== 'string' || path.trim() === '') {
    return refuse(
      `${name} needs the path of a database. Give a file such as 'app.db', or ':memory:' for one that is not kept.`,
    )
  }
  // In what follows the two libraries differ: they would open different files.
  if (path !== path.trim()) return refuse(`The path '${path}' starts or ends with space. Give it without.`)
  if (path.startsWith('file:')) return refuse(`The path '${path}' is a URI. Give a path, or a URL: new URL('${path}').`)
  if (path.includes('\0')) return refuse('The path holds the character NUL. Give it without.')
  return path
}

function pathOf(name: string, url: URL): string {
  if (url.protocol !== 'file:') return refuse(`${name} opens files, not ${url.href}.`)
  if (url.search !== '') return refuse(`${name} reads no settings from a URL. Give ${url.search} as options.`)
  return fileURLToPath(url)
}

function settleExtensions(name: string, given: unknown = []): readonly string[] {
  if (!Array.isArray(given) || given.some((file) => typeof file !== 'string' || file.trim() === ''))
    return refuse(`The extensions of ${name} are a list of files, such as [getLoadablePath()] of 'sqlite-vec'.`)
  return given
}

function settleReaders(name: string, given: unknown, memory: boolean, readOnly: boolean, pragmas: Pragmas): number {
  const none = noReaders(memory, readOnly, pragmas)
  const readers = whole(name, 'readers', given ?? (none === undefined ? defaults.readers : 0), 0)
  if (readers > 0 && none !== undefined) refuse(`${name} cannot have ${readers} readers: ${none} Leave readers out.`)
  return readers
}

/** Why there can be no connections for reads beside the one that writes. */
function noReaders(memory: boolean, readOnly: boolean, pragmas: Pragmas): string | undefined {
  if (memory) return 'each connection to a database in memory would have one of its own.'
  if (String(pragmas.locking_mode).toLowerCase() === 'exclusive') return 'the locking mode is exclusive.'
  if (!readOnly && String(pragmas.journal_mode).toLowerCase() !== 'wal') {
    return 'without a write-ahead log (journal_mode wal) a read and a write block each other.'
  }
  return undefined
}
