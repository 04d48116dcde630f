import pgLibrary, { type Client, type ClientConfig, type Pool, type PoolClient } from 'pg'
import { postgresDialect } from '../../dialect/postgres/index.ts'
import { KantaError, nearest, refuse } from '../../error/index.ts'
import { type Ends, explainPostgresError, PgConnection } from '../database/postgres/index.ts'
import type { Connection, Driver, MaybePromise } from '../driver.ts'
import { whole } from '../option.ts'
import { SERVER_TIMEOUT, withTimeout } from '../timeout.ts'
import { requestCancel } from './cancel.ts'

export { exactTimestamp, postgresArray, postgresRange, type Range } from '../../dialect/postgres/index.ts'
export { type CopyOptions, copyFrom, copyTo } from './copy.ts'
export { type Listener, type Listening, listen, type Notification } from './listen.ts'

/** How PostgreSQL is reached; what is not named here is given to `pg` as it is. */
export interface PgOptions extends Omit<ClientConfig, 'types' | 'query_timeout' | 'statement_timeout' | 'pipeline'> {
  /** The most connections; 10 unless said. */
  readonly max?: number | undefined
  /** Whether statements are prepared by name; `false` behind a pooler in transaction mode, such as PgBouncer before 1.21. */
  readonly prepare?: boolean | undefined
  /** The most statements that each connection keeps prepared; 256 unless said. */
  readonly statementCache?: number | undefined
  /** The milliseconds after which the server stops a statement. Unless said there is no limit. */
  readonly statementTimeout?: number | undefined
  /** A pool of `pg` to take the connections from, in place of settings; or a function that makes a client. */
  readonly pool?: Pool | undefined
  readonly client?: (() => MaybePromise<Client>) | undefined
  /** Called with each new connection and the client of `pg`. When it throws, the connection is closed. */
  readonly onConnect?: ((connection: Connection, client: Client) => MaybePromise<void>) | undefined
}

interface Settings {
  readonly max: number
  readonly statementCache: number
  readonly pool: Pool | undefined
  readonly client: (() => MaybePromise<Client>) | undefined
  readonly onConnect: PgOptions['onConnect']
  readonly statementTimeout: number
  /** What `pg` takes. */
  readonly config: ClientConfig
}

const DEFAULT_MAX = 10
const DEFAULT_STATEMENTS = 256

/**
 * PostgreSQL by way of `pg`, which has to be installed beside Kanta.
 *
 * It takes a connection string, options (those of `pg`, and Kanta's own), or a pool of `pg` that is yours: that one is
 * left open. Rows are read by Kanta's own rules, so that the type parsers of `pg` neither matter nor are changed.
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
 * @throws KantaError `invalid_input` for a wrong option. That the server cannot be reached shows with the first query,
 * as `connection`.
 */
export function pg(options: string | PgOptions | Pool): Driver {
  const settings = settle(options)
  return {
    dialect: postgresDialect,
    limits: { write: settings.max, read: 0 },
    sharesStreams: true,
    holdsStreams: true,
    explainError: explainPostgresError,
    connect: () => connect(settings),
  }
}

const OWN = ['max', 'prepare', 'statementCache', 'statementTimeout', 'pool', 'client', 'onConnect'] as const

/** Settings of pg that Kanta has its own for, or that would change what it relies on. */
const INSTEAD: Readonly<Record<string, string>> = {
  types: 'Values are read by Kanta; give the columns codecs.',
  query_timeout: 'Use statementTimeout, which the server knows of.',
  statement_timeout: 'Use statementTimeout.',
  pipeline: 'Leave it out.',
  min: 'Leave it out: connections are opened when they are needed.',
}

function settle(options: string | PgOptions | Pool): Settings {
  if (typeof options === 'string') return settle({ connectionString: options })
  if (isPool(options)) return settle({ pool: options })
  if (typeof options !== 'object' || options === null)
    return refuse("pg() takes a connection string, options or a pool of pg, such as pg('postgres://localhost/cities').")
  for (const name of Object.keys(options)) {
    if (INSTEAD[name] !== undefined) refuse(`pg() has no option '${name}'. ${INSTEAD[name]}`)
    const near = nearest(name, OWN)
    if (near !== undefined && near !== name && near.toLowerCase() === name.toLowerCase())
      refuse(`pg() has no option '${name}'; did you mean '${near}'?`)
  }
  const { max, prepare = true, statementCache, statementTimeout, pool, client, onConnect, ...config } = options
  if (pool !== undefined && !isPool(pool)) refuse('The option pool of pg() is a pool of pg: new Pool({ … }).')
  if (typeof prepare !== 'boolean') refuse('The option prepare of pg() is true or false.')
  const timeout = whole('pg()', 'statementTimeout', statementTimeout ?? 0, 0)
  return {
    max: whole('pg()', 'max', max ?? pool?.options.max ?? DEFAULT_MAX, 1),
    statementCache: prepare ? whole('pg()', 'statementCache', statementCache ?? DEFAULT_STATEMENTS, 0) : 0,
    pool,
    client,
    onConnect,
    statementTimeout: timeout,
    // A connection whose other end is gone is found out by the system some time.
    config: { keepAlive: true, ...config, ...(timeout > 0 ? { statement_timeout: timeout } : {}) },
  }
}

const isPool = (given: unknown): given is Pool => typeof (given as Pool | null | undefined)?.totalCount === 'number'

/** The connections of clients of the user's pools, which know what is prepared on them. */
const wrapped = new WeakMap<Client, PgConnection>()

async function connect(settings: Settings): Promise<Connection> {
  if (settings.pool !== undefined) return borrow(settings, settings.pool)
  const client = settings.client === undefined ? new pgLibrary.Client(settings.config) : await settings.client()
  // Errors between statements come as events, which end the process when nobody listens.
  client.on('error', () => {})
  if (!isConnected(client)) await client.connect()
  const connection = new PgConnection(
    client,
    settings.statementCache,
    ends(settings, client, () => hangUp(client)),
  )
  return greet(settings, connection, client)
}

/** Says goodbye, and leaves without an answer where none comes. */
function hangUp(client: Client): Promise<void> {
  const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection
  return withTimeout(SERVER_TIMEOUT, client.end(), () => new Error('The server does not answer.')).catch(() =>
    stream.destroy(),
  )
}

/** A client has the number of its process from when it is connected. */
const isConnected = (client: Client): boolean => typeof (client as { processID?: unknown }).processID === 'number'

async function borrow(settings: Settings, pool: Pool): Promise<Connection> {
  const client = await pool.connect()
  const known = wrapped.get(client)
  if (known !== undefined) return known.reopen()
  client.on('error', () => {})
  const release = (isOpen: boolean): void => (client as PoolClient).release(!isOpen)
  const connection = new PgConnection(client, settings.statementCache, ends(settings, client, release))
  wrapped.set(client, connection)
  return greet(settings, connection, client)
}

function ends(settings: Settings, client: Client, close: (isOpen: boolean) => MaybePromise<void>): Ends {
  const processId = (client as unknown as { processID: number }).processID
  return {
    close: async (isOpen) => close(isOpen),
    cancel: () => requestCancel(client),
    kill: async () => {
      const control =
        settings.pool === undefined && settings.client === undefined
          ? new pgLibrary.Client(settings.config)
          : new pgLibrary.Client(settingsOf(client))
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

/** How a client was connected that somebody else made. */
function settingsOf(client: Client): ClientConfig {
  const { host, port, user, database, password, ssl } = client
  return { host, port, user, database, password, ssl }
}

async function greet({ onConnect }: Settings, connection: PgConnection, client: Client): Promise<Connection> {
  try {
    await onConnect?.(connection, client)
    return connection
  } catch (cause) {
    await connection.close()
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KantaError('connection', `onConnect failed on a connection, which was closed: ${why}`, { cause })
  }
}
