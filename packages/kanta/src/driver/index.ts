export type { Connection, Driver, MaybePromise, Role, RunResult } from './driver.ts'
