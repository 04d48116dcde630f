import { type HeldSession, type Session, suppress, Transaction, toKantaError, unlessAborted } from '../connect/index.ts'
import type { TransactionSettings } from '../dialect/index.ts'
import type { Driver } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'

/**
 * Begins a transaction that the caller ends. In the session of a transaction it is a savepoint.
 *
 * @throws KantaError `unsupported` for settings that the database lacks; `cancelled`, `timeout` or `closed` while
 * waiting for a connection; else the database's error. The connection is released then.
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

/** The options of `runTransaction` and `runOnConnection`. */
export interface RunTransactionOptions {
  readonly driver: Driver
  readonly settings?: TransactionSettings | undefined
  readonly signal?: AbortSignal | undefined
  /** Is true for the transaction of a single statement: other statements of the session wait for it. */
  readonly isOfStatement?: boolean | undefined
}

/**
 * Runs `work` in a transaction. Commits when it returns; rolls back when it throws or the signal aborts. In the session
 * of a transaction it is a savepoint.
 *
 * @throws KantaError as `beginTransaction` and `Transaction.commit` do. Errors of `work` are thrown unchanged.
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
    const result = await unlessAborted(runInSession, signal, 'The transaction')
    await transaction.finish(result)
    return result
  } catch (error) {
    if (signal?.aborted === true) await transaction.session.interrupt()
    throw await transaction.abandon(error)
  }
}

/**
 * Runs `work` on one connection, such as for settings of a session. Rolls back and throws if `work` leaves a
 * transaction open that it began by SQL text.
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
    result = await unlessAborted(inSession, signal, 'The work on a connection')
  } catch (error) {
    errors.push(error)
    if (signal?.aborted === true) await held.interrupt()
  }
  errors.push(...(await leaveConnection(held, driver)))
  if (errors.length > 0) throw errors.reduce(suppress)
  return result as Result
}

/** Ends the session with its connection as before: outside a transaction, or in the same one. */
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

function refuseOtherSettings(settings: TransactionSettings, outer: TransactionSettings): void {
  for (const key of ['isolation', 'access'] as const) {
    if (settings[key] === undefined || settings[key] === outer[key]) continue
    throw new KantaError(
      'unsupported',
      `A nested transaction has the ${key} of its outer transaction, and cannot be '${settings[key]}'. Set it on the outermost one.`,
    )
  }
}

const workEndedError = () =>
  new KantaError(
    'closed',
    'The work on this connection has ended. Await all of its statements before the callback returns.',
  )

const leftOpenError = () =>
  new KantaError(
    'transaction',
    'The work on a connection left a transaction open; it was rolled back. Use transaction(), or commit it.',
  )
