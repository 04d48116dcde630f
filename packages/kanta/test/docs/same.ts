import { isDeepStrictEqual } from 'node:util'

/** Holds a value to what the comment behind it says: the text itself, or JavaScript for the value. */
export function same(value: unknown, comment: string): void {
  if (value === comment) return
  let meant: unknown
  try {
    meant = new Function(`return (${comment})`)()
  } catch {
    meant = comment
  }
  if (!isDeepStrictEqual(value, meant))
    throw new Error(`The example says ${comment}, and it is ${JSON.stringify(value)}.`)
}
