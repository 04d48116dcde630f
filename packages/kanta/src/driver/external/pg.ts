import { postgresDialect } from '../../dialect/postgres/index.ts'
import { refuse } from '../../error/index.ts'
import { explainPostgresError, formsText, refuseRolledBack } from '../database/postgres/index.ts'
import type { Driver, ExecuteResult } from '../driver.ts'
import { type ExternalClient, externalDriver, once } from './driver.ts'

interface Result {
  readonly command: string
  readonly rowCount: number | null
  readonly rows: unknown[]
}
interface Cursor {
  read(count: number): Promise<unknown[]>
  close(): Promise<void>
}
type CursorClass = new (sql: string, parameters: unknown[]) => Cursor
interface Client {
  query(sql: string, parameters: readonly unknown[]): Promise<Result>
  query(cursor: Cursor): Cursor
  processID?: number
}
interface PooledClient extends Client {
  release(destroy?: boolean): void
}
interface ControlClient extends Client {
  connect(): Promise<unknown>
  end(): unknown
}
type ControlClass = new (options: never) => ControlClient

/** A pool of `pg`, or one with the same interface. */
export interface ExternalPgPool {
  connect(): Promise<PooledClient>
  end(): Promise<void>
  readonly options: object
  readonly Client?: unknown
}

export interface ExternalPg {
  readonly pool: ExternalPgPool | (() => Promise<ExternalPgPool>)
  /** The class of `pg-cursor`, for streams. */
  readonly cursor?: unknown
  /** The class of a client, for a second connection that cancels queries. */
  readonly controlClient?: unknown
  /** Runs with each client that is taken from the pool; `isNew` is true the first time. */
  readonly onTake?: (client: ExternalClient, isNew: boolean) => Promise<void>
}

/** Returns the size of the pool, by default that of `pg`. */
const most = (options: object): number => Number((options as { max?: number }).max ?? 10)

class PooledPg implements ExternalClient {
  readonly #client: PooledClient
  readonly #pool: ExternalPgPool
  readonly #config: ExternalPg

  constructor(client: PooledClient, pool: ExternalPgPool, config: ExternalPg) {
    this.#client = client
    this.#pool = pool
    this.#config = config
  }

  async execute(sql: string, parameters: readonly unknown[]): Promise<ExecuteResult> {
    const { rows, rowCount, command } = await this.#client.query(sql, [...parameters])
    refuseRolledBack(sql, command)
    return { rows, changes: command === 'SELECT' ? 0 : (rowCount ?? 0), insertId: undefined }
  }

  async *stream(sql: string, parameters: readonly unknown[], chunkSize: number): AsyncGenerator<unknown[], undefined> {
    const Class = this.#config.cursor as CursorClass | undefined
    if (Class === undefined)
      return refuse("stream() needs the cursor of 'pg-cursor': new PostgresDialect({ pool, cursor: Cursor }).")
    const cursor = this.#client.query(new Class(sql, [...parameters]))
    try {
      for (;;) {
        const rows = await cursor.read(chunkSize)
        if (rows.length === 0) return undefined
        yield rows
      }
    } finally {
      await cursor.close()
    }
  }

  cancel(): Promise<void> {
    return this.#control('select pg_cancel_backend($1)')
  }

  kill(): Promise<void> {
    return this.#control('select pg_terminate_backend($1)')
  }

  release(broken: boolean): void {
    this.#client.release(broken)
  }

  async #control(sql: string): Promise<void> {
    const Class = (this.#config.controlClient ?? this.#pool.Client) as ControlClass | undefined
    if (Class === undefined)
      return refuse('To cancel a query, PostgresDialect needs the option controlClient: the class Client of pg.')
    const control = new Class(this.#pool.options as never)
    await control.connect()
    try {
      await control.query(sql, [this.#client.processID])
    } finally {
      await control.end()
    }
  }
}

/** Returns a driver for PostgreSQL by a user's pool of `pg`, with the values as that pool reads them. */
export function externalPg(config: ExternalPg): Driver {
  const pool = once(config.pool)
  const known = new WeakSet<PooledClient>()
  const { pool: given } = config
  return externalDriver({
    dialect: postgresDialect,
    explainError: explainPostgresError,
    connections: typeof given === 'function' ? 10 : most(given.options),
    async take() {
      const opened = await pool()
      const client = await opened.connect()
      const taken = new PooledPg(client, opened, config)
      try {
        const isNew = !known.has(client)
        if (isNew) await taken.execute(formsText, [])
        await config.onTake?.(taken, isNew)
      } catch (error) {
        client.release(true)
        throw error
      }
      known.add(client)
      return taken
    },
    close: async () => (await pool()).end(),
  })
}
