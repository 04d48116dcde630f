import { raised } from '../dialect/index.ts'
import type { Driver } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'

/** What a driver threw, as the error that the user gets. */
export function failure(
  driver: Driver,
  cause: unknown,
  sql?: string | undefined,
  parameters?: readonly unknown[] | undefined,
): KantaError {
  if (cause instanceof KantaError) {
    if (cause.sql === undefined)
      Object.assign(cause, sql === undefined ? {} : { sql }, parameters === undefined ? {} : { parameters })
    return cause
  }
  const { code, message, ...details } = driver.explainError(cause)
  const refused = raised(message)
  if (refused !== undefined) return new KantaError('policy', refused, { cause, sql, parameters })
  return new KantaError(code, message, { cause, sql, parameters, ...details })
}

/** The error of work that its signal stopped; `AbortSignal.timeout()` says that it took too long. */
export function cancelled(signal: AbortSignal, what: string): KantaError {
  if (signal.reason?.name === 'TimeoutError')
    return new KantaError('timeout', `${what} took longer than its signal allows.`, { cause: signal.reason })
  return new KantaError('cancelled', `${what} was cancelled by its signal.`, { cause: signal.reason })
}

/** The error of a write whose connection was lost while it ran. */
export function outcomeUnknown({ message, sql, parameters, cause }: KantaError): KantaError {
  return new KantaError(
    'unknown_outcome',
    `Whether the statement took effect is not known: its connection was lost while it ran. Look before you run it again. (${message})`,
    { cause, sql, parameters },
  )
}

/**
 * Keeps a later error beside the first, which stays what is thrown. Where nothing can be kept on the first, as on a
 * thrown string, one that holds both takes its place.
 */
export function suppress(first: unknown, later: unknown): unknown {
  if (typeof first !== 'object' || first === null || !Object.isExtensible(first)) {
    return new KantaError('transaction', `It failed (${String(first)}), and so did the way out.`, {
      cause: first,
      suppressed: later,
    })
  }
  let end = first as { suppressed?: unknown }
  while (typeof end.suppressed === 'object' && end.suppressed !== null && end.suppressed !== later) end = end.suppressed
  if (end !== later && Object.isExtensible(end)) end.suppressed = later
  return first
}

/** Refuses work whose signal is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined, what = 'The query'): void {
  if (signal?.aborted) throw cancelled(signal, what)
}
