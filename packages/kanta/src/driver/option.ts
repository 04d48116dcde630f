import { refuse } from '../error/index.ts'

/** What libraries and servers take where they take a number: a signed integer of 32 bits. */
const MOST = 0x7fffffff

/** An option of the driver `name` that counts something. */
export function whole(name: string, option: string, value: unknown, least: number): number {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > MOST)
    refuse(`The option ${option} of ${name} is a whole number, ${least} or more, not ${String(value)}.`)
  return value as number
}

/** Refuses a stream that would never come to a row. */
export function checkChunkSize(chunkSize: number): void {
  if (!(chunkSize >= 1)) refuse(`A stream reads 1 row or more at a time, not ${chunkSize}.`)
}
