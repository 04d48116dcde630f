import type { MaybePromise } from '../driver/index.ts'

/** Goes on with a value: at once where it is there, else when its promise has it. */
export function andThen<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/**
 * Does work on a state, and goes on with its value or its error: at once where the work is done at once. The functions
 * take what they need from the state, so that a call makes no closure where nothing has to be waited for.
 */
export function settle<S, T, R>(
  state: S,
  work: (state: S) => MaybePromise<T>,
  onValue: (state: S, value: T) => MaybePromise<R>,
  onError: (state: S, error: unknown) => MaybePromise<R>,
): MaybePromise<R> {
  let value: MaybePromise<T>
  try {
    value = work(state)
  } catch (error) {
    return onError(state, error)
  }
  if (!(value instanceof Promise)) return onValue(state, value)
  return value.then(
    (late) => onValue(state, late),
    (error) => onError(state, error),
  )
}
