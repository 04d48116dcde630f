import { fileURLToPath } from 'node:url'
import { checkOptions, nearest, refuse } from '../../../error/index.ts'
import type { Connection, MaybePromise, Role } from '../../driver.ts'
import { wholeNumber } from '../../option.ts'
import { type Pragmas, printPragmas } from './pragma.ts'

/**
 * The options of a SQLite database, for `kanta/sqlite`, `kanta/better-sqlite3` and others.
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
  /** The file, which is created if it is missing; or `:memory:`. */
  readonly path: string | URL
  /** The preset of settings; by default `production`. See {@link presets}. */
  readonly preset?: Preset | undefined
  /** Pragmas that override or extend those of the preset. */
  readonly pragmas?: Pragmas | undefined
  /** The milliseconds to wait for a lock of another process; by default 5000. The wait blocks the whole thread. */
  readonly busyTimeout?: number | undefined
  /**
   * The maximum number of connections for reads outside of write transactions; by default 4, or none if they could
   * block a write.
   */
  readonly readers?: number | undefined
  /** The maximum number of statements that each connection keeps prepared; by default 256. */
  readonly statementCache?: number | undefined
  /**
   * Files of extensions that each connection loads, such as sqlite-vec. They run as code, so never pass untrusted
   * input.
   */
  readonly extensions?: readonly string[] | undefined
  /**
   * Runs with each new connection, its role and the handle of the library, to add functions or attach databases. If it
   * throws, the connection is closed and the query that needed it rejects.
   */
  readonly onConnect?: ((connection: Connection, role: Role, database: Database) => MaybePromise<void>) | undefined
}

/** The name of a preset. */
export type Preset = 'production' | 'read-only' | 'test'

/**
 * The settings of each preset.
 *
 * - `production`: a write-ahead log, so that reads and writes do not block each other. A commit survives a crash of the
 *   process; a loss of power may cost the last commits, but does not corrupt the database.
 * - `read-only`: opens the file for reading only; transactions need the access mode `read only`.
 * - `test`: as fast as possible; a crash may corrupt the file.
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
 * The default values of options.
 *
 * @example
 * ```ts
 * import { defaults } from 'kanta/sqlite'
 *
 * defaults.busyTimeout // 5000
 * ```
 */
export const defaults = { preset: 'production', busyTimeout: 5000, readers: 4, statementCache: 256 } as const

/** The options with all defaults applied. */
export interface SqliteSettings<Database> {
  readonly path: string
  readonly memory: boolean
  readonly readOnly: boolean
  readonly readers: number
  readonly busyTimeout: number
  readonly statementCache: number
  readonly extensions: readonly string[]
  /** Is true if the file must have a write-ahead log. */
  readonly wal: boolean
  /** The script that runs on each new connection, by role. */
  readonly setup: Readonly<Record<Role, string>>
  readonly onConnect: SqliteOptions<Database>['onConnect']
}

const OPTIONS = ['path', 'preset', 'pragmas', 'busyTimeout', 'readers', 'statementCache', 'extensions', 'onConnect']

/** Checks the options of the driver `name`, and applies the defaults. */
export function resolveSettings<Database>(
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
  const busyTimeout = wholeNumber(name, 'busyTimeout', options.busyTimeout ?? defaults.busyTimeout, 0)
  const printed = printPragmas(name, pragmas)
  const all = Object.values(printed).join('')
  const { journal_mode: journal, ...others } = printed
  const rest = Object.values(others).join('')
  // Set this first, since the other pragmas may already meet a lock.
  const start = `pragma busy_timeout = ${busyTimeout};`
  return {
    path,
    memory,
    readOnly,
    readers: settleReaders(name, options.readers, memory, readOnly, pragmas),
    busyTimeout,
    statementCache: wholeNumber(name, 'statementCache', options.statementCache ?? defaults.statementCache, 2),
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
  // The libraries treat the following paths differently: they would open different files.
  if (path !== path.trim()) return refuse(`The path '${path}' starts or ends with space. Give it without.`)
  if (path.startsWith('file:')) return refuse(`The path '${path}' is a URI. Give a path, or a URL: new URL('${path}').`)
  const scheme = /^([a-z]{2,}):\/\//i.exec(path)?.[1]
  if (scheme !== undefined)
    return refuse(
      `${name} takes the path of a file, not a URL of '${scheme}:'. Use the driver of that database, such as pg() of kanta/pg.`,
    )
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
  const readers = wholeNumber(name, 'readers', given ?? (none === undefined ? defaults.readers : 0), 0)
  if (readers > 0 && none !== undefined) refuse(`${name} cannot have ${readers} readers: ${none} Leave readers out.`)
  return readers
}

/** Returns the reason why separate connections for reads are impossible, or `undefined`. */
function noReaders(memory: boolean, readOnly: boolean, pragmas: Pragmas): string | undefined {
  if (memory) return 'each connection to a database in memory would have one of its own.'
  if (String(pragmas.locking_mode).toLowerCase() === 'exclusive') return 'the locking mode is exclusive.'
  if (!readOnly && String(pragmas.journal_mode).toLowerCase() !== 'wal') {
    return 'without a write-ahead log (journal_mode wal) a read and a write block each other.'
  }
  return undefined
}
