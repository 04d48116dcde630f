export type { BatchStatement, Connection, Driver, ExecuteResult, MaybePromise, Role, RunResult } from './driver.ts'
export { PATIENCE, within } from './patience.ts'
