import { checkOptions, refuse } from '../../error/index.ts'
import { checkUrl, wholeNumber } from '../option.ts'

/** The part of a `mysql2` or `mysql2/promise` pool that the driver uses. */
export interface Mysql2Pool {
  getConnection(callback: (error: Error | null, connection: unknown) => void): unknown
}

/**
 * The options of `mysql()` and `mariadb()`. Put other options of `mysql2`, such as `ssl`, under `connection`.
 */
export interface Mysql2Options {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly database?: string | undefined
  /** The path of a Unix socket, instead of host and port. */
  readonly socketPath?: string | undefined
  /** Options of `mysql2` for its connections, such as `{ ssl: { ca } }`. */
  readonly connection?: Readonly<Record<string, unknown>> | undefined
  /** A pool of `mysql2`, instead of all of the above. */
  readonly pool?: Mysql2Pool | undefined
  /** The maximum number of connections; by default 10. */
  readonly max?: number | undefined
  /** The maximum number of statements that each connection keeps prepared; by default 256. */
  readonly statementCache?: number | undefined
  /** The milliseconds after which the server stops a statement; by default no limit. MySQL stops only queries. */
  readonly statementTimeout?: number | undefined
}

/**
 * The default values of options.
 *
 * @example
 * ```ts
 * import { defaults } from 'kanta/mysql2'
 *
 * defaults.max // 10
 * ```
 */
export const defaults = { max: 10, statementCache: 256, statementTimeout: 0 } as const

/** The options with all defaults applied. */
export interface Mysql2Settings {
  readonly pool: Mysql2Pool | undefined
  readonly max: number
  readonly statementCache: number
  readonly statementTimeout: number
  /** The fixed options of `mysql2` for reading values. */
  readonly reading: Readonly<Record<string, unknown>>
  /** The options of a new connection. */
  readonly connection: Readonly<Record<string, unknown>>
}

const OPTIONS = [
  'host',
  'port',
  'user',
  'password',
  'database',
  'socketPath',
  'connection',
  'pool',
  'max',
  'statementCache',
  'statementTimeout',
]
const ADDRESS_OPTIONS = ['host', 'port', 'user', 'password', 'database', 'socketPath'] as const

/** Checks the options of the driver `name`, and applies the defaults. */
export function resolveSettings(name: string, given: unknown): Mysql2Settings {
  const options = optionsOf(name, given)
  const statementCache = wholeNumber(name, 'statementCache', options.statementCache ?? defaults.statementCache, 1)
  const reading = {
    rowsAsArray: true,
    supportBigNumbers: true,
    bigNumberStrings: false,
    decimalNumbers: false,
    dateStrings: true,
    jsonStrings: true,
    typeCast: true,
    nestTables: undefined,
    namedPlaceholders: false,
    multipleStatements: false,
    // Kanta evicts statements, so the cache of the library must be larger.
    maxPreparedStatements: Math.max(2, statementCache) + 1,
  }
  for (const key of Object.keys(options.connection ?? {}))
    if (key in reading) refuse(`${name} sets ${key} itself, since values are read in one way. Leave it out.`)
  const place = Object.fromEntries(
    ADDRESS_OPTIONS.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])),
  )
  const pool = options.pool === undefined ? undefined : callbackPool(options.pool)
  const own = pool === undefined ? { ...options.connection, ...place } : configOf(pool)
  return {
    pool,
    max: wholeNumber(name, 'max', options.max ?? limitOf(pool) ?? defaults.max, 1),
    statementCache,
    statementTimeout: wholeNumber(name, 'statementTimeout', options.statementTimeout ?? defaults.statementTimeout, 0),
    reading,
    connection: { ...own, charset: 'utf8mb4', ...reading },
  }
}

function optionsOf(name: string, given: unknown): Mysql2Options {
  if (typeof given === 'string') return fromUrl(name, given)
  if (typeof given !== 'object' || given === null)
    return refuse(`${name} takes a URL, options or a pool of mysql2: ${name}('mysql://app:secret@localhost/cities').`)
  if (isPool(given)) return { pool: given }
  checkOptions(name, given, OPTIONS, " Give options of mysql2 under 'connection'.")
  const options = given as Mysql2Options
  if (options.pool !== undefined && !isPool(options.pool)) refuse(`The pool given to ${name} is none of mysql2's.`)
  if (
    options.pool !== undefined &&
    [...ADDRESS_OPTIONS, 'connection' as const].some((key) => options[key] !== undefined)
  )
    refuse(`${name} was given a pool and where to connect to. Give one of the two.`)
  return options
}

function fromUrl(name: string, text: string): Mysql2Options {
  checkUrl(`${name}()`, text, ['mysql', 'mariadb'], 'mysql://app:secret@localhost/cities')
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined)
    return refuse(`${name} takes a URL such as ${name}('mysql://app:secret@localhost:3306/cities').`)
  if (url.search !== '') return refuse(`${name} reads no settings from a URL. Give ${url.search} as options.`)
  const part = (given: string): string | undefined => (given === '' ? undefined : decodeURIComponent(given))
  return {
    host: part(url.hostname.replace(/^\[|\]$/g, '')),
    port: url.port === '' ? undefined : Number(url.port),
    user: part(url.username),
    password: part(url.password),
    database: part(url.pathname.slice(1)),
  }
}

interface Configured {
  readonly config?: { readonly connectionLimit?: number; readonly connectionConfig?: object }
}

const isPool = (given: object): given is Mysql2Pool =>
  typeof (given as Partial<Mysql2Pool>).getConnection === 'function'

/** Returns the pool with callbacks inside a pool of `mysql2/promise`. */
function callbackPool(pool: Mysql2Pool): Mysql2Pool {
  const inner = (pool as { readonly pool?: Mysql2Pool }).pool
  return inner !== undefined && isPool(inner) ? inner : pool
}

const limitOf = (pool: Mysql2Pool | undefined): number | undefined =>
  (pool as Configured | undefined)?.config?.connectionLimit

/** Returns the connection options of a pool, for a connection that cancels statements of another one. */
const configOf = (pool: Mysql2Pool): object => {
  const { host, port, user, password, database, socketPath, ssl, connectTimeout, compress, authPlugins } = ((
    pool as Configured
  ).config?.connectionConfig ?? {}) as Record<string, unknown>
  return { host, port, user, password, database, socketPath, ssl, connectTimeout, compress, authPlugins }
}
