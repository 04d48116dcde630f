export {
  type ColumnUse,
  type Row,
  type RowUse,
  type RunValues,
  type Stamp,
  type TablePolicy,
  type TableReference,
  type TableRule,
  tablePolicy,
} from '../guard/index.ts'
export { camelCase, renaming } from './camel-case.ts'
export { capability, createExecutor } from './executor.ts'
export type { InstantForm } from './instant.ts'
export { requireWhere } from './require-where.ts'
export { type SchemaPerTenantOptions, schemaPerTenant } from './schema-per-tenant.ts'
export { schemaPrefix } from './schema-prefix.ts'
export * from './soft-delete/index.ts'
export { type TenantOptions, tenant } from './tenant.ts'
export { checkTenantKeys, type TenantKeyFinding } from './tenant-keys.ts'
export { type Timestamped, type TimestampsOptions, timestamps } from './timestamps.ts'
export {
  createTtlTriggers,
  dropTtlTriggers,
  type Expires,
  type ExpiringTable,
  type Swept,
  type TtlOptions,
  ttl,
} from './ttl/index.ts'
export { type Versioned, type VersionedRow, type VersionOptions, version } from './version.ts'
