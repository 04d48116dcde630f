import { sqliteDialect } from '../dialect/sqlite/index.ts'
import { KantaError } from '../error/index.ts'
import type { Connection, Driver, MaybePromise, Role } from './driver.ts'
import { SqliteConnection, type SqliteLibrary } from './sqlite-connection.ts'
import { explainSqliteError } from './sqlite-error.ts'
import type { SqliteSettings } from './sqlite-settings.ts'

/** What a library opened: its own handle, and the same as connections see it. */
export interface Opened<Database> {
  readonly database: Database
  readonly library: SqliteLibrary
}

/** The driver of a database that `open` opens, once for each connection. */
export function sqliteDriver<Database>(
  settings: SqliteSettings<Database>,
  sharesStreams: boolean,
  open: (readOnly: boolean) => Opened<Database>,
): Driver {
  let prepared = settings.memory || settings.readOnly
  return {
    dialect: sqliteDialect,
    limits: { write: 1, read: settings.readers },
    sharesStreams,
    explainError: explainSqliteError,
    connect(role): MaybePromise<Connection> {
      // A reader can neither make the file nor give it a write-ahead log.
      if (role === 'read' && !prepared) connect(settings, 'write', open).connection.close()
      const { database, connection } = connect(settings, settings.readers === 0 ? 'write' : role, open)
      prepared = true
      return greet(settings, role, database, connection)
    },
  }
}

function connect<Database>(
  settings: SqliteSettings<Database>,
  role: Role,
  open: (readOnly: boolean) => Opened<Database>,
): { database: Database; connection: SqliteConnection } {
  let library: SqliteLibrary | undefined
  try {
    const opened = open(settings.readOnly || role === 'read')
    library = opened.library
    library.exec(settings.setup[role])
    const connection = new SqliteConnection(library, settings.statementCache)
    if (settings.wal) checkLog(connection)
    return { database: opened.database, connection }
  } catch (cause) {
    library?.close()
    const { code, message } = explainSqliteError(cause)
    throw new KantaError(
      code === 'query' ? 'connection' : code,
      `The database '${settings.path}' cannot be opened. ${message}`,
      { cause },
    )
  }
}

/** SQLite answers with the mode that it could set, and goes on with that. */
function checkLog(connection: SqliteConnection): void {
  const [mode] = Object.values(connection.first('pragma journal_mode', []) as object)
  if (mode === 'wal') return
  throw new KantaError(
    'unsupported',
    `It has no write-ahead log but the journal mode '${mode}', as on a network drive. Put it on a local disk, or set journal_mode to 'delete'.`,
  )
}

/** Lets the user's function see a new connection; on failure nothing stays open. */
function greet<Database>(
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
