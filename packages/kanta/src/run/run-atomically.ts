import { type ConnectionUse, suppress } from '../connect/index.ts'
import type { Dialect } from '../dialect/index.ts'

/** The savepoint of an insert that takes several statements; a user's cannot have its name. */
const SAVEPOINT = 'kanta_insert'

/** What several statements are made one by. */
interface AtomicOptions {
  readonly transactionSql: Dialect['transaction']
  /** Whether a transaction is open already: then it is a savepoint. */
  readonly isNested: boolean
  /** The error of a text among these that failed. */
  failure(cause: unknown, sql: string): unknown
}

/** Several statements as one: all of them, or none. */
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
    // Some errors end a transaction of SQLite by themselves.
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
