import { mariadbDialect, mysqlDialect } from '../../dialect/mysql/index.ts'
import { refuse } from '../../error/index.ts'
import { behaviour, explainMysqlError } from '../database/mysql/index.ts'
import type { Driver, ExecuteResult } from '../driver.ts'
import { type ExternalClient, externalDriver, once } from './driver.ts'

type Done<T> = (error: unknown, result: T) => void
interface Stream {
  [Symbol.asyncIterator](): AsyncIterator<unknown>
}
interface Client {
  readonly config: object
  readonly threadId: number
  query(
    sql: string,
    parameters: unknown,
    done?: Done<never>,
  ): { stream(options: { highWaterMark?: number; objectMode?: true }): Stream }
  destroy(): void
}
interface PooledClient extends Client {
  release(): void
}
interface ControlClient extends Client {
  connect(done?: (error: unknown) => void): void
}

/** A pool of `mysql2` with callbacks, or one with the same interface. */
export interface ExternalMysqlPool {
  getConnection(done: (error: unknown, connection: never) => void): void
  end(done: (error: unknown) => void): void
}

export interface ExternalMysql {
  readonly pool: ExternalMysqlPool | (() => Promise<ExternalMysqlPool>)
  /** `createConnection` of mysql2, for a second connection that cancels queries. */
  readonly controlConnection?: ((config: never) => unknown) | undefined
  /** The kind of server. MariaDB supports `returning`. */
  readonly flavor?: 'mysql' | 'mariadb' | undefined
  readonly onTake?: (client: ExternalClient, isNew: boolean) => Promise<void>
}

/** The result of a write of MySQL. */
interface WriteResult {
  readonly affectedRows: number
  readonly insertId: number | string
}

const isWriteResult = (result: unknown): result is WriteResult =>
  typeof result === 'object' && result !== null && 'affectedRows' in result

class PooledMysql implements ExternalClient {
  readonly #client: PooledClient
  readonly #config: ExternalMysql

  constructor(client: PooledClient, config: ExternalMysql) {
    this.#client = client
    this.#config = config
  }

  async execute(sql: string, parameters: readonly unknown[]): Promise<ExecuteResult> {
    const result: unknown = await query(this.#client, sql, parameters)
    if (Array.isArray(result)) return { rows: result, changes: 0, insertId: undefined }
    if (!isWriteResult(result)) return { rows: [], changes: 0, insertId: undefined }
    const id = BigInt(result.insertId ?? 0)
    return { rows: [], changes: result.affectedRows, insertId: id === 0n ? undefined : id }
  }

  async *stream(sql: string, parameters: readonly unknown[], chunkSize: number): AsyncGenerator<unknown[], undefined> {
    const rows = this.#client.query(sql, parameters).stream({ highWaterMark: chunkSize, objectMode: true })
    let chunk: unknown[] = []
    for await (const row of rows as AsyncIterable<unknown>) {
      if (chunk.push(row) < chunkSize) continue
      yield chunk
      chunk = []
    }
    if (chunk.length > 0) yield chunk
    return undefined
  }

  cancel(): Promise<void> {
    return this.#control('kill query')
  }

  kill(): Promise<void> {
    return this.#control('kill')
  }

  release(broken: boolean): void {
    if (broken) this.#client.destroy()
    else this.#client.release()
  }

  async #control(verb: string): Promise<void> {
    const { controlConnection } = this.#config
    if (controlConnection === undefined)
      return refuse('To cancel a query, MysqlDialect needs the option controlConnection: createConnection of mysql2.')
    const control = controlConnection(this.#client.config as never) as ControlClient
    try {
      await query(control, `${verb} ${Number(this.#client.threadId)}`, [])
    } finally {
      control.destroy()
    }
  }
}

const query = (client: Client, sql: string, parameters: readonly unknown[]): Promise<unknown> =>
  new Promise((resolve, reject) => {
    client.query(sql, parameters, (error: unknown, result: unknown) => (error ? reject(error) : resolve(result)))
  })

/** Returns a driver for MySQL by a user's pool of `mysql2`, with the values as that pool reads them. */
export function externalMysql(config: ExternalMysql): Driver {
  const pool = once(config.pool)
  const known = new WeakSet<PooledClient>()
  return externalDriver({
    dialect: config.flavor === 'mariadb' ? mariadbDialect : mysqlDialect,
    explainError: explainMysqlError,
    connections: poolSizeOf(config.pool),
    async take() {
      const opened = await pool()
      const client = await new Promise<PooledClient>((resolve, reject) => {
        opened.getConnection((error, connection) => (error ? reject(error) : resolve(connection)))
      })
      const taken = new PooledMysql(client, config)
      try {
        const isNew = !known.has(client)
        if (isNew) await taken.execute(`set ${behaviour.join(', ')}`, [])
        await config.onTake?.(taken, isNew)
      } catch (error) {
        client.destroy()
        throw error
      }
      known.add(client)
      return taken
    },
    async close() {
      const opened = await pool()
      await new Promise<void>((resolve, reject) => opened.end((error) => (error ? reject(error) : resolve())))
    },
  })
}

/** The default pool size of mysql2. */
const DEFAULT_POOL_SIZE = 10
const poolSizeOf = (pool: ExternalMysql['pool']): number =>
  Number((pool as { config?: { connectionLimit?: number } }).config?.connectionLimit ?? DEFAULT_POOL_SIZE)
