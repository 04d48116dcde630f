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
import { WatchedConnection } from './watch.ts'

/** One connection with all that works on it. */
export interface Held {
  /** The database of the user, with its plugins, on the connection. */
  readonly db: DatabaseHandle
  /** The same without plugins, for Kanta's own tables. */
  readonly own: DatabaseHandle
  readonly session: HeldSession
  readonly watch: WatchedConnection
  /** Closes the connection at the end, in place of giving it back. */
  spoil(): void
}

/** What migrations are run with. */
export interface Work extends Held {
  readonly lock: Lock
  readonly records: Records
  readonly signal: AbortSignal | undefined
  tell(event: MigrationEvent): void
}

/** Holds one connection of a database for all that a runner does. */
export async function holding<T>(
  db: DatabaseHandle,
  signal: AbortSignal | undefined,
  work: (held: Held) => Promise<T>,
): Promise<T> {
  const driver = driverOf(db)
  const outer = await sessionOf(db).reserve('write', 'migrations', signal)
  const watch = new WatchedConnection(outer.connection, driver.dialect.lexis)
  const session = new HeldSession(watch, 'migrations', {
    sharesStreams: driver.sharesStreams,
    holdsStreams: driver.holdsStreams === true,
    timeout: Number.POSITIVE_INFINITY,
    release: () => {},
  })
  const handle = inSession(db, session)
  let spoiled = false
  const spoil = () => {
    spoiled = true
  }
  try {
    return await work({ db: handle, own: withoutPlugins(handle), session, watch, spoil })
  } catch (error) {
    if (error instanceof KantaError && (error.code === 'connection' || error.code === 'unknown_outcome')) spoil()
    throw error
  } finally {
    try {
      await leaveNothingOpen({ db: handle, session, spoil })
    } catch {
      // What was left open was told of by whoever left it.
    }
    session.end(ended, spoiled)
    outer.end(ended, spoiled || session.isBroken)
  }
}

/** Rolls back a transaction that was begun and not ended, which is an error. */
export async function leaveNothingOpen({ db, session, spoil }: Pick<Held, 'db' | 'session' | 'spoil'>): Promise<void> {
  const errors: unknown[] = []
  const inner = session.nested?.transaction
  if (inner?.isOpen) errors.push(await inner.abandon(leftOpen()))
  const { connection } = session
  if (connection.inTransaction === true) {
    errors.push(leftOpen())
    try {
      await connection.run(dialectOf(db).transaction.rollback, [])
    } catch (cause) {
      errors.push(toKantaError(driverOf(db), cause))
      spoil()
    }
  }
  if (errors.length > 0) throw errors.reduce(suppress)
}

const ended = () => new KantaError('closed', 'The migration has ended. Await all of its work before it does.')

const leftOpen = () =>
  new KantaError(
    'transaction',
    'The migration began a transaction and left it open; it was rolled back. Use db.transaction(), or commit it.',
  )
