// Converts drivers of Kanta to those of Kysely, and back.
import type { Dialect as KantaDialect, TransactionSql } from '../dialect/index.ts'
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
  const idle: Connection[] = []
  const run = async (connection: DatabaseConnection, statements: readonly string[]): Promise<void> => {
    for (const sql of statements) await open.get(connection)!.script(sql)
  }
  const { transaction } = driver.dialect
  return {
    async init() {},
    async acquireConnection() {
      const connection = idle.pop() ?? (await driver.connect('write'))
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
      const released = open.get(connection)
      open.delete(connection)
      if (released === undefined) return
      released.rest?.()
      idle.push(released)
    },
    async destroy() {
      for (const connection of idle.splice(0)) await connection.close()
      await driver.close?.()
    },
  }
}

let runs = 0
export function compiled(sql: string, parameters: readonly unknown[]): CompiledQuery {
  return { sql, parameters, query: queryNodeOf(sql), queryId: { queryId: `kanta${++runs}` } }
}

const NODE_KINDS: Readonly<Record<string, string>> = {
  select: 'SelectQueryNode',
  insert: 'InsertQueryNode',
  replace: 'InsertQueryNode',
  update: 'UpdateQueryNode',
  delete: 'DeleteQueryNode',
  merge: 'MergeQueryNode',
}

/** Returns what drivers read of a query's node to choose between methods of their library: its kind, and `returning`. */
function queryNodeOf(sql: string): { readonly kind: string; readonly returning?: object } {
  const [, keyword = ''] = /^[\s(]*(\w+)/.exec(sql) ?? []
  const kind = NODE_KINDS[keyword.toLowerCase()] ?? 'RawNode'
  return kind !== 'SelectQueryNode' && /\breturning\b/i.test(sql)
    ? { kind, returning: { kind: 'ReturningNode' } }
    : { kind }
}

/** The end of texts for which the adapter calls a method of the driver. They never reach the database. */
const BY_DRIVER = ' /* by the driver */'
type Begin = Parameters<TransactionSql['begin']>[0]

/** Returns transaction statements that stand for the methods of a driver. */
function transactionByMethods(dialect: KantaDialect, begins: Map<string, Begin>): TransactionSql {
  return {
    ...dialect.transaction,
    begin(settings) {
      const words = ['begin', settings.isolation && `isolation level ${settings.isolation}`, settings.access]
      const text = words.filter((word) => word !== undefined).join(' ') + BY_DRIVER
      begins.set(text, settings)
      return [text]
    },
    commit: `commit${BY_DRIVER}`,
    rollback: `rollback${BY_DRIVER}`,
    savepoint: (name) => `savepoint ${name}${BY_DRIVER}`,
    rollbackTo: (name) => `rollbackToSavepoint ${name}${BY_DRIVER}`,
    release: (name) => `releaseSavepoint ${name}${BY_DRIVER}`,
  }
}

/** Compiles the nodes that drivers make for savepoints: raw text and names. */
function compileText(node: TextNode, dialect: KantaDialect): string {
  if (node.kind === 'IdentifierNode') return dialect.quote(node.name ?? '')
  const { sqlFragments = [], parameters = [] } = node
  return sqlFragments
    .map((text, i) => text + (parameters[i] === undefined ? '' : compileText(parameters[i], dialect)))
    .join('')
}
interface TextNode {
  readonly kind?: string
  readonly name?: string
  readonly sqlFragments?: readonly string[]
  readonly parameters?: readonly TextNode[]
}

type SavepointMethod = 'savepoint' | 'rollbackToSavepoint' | 'releaseSavepoint'

/** Converts a driver of Kysely to a driver of Kanta with a dialect. */
export function kantaDriverOf(driver: Driver, dialect: KantaDialect, connections: number): KantaDriver {
  let ready: Promise<void> | undefined
  const begins = new Map<string, Begin>()
  const control = async (connection: DatabaseConnection, text: string): Promise<void> => {
    const begin = begins.get(text)
    if (begin !== undefined)
      return driver.beginTransaction(connection, {
        ...(begin.isolation && { isolationLevel: begin.isolation }),
        ...(begin.access && { accessMode: begin.access }),
      })
    const [, method, name] = /^(\w+) ?(.*)$/s.exec(text.slice(0, -BY_DRIVER.length))!
    if (method === 'commit') return driver.commitTransaction(connection)
    if (method === 'rollback') return driver.rollbackTransaction(connection)
    const savepoint = method as SavepointMethod
    if (driver[savepoint] === undefined)
      throw new KantaError('unsupported', `The driver has no method ${savepoint}(). Add it to use savepoints.`)
    await driver[savepoint](connection, name!, (node) => compiled(compileText(node as TextNode, dialect), []))
  }
  return externalDriver({
    dialect: { ...dialect, transaction: transactionByMethods(dialect, begins) },
    connections,
    explainError: (cause) =>
      cause instanceof KantaError
        ? cause
        : { code: 'query', message: cause instanceof Error ? cause.message : String(cause) },
    async take() {
      ready ??= driver.init()
      await ready
      const connection = await driver.acquireConnection()
      return clientOf(connection, control, () => driver.releaseConnection(connection))
    },
    close: () => driver.destroy(),
  })
}

function clientOf(
  connection: DatabaseConnection,
  control: (connection: DatabaseConnection, text: string) => Promise<void>,
  release: () => Promise<void>,
): ExternalClient {
  return {
    async execute(sql, parameters) {
      if (sql.endsWith(BY_DRIVER)) {
        await control(connection, sql)
        return { rows: [], changes: 0, insertId: undefined }
      }
      const { rows, numAffectedRows, insertId } = await connection.executeQuery(compiled(sql, parameters))
      return { rows, changes: numAffectedRows ?? 0, insertId }
    },
    async *stream(sql, parameters, chunkSize) {
      for await (const { rows } of connection.streamQuery(compiled(sql, parameters), chunkSize)) yield rows
    },
    release,
  }
}
