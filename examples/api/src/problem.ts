import type { Context } from 'hono'
import { KantaError } from 'kanta'
import { problemOf } from 'kanta/problem'
import type { ZodType } from 'zod'

/** An answer that is no row: problem details as RFC 9457 has them. */
export function problem(c: Context, status: number, title: string, more: object = {}): Response {
  const body = JSON.stringify({ type: 'about:blank', title, status, ...more })
  return c.body(body, status as 400, { 'content-type': 'application/problem+json' })
}

/** The answer to an error. What only the program can mend is logged, and not told. */
export function answerTo(error: unknown, c: Context): Response {
  const { type: _, status, title, ...more } = problemOf(error, { columns: true })
  if (status >= 500) console.error(error)
  // A wrong filter, cursor or value that Kanta found: the message names it, and holds nothing of the database.
  const isOwn = error instanceof KantaError && error.code === 'invalid_input' && error.sql === undefined
  const detail = isOwn && status < 500 ? { detail: error.message } : {}
  return problem(c, status, title, { ...more, ...detail })
}

/** The checked body of a request, or the answer that refuses it. */
export async function bodyOf<T>(c: Context, schema: ZodType<T>): Promise<T | Response> {
  let given: unknown
  try {
    given = await c.req.json()
  } catch {
    return problem(c, 400, 'The body is not JSON')
  }
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const errors = result.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  return problem(c, 422, 'The body is refused', { errors })
}
