import type { MaybePromise } from '../driver/index.ts'

/** Continues with a value: at once if it is there, else when its promise resolves. */
export function andThen<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Returns a value as a promise. */
export function asPromise<T>(value: MaybePromise<T>): Promise<T> {
  return value instanceof Promise ? value : Promise.resolve(value)
}

/**
 * Continues with a state and the outcome of a promise. It is a function of its own because closures in its callers
 * would slow down each call, even those without a promise.
 */
export function settleLater<S, T, R>(
  state: S,
  value: Promise<T>,
  onValue: (state: S, value: T) => MaybePromise<R>,
  onError: (state: S, error: unknown) => MaybePromise<R>,
): Promise<R> {
  return value.then(
    (late) => onValue(state, late),
    (error) => onError(state, error),
  )
}
