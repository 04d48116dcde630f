import type { Dialect } from '../../../dialect/index.ts'
import { sqliteDialect } from '../../../dialect/sqlite/index.ts'
import { KantaError } from '../../../error/index.ts'
import type { Connection, Driver, MaybePromise, Role } from '../../driver.ts'
import { SqliteConnection, type SqliteLibrary } from './connection.ts'
import { explainSqliteError } from './error.ts'
import type { SqliteSettings } from './settings.ts'

/** An open database: the handle of the library, and the connection. */
export interface Opened<Database> {
  readonly database: Database
  readonly connection: Connection
}

/** The differences between libraries in opening a database. */
export interface SqliteOpening<Database> {
  readonly dialect: Dialect
  readonly sharesStreams: boolean
  readonly explainError: Driver['explainError']
  /** Opens a connection and sets it up. If that fails, nothing stays open. */
  open(role: Role): MaybePromise<Opened<Database>>
}

/** Returns the driver of a synchronous library. `open` returns its handle and the library over it. */
export function sqliteDriver<Database>(
  settings: SqliteSettings<Database>,
  sharesStreams: boolean,
  open: (readOnly: boolean) => { readonly database: Database; readonly library: SqliteLibrary },
): Driver {
  return driverOf(settings, {
    dialect: sqliteDialect,
    sharesStreams,
    explainError: explainSqliteError,
    open(role) {
      const { database, library } = open(settings.readOnly || role === 'read')
      try {
        loadExtensions(database as Extensible, settings.extensions)
        library.exec(settings.setup[role])
        const connection = new SqliteConnection(library, settings.statementCache)
        if (settings.wal) checkLog(connection.first(JOURNAL_MODE, []))
        return { database, connection }
      } catch (cause) {
        library.close()
        throw cause
      }
    },
  })
}

/** A database that loads extensions. In Node, loading can be turned off again. */
interface Extensible {
  loadExtension(file: string): unknown
  enableLoadExtension?(allow: boolean): unknown
}

function loadExtensions(database: Extensible, files: readonly string[]): void {
  if (files.length === 0) return
  for (const file of files) database.loadExtension(file)
  database.enableLoadExtension?.(false)
}

/** Returns the driver of a database whose connections `opening` opens. */
export function driverOf<Database>(settings: SqliteSettings<Database>, opening: SqliteOpening<Database>): Driver {
  let prepared = settings.memory || settings.readOnly
  const open = (role: Role): MaybePromise<Opened<Database>> => {
    const fail = (cause: unknown): never => {
      throw openError(settings.path, cause, opening.explainError)
    }
    try {
      const opened = opening.open(role)
      return opened instanceof Promise ? opened.catch(fail) : opened
    } catch (cause) {
      return fail(cause)
    }
  }
  return {
    dialect: opening.dialect,
    limits: { write: 1, read: settings.readers },
    sharesStreams: opening.sharesStreams,
    explainError: opening.explainError,
    connect(role) {
      const enter = ({ database, connection }: Opened<Database>): MaybePromise<Connection> => {
        prepared = true
        return runOnConnect(settings, role, database, connection)
      }
      const connect = () => andThen(open(settings.readers === 0 ? 'write' : role), enter)
      // A reader can neither create the file nor set up its write-ahead log.
      if (role === 'write' || prepared) return connect()
      return andThen(
        andThen(open('write'), ({ connection }) => connection.close()),
        connect,
      )
    },
  }
}

/** Calls `next` with a value: at once, or when its promise resolves. */
function andThen<A, B>(value: MaybePromise<A>, next: (value: A) => MaybePromise<B>): MaybePromise<B> {
  return value instanceof Promise ? value.then(next) : next(value)
}

function openError(path: string, cause: unknown, explain: Driver['explainError']): KantaError {
  const { code, message } = explain(cause)
  return new KantaError(code === 'query' ? 'connection' : code, `The database '${path}' cannot be opened. ${message}`, {
    cause,
  })
}

export const JOURNAL_MODE = 'pragma journal_mode'

/** Throws if there is no write-ahead log, since SQLite silently falls back to another journal mode. */
export function checkLog(row: unknown): void {
  const [mode] = Object.values(row as object)
  if (mode === 'wal') return
  throw new KantaError(
    'unsupported',
    `It has no write-ahead log but the journal mode '${mode}', as on a network drive. Put it on a local disk, or set journal_mode to 'delete'.`,
  )
}

/** Calls `onConnect` with a new connection. If it throws, the connection is closed. */
function runOnConnect<Database>(
  { onConnect, path }: SqliteSettings<Database>,
  role: Role,
  database: Database,
  connection: Connection,
): MaybePromise<Connection> {
  if (onConnect === undefined) return connection
  const fail = (cause: unknown): never => {
    connection.close()
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KantaError('connection', `onConnect failed on a connection to '${path}', which was closed: ${why}`, {
      cause,
    })
  }
  try {
    const greeted = onConnect(connection, role, database)
    return greeted instanceof Promise ? greeted.then(() => connection, fail) : connection
  } catch (cause) {
    return fail(cause)
  }
}
