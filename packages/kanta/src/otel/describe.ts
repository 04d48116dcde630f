import { KantaError } from '../error/index.ts'
import type { Facts } from '../extend/index.ts'
import * as names from './names.ts'

/** The name of the span and the attributes, without values, of all statements of a plan. */
export interface Description {
  readonly summary: string
  readonly attributes: Readonly<Record<string, string>>
}

/** Returns the description of a statement: its operation and its tables, such as `SELECT city`. */
export function describe({ kind, reads, writes, opaque, trusted }: Facts): Description {
  const operation = kind === 'raw' ? undefined : kind.toUpperCase()
  const tables = [...new Set([...writes, ...reads])]
  const what = [operation ?? trusted[0] ?? 'SQL', ...tables].join(' ')
  // The conventions cut summaries at 255 letters.
  const summary = what.length <= 255 ? what : what.slice(0, what.lastIndexOf(' ', 255))
  return {
    summary,
    attributes: {
      [names.SUMMARY]: summary,
      ...(operation !== undefined && { [names.OPERATION]: operation }),
      // One table only: which of several is meant is not known. Text may hide more.
      ...(tables.length === 1 && !opaque && { [names.COLLECTION]: tables[0]! }),
    },
  }
}

/** Returns the attributes of an error: no message, since messages of databases hold values. */
export function describeError(error: unknown): Readonly<Record<string, string>> {
  const type = error instanceof KantaError ? error.code : error instanceof Error ? error.name : '_OTHER'
  const code = statusCode(error)
  return { [names.ERROR_TYPE]: type, ...(code !== undefined && { [names.STATUS_CODE]: code }) }
}

/** Returns the code that the database itself gave: a SQLSTATE, a number. */
function statusCode(error: unknown): string | undefined {
  const { cause } = Object(error) as { cause?: unknown }
  const { code, errno, errcode, number } = Object(cause) as Record<string, unknown>
  // A negative number, and a name that begins with E, are of the operating system, which is no answer of a database.
  const own = errcode ?? number ?? (typeof errno === 'number' && errno > 0 ? errno : code)
  if (typeof own === 'string' && /^E[A-Z]+$/.test(own)) return undefined
  return typeof own === 'number' || typeof own === 'string' ? String(own) : undefined
}
