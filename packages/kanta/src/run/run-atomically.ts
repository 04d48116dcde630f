import { type ConnectionUse, suppress } from '../connect/index.ts'
import type { Dialect } from '../dialect/index.ts'

/** The savepoint of an insert that takes several statements. The user's savepoints cannot have its name. */
const SAVEPOINT = 'kanta_insert'

/** The transaction control that makes several statements one. */
interface AtomicOptions {
  readonly transactionSql: Dialect['transaction']
  /** Is true if a transaction is open already: then a savepoint is used. */
  readonly isNested: boolean
  /** Returns the error for a transaction statement that failed. */
  failure(cause: unknown, sql: string): unknown
}

/** Runs several statements as one: all take effect, or none. */
export async function runAtomically<T>(
  use: ConnectionUse,
  { transactionSql, isNested, failure }: AtomicOptions,
  work: () => Promise<T>,
): Promise<T> {
  const { connection } = use
  const release = transactionSql.release(SAVEPOINT)
  const undo = isNested
    ? [transactionSql.rollbackTo(SAVEPOINT), ...(release === undefined ? [] : [release])]
    : [transactionSql.rollback]
  const run = async (sql: string): Promise<void> => {
    try {
      await connection.script(sql)
    } catch (cause) {
      throw failure(cause, sql)
    }
  }
  for (const sql of isNested ? [transactionSql.savepoint(SAVEPOINT)] : transactionSql.begin({})) await run(sql)
  try {
    const result = await work()
    const done = isNested ? release : transactionSql.commit
    if (done !== undefined) await run(done)
    return result
  } catch (cause) {
    await use.waitForPending()
    // Some errors end a transaction of SQLite. Then there is nothing to roll back.
    if (connection.inTransaction === false || use.isBroken) throw cause
    try {
      for (const sql of undo) await run(sql)
    } catch (later) {
      use.markBroken()
      throw suppress(cause, later)
    }
    throw cause
  }
}
