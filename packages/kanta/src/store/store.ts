import { refuse, show } from '../error/index.ts'
import { DatabaseHandle } from '../extend/internal/index.ts'
import { DocumentStore } from './document-store.ts'
import { SqlBackend } from './sql-backend.ts'
import { checkStoreOptions, type StoreOptions, storeFacetOf } from './tables.ts'

/** A database or a transaction. */
export interface StoreDatabase {
  readonly isTransaction: boolean
}

/**
 * Returns a store in a Kanta database: SQLite, libSQL, D1, PostgreSQL, PGlite, MySQL or MariaDB, with the policies and
 * hooks of the handle. The first call creates the tables if they are missing. In a transaction its writes belong to the
 * transaction. `close()` does not destroy the database.
 *
 * @throws KantaError `unsupported` on SQL Server, `invalid_input` for a wrong option.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { sqlite } from 'kanta/sqlite'
 * import { store } from 'kanta/store'
 *
 * const db = kanta({ driver: sqlite(':memory:') })
 * const documents = store(db)
 * await documents.list({ prefix: 'notes/' }) // []
 * ```
 */
export function store(db: StoreDatabase, options: StoreOptions = {}): DocumentStore {
  if (!(db instanceof DatabaseHandle)) return refuse(`store() takes a database or a transaction, not ${show(db)}.`)
  checkStoreOptions('store()', options)
  storeFacetOf(db)
  return new DocumentStore(new SqlBackend(db, options, async () => {}))
}
