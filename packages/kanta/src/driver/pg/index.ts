import type { Client, ClientConfig, Pool, PoolClient } from 'pg'
import { postgresDialect } from '../../dialect/postgres/index.ts'
import { checkOptions, KantaError, refuse } from '../../error/index.ts'
import { addressOf } from '../address.ts'
import { type Ends, explainPostgresError, PgConnection, sessionText } from '../database/postgres/index.ts'
import type { Connection, Driver, MaybePromise } from '../driver.ts'
import { checkUrl, wholeNumber } from '../option.ts'
import { importPeer } from '../peer.ts'
import { SERVER_TIMEOUT, withTimeout } from '../timeout.ts'
import { requestCancel } from './cancel.ts'

export { exactTimestamp, postgresArray, postgresRange, type Range } from '../../dialect/postgres/index.ts'
export { type CopyOptions, copyFrom, copyTo } from './copy.ts'
export { type Listener, type Listening, listen, type Notification } from './listen.ts'

/** The options of `pg()`. Other options are passed to `pg` unchanged. */
export interface PgOptions extends Omit<ClientConfig, 'types' | 'query_timeout' | 'statement_timeout' | 'pipeline'> {
  /** The maximum number of connections; by default 10. */
  readonly max?: number | undefined
  /** The mode of the pooler in front of the server, such as PgBouncer. In `transaction` mode there are no sessions. */
  readonly pooler?: 'session' | 'transaction' | undefined
  /**
   * Prepares statements by name; by default `true`, and `false` with `pooler: 'transaction'`. PgBouncer from 1.21 on
   * allows it in transaction mode as well.
   */
  readonly prepare?: boolean | undefined
  /** The maximum number of statements that each connection keeps prepared; by default 256. */
  readonly statementCache?: number | undefined
  /** The milliseconds after which the server stops a statement; by default no limit. */
  readonly statementTimeout?: number | undefined
  /** A pool of `pg` to take connections from, instead of settings. `client` is a function that creates a client. */
  readonly pool?: Pool | undefined
  readonly client?: (() => MaybePromise<Client>) | undefined
  /** Runs with each new connection and its client of `pg`. If it throws, the connection is closed. */
  readonly onConnect?: ((connection: Connection, client: Client) => MaybePromise<void>) | undefined
}

interface Settings {
  readonly max: number
  readonly statementCache: number
  readonly pool: Pool | undefined
  readonly client: (() => MaybePromise<Client>) | undefined
  readonly onConnect: PgOptions['onConnect']
  /** Learns from each connection if it goes through a pooler. */
  readonly sessions: Sessions
  readonly statementTimeout: number
  /** The options for `pg`. */
  readonly config: ClientConfig
}

/** Notes for a driver whether its connections are sessions of the server. */
class Sessions {
  readonly #pooler: PgOptions['pooler']
  #isPooled = false

  constructor(pooler: PgOptions['pooler']) {
    this.#pooler = pooler
  }

  /** Is true behind a pooler that was not said to be in session mode. */
  get areMissing(): boolean {
    return this.#pooler === 'transaction' || (this.#isPooled && this.#pooler === undefined)
  }

  /** Compares the process that answered with the one that runs statements: a pooler answers for the server. */
  compare(answered: number | undefined, running: number): void {
    if (answered !== running) this.#isPooled = true
  }
}

const DEFAULT_MAX = 10
const DEFAULT_STATEMENTS = 256

/**
 * Returns a driver for PostgreSQL by `pg`, which must be installed.
 *
 * It takes a connection string, options (those of `pg` and of Kanta), or your own pool of `pg`, which it does not
 * close. Kanta decodes rows itself, so the type parsers of `pg` have no effect and stay unchanged.
 *
 * It sets what the meaning and the form of values depend on for each connection, those of your pool too: the time zone
 * is UTC, dates are in ISO form, floats are exact. `onConnect` runs after that.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { pg } from 'kanta/pg'
 *
 * const db = kanta({ driver: pg('postgres://localhost/cities') })
 * const other = kanta({ driver: pg({ host: 'localhost', database: 'cities', max: 4, statementTimeout: 5_000 }) })
 * ```
 *
 * @throws KantaError `invalid_input` for a wrong option. If the server cannot be reached, the first query throws
 * `connection`.
 */
export function pg(options: string | PgOptions | Pool): Driver {
  const settings = resolveSettings(options)
  return {
    dialect: postgresDialect,
    address: addressOf(settings.pool?.options ?? settings.config),
    limits: { write: settings.max, read: 0 },
    sharesStreams: true,
    holdsStreams: true,
    explainError: explainPostgresError,
    lacksSessions: () => settings.sessions.areMissing,
    connect: () => connect(settings),
  }
}

/** The options of Kanta, and those of the clients of `pg` that are passed on. */
const OPTIONS: readonly string[] = [
  ...['max', 'pooler', 'prepare', 'statementCache', 'statementTimeout', 'pool', 'client', 'onConnect'],
  ...['connectionString', 'host', 'port', 'user', 'password', 'database', 'ssl', 'sslnegotiation', 'options'],
  ...['application_name', 'fallback_application_name', 'client_encoding', 'connectionTimeoutMillis', 'lock_timeout'],
  ...['idle_in_transaction_session_timeout', 'keepAlive', 'keepAliveInitialDelayMillis', 'stream', 'connection'],
  ...['enableChannelBinding', 'scramMaxIterations', 'replication', 'binary', 'Promise'],
]

/** The options of pg that Kanta replaces, or that would break its assumptions, with the advice for each. */
const ADVICE_BY_OPTION: Readonly<Record<string, string>> = {
  types: 'Values are read by Kanta; give the columns codecs.',
  query_timeout: 'Use statementTimeout, which the server knows of.',
  statement_timeout: 'Use statementTimeout.',
  pipeline: 'Leave it out.',
  min: 'Leave it out: connections are opened when they are needed.',
  url: 'Use connectionString, or give the URL alone.',
  uri: 'Use connectionString, or give the URL alone.',
  hostname: 'Use host.',
  username: 'Use user.',
  dbname: 'Use database.',
  db: 'Use database.',
  poolSize: 'Use max.',
}

function resolveSettings(options: string | PgOptions | Pool): Settings {
  if (typeof options === 'string') return resolveSettings({ connectionString: options })
  if (isPool(options)) return resolveSettings({ pool: options })
  if (typeof options !== 'object' || options === null)
    return refuse("pg() takes a connection string, options or a pool of pg, such as pg('postgres://localhost/cities').")
  for (const name of Object.keys(options)) {
    if (ADVICE_BY_OPTION[name] !== undefined) refuse(`pg() has no option '${name}'. ${ADVICE_BY_OPTION[name]}`)
  }
  checkOptions('pg()', options, OPTIONS)
  if (options.connectionString !== undefined && !/^(?:\/|socket:)/.test(options.connectionString))
    checkUrl('pg()', options.connectionString, ['postgres', 'postgresql'], 'postgres://app:secret@localhost/cities')
  const { max, pooler, statementCache, statementTimeout, pool, client, onConnect, ...rest } = options
  if (pooler !== undefined && pooler !== 'session' && pooler !== 'transaction')
    refuse("The option pooler of pg() is 'session' or 'transaction', which is the mode of the pooler.")
  const { prepare = pooler !== 'transaction', ...config } = rest
  if (pool !== undefined && !isPool(pool)) refuse('The option pool of pg() is a pool of pg: new Pool({ … }).')
  if (typeof prepare !== 'boolean') refuse('The option prepare of pg() is true or false.')
  const timeout = wholeNumber('pg()', 'statementTimeout', statementTimeout ?? 0, 0)
  return {
    max: wholeNumber('pg()', 'max', max ?? pool?.options.max ?? DEFAULT_MAX, 1),
    statementCache: prepare ? wholeNumber('pg()', 'statementCache', statementCache ?? DEFAULT_STATEMENTS, 0) : 0,
    pool,
    client,
    onConnect,
    sessions: new Sessions(pooler),
    statementTimeout: timeout,
    // Keep-alive lets the system detect a dead connection.
    config: { keepAlive: true, ...config, ...(timeout > 0 ? { statement_timeout: timeout } : {}) },
  }
}

const isPool = (given: unknown): given is Pool => typeof (given as Pool | null | undefined)?.totalCount === 'number'

/** The connections by clients of the user's pools. They know the statements that are prepared on them. */
const connectionsByClient = new WeakMap<Client, PgConnection>()

async function connect(settings: Settings): Promise<Connection> {
  if (settings.pool !== undefined) return takeFromPool(settings, settings.pool)
  const client = settings.client === undefined ? await newClient(settings.config) : await settings.client()
  // Errors between statements are events, which end the process without a listener.
  client.on('error', () => {})
  if (!isConnected(client)) await client.connect()
  const connection = new PgConnection(
    client,
    settings.statementCache,
    endsOf(settings, client, () => endClient(client)),
  )
  return setUp(settings, connection, client)
}

async function newClient(config: ClientConfig): Promise<Client> {
  const library = await importPeer('kanta/pg', 'pg', () => import('pg'))
  return new library.default.Client(config)
}

/** Ends a client, and destroys its socket if the server does not answer. */
function endClient(client: Client): Promise<void> {
  const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection
  return withTimeout(SERVER_TIMEOUT, client.end(), () => new Error('The server does not answer.')).catch(() =>
    stream.destroy(),
  )
}

/** Checks if a client is connected: then it has a process number. */
const isConnected = (client: Client): boolean => typeof processOf(client) === 'number'

const processOf = (client: Client): number | undefined => (client as { processID?: number }).processID

async function takeFromPool(settings: Settings, pool: Pool): Promise<Connection> {
  const client = await pool.connect()
  const known = connectionsByClient.get(client)
  if (known !== undefined) return known.reopen()
  client.on('error', () => {})
  const release = (isOpen: boolean): void => (client as PoolClient).release(!isOpen)
  const connection = new PgConnection(client, settings.statementCache, endsOf(settings, client, release))
  connectionsByClient.set(client, connection)
  return setUp(settings, connection, client)
}

function endsOf(settings: Settings, client: Client, close: (isOpen: boolean) => MaybePromise<void>): Ends {
  const processId = (client as unknown as { processID: number }).processID
  return {
    close: async (isOpen) => close(isOpen),
    cancel: () => requestCancel(client),
    kill: async () => {
      const control =
        settings.pool === undefined && settings.client === undefined
          ? await newClient(settings.config)
          : await newClient(settingsOf(client))
      control.on('error', () => {})
      await control.connect()
      try {
        await control.query('select pg_terminate_backend($1)', [processId])
      } finally {
        await control.end()
      }
    },
  }
}

/** Returns the connection options of a client that the user created. */
function settingsOf(client: Client): ClientConfig {
  const { host, port, user, database, password, ssl } = client
  return { host, port, user, database, password, ssl }
}

/** Sets up a new connection, first as Kanta needs it and then as the user wants it. */
async function setUp({ onConnect, sessions }: Settings, connection: PgConnection, client: Client): Promise<Connection> {
  try {
    const [row] = (await connection.all(`${sessionText}, pg_backend_pid()`, [])) as [readonly unknown[]]
    sessions.compare(processOf(client), Number(row.at(-1)))
  } catch (cause) {
    await connection.close()
    throw cause
  }
  try {
    await onConnect?.(connection, client)
    return connection
  } catch (cause) {
    await connection.close()
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KantaError('connection', `onConnect failed on a connection, which was closed: ${why}`, { cause })
  }
}
