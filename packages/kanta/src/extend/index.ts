import type { Dialect } from '../dialect/index.ts'
import { copyOfContext, type DatabaseHandle, executorOf, settingsOf } from '../run/index.ts'
import { RUNNER } from '../sql/index.ts'

export type {
  Context,
  EndedQuery,
  Exemption,
  Facts,
  Hook,
  Logger,
  LogMethod,
  NamedTable,
  NextOperation,
  Node,
  NodeOf,
  Operation,
  Plugin,
  Policy,
  QueryEvent,
  Reading,
  StatementContext,
  TransactionHook,
} from '../run/index.ts'
export {
  contextValue,
  DeleteResult,
  eachChild,
  empty,
  InsertResult,
  isNode,
  MergeResult,
  mapChildren,
  nodeWith,
  UpdateResult,
  walk,
} from '../run/index.ts'

/** Returns the dialect of a database. */
export const dialectOf = (db: DatabaseHandle): Dialect => settingsOf(db).planning.dialect

/** Returns the values that policies read when a statement runs now. */
export const contextOf = (db: DatabaseHandle): Readonly<Record<string, unknown>> =>
  copyOfContext(executorOf(db[RUNNER]).context)
