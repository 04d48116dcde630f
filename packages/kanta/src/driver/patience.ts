const LONGEST_TIMER = 0x7fffffff

/** What `work` gives, or the error `tooLate` once the milliseconds have passed. */
export function within<T>(milliseconds: number, work: Promise<T>, tooLate: () => Error): Promise<T> {
  if (milliseconds > LONGEST_TIMER) return work
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(tooLate()), milliseconds)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** How many milliseconds a server has to answer what it answers at once, before its connection is given up. */
export const PATIENCE = 5_000
