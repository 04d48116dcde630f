// Converts drivers of Kanta to those of Kysely, and back.
import type { Dialect as KantaDialect } from '../dialect/index.ts'
import { type ExternalClient, externalDriver } from '../driver/external/index.ts'
import type { Connection, Driver as KantaDriver } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from './contract.ts'

/** Converts a connection of Kanta or a client of a pool to a connection of Kysely. */
export function connectionOf(connection: Pick<Connection, 'execute' | 'stream'>): DatabaseConnection {
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

/** Converts a driver of Kanta to a driver of Kysely. */
export function driverOf(driver: KantaDriver): Driver {
  const open = new Map<DatabaseConnection, Connection>()
  const run = async (connection: DatabaseConnection, statements: readonly string[]): Promise<void> => {
    for (const sql of statements) await open.get(connection)!.script(sql)
  }
  const { transaction } = driver.dialect
  return {
    async init() {},
    async acquireConnection() {
      const connection = await driver.connect('write')
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
      await driver.close?.()
    },
  }
}

let runs = 0
export function compiled(sql: string, parameters: readonly unknown[]): CompiledQuery {
  return { sql, parameters, query: { kind: 'RawNode' }, queryId: { queryId: `kanta${++runs}` } }
}

/** Converts a driver of Kysely to a driver of Kanta with a dialect. */
export function kantaDriverOf(driver: Driver, dialect: KantaDialect, connections: number): KantaDriver {
  let ready: Promise<void> | undefined
  return externalDriver({
    dialect,
    connections,
    explainError: (cause) =>
      cause instanceof KantaError
        ? cause
        : { code: 'query', message: cause instanceof Error ? cause.message : String(cause) },
    async take() {
      ready ??= driver.init()
      await ready
      const connection = await driver.acquireConnection()
      return clientOf(connection, () => driver.releaseConnection(connection))
    },
    close: () => driver.destroy(),
  })
}

function clientOf(connection: DatabaseConnection, release: () => Promise<void>): ExternalClient {
  return {
    async execute(sql, parameters) {
      const { rows, numAffectedRows, insertId } = await connection.executeQuery(compiled(sql, parameters))
      return { rows, changes: numAffectedRows ?? 0, insertId }
    },
    async *stream(sql, parameters, chunkSize) {
      for await (const { rows } of connection.streamQuery(compiled(sql, parameters), chunkSize)) yield rows
    },
    release,
  }
}
