import type { PGlite, PGliteOptions } from '@electric-sql/pglite'
import { postgresDialect } from '../../dialect/postgres/index.ts'
import { KantaError, refuse } from '../../error/index.ts'
import { explainPostgresError, PgConnection, sessionText } from '../database/postgres/index.ts'
import type { Driver } from '../driver.ts'
import { importPeer } from '../peer.ts'
import { PgliteClient } from './client.ts'

export { exactTimestamp, postgresArray, postgresRange, type Range } from '../../dialect/postgres/index.ts'

const PACKAGE = '@electric-sql/pglite'
const STATEMENTS = 256

/**
 * Returns a driver for PostgreSQL in the same process by PGlite (`@electric-sql/pglite`), which must be installed.
 *
 * It takes a folder, options of PGlite, or your own database, which it does not close. There is one connection.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { pglite } from 'kanta/pglite'
 *
 * const inMemory = kanta({ driver: pglite() })
 * const onDisk = kanta({ driver: pglite('./cities') })
 * ```
 *
 * @throws KantaError `invalid_input` for a wrong option, `closed` for a database that is closed. That a database cannot
 * be opened shows with the first query, as `connection`.
 */
export function pglite(options: string | PGliteOptions | PGlite = {}): Driver {
  if (isDatabase(options) && options.closed)
    throw new KantaError('closed', 'The database given to pglite() is closed. Give an open one, or a folder.')
  if (typeof options !== 'string' && (typeof options !== 'object' || options === null))
    refuse("pglite() takes a folder, options of PGlite or a database of it, such as pglite('./cities').")
  if (typeof options === 'string' && /^(?:postgres(?:ql)?|mysql|mariadb):/i.test(options))
    refuse('pglite() takes a folder, not the URL of a server. Use pg() of kanta/pg for PostgreSQL.')
  return {
    dialect: postgresDialect,
    limits: { write: 1, read: 0 },
    sharesStreams: true,
    holdsStreams: true,
    explainError: explainPostgresError,
    connect: async () => {
      const database = await open(options)
      const known = connectionsByDatabase.get(database)
      if (known !== undefined) return known.reopen()
      const connection = new PgConnection(new PgliteClient(database), STATEMENTS, {
        close: async () => {
          if (database !== options) await database.close()
        },
      })
      await connection.all(sessionText, [])
      connectionsByDatabase.set(database, connection)
      return connection
    },
  }
}

/** The connections by the user's databases. They know the statements that are prepared there. */
const connectionsByDatabase = new WeakMap<PGlite, PgConnection>()

const isDatabase = (given: unknown): given is PGlite =>
  typeof (given as PGlite | null | undefined)?.execProtocol === 'function'

async function newDatabase(options: string | PGliteOptions): Promise<PGlite> {
  const { PGlite } = await importPeer('kanta/pglite', PACKAGE, () => import('@electric-sql/pglite'))
  return typeof options === 'string' ? new PGlite(options) : new PGlite(options)
}

async function open(options: string | PGliteOptions | PGlite): Promise<PGlite> {
  const database = isDatabase(options) ? options : await newDatabase(options)
  try {
    await database.waitReady
    return database
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KantaError('connection', `PGlite could not open the database: ${why}`, { cause })
  }
}
