import { postgresDialect } from '../../dialect/postgres/index.ts'
import { refuse } from '../../error/index.ts'
import { explainPostgresError } from '../database/postgres/index.ts'
import type { Driver } from '../driver.ts'
import { type GivenClient, givenDriver, once } from './given.ts'

/** A database of `@electric-sql/pglite`, or one that is made like it. */
export interface GivenPglite {
  readonly closed: boolean
  query(sql: string, parameters?: unknown[]): Promise<{ readonly rows: unknown[]; readonly affectedRows?: number }>
  close(): Promise<void>
}

/** PGlite by way of a database that somebody opened. */
export function givenPglite(
  given: GivenPglite | (() => GivenPglite | Promise<GivenPglite>),
  onTake?: (client: GivenClient) => Promise<void>,
): Driver {
  const database = once(given)
  let client: Promise<GivenClient> | undefined
  const connect = async (): Promise<GivenClient> => {
    const open = await database()
    const made: GivenClient = {
      async execute(sql, parameters) {
        const { rows, affectedRows } = await open.query(sql, [...parameters])
        return { rows, changes: affectedRows ?? 0, insertId: undefined }
      },
      stream: () => refuse('PGlite has no streams. Read the rows with execute().'),
      release() {},
    }
    await onTake?.(made)
    return made
  }
  return givenDriver({
    dialect: postgresDialect,
    explainError: explainPostgresError,
    connections: 1,
    take() {
      client ??= connect()
      return client
    },
    async close() {
      const open = await database()
      if (!open.closed) await open.close()
    },
  })
}
