/** The most milliseconds that a timer can wait. */
export const LONGEST_TIMER = 0x7fffffff

/** Calls back after some milliseconds, and never where they are more than a timer can wait. Returns what stops it. */
export function startTimer(milliseconds: number, callback: () => void): () => void {
  if (milliseconds > LONGEST_TIMER) return () => {}
  const timer = setTimeout(callback, milliseconds)
  return () => clearTimeout(timer)
}

/** Resolves with `work`, or rejects with `timeoutError()` once the milliseconds have passed. */
export function withTimeout<T>(milliseconds: number, work: Promise<T>, timeoutError: () => Error): Promise<T> {
  if (milliseconds > LONGEST_TIMER) return work
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timeoutError()), milliseconds)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** The milliseconds that a server has for a prompt answer, before its connection is given up. */
export const SERVER_TIMEOUT = 5_000
