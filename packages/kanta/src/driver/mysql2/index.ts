import type { ConnectionOptions, Connection as Raw } from 'mysql2'
import type { Dialect } from '../../dialect/index.ts'
import { mariadbDialect, mariadbScript, mysqlDialect, mysqlScript } from '../../dialect/mysql/index.ts'
import { KantaError } from '../../error/index.ts'
import { addressOf } from '../address.ts'
import { explainMysqlError, type Flavor, flavorOf, sessionOf } from '../database/mysql/index.ts'
import type { Connection, Driver } from '../driver.ts'
import { importPeer } from '../peer.ts'
import { type Mysql2Options, type Mysql2Pool, type Mysql2Settings, resolveSettings } from './settings.ts'

export { defaults, type Mysql2Options, type Mysql2Pool } from './settings.ts'

/**
 * Returns a driver for MySQL by `mysql2`, which must be installed. For MariaDB use `mariadb()`, since their dialects
 * differ.
 *
 * It takes a URL, options, or a pool of `mysql2`. It takes connections from a pool, changes their settings, and ends
 * them after use. It does not close the pool.
 *
 * Timestamps are in UTC, to which it sets the time zone of each connection. Statements are strict about values, and an
 * update counts all matched rows, changed or not.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { mysql } from 'kanta/mysql2'
 *
 * const db = kanta({ driver: mysql('mysql://app:secret@localhost/cities') })
 * const other = kanta({ driver: mysql({ host: 'localhost', user: 'app', database: 'cities', max: 20 }) })
 * ```
 *
 * @throws KantaError `invalid_input` for a wrong option. If the server cannot be reached, or is MariaDB, the first query
 * throws `connection`.
 */
export function mysql(options: string | Mysql2Options | Mysql2Pool): Driver {
  return driverOf('mysql', mysqlDialect, resolveSettings('mysql', options))
}

/**
 * Returns a driver for MariaDB by `mysql2`, which must be installed. It takes the same options as `mysql()`.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { mariadb } from 'kanta/mysql2'
 *
 * const db = kanta({ driver: mariadb('mariadb://app:secret@localhost/cities') })
 * ```
 *
 * @throws KantaError as `mysql()` does.
 */
export function mariadb(options: string | Mysql2Options | Mysql2Pool): Driver {
  return driverOf('mariadb', mariadbDialect, resolveSettings('mariadb', options))
}

function driverOf(flavor: Flavor, dialect: Dialect, settings: Mysql2Settings): Driver {
  return {
    dialect,
    address: addressOf(settings.connection),
    limits: { write: settings.max, read: 0 },
    sharesStreams: false,
    holdsStreams: true,
    explainError: explainMysqlError,
    connect: () => connect(flavor, settings),
  }
}

const loadLibrary = () => importPeer('kanta/mysql2', 'mysql2', () => import('mysql2'))

async function connect(flavor: Flavor, settings: Mysql2Settings): Promise<Connection> {
  await loadLibrary()
  // It needs the library, too.
  const { Mysql2Connection } = await import('./connection.ts')
  const raw = settings.pool === undefined ? await openConnection(settings) : await takeFromPool(settings.pool, settings)
  // Until the connection has its own listener, an error between two statements would end the process.
  let lost: Error | undefined
  raw.on('error', (error) => {
    lost = error
  })
  try {
    const id = await setUp(raw, flavor, settings)
    const control = (sql: string): Promise<void> => runOnNewConnection(settings, sql)
    if (lost !== undefined) throw lost
    return new Mysql2Connection(raw as never, {
      id,
      statementCache: settings.statementCache,
      script: flavor === 'mariadb' ? mariadbScript : mysqlScript,
      control,
    })
  } catch (error) {
    raw.destroy()
    throw error
  }
}

/** Opens a new connection. */
async function openConnection(settings: Mysql2Settings): Promise<Raw> {
  const { default: mysql2 } = await loadLibrary()
  return new Promise((resolve, reject) => {
    const raw = mysql2.createConnection({ ...settings.connection } as ConnectionOptions)
    raw.once('error', reject)
    raw.connect((error) => {
      raw.removeListener('error', reject)
      if (error === null) resolve(raw)
      else reject(error)
    })
  })
}

/**
 * Takes a connection from the user's pool. Its settings change, so it does not return to the pool: it is ended, and the
 * pool opens another.
 */
function takeFromPool(pool: Mysql2Pool, settings: Mysql2Settings): Promise<Raw> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, given) => {
      if (error !== null || given === undefined) return reject(error)
      const raw = given as Raw & { config: object; end: unknown }
      // All connections of the pool share one config object, so copy it.
      raw.config = Object.assign(Object.create(Object.getPrototypeOf(raw.config)), raw.config, settings.reading)
      raw.end = (done: () => void) => {
        raw.destroy()
        done()
      }
      resolve(raw)
    })
  })
}

function query(raw: Raw, sql: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    raw.query({ sql, rowsAsArray: true }, (error, result) => (error === null ? resolve(result) : reject(error)))
  })
}

/** Checks the kind of server, and sets up the connection. */
async function setUp(raw: Raw, flavor: Flavor, { statementTimeout }: Mysql2Settings): Promise<number> {
  const [[version, id]] = (await query(raw, 'select version(), connection_id()')) as [[string, number]]
  const found = flavorOf(version)
  if (found !== flavor) {
    throw new KantaError(
      'connection',
      `The server is ${found === 'mariadb' ? 'MariaDB' : 'MySQL'} (${version}), and ${flavor}() is for the other. Use ${found}() from kanta/mysql2.`,
    )
  }
  const set = [...sessionOf(flavor)]
  if (statementTimeout > 0)
    set.push(
      flavor === 'mariadb'
        ? `max_statement_time = ${statementTimeout / 1000}`
        : `max_execution_time = ${statementTimeout}`,
    )
  await query(raw, `set ${set.join(', ')}`)
  return Number(id)
}

/** Runs a statement on a new connection. */
async function runOnNewConnection(settings: Mysql2Settings, sql: string): Promise<void> {
  const raw = await openConnection(settings)
  try {
    await query(raw, sql)
  } catch (error) {
    // The connection to stop may have ended already.
    if ((error as { errno?: number }).errno !== NO_SUCH_THREAD) throw error
  } finally {
    raw.destroy()
  }
}

const NO_SUCH_THREAD = 1094
