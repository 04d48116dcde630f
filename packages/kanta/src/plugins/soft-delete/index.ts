export type { CascadeOptions, CascadeReference, SoftDeleteOptions } from './option.ts'
export { type HasTables, type SoftDeleted, softDelete } from './plugin.ts'
