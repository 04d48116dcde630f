import { onAbort } from '../driver/index.ts'
import { cancellationError } from './errors.ts'

/** Runs work until it ends or its signal aborts. After an abort, the rest of the work has no effect. */
export function unlessAborted<T>(
  work: () => T | Promise<T>,
  signal: AbortSignal | undefined,
  what: string,
): Promise<T> {
  const run = async (): Promise<T> => work()
  if (signal === undefined) return run()
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(cancellationError(signal, what))
    if (signal.aborted) return abort()
    // Before the work starts, which may abort the signal itself.
    const ignore = onAbort(signal, abort)
    run().then(resolve, reject).finally(ignore)
  })
}

/** Waits for some milliseconds, or until the signal aborts. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve()
    const end = (): void => {
      clearTimeout(timer)
      ignore()
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    const ignore = onAbort(signal, end)
  })
}
