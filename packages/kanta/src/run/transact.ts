import {
  cancellationError,
  type HeldSession,
  type Session,
  suppress,
  Transaction,
  toKantaError,
} from '../connect/index.ts'
import type { TransactionSettings } from '../dialect/index.ts'
import type { Driver } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'

/**
 * Begins a transaction that its caller ends. In the session of a transaction it is nested: a savepoint.
 *
 * @throws KantaError `unsupported` for settings that the database lacks, `cancelled`, `timeout` or `closed` while
 * waiting for a connection, else what the database said; the connection is then given back.
 */
export async function beginTransaction(
  session: Session,
  driver: Driver,
  settings: TransactionSettings = {},
  signal?: AbortSignal | undefined,
  isOfStatement?: boolean | undefined,
): Promise<Transaction> {
  const outer = session.transaction
  if (outer === undefined) driver.dialect.transaction.begin(settings)
  else refuseOtherSettings(settings, outer.settings)
  const role = settings.access === 'read only' ? 'read' : 'write'
  const purpose = outer === undefined ? 'a transaction' : 'a nested transaction'
  const held = await session.reserve(role, purpose, signal, isOfStatement)
  const transaction = new Transaction(held, driver, outer === undefined ? settings : outer.settings)
  await transaction.open(signal)
  return transaction
}

/** What `runTransaction` needs besides the session and the work. */
export interface RunTransactionOptions {
  readonly driver: Driver
  readonly settings?: TransactionSettings | undefined
  readonly signal?: AbortSignal | undefined
  /** Whether it is what one statement takes: others of the session wait for it. */
  readonly isOfStatement?: boolean | undefined
}

/**
 * Runs `work` in a transaction: committed when it returns, rolled back when it throws or its signal aborts. In the
 * session of a transaction it is nested: a savepoint.
 *
 * @throws KantaError as `beginTransaction` and `Transaction.commit` do; what `work` throws is thrown as it is.
 */
export async function runTransaction<Result>(
  session: Session,
  { driver, settings, signal, isOfStatement }: RunTransactionOptions,
  work: (transaction: Transaction) => Result | Promise<Result>,
): Promise<Result> {
  const transaction = await beginTransaction(session, driver, settings, signal, isOfStatement)
  try {
    const runWork = (): Result | Promise<Result> => work(transaction)
    const runInSession = (): Result | Promise<Result> =>
      session.runIn === undefined ? runWork() : session.runIn(transaction.session, runWork)
    const result = await runUntilAborted(runInSession, signal, 'The transaction')
    await transaction.finish(result)
    return result
  } catch (error) {
    if (signal?.aborted === true) await transaction.session.interrupt()
    throw await transaction.abandon(error)
  }
}

/**
 * Runs `work` with one connection held for it, such as for settings of a session. A transaction that it began as text
 * and left open is rolled back, and is an error.
 */
export async function runOnConnection<Result>(
  session: Session,
  { driver, signal }: RunTransactionOptions,
  work: (session: HeldSession) => Result | Promise<Result>,
): Promise<Result> {
  const held = await session.reserve('write', 'connection()', signal)
  let result: Result | undefined
  const errors: unknown[] = []
  try {
    const within = (): Result | Promise<Result> => work(held)
    const inSession = (): Result | Promise<Result> =>
      session.runIn === undefined ? within() : session.runIn(held, within)
    result = await runUntilAborted(inSession, signal, 'The work on a connection')
  } catch (error) {
    errors.push(error)
    if (signal?.aborted === true) await held.interrupt()
  }
  errors.push(...(await leaveConnection(held, driver)))
  if (errors.length > 0) throw errors.reduce(suppress)
  return result as Result
}

/** Gives the connection back as it was taken: in no transaction, or in the same one. */
async function leaveConnection(held: HeldSession, driver: Driver): Promise<unknown[]> {
  const errors: unknown[] = []
  const inner = held.nested?.transaction
  if (inner?.isOpen && inner !== held.transaction) errors.push(await inner.abandon(leftOpenError()))
  await held.seize(workEndedError)
  let broken = false
  if (!held.inTransaction && held.connection.inTransaction === true) {
    errors.push(leftOpenError())
    try {
      await held.connection.run(driver.dialect.transaction.rollback, [])
    } catch (cause) {
      errors.push(toKantaError(driver, cause))
      broken = true
    }
  }
  held.end(workEndedError, broken)
  return errors
}

/** The end of the work, or of patience: then what the work still does comes to nothing. */
function runUntilAborted<T>(work: () => T | Promise<T>, signal: AbortSignal | undefined, what: string): Promise<T> {
  const run = async (): Promise<T> => work()
  if (signal === undefined) return run()
  return new Promise((resolve, reject) => {
    const abort = () => reject(cancellationError(signal, what))
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    run()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}

function refuseOtherSettings(settings: TransactionSettings, outer: TransactionSettings): void {
  for (const key of ['isolation', 'access'] as const) {
    if (settings[key] === undefined || settings[key] === outer[key]) continue
    throw new KantaError(
      'unsupported',
      `A nested transaction has the ${key} of the one around it, and cannot be '${settings[key]}'. Set it on the outermost one.`,
    )
  }
}

const workEndedError = () =>
  new KantaError('closed', 'The work on this connection has ended. Await all of it before the callback returns.')

const leftOpenError = () =>
  new KantaError(
    'transaction',
    'The work on a connection began a transaction and left it open; it was rolled back. Use transaction(), or commit it.',
  )
