export { onAbort } from './abort.ts'
export type { BatchStatement, Connection, Driver, ExecuteResult, MaybePromise, Role, RunResult } from './driver.ts'
export { LONGEST_TIMER, SERVER_TIMEOUT, withTimeout } from './timeout.ts'
