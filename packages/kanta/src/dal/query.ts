import { checkOptions } from '../error/index.ts'
import type { AccessMode, IsolationLevel, RetryOptions } from '../face/index.ts'
import { checkFunction, type Handle, handleOf } from './handle.ts'

/** A function over queries: it takes a handle, and arguments of its own. */
export type QueryFunction = (db: never, ...args: never[]) => Promise<unknown>

/** The members that a transaction adds to those of a database. */
export interface TransactionMethods {
  readonly isTransaction: true
  /** Calls a function once the outermost transaction has been committed. */
  afterCommit(callback: () => unknown): void
  /** Calls a function once the transaction has been rolled back. */
  afterRollback(callback: () => unknown): void
}

/** Settings of a transaction. */
export interface TransactionOptions {
  readonly isolationLevel?: IsolationLevel | undefined
  readonly accessMode?: AccessMode | undefined
  /** Runs the function again after a conflict with others; how often, or how. */
  readonly retry?: number | RetryOptions | undefined
  readonly signal?: AbortSignal | undefined
}

const OPTIONS: readonly (keyof TransactionOptions)[] = ['isolationLevel', 'accessMode', 'retry', 'signal']

/**
 * Makes a function over queries of one that takes a handle first. Any handle may be given: a database, one with a
 * context or a schema, a transaction.
 *
 * @example
 * ```ts
 * const cityById = createQuery((db: Database<Tables>, id: number) =>
 *   db.selectFrom('city').selectAll().where('id', '=', id).executeTakeFirst())
 * const city = await cityById(db, 1)
 * ```
 */
export function createQuery<F extends QueryFunction>(run: F): F {
  checkFunction('createQuery()', run)
  const call = run as unknown as (db: unknown, ...args: readonly unknown[]) => Promise<unknown>
  const query = async (db: unknown, ...args: readonly unknown[]): Promise<unknown> =>
    call(handleOf('The query', db), ...args)
  return query as unknown as F
}

/**
 * Makes a function over queries that runs in a transaction: one of its own, or inside of the one that it is given as a
 * part that can fail by itself. The isolation asked for is kept: inside a transaction of another level it is refused.
 *
 * @example
 * ```ts
 * const rename = createTransactionalQuery(
 *   (db: Database<Tables>, id: number, name: string) =>
 *     db.updateTable('employee').set({ name }).where('id', '=', id).execute(),
 *   { isolationLevel: 'serializable', retry: 5 },
 * )
 * await rename(db, 1, 'Elias')
 * ```
 */
export function createTransactionalQuery<F extends QueryFunction>(run: F, options: TransactionOptions = {}): F {
  checkFunction('createTransactionalQuery()', run)
  checkOptions('createTransactionalQuery()', options, OPTIONS)
  const call = run as unknown as (db: unknown, ...args: readonly unknown[]) => Promise<unknown>
  const query = (db: Handle, ...args: readonly unknown[]): Promise<unknown> =>
    withTransaction(db, (trx) => call(trx, ...args), options)
  return query as unknown as F
}

/**
 * Runs a function in a transaction, which it is given: commits when it succeeds, rolls back when it throws. Inside a
 * transaction it is a part of that one that can fail by itself.
 *
 * @throws KantaError `unsupported` for an isolation level or an access mode that the outer transaction does not have,
 * and where the database has no transactions: see `batch()`.
 *
 * @example
 * ```ts
 * await withTransaction(db, async (trx) => {
 *   await trx.insertInto('employee').values({ name: 'Elias' }).execute()
 *   trx.afterCommit(() => console.log('kept'))
 * })
 * ```
 */
export async function withTransaction<D extends Handle, R>(
  db: D,
  work: (trx: D & TransactionMethods) => Promise<R>,
  options: TransactionOptions = {},
): Promise<R> {
  checkFunction('withTransaction()', work)
  checkOptions('withTransaction()', options, OPTIONS)
  const { isolationLevel, accessMode, retry, signal } = options
  let transaction = handleOf('withTransaction()', db).transaction()
  if (isolationLevel !== undefined) transaction = transaction.setIsolationLevel(isolationLevel)
  if (accessMode !== undefined) transaction = transaction.setAccessMode(accessMode)
  if (retry !== undefined) transaction = transaction.retry(retry)
  return transaction.execute(work as (trx: unknown) => Promise<R>, signal === undefined ? undefined : { signal })
}
