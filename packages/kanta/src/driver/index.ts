export type { BatchStatement, Connection, Driver, ExecuteResult, MaybePromise, Role, RunResult } from './driver.ts'
