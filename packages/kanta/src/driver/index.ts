export type { BatchStatement, Connection, Driver, ExecuteResult, MaybePromise, Role, RunResult } from './driver.ts'
export { SERVER_TIMEOUT, withTimeout } from './timeout.ts'
