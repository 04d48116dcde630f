import { facetsOf } from '../dialect/index.ts'
import { sql } from '../sql/index.ts'
import type { StoredValue } from './image.ts'

/** The key that a database generated last. */
export interface LastInsertId {
  /** Selects it as text, since a number may not hold it. */
  readonly query: ReturnType<typeof sql>
  /** True if every insert sets it. Otherwise it may be that of an earlier insert. */
  readonly isOfEveryInsert: boolean
}

/** The implementation of the audit trail for a database. */
export interface AuditFacet {
  /** The column that tells whether a row returned by an upsert existed before; `undefined` if the database has none. */
  readonly conflictColumn: string | undefined
  /** True if rows that an insert returns are as they stay, whatever triggers do. */
  readonly returnsFinalRows: boolean
  /** The generated key that an insert reports; `undefined` if the driver reports none. */
  readonly lastInsertId: LastInsertId | undefined
  /** True if a lock names the tables whose rows it locks. */
  readonly locksByTable: boolean
  /** True if a whole `number` is a float, because the database returns integers as bigints. */
  readonly hasFloats: boolean
  /** Converts a value of an image to a parameter. */
  toParameter(value: StoredValue): StoredValue
}

const asStored = (value: StoredValue): StoredValue => value

const sqlite: AuditFacet = {
  conflictColumn: undefined,
  returnsFinalRows: false,
  lastInsertId: { query: sql`select cast(last_insert_rowid() as text) as id`, isOfEveryInsert: true },
  locksByTable: false,
  hasFloats: true,
  toParameter: asStored,
}

const postgres: AuditFacet = {
  conflictColumn: 'xmax',
  returnsFinalRows: true,
  lastInsertId: undefined,
  locksByTable: true,
  hasFloats: false,
  toParameter: toFloatText,
}

const mariadb: AuditFacet = {
  conflictColumn: undefined,
  returnsFinalRows: true,
  lastInsertId: { query: sql`select cast(last_insert_id() as char) as id`, isOfEveryInsert: false },
  locksByTable: false,
  hasFloats: false,
  toParameter: asStored,
}

export const auditFacets = facetsOf<AuditFacet>(
  'audit()',
  { sqlite, postgres, mysql: undefined, mariadb, mssql: undefined },
  'It needs inserts that return their rows. Use SQLite, PostgreSQL or MariaDB.',
)

/** Converts numbers that are not finite to text, as PostgreSQL takes them. */
function toFloatText(value: StoredValue): StoredValue {
  if (Array.isArray(value)) return value.map(toFloatText)
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}
