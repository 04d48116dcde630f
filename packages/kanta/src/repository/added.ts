import { KantaError } from '../error/index.ts'
import type { DatabaseHandle } from '../extend/internal/index.ts'
import type { Values } from './rows.ts'

/** The methods that plugins may have added to a handle, and that repositories call. */
interface Added {
  readonly restore: (table: string) => ChangingRows
  readonly hardDelete: (table: string) => DeletingRows
  readonly onlyDeleted: (table: string) => DatabaseHandle
  readonly touch: (table: string) => ChangingRows
  readonly ifVersion: (table: string, key: Values, expected: number | bigint) => VersionedRow
  readonly sweepExpired: () => Promise<unknown>
  readonly search: (table: string, text: string) => SearchingRows
  readonly audit: { history(table: string, key: Values): Promise<unknown[]> }
  readonly versionsOf: (table: string, key: Values) => Promise<unknown[]>
}

interface ChangingRows {
  where(...condition: unknown[]): this
  executeTakeFirst(): Promise<{ readonly numUpdatedRows: bigint }>
}
interface DeletingRows {
  where(...condition: unknown[]): this
  executeTakeFirst(): Promise<{ readonly numDeletedRows: bigint }>
}
interface SearchingRows {
  selectAll(): this
  orderBy(column: string, direction: string): this
  where(...condition: unknown[]): this
  limit(rows: number): this
  execute(): Promise<readonly Values[]>
}
/** A row that has to have a version. */
export interface VersionedRow {
  update(changes: Values): Promise<number>
  delete(): Promise<void>
}

/** The plugins that add the methods. */
const PLUGINS: Readonly<Record<keyof Added, string>> = {
  restore: 'softDelete()',
  hardDelete: 'softDelete()',
  onlyDeleted: 'softDelete()',
  touch: 'timestamps()',
  ifVersion: 'version()',
  sweepExpired: 'ttl()',
  search: 'fullText()',
  audit: 'audit()',
  versionsOf: 'timeTravel()',
}

/**
 * Returns what a plugin has added to a database.
 *
 * @throws KantaError `unsupported` if the database does not have the plugin.
 */
export function addedTo<K extends keyof Added>(db: DatabaseHandle, name: K): Added[K] {
  const found = (db as Partial<Added>)[name]
  if (found === undefined)
    throw new KantaError(
      'unsupported',
      `The database does not have the plugin ${PLUGINS[name]}, which this needs. Add it.`,
    )
  return typeof found === 'function' ? (found.bind(db) as Added[K]) : (found as Added[K])
}
