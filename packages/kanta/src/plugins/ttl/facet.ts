import { facetsOf } from '../../dialect/index.ts'
import type { DatabaseHandle } from '../../extend/internal/index.ts'
import type { DeleteBuilder, sql } from '../../sql/index.ts'
import type { InstantForm } from '../instant.ts'
import type { Names } from './batch.ts'
import { mysqlExpiry } from './mysql.ts'
import { postgresExpiry } from './postgres.ts'
import { sqliteExpiry } from './sqlite.ts'

export type Text = ReturnType<typeof sql>

/** The trigger or event that deletes the expired rows of a table in the database. */
export interface Trigger {
  readonly table: Text
  /** The name of the trigger, function or event. */
  readonly name: string
  /** The delete statement, without parameters, since definitions take none. */
  readonly body: Text
  /** The milliseconds between two deletes of an event. */
  readonly every: number
}

/** The implementation of the deletion of expired rows for a database. */
export interface Expiry {
  /**
   * Returns the moment `after` milliseconds ago by the clock of the database, in the form of a column. It is constant
   * within a statement, so that an index can serve it.
   */
  moment(form: InstantForm, after: number): Text
  /** The column that identifies the rows of a table without a primary key. */
  readonly rowName: string | undefined
  /** True if a sweep reads whether rows expired before it writes. */
  readonly looksFirst: boolean
  /** Returns a delete of at most `most` rows that expired up to a moment, the oldest first. */
  batch(db: DatabaseHandle, names: Names, until: unknown, most: number): DeleteBuilder
  /** Returns a statement that takes a lock, so that programs that start at the same time do not conflict. */
  lock?(): Text
  /** Throws if the server is configured not to run triggers or events. */
  requireTriggers?(db: DatabaseHandle): Promise<void>
  /** Creates a trigger or replaces it. */
  make(db: DatabaseHandle, trigger: Trigger): Promise<void>
  /** Returns the statements that remove a trigger. */
  drops(table: Text, name: string): readonly Text[]
}

export const expiries = facetsOf<Expiry>(
  'Deleting expired rows',
  { sqlite: sqliteExpiry, postgres: postgresExpiry, mysql: mysqlExpiry, mariadb: mysqlExpiry, mssql: undefined },
  "Use ttl() in the mode 'lazy', with the clock of the program.",
)
