export { eachChild, empty, isNode, mapChildren, type Node, type NodeOf, nodeWith, walk } from '../ir/index.ts'
export { withAmbient, withAmbientContext } from './ambient.ts'
export { addContext, type Context, contextValue, sameValue } from './context.ts'
export { DatabaseHandle, type KantaOptions, open, withoutGuards, withoutPlugins } from './database.ts'
export { DefinitionExecutor } from './definition.ts'
export type { Executor, Settings } from './execute.ts'
export { cancelled, failure, suppress, throwIfAborted } from './failure.ts'
export { HeldSession } from './held.ts'
export { type Sight, withHidden } from './hidden.ts'
export type { Companion, Company, Exemption, Hook, QueryEvent, Reading } from './hook.ts'
export { type Log, type LogEntry, logHook } from './log.ts'
export { migrationTables } from './migration-tables.ts'
export { DeleteResult, InsertResult, MergeResult, UpdateResult } from './outcome.ts'
export type { Plugin } from './plugin.ts'
export {
  type Enforce,
  type Enforced,
  inSchemas,
  type Policy,
  type Prepare,
  type Statement,
  type Surroundings,
  schemaPrefix,
  type Variants,
} from './policy.ts'
export type { Facts } from './resolve.ts'
export { fromJSON } from './restore.ts'
export { PoolSession } from './session.ts'
export { type SessionLock, sessionLocks } from './session-lock.ts'
