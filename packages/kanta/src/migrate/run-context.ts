import { KantaError } from '../error/index.ts'
import {
  type DatabaseHandle,
  dialectOf,
  driverOf,
  HeldSession,
  inSession,
  sessionOf,
  suppress,
  toKantaError,
  withoutPlugins,
} from '../extend/internal/index.ts'
import type { Lock } from './lock.ts'
import type { Records } from './record.ts'
import type { MigrationEvent } from './result.ts'
import { WatchedConnection } from './watched-connection.ts'

/** The connection that a run holds, and the handles on it. */
export interface HeldConnection {
  /** The database of the user with its plugins, on this connection. */
  readonly db: DatabaseHandle
  /** The database without plugins, for Kanta's own tables. */
  readonly internalDb: DatabaseHandle
  readonly session: HeldSession
  readonly connection: WatchedConnection
  /** Closes the connection at the end instead of returning it to the pool. */
  closeAtEnd(): void
}

/** The context of a run of migrations. */
export interface RunContext extends HeldConnection {
  readonly lock: Lock
  readonly records: Records
  readonly signal: AbortSignal | undefined
  emit(event: MigrationEvent): void
}

/** Holds one connection of a database during the work of a runner. */
export async function withHeldConnection<T>(
  db: DatabaseHandle,
  signal: AbortSignal | undefined,
  work: (held: HeldConnection) => Promise<T>,
): Promise<T> {
  const driver = driverOf(db)
  const outer = await sessionOf(db).reserve('write', 'migrations', signal)
  const connection = new WatchedConnection(outer.connection, driver.dialect.lexis)
  const session = new HeldSession(connection, 'migrations', {
    sharesStreams: driver.sharesStreams,
    holdsStreams: driver.holdsStreams === true,
    timeout: Number.POSITIVE_INFINITY,
    release: () => {},
  })
  const handle = inSession(db, session)
  let isSpoiled = false
  const closeAtEnd = () => {
    isSpoiled = true
  }
  try {
    return await work({ db: handle, internalDb: withoutPlugins(handle), session, connection, closeAtEnd })
  } catch (error) {
    if (error instanceof KantaError && (error.code === 'connection' || error.code === 'unknown_outcome')) closeAtEnd()
    throw error
  } finally {
    try {
      await rollBackOpenTransaction({ db: handle, session, closeAtEnd })
    } catch {
      // The migration that left a transaction open has reported it.
    }
    session.end(endedError, isSpoiled)
    outer.end(endedError, isSpoiled || session.isBroken)
  }
}

/** Rolls back an open transaction and throws, since the migration must end it. */
export async function rollBackOpenTransaction({
  db,
  session,
  closeAtEnd,
}: Pick<HeldConnection, 'db' | 'session' | 'closeAtEnd'>): Promise<void> {
  const errors: unknown[] = []
  const inner = session.nested?.transaction
  if (inner?.isOpen) errors.push(await inner.abandon(leftOpenError()))
  const { connection } = session
  if (connection.inTransaction === true) {
    errors.push(leftOpenError())
    try {
      await connection.run(dialectOf(db).transaction.rollback, [])
    } catch (cause) {
      errors.push(toKantaError(driverOf(db), cause))
      closeAtEnd()
    }
  }
  if (errors.length > 0) throw errors.reduce(suppress)
}

const endedError = () => new KantaError('closed', 'The migration has ended. Await all of its work in it.')

const leftOpenError = () =>
  new KantaError(
    'transaction',
    'The migration left a transaction open, which was rolled back. Use db.transaction(), or commit it.',
  )
