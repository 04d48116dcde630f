import { KantaError, refuse } from '../error/index.ts'
import { type DatabaseHandle, open } from '../extend/internal/index.ts'
import { adapterDriver, runText } from './adapter-driver.ts'
import { DocumentStore } from './document-store.ts'
import { type OpenStep, openStore, runOpeningSync } from './open.ts'
import type { StoreQuery } from './queries.ts'
import { SqlBackend } from './sql-backend.ts'
import type { SqliteAdapter } from './sqlite-adapter.ts'
import { checkStoreOptions, type StoreOptions } from './tables.ts'

/**
 * A store in a SQLite database, reached by an adapter. It opens or creates its tables at once.
 *
 * @throws KantaError `invalid_input` for an adapter whose transactions undo nothing, and for tables of another form.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from 'node:sqlite'
 * import { fromNodeSqlite, SqliteStore } from 'kanta/store'
 *
 * const store = new SqliteStore(fromNodeSqlite(new DatabaseSync(':memory:')), {
 *   tables: { meta: 'app_meta', records: 'app_records' },
 * })
 * await store.close()
 * ```
 */
export class SqliteStore extends DocumentStore {
  constructor(adapter: SqliteAdapter, options: StoreOptions = {}) {
    checkAdapter(adapter)
    checkStoreOptions('SqliteStore', options)
    const own = { partBytes: adapter.partBytes, ...options }
    const db = open({ driver: adapterDriver(adapter) })
    const opened = runOpeningSync(openStore(db, own), (step) => runStep(adapter, step))
    probeTransactions(db, adapter, opened.tables.records)
    super(new SqlBackend(db, own, () => db.destroy(), opened))
  }
}

/**
 * Returns a store in a SQLite database, reached by an adapter.
 *
 * @throws KantaError as {@link SqliteStore}.
 */
export const createSqliteStore = (adapter: SqliteAdapter, options?: StoreOptions): SqliteStore =>
  new SqliteStore(adapter, options)

function checkAdapter(adapter: SqliteAdapter): void {
  const missing = (['exec', 'iterate', 'transaction', 'close'] as const).find(
    (name) => typeof adapter?.[name] !== 'function',
  )
  if (missing !== undefined)
    refuse(`The adapter of a SqliteStore needs the method ${missing}(). Use fromNodeSqlite(db), or give all four.`)
}

function runStep(adapter: SqliteAdapter, step: OpenStep): Record<string, unknown>[] {
  const run = (query: StoreQuery) => {
    const { sql, parameters } = query.compile() as { sql: string; parameters: readonly unknown[] }
    return runText(adapter, sql, parameters)
  }
  if (step.kind === 'read') return run(step.query)
  if (step.kind === 'define') adapter.exec(step.sql)
  else adapter.transaction(() => step.queries.forEach(run))
  return []
}

const probed = new WeakSet<SqliteAdapter>()
const UNDO = new Error('This undoes the probe of a transaction.')

/** Checks once that a transaction of an adapter undoes everything if its function throws. */
function probeTransactions(db: DatabaseHandle, adapter: SqliteAdapter, records: unknown): void {
  if (probed.has(adapter)) return
  const row = { doc_id: '', seq: -1, kind: 'probe', payload: null, blob: null }
  const run = (query: StoreQuery) => runStep(adapter, { kind: 'read', query })
  let isThrown = false
  try {
    const result: unknown = adapter.transaction(() => {
      run(db.insertInto(records).values(row))
      throw UNDO
    })
    // One that answers later is refused; nobody else waits for it.
    if (result instanceof Promise) result.catch(() => {})
  } catch (error) {
    if (error !== UNDO) throw error
    isThrown = true
  }
  const isLeft = run(db.selectFrom(records).select('seq').where('doc_id', '=', '').where('seq', '=', -1)).length > 0
  if (isLeft) run(db.deleteFrom(records).where('doc_id', '=', '').where('seq', '=', -1))
  if (isLeft || !isThrown)
    throw new KantaError(
      'invalid_input',
      'transaction() of the adapter does not undo what its function did when that throws. Begin, commit and roll back a transaction in it; for a Durable Object use fromDurableObject(ctx).',
    )
  probed.add(adapter)
}
