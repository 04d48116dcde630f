import type { Dialect } from '../dialect/index.ts'
import { postgresDialect } from '../dialect/postgres/index.ts'
import { explainPostgresError } from '../driver/database/postgres/index.ts'
import type { Connection, Driver, ExecuteResult, RunResult } from '../driver/index.ts'
import { refuse } from '../error/index.ts'
import { open } from '../extend/internal/index.ts'
import { DocumentStore } from './document-store.ts'
import { SqlBackend } from './sql-backend.ts'
import { checkStoreOptions, type StoreOptions } from './tables.ts'

/** A client that runs statements of PostgreSQL, such as one of `pg`. */
export interface PgQuerier {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: Record<string, unknown>[] }>
}

/** The interface of a library of PostgreSQL. */
export interface PgAdapter extends PgQuerier {
  /** Runs a function in a transaction on one connection, and undoes it if the function fails. */
  transaction<R>(fn: (querier: PgQuerier) => Promise<R>): Promise<R>
}

/** The part of a pool of `pg` that the adapter uses. */
export interface PgPool extends PgQuerier {
  connect(): Promise<PgQuerier & { release(error?: boolean | Error): void }>
}

/** Returns the adapter of a pool of `pg`. Whoever has made the pool ends it. */
export function fromPool(pool: PgPool): PgAdapter {
  return {
    query: (text, values) => pool.query(text, values),
    async transaction(fn) {
      const client = await pool.connect()
      let failure: Error | undefined
      try {
        return await inTransaction(client, fn)
      } catch (error) {
        failure = error instanceof RollbackError ? error : undefined
        throw failure?.cause ?? error
      } finally {
        // A connection in an unknown state is not used again.
        client.release(failure)
      }
    },
  }
}

/** Returns the adapter of one client of `pg`, whose transactions wait for each other. */
export function fromClient(client: PgQuerier): PgAdapter {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <R>(work: () => Promise<R>): Promise<R> => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
  return {
    query: (text, values) => inTurn(() => client.query(text, values)),
    transaction: (fn) => inTurn(() => inTransaction(client, fn)),
  }
}

/** The failure of a rollback, which hides no other: its cause is the error that was to be undone. */
class RollbackError extends Error {}

async function inTransaction<R>(client: PgQuerier, fn: (querier: PgQuerier) => Promise<R>): Promise<R> {
  await client.query('begin')
  try {
    const result = await fn(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {
      throw new RollbackError('The rollback failed.', { cause: error })
    })
    throw error
  }
}

/**
 * Returns a store in PostgreSQL, reached by an adapter, when its tables are open. A store in a database of Kanta needs
 * no adapter: `store(kanta({ driver: pg(…) }))`.
 *
 * @throws KantaError `invalid_input` for tables of another form, `unsupported` for a newer one.
 *
 * @example
 * ```ts
 * import { createPostgresStore, fromPool, type PgPool } from 'kanta/store'
 *
 * const storeOf = (pool: PgPool) => createPostgresStore(fromPool(pool))
 * ```
 */
export async function createPostgresStore(adapter: PgAdapter, options: StoreOptions = {}): Promise<DocumentStore> {
  if (typeof adapter?.query !== 'function' || typeof adapter.transaction !== 'function')
    refuse('createPostgresStore() takes an adapter with query() and transaction(), such as fromPool(pool).')
  checkStoreOptions('createPostgresStore()', options)
  const db = open({ driver: adapterDriver(adapter) })
  const store = new DocumentStore(new SqlBackend(db, options, () => db.destroy()))
  await store.open()
  return store
}

const MOST_CONNECTIONS = 10

function adapterDriver(adapter: PgAdapter): Driver {
  return {
    dialect: postgresDialect as Dialect,
    limits: { write: MOST_CONNECTIONS, read: 0 },
    sharesStreams: true,
    explainError: explainPostgresError,
    connect: () => new PgAdapterConnection(adapter),
  }
}

/** A transaction of an adapter that waits for its end. */
interface OpenTransaction {
  readonly querier: PgQuerier
  commit(): Promise<void>
  rollback(): Promise<void>
}

const UNDO = new Error('This undoes a transaction.')
const NOTHING: RunResult = { changes: 0, insertId: undefined }

/** A connection by an adapter. Its text `begin` starts the adapter's transaction, whose function then waits. */
class PgAdapterConnection implements Connection {
  readonly rows = 'object'
  readonly #adapter: PgAdapter
  #transaction: OpenTransaction | undefined

  constructor(adapter: PgAdapter) {
    this.#adapter = adapter
  }

  get inTransaction(): boolean {
    return this.#transaction !== undefined
  }

  async all(sql: string, parameters: readonly unknown[]): Promise<unknown[]> {
    const querier = this.#transaction?.querier ?? this.#adapter
    return (await querier.query(sql, [...parameters])).rows
  }

  async first(sql: string, parameters: readonly unknown[]): Promise<unknown> {
    return (await this.all(sql, parameters))[0]
  }

  async run(sql: string, parameters: readonly unknown[]): Promise<RunResult> {
    if (sql === 'begin') this.#transaction = await begin(this.#adapter)
    else if (sql === 'commit') await this.#end((transaction) => transaction.commit())
    else if (sql === 'rollback') await this.#end((transaction) => transaction.rollback())
    else await this.all(sql, parameters)
    return NOTHING
  }

  async execute(sql: string, parameters: readonly unknown[]): Promise<ExecuteResult> {
    return { ...NOTHING, rows: await this.all(sql, parameters) }
  }

  /** Names no columns, since rows are objects. */
  columns(): readonly string[] {
    return []
  }

  async *stream(sql: string, parameters: readonly unknown[]): AsyncGenerator<unknown[], undefined, undefined> {
    yield await this.all(sql, parameters)
  }

  async script(sql: string): Promise<void> {
    await this.all(sql, [])
  }

  close(): void {}

  async #end(end: (transaction: OpenTransaction) => Promise<void>): Promise<void> {
    const transaction = this.#transaction!
    this.#transaction = undefined
    await end(transaction)
  }
}

async function begin(adapter: PgAdapter): Promise<OpenTransaction> {
  const started = Promise.withResolvers<PgQuerier>()
  const ended = Promise.withResolvers<void>()
  const whole = adapter.transaction((querier) => {
    started.resolve(querier)
    return ended.promise
  })
  whole.catch(started.reject)
  return {
    querier: await started.promise,
    commit: () => {
      ended.resolve()
      return whole
    },
    rollback: () => {
      ended.reject(UNDO)
      return whole.catch((error: unknown) => {
        if (error !== UNDO) throw error
      })
    },
  }
}
