export { type Batched, type BatchItem, withBatch } from './batch.ts'
export type { Capabilities } from './capability.ts'
export type {
  BulkOperation,
  BulkResult,
  Changes,
  CreateData,
  CreateRelated,
  Histories,
  IncludedRows,
  Includes,
  KeyedChanges,
  KeysetPage,
  ListOptions,
  LookupOf,
  PageReading,
  Repository,
  RepositoryOf,
  RepositoryOptions,
  RowKey,
  Searches,
  SoftDeletes,
  Touches,
  UpdateData,
  UpdateRelated,
  Versions,
} from './face.ts'
export {
  atomicStatusTransition,
  createORM,
  createRepositoriesFactory,
  createRepositoryFactory,
  type Orm,
  type RepositoryFactory,
  type StatusTransition,
  withPlugins,
} from './factory.ts'
export type { RepositoryEvent, RepositoryHook, RepositoryOperation } from './hook.ts'
export type { PartOptions } from './purge.ts'
export { repository } from './repository.ts'
export { isDuplicateKeyError } from './rows.ts'
export { createSimpleRepository, type SimpleRepository } from './simple.ts'
export type { RowSchemas, StandardIssue, StandardResult, StandardSchema, ValidateOption } from './validate.ts'
