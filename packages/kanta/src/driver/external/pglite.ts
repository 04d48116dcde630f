import { postgresDialect } from '../../dialect/postgres/index.ts'
import { refuse } from '../../error/index.ts'
import { explainPostgresError, formsText } from '../database/postgres/index.ts'
import type { Driver } from '../driver.ts'
import { type ExternalClient, externalDriver, once } from './driver.ts'

/** A database of `@electric-sql/pglite`, or one with the same interface. */
export interface ExternalPglite {
  readonly closed: boolean
  query(sql: string, parameters?: unknown[]): Promise<{ readonly rows: unknown[]; readonly affectedRows?: number }>
  close(): Promise<void>
}

/** Returns a driver for PGlite by a user's open database. */
export function externalPglite(
  given: ExternalPglite | (() => ExternalPglite | Promise<ExternalPglite>),
  onTake?: (client: ExternalClient) => Promise<void>,
): Driver {
  const database = once(given)
  let client: Promise<ExternalClient> | undefined
  const connect = async (): Promise<ExternalClient> => {
    const open = await database()
    const made: ExternalClient = {
      async execute(sql, parameters) {
        const { rows, affectedRows } = await open.query(sql, [...parameters])
        return { rows, changes: affectedRows ?? 0, insertId: undefined }
      },
      stream: () => refuse('PGlite has no streams. Read the rows with execute().'),
      release() {},
    }
    await made.execute(formsText, [])
    await onTake?.(made)
    return made
  }
  return externalDriver({
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
