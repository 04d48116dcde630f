export { onAbort } from './abort.ts'
export type {
  Address,
  BatchStatement,
  Connection,
  Driver,
  ExecuteResult,
  Machine,
  MaybePromise,
  Role,
  RunResult,
} from './driver.ts'
export { importPeer } from './peer.ts'
export { LONGEST_TIMER, SERVER_TIMEOUT, startTimer, withTimeout } from './timeout.ts'
