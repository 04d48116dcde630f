export type { Connection, Driver, MaybePromise, Role, RunResult } from './driver.ts'
export { type GivenSqlite, givenSqlite } from './sqlite-given.ts'
