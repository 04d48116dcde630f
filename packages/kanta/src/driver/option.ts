import { refuse } from '../error/index.ts'

/** What libraries and servers take where they take a number: a signed integer of 32 bits. */
const MOST = 0x7fffffff

/** An option of the driver `name` that counts something. */
export function whole(name: string, option: string, value: unknown, least: number): number {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > MOST)
    refuse(`The option ${option} of ${name} is a whole number, ${least} or more, not ${String(value)}.`)
  return value as number
}
