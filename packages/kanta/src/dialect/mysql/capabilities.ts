import type { Capabilities } from '../dialect.ts'
import { mariadbSchema, mysqlSchema } from './schema.ts'

/** What MySQL 8.0.31 and later and MariaDB 10.11 and later both have, and both lack. */
const both = {
  output: false,
  merge: false,
  apply: false,
  rightJoin: true,
  fullJoin: false,
  locks: true,
  keyLocks: false,
  fetch: false,
  top: false,
  distinctOn: false,
  // Only `with rollup`, which the printer writes.
  groupingSets: false,
  insertIgnore: true,
  insertOr: false,
  replace: true,
  onConflict: false,
  onConflictConstraint: false,
  onDuplicateKeyUpdate: true,
  updateFrom: true,
  updateJoin: true,
  updateLimit: true,
  deleteUsing: true,
  deleteLimit: true,
  multiTableWrite: true,
  writingCtes: false,
  defaultKeyword: true,
  withinGroup: false,
  materializedCtes: false,
  setOperationAll: true,
  namedWindows: true,
  ilike: false,
  betweenSymmetric: false,
  schemaOfTarget: true,
} as const

/** MySQL has `lateral` since 8.0.14, and no `returning`. */
export const mysqlCapabilities: Capabilities = { ...both, ...mysqlSchema, returning: false, lateral: true }

/** MariaDB has `insert`, `replace` and `delete … returning` since 10.5, and no `lateral`. */
export const mariadbCapabilities: Capabilities = { ...both, ...mariadbSchema, returning: true, lateral: false }
