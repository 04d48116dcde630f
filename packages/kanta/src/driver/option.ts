import { refuse } from '../error/index.ts'

/** The largest value of numeric options, which libraries and servers store as a signed 32-bit integer. */
const MAX_INTEGER = 0x7fffffff

/** Checks a numeric option of the driver `name`. */
export function wholeNumber(name: string, option: string, value: unknown, least: number): number {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > MAX_INTEGER)
    refuse(`The option ${option} of ${name} is a whole number, ${least} or more, not ${String(value)}.`)
  return value as number
}

/** Rejects a chunk size below 1, with which a stream would never return a row. */
export function checkChunkSize(chunkSize: number): void {
  if (!(chunkSize >= 1)) refuse(`A stream reads 1 row or more at a time, not ${chunkSize}.`)
}
