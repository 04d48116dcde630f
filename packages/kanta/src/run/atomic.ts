import { suppress, type Use } from '../connect/index.ts'
import type { Dialect } from '../dialect/index.ts'

/** The savepoint of an insert that takes several statements; a user's cannot have its name. */
const SAVEPOINT = 'kanta_insert'

/** What several statements are made one by. */
interface Brackets {
  readonly texts: Dialect['transaction']
  /** Whether a transaction is open already: then it is a savepoint. */
  readonly nested: boolean
  /** The error of a text among these that failed. */
  failure(cause: unknown, sql: string): unknown
}

/** Several statements as one: all of them, or none. */
export async function atomically<T>(
  use: Use,
  { texts, nested, failure }: Brackets,
  work: () => Promise<T>,
): Promise<T> {
  const { connection } = use
  const release = texts.release(SAVEPOINT)
  const undo = nested ? [texts.rollbackTo(SAVEPOINT), ...(release === undefined ? [] : [release])] : [texts.rollback]
  const run = async (sql: string): Promise<void> => {
    try {
      await connection.script(sql)
    } catch (cause) {
      throw failure(cause, sql)
    }
  }
  for (const sql of nested ? [texts.savepoint(SAVEPOINT)] : texts.begin({})) await run(sql)
  try {
    const result = await work()
    const done = nested ? release : texts.commit
    if (done !== undefined) await run(done)
    return result
  } catch (cause) {
    await use.settled()
    // Some errors end a transaction of SQLite by themselves.
    if (connection.inTransaction === false || use.isBroken) throw cause
    try {
      for (const sql of undo) await run(sql)
    } catch (later) {
      use.break()
      throw suppress(cause, later)
    }
    throw cause
  }
}
