export type { BatchStatement, Connection, Driver, ExecuteResult, MaybePromise, Role, RunResult } from './driver.ts'
export { type GivenSqlite, givenSqlite } from './sqlite-given.ts'
