import { facetsOf } from '../../dialect/index.ts'
import type { DatabaseHandle } from '../../extend/internal/index.ts'
import type { DeleteBuilder, sql } from '../../sql/index.ts'
import type { InstantForm } from '../instant.ts'
import type { Names } from './batch.ts'
import { mysqlExpiry } from './mysql.ts'
import { postgresExpiry } from './postgres.ts'
import { sqliteExpiry } from './sqlite.ts'

export type Text = ReturnType<typeof sql>

/** What deletes the expired rows of a table in the database itself. */
export interface Trigger {
  readonly table: Text
  /** The name of the trigger, function or event. */
  readonly name: string
  /** The delete: definitions take no parameters. */
  readonly body: Text
  /** The milliseconds between two deletes, where it goes by time. */
  readonly every: number
}

/** What the deletion of expired rows needs of a database. */
export interface Expiry {
  /**
   * The moment of the database's own clock `after` milliseconds ago, in the form in which a column holds it. It is fixed
   * within a statement, so that an index can find it.
   */
  moment(form: InstantForm, after: number): Text
  /** The column that tells the rows of a table without a primary key apart. */
  readonly rowName: string | undefined
  /** Whether a sweep looks for expired rows before it writes. */
  readonly looksFirst: boolean
  /** A delete of at most so many of the rows whose moment is not after another, the longest expired first. */
  batch(db: DatabaseHandle, names: Names, until: unknown, most: number): DeleteBuilder
  /** Keeps programs that start at the same time from standing in each other's way. */
  lock?(): Text
  /** Throws where the server, as it is set, runs no triggers. */
  requireTriggers?(db: DatabaseHandle): Promise<void>
  /** Makes a trigger, in place of the one that was there. */
  make(db: DatabaseHandle, trigger: Trigger): Promise<void>
  /** What removes a trigger. */
  drops(table: Text, name: string): readonly Text[]
}

export const expiries = facetsOf<Expiry>(
  'Deleting expired rows',
  { sqlite: sqliteExpiry, postgres: postgresExpiry, mysql: mysqlExpiry, mariadb: mysqlExpiry, mssql: undefined },
  "Use ttl() in the mode 'lazy', with the clock of the program.",
)
