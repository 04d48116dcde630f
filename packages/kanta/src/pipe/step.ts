import { refuse, show } from '../error/index.ts'
import type { PipeStep } from './pipe.ts'

/** Returns the step that calls a method of the query. */
export const step =
  (method: string, args: readonly unknown[]): PipeStep<unknown, unknown> =>
  (query) => {
    const call = (query as Readonly<Record<string, unknown>> | undefined)?.[method]
    if (typeof call !== 'function') return refuse(`${method}() of a pipe was given ${show(query)}. Begin with from().`)
    return call.apply(query, args)
  }
