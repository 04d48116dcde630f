export {
  type Fault,
  type FaultStep as Step,
  type Faulty,
  type FaultyOptions,
  faulty,
} from '../../src/testing/index.ts'

/** An error as the library throws it when the connection to the file is lost. */
export function lostConnection(): Error {
  return Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 })
}

/** An error as the library throws it for a lock. */
export function locked(): Error {
  return Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 })
}
