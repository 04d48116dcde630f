// Between the drivers of Kanta and the drivers that are written for Kysely, in both directions.
import type { Dialect as Speech } from '../dialect/index.ts'
import type { Driver as Access, Connection, RunResult } from '../driver/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from './contract.ts'

/** A connection of Kanta as a program for Kysely sees it. */
export function connectionOf(connection: Connection): DatabaseConnection {
  return {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, changes, insertId } = await connection.execute(sql, parameters)
      return {
        rows: rows as R[],
        numAffectedRows: BigInt(changes),
        ...(insertId === undefined ? {} : { insertId: BigInt(insertId) }),
      }
    },
    async *streamQuery<R>(
      { sql, parameters }: CompiledQuery,
      chunkSize: number,
    ): AsyncIterableIterator<QueryResult<R>> {
      for await (const rows of connection.stream(sql, parameters, chunkSize)) yield { rows: rows as R[] }
    },
  }
}

/** A driver of Kanta as a program for Kysely sees it. */
export function driverOf(access: Access): Driver {
  const open = new Map<DatabaseConnection, Connection>()
  const run = async (connection: DatabaseConnection, statements: readonly string[]): Promise<void> => {
    for (const sql of statements) await open.get(connection)!.script(sql)
  }
  const { transaction } = access.dialect
  return {
    async init() {},
    async acquireConnection() {
      const connection = await access.connect('write')
      const given = connectionOf(connection)
      open.set(given, connection)
      return given
    },
    beginTransaction: (connection, { isolationLevel, accessMode }) =>
      run(connection, transaction.begin({ isolation: isolationLevel, access: accessMode })),
    commitTransaction: (connection) => run(connection, [transaction.commit]),
    rollbackTransaction: (connection) => run(connection, [transaction.rollback]),
    savepoint: (connection, name) => run(connection, [transaction.savepoint(name)]),
    rollbackToSavepoint: (connection, name) => run(connection, [transaction.rollbackTo(name)]),
    async releaseSavepoint(connection, name) {
      const release = transaction.release(name)
      if (release !== undefined) await run(connection, [release])
    },
    async releaseConnection(connection) {
      await open.get(connection)?.close()
      open.delete(connection)
    },
    async destroy() {
      await access.close?.()
    },
  }
}

/** A connection of a driver that was written for Kysely. */
class GivenConnection implements Connection {
  readonly rows = 'object'
  readonly #connection: DatabaseConnection
  readonly #release: () => Promise<void>

  constructor(connection: DatabaseConnection, release: () => Promise<void>) {
    this.#connection = connection
    this.#release = release
  }

  async all(sql: string, parameters: readonly unknown[]): Promise<unknown[]> {
    return (await this.#connection.executeQuery(compiled(sql, parameters))).rows
  }

  async first(sql: string, parameters: readonly unknown[]): Promise<unknown> {
    return (await this.all(sql, parameters))[0]
  }

  async run(sql: string, parameters: readonly unknown[]): Promise<RunResult> {
    const { numAffectedRows, insertId } = await this.#connection.executeQuery(compiled(sql, parameters))
    return { changes: numAffectedRows ?? 0, insertId }
  }

  async execute(sql: string, parameters: readonly unknown[]): Promise<RunResult & { readonly rows: unknown[] }> {
    const { rows, numAffectedRows, insertId } = await this.#connection.executeQuery(compiled(sql, parameters))
    return { rows, changes: numAffectedRows ?? 0, insertId }
  }

  columns(): readonly string[] {
    return []
  }

  async *stream(sql: string, parameters: readonly unknown[], chunkSize: number): AsyncGenerator<unknown[], undefined> {
    for await (const { rows } of this.#connection.streamQuery(compiled(sql, parameters), chunkSize)) yield rows
    return undefined
  }

  async script(sql: string): Promise<void> {
    await this.#connection.executeQuery(compiled(sql, []))
  }

  close(): Promise<void> {
    return this.#release()
  }
}

let runs = 0
export function compiled(sql: string, parameters: readonly unknown[]): CompiledQuery {
  return { sql, parameters, query: { kind: 'RawNode' }, queryId: { queryId: `kanta${++runs}` } }
}

/** A driver that was written for Kysely as a driver of Kanta. Its connections speak `dialect`. */
export function accessOf(driver: Driver, dialect: Speech, connections: number): Access {
  let ready: Promise<void> | undefined
  return {
    dialect,
    limits: { write: connections, read: 0 },
    sharesStreams: false,
    explainError: (cause) =>
      cause instanceof KantaError
        ? cause
        : { code: 'query', message: cause instanceof Error ? cause.message : String(cause) },
    async connect() {
      if (typeof driver.acquireConnection !== 'function')
        refuse('The driver of the dialect has no acquireConnection().')
      ready ??= driver.init()
      await ready
      const connection = await driver.acquireConnection()
      return new GivenConnection(connection, () => driver.releaseConnection(connection))
    },
    close: () => driver.destroy(),
  }
}
