export type {
  BulkOperation,
  BulkResult,
  Changes,
  CreateData,
  CreateRelated,
  IncludedRows,
  Includes,
  KeysetPage,
  ListOptions,
  PageReading,
  Repository,
  RepositoryOf,
  RepositoryOptions,
  RowKey,
  SoftDeletes,
  UpdateData,
  UpdateRelated,
} from './face.ts'
export type { RepositoryEvent, RepositoryHook, RepositoryOperation } from './hook.ts'
export { repository } from './repository.ts'
export { isDuplicateKeyError } from './rows.ts'
export type { StandardIssue, StandardResult, StandardSchema } from './validate.ts'
