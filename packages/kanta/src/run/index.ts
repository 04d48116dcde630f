export type { ConnectionFacts, PoolFacts } from '../connect/index.ts'
export {
  cancellationError,
  checkSessions,
  HeldSession,
  Pool,
  PoolSession,
  pause,
  type SessionLock,
  sessionLocks,
  suppress,
  throwIfAborted,
  toKantaError,
  unlessAborted,
} from '../connect/index.ts'
export { eachChild, empty, isNode, mapChildren, type Node, type NodeOf, nodeWith, walk } from '../ir/index.ts'
export type { Exemption, Facts, StatementContext, TransactionHook } from '../plan/index.ts'
export {
  addContext,
  type Context,
  contextValue,
  copyOfContext,
  type Enforce,
  type Enforced,
  inSchemas,
  mapInScope,
  type Policy,
  type Prepare,
  type Statement,
  type Surroundings,
  sameValue,
  schemaPrefix,
  surroundingsOf,
  type Variants,
} from '../plan/index.ts'
export { withAmbient, withAmbientContext } from './ambient.ts'
export { runQueriesInBatch } from './batch-queries.ts'
export {
  DatabaseHandle,
  exempt,
  inTransactionOf,
  type KantaOptions,
  LEVELS,
  open,
  sessionOf,
  settingsOf,
  withSettings,
} from './database.ts'
export { settingsWithoutGuards, settingsWithoutPlugins } from './derived-settings.ts'
export { runnerIn } from './dialect-runner.ts'
export { Executor } from './execute.ts'
export { type EndedQuery, type Hook, type QueryEvent, type Reading, withoutAnswers } from './hook.ts'
export { isOwn, ownPlugin } from './late-plugin.ts'
export { type Log, type LogEntry, logHook } from './log.ts'
export { checkLogger, consoleLogger, LOG_LEVELS, type Logger, type LogMethod } from './logger.ts'
export { migrationTables } from './migration-tables.ts'
export { type NextOperation, type Operation, type OperationFacts, runOperation } from './operation.ts'
export type { NamedTable, Plugin } from './plugin.ts'
export { prepare } from './prepared-query.ts'
export { executorOf, QueryRunner } from './query-runner.ts'
export { fromJSON } from './restore.ts'
export { DeleteResult, InsertResult, MergeResult, UpdateResult } from './result.ts'
export { checkRetry, isTransient, type RetryOptions, withRetries } from './retry.ts'
export { table } from './schema-creator.ts'
export type { Settings } from './settings.ts'
export { wasNotSent } from './statement.ts'
export { toJSON } from './store.ts'
export { beginTransaction } from './transact.ts'
