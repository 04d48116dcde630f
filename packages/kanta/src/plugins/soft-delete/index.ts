export type { CascadeOptions, CascadeReference, SoftDeleteOptions } from './option.ts'
export { type HasTables, type SoftDeleted, softDelete } from './plugin.ts'
export { type Purged, type PurgeOptions, purge } from './purge.ts'
export { createLiveUnique, type LiveUniqueOptions } from './unique.ts'
