import { describe, KantaError } from '../error/index.ts'

/** Refuses what somebody sent: `path` says where the bad thing is in it. */
export function refuseAt(path: string, message: string, column?: string): never {
  throw new KantaError('invalid_input', `${path}: ${message}`, { columns: column === undefined ? [] : [column] })
}

/** Runs a check whose errors get the path in front. */
export function at<T>(path: string, column: string, check: () => T): T {
  try {
    return check()
  } catch (cause) {
    if (!(cause instanceof KantaError)) throw cause
    throw new KantaError('invalid_input', `${path}: ${cause.message}`, { cause, columns: [column] })
  }
}

/** A key of data in a path, short and on one line, whatever it is. */
export const keyIn = (path: string, key: string): string =>
  /^\w{1,64}$/.test(key)
    ? `${path}.${key}`
    : `${path}[${JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key)}]`

/** Tells whether a value is an object as JSON makes them, and not an array, a Date or anything of a class. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

export { describe }
