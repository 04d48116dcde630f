import type { Dialect } from '../../dialect/index.ts'
import type { Driver } from '../../driver/index.ts'
import { checkOptions, KantaError, refuse } from '../../error/index.ts'
import {
  DatabaseHandle,
  dialectOf,
  driverOf,
  onDriver,
  pause,
  sessionOf,
  started,
} from '../../extend/internal/index.ts'
import type { Database } from '../../face/index.ts'
import { show } from '../../sql/index.ts'
import { type Box, BoxConnection } from './connection.ts'
import { sandboxFacets } from './database.ts'

/** The options of `sandbox()`. */
export interface SandboxOptions {
  /** The milliseconds that the end waits for work that still runs. Default: 1,000. */
  readonly timeout?: number | undefined
}

/** A database whose changes are all undone. */
export interface Sandbox<D> {
  /** The database for the code under test. Its transactions are savepoints of one transaction. */
  readonly db: D
  /** Undoes everything so far, so that the next test begins anew. */
  reset(): Promise<void>
  /** Waits for work that still runs, undoes everything and gives the connection back. */
  end(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** The savepoint to which `reset()` returns. */
const START = 'kanta_sandbox'

/**
 * Makes a database on which the code under test does as it likes: begins, commits, fails, leaves work behind. At the
 * end all of it is rolled back. Many sandboxes of one database run at once, each with a connection of its own.
 *
 * `isTransaction` is false outside of the code's own transactions, which run one after another, and callbacks of
 * `afterCommit()` run when these commit.
 *
 * @throws KantaError `unsupported` in the sandbox for statements that MySQL and MariaDB commit by themselves, such as
 * `create table`.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { sqlite } from 'kanta/sqlite'
 * import { sandbox } from 'kanta/testing'
 *
 * const author = table('author', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
 * const db = kanta({ driver: sqlite(':memory:'), schema: { author } })
 * await db.schema.createTable(author).execute()
 * async function addsAnAuthor() {
 *   await using box = await sandbox(db)
 *   await box.db.insertInto('author').values({ name: 'Ada' }).execute()
 * }
 * await addsAnAuthor()
 * const authors = await db.selectFrom('author').selectAll().execute() // []
 * await db.destroy()
 * ```
 */
export async function sandbox<D extends Pick<Database<{}>, 'destroy'>>(
  db: D,
  options: SandboxOptions = {},
): Promise<Sandbox<D>> {
  if (!((db as unknown) instanceof DatabaseHandle)) return refuse(`sandbox(${show(db)}) takes a database.`)
  checkOptions('sandbox()', options, ['timeout'])
  const { timeout = 1_000 } = options
  if (typeof timeout !== 'number' || !(timeout >= 0))
    refuse(`timeout takes a number of milliseconds, 0 or more, not ${show(timeout)}.`)
  const handle = db as unknown as DatabaseHandle
  await started(handle)
  const dialect = dialectOf(handle)
  const facet = sandboxFacets.of(dialect)
  const transaction = await handle.startTransaction().execute()
  const inner = (sessionOf(transaction) as unknown as { readonly connection: Box['inner'] }).connection
  const box: Box = { inner, dialect, facet, running: 0, isEnded: false }
  await inner.run(dialect.transaction.savepoint(START), [])
  const boxed = onDriver(handle, boxDriver(driverOf(handle), box))
  let ending: Promise<void> | undefined
  const end = async (): Promise<void> => {
    // What was left open is undone with the rest.
    await boxed.destroy({ timeout }).catch(ignoreTimeout)
    box.isEnded = true
    await stopStatements(box)
    await transaction.rollback().execute()
  }
  const endOnce = (): Promise<void> => {
    ending ??= end()
    return ending
  }
  return {
    db: boxed as unknown as D,
    reset: () =>
      boxed.connection().execute(async () => {
        await inner.run(dialect.transaction.rollbackTo(START), [])
      }),
    end: endOnce,
    [Symbol.asyncDispose]: endOnce,
  }
}

/** Cancels the statement that still runs after the time, and waits until the connection is free. */
async function stopStatements(box: Box): Promise<void> {
  if (box.running > 0) await box.inner.cancel?.()
  while (box.running > 0) await pause(5, undefined)
}

function ignoreTimeout(error: unknown): void {
  if (!(error instanceof KantaError) || error.code !== 'timeout') throw error
}

const dialects = new WeakMap<Dialect, Dialect>()

/** The dialect in a sandbox, where the settings of a transaction cannot be changed any more. */
function boxDialect(dialect: Dialect): Dialect {
  const known = dialects.get(dialect)
  if (known !== undefined) return known
  const { transaction } = dialect
  const boxed: Dialect = {
    ...dialect,
    transaction: {
      ...transaction,
      begin(settings) {
        transaction.begin(settings)
        return ['begin']
      },
      after: () => [],
      commit: 'commit',
      rollback: 'rollback',
    },
  }
  dialects.set(dialect, boxed)
  return boxed
}

const boxDriver = (driver: Driver, box: Box): Driver => ({
  dialect: boxDialect(driver.dialect),
  limits: { write: 1, read: 0 },
  sharesStreams: driver.sharesStreams,
  explainError: (cause) => driver.explainError(cause),
  connect: () => new BoxConnection(box),
})
