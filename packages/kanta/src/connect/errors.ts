import { raised } from '../dialect/index.ts'
import type { Driver } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'

/** Converts what a driver threw to the error that the user gets. */
export function toKantaError(
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

/**
 * Returns the error for work that its signal stopped: `timeout` for a signal of `AbortSignal.timeout()`, else
 * `cancelled`.
 */
export function cancellationError(signal: AbortSignal, what: string): KantaError {
  if (signal.reason?.name === 'TimeoutError')
    return new KantaError('timeout', `${what} took longer than its signal allows.`, { cause: signal.reason })
  return new KantaError('cancelled', `${what} was cancelled by its signal.`, { cause: signal.reason })
}

/** Returns the error for a write whose connection was lost while it ran. */
export function unknownOutcomeError({ message, sql, parameters, cause }: KantaError): KantaError {
  return new KantaError(
    'unknown_outcome',
    `The connection was lost while the statement ran, so it may or may not have taken effect. Check before you run it again. (${message})`,
    { cause, sql, parameters },
  )
}

/**
 * Adds a later error to the first one as `suppressed`, and returns the error to throw. A first error that cannot hold
 * it, such as a thrown string, is wrapped in a new error.
 */
export function suppress(first: unknown, later: unknown): unknown {
  if (typeof first !== 'object' || first === null || !Object.isExtensible(first)) {
    return new KantaError('transaction', `The work failed (${String(first)}), and the cleanup failed too.`, {
      cause: first,
      suppressed: later,
    })
  }
  let end = first as { suppressed?: unknown }
  while (typeof end.suppressed === 'object' && end.suppressed !== null && end.suppressed !== later) end = end.suppressed
  if (end !== later && Object.isExtensible(end)) end.suppressed = later
  return first
}

/** Throws if the signal is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined, what = 'The query'): void {
  if (signal?.aborted) throw cancellationError(signal, what)
}
