export { formatSql } from './format.ts'
export {
  type HeldConnection,
  HeldConnections,
  type HeldConnectionsOptions,
  heldConnections,
} from './held-connections.ts'
export { type NPlusOneFinding, type NPlusOneOptions, NPlusOnePlugin, nPlusOne } from './n-plus-one.ts'
export { type Profile, Profiler, type ProfilerOptions, profiler } from './profiler.ts'
export { type LoggedQuery, type QueryLogOptions, queryLog, readableLine, structuredLine } from './query-log.ts'
export { report } from './report.ts'
export { queryScope, withoutNPlusOne } from './scope.ts'
export { type SlowQueriesOptions, type SlowQuery, slowQueries } from './slow-queries.ts'
