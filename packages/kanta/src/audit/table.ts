import { type DatabaseHandle, table } from '../extend/internal/index.ts'
import { checkName } from '../sql/index.ts'
import { index } from '../table/index.ts'

/** The number of characters of a key in the index, since some databases limit it. */
export const KEY_PREFIX = 120

const define = (name: string) =>
  table(
    name,
    (c) => ({
      seq: c.bigint().primaryKey().identity(),
      transaction_id: c.varchar(36),
      at: c.timestamp(),
      schema_name: c.varchar(128).nullable(),
      table_name: c.varchar(128),
      key_prefix: c.varchar(KEY_PREFIX),
      row_key: c.text(),
      previous_prefix: c.varchar(KEY_PREFIX).nullable(),
      previous_key: c.text().nullable(),
      operation: c.varchar(16),
      asked: c.varchar(16),
      actor: c.text().nullable(),
      reason: c.text().nullable(),
      before_image: c.text().nullable(),
      after_image: c.text().nullable(),
      metadata: c.text().nullable(),
      hash: c.varchar(64).nullable(),
    }),
    (t) => [
      index([t.table_name, t.key_prefix, t.seq]),
      index([t.table_name, t.previous_prefix]),
      index([t.transaction_id]),
      index([t.at]),
    ],
  )

const defineHead = (name: string) =>
  table(headName(name), (c) => ({ id: c.integer().primaryKey(), seq: c.bigint(), hash: c.varchar(64) }))

/** Returns the name of the table that holds the end of the hash chain. */
export const headName = (name: string): string => `${name}_head`

/** The `table()` value of a trail. */
export type AuditTable = ReturnType<typeof define>
export type HeadTable = ReturnType<typeof defineHead>

const tablesByName = new Map<string, { readonly entries: AuditTable; readonly head: HeadTable }>()

/**
 * Returns the tables of an audit trail, for a schema whose migrations create them; use `audit({ create: false })` then.
 * Only `hashChain` needs `head`.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { auditTables } from 'kanta/audit'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({ driver: sqlite(':memory:') })
 * const { entries, head } = auditTables('city_audit')
 * await db.schema.createTable(entries).execute()
 * await db.schema.createTable(head).execute()
 * ```
 */
export function auditTables(name: string = 'kanta_audit'): { readonly entries: AuditTable; readonly head: HeadTable } {
  checkName(name, 'the table of an audit trail')
  let found = tablesByName.get(name)
  if (found === undefined) {
    found = { entries: define(name), head: defineHead(name) }
    tablesByName.set(name, found)
  }
  return found
}

/** Creates the missing tables. */
export async function createTables(db: DatabaseHandle, name: string, hashChain: boolean): Promise<void> {
  const { entries, head } = auditTables(name)
  await db.schema.createTable(entries).ifNotExists().execute()
  if (hashChain) await db.schema.createTable(head).ifNotExists().execute()
}
